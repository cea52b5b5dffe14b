"""All pages of a language as one HTML file, from which Chromium prints the PDF: in the order of the navigation, links kept within.

Chromium makes a bookmark of each heading.
"""

from __future__ import annotations

import html
import posixpath
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup, Tag

from checks.model import GuideError, Page
from checks.site.context import SiteContext
from checks.site.takeaway.pdf_text import mend
from checks.site.urls import page_folder, page_url

PDF = "guide.pdf"  # in the folder of each language
_PRINT = "print.html"
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_PRINTER = Path(__file__).with_name("printing.py")
_STYLE = Path(__file__).with_name("book.css")


def find_chromium(languages: tuple[str, ...]) -> str:
    """The path of the browser. Raises a GuideError where there is none, or where the host has no font for one of the languages."""
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None:
        raise GuideError("./guide build --all prints PDFs with Chromium, which is not installed: apt-get install chromium")
    for language in languages:
        if shutil.which("fc-list") and not subprocess.run(["fc-list", f":lang={language}"], capture_output=True).stdout:
            font = "fonts-noto-cjk" if language in ("zh", "ja", "ko") else "fonts-noto"
            raise GuideError(f"./guide build --all prints a PDF in {language}, and this host has no font for it: apt-get install {font}")
    return program


def write(chromium: str, out: Path, books: Mapping[str, str]) -> None:
    """Print the PDF of each language into ``out/LANGUAGE/``; ``books`` has the HTML by language. A GuideError says why it failed."""
    jobs = []
    for language, text in books.items():
        place = out / language / _PRINT
        place.write_text(text, encoding="utf-8")
        jobs += [str(place), str(out / language / PDF)]
    # In a process of its own, which Ctrl-C ends together with the browser. It needs none of our modules.
    done = subprocess.run([sys.executable, str(_PRINTER), chromium, *jobs], capture_output=True, text=True)
    for language in books:
        (out / language / _PRINT).unlink()
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it printed nothing"]
        raise GuideError("\n".join([f"{chromium} could not print the PDFs; its last words:", *lines[-5:]]))
    for language in books:
        mend(out / language / PDF)


def book(context: SiteContext, articles: Mapping[str, Tag], home: bytes, url: str) -> str:
    """The HTML to print, for the folder of the language. ``articles`` has the article of each page by its name, in order.

    ``home`` is the language's built index.html, whose styles the book has; ``url`` is the site's address. The articles are changed.
    """
    settings = BeautifulSoup(home, "lxml", from_encoding="utf-8")
    styles = "".join(str(link) for link in settings.select('link[rel="stylesheet"]'))
    title = html.escape(settings.title.get_text() if settings.title else "")
    pages = {page.name: page for page in context.guide.of(context.language)}
    here = f"{url}{context.language}/"
    addresses = {page_url(here, name): name for name in pages}
    sections = "".join(_section(pages[name], article, page_url(here, name), addresses) for name, article in articles.items())
    policy = "default-src 'none'; style-src 'self' file: 'unsafe-inline'; img-src 'self' file: data:"
    return (
        f'<!doctype html><html lang="{context.hreflang}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title>{styles}'
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head>"
        f'<body data-md-color-scheme="default" data-md-color-primary="custom" data-md-color-accent="custom">{sections}</body></html>\n'
    )


def _section(page: Page, article: Tag, address: str, addresses: Mapping[str, str]) -> str:
    """One page of the guide, with the page's name before each id, and links to other pages as links within the book."""
    for element in article.select("[id]"):
        if element.find_parent("svg") is None:  # within a drawing, the ids are for the drawing
            element["id"] = _anchor(page.name, str(element["id"]))
    for link in article.select("a[href]"):
        place, heading = urldefrag(urljoin(address, str(link["href"])))
        link["href"] = f"#{_anchor(addresses[place], heading)}" if place in addresses else urljoin(place, f"#{heading}" if heading else "")
    for picture in article.select("img[src]"):
        picture["src"] = posixpath.normpath(page_folder(page.name) + str(picture["src"]))
    article.name = "section"
    article["class"] = "book__page md-typeset"
    article["id"] = _anchor(page.name, "")
    return str(article)


def _anchor(page: str, heading: str) -> str:
    """The id in the book of a page, or of something on the page. No id of a page begins with an underscore."""
    return f"_{page.replace('/', '_')}__{heading}"
