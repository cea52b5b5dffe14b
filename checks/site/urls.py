"""Where things are on the built site, as seen from one another."""

from __future__ import annotations

from checks.model import Page
from checks.site.context import SiteContext


def page_url(context: SiteContext, page: Page) -> str:
    """Where MkDocs puts the page."""
    name = page.name.removesuffix("index").rstrip("/") if page.name.split("/")[-1] == "index" else page.name
    return context.base + (f"{name}/" if name else "")


def page_folder(name: str) -> str:
    """Where MkDocs puts a page, with directory addresses: "" for the home page, "install/verify/"."""
    parts = name.split("/")
    if parts[-1] == "index":
        parts.pop()
    return "".join(f"{part}/" for part in parts)


def root_from_transcript(page: Page) -> str:
    # From proof/TARGET/PAGE/: two folders, and one for each part of the page's name.
    return "../" * (2 + len(page.name.split("/")))


def hreflang(context: SiteContext) -> str:
    twins = context.config.raw.get("extra", {}).get("twins", {})
    return twins.get(context.language, {}).get("hreflang", context.language)


def base_from_page(url: str) -> str:
    """From a page's address to the root of its language: "../" for "quick-start/"."""
    return "../" * url.count("/") or "./"
