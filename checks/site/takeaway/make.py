"""Adds to a built site what readers can take along, and to each page the links to that, with sizes.

In a site that was built without ``--all`` neither is there, so that no link leads nowhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePath
from typing import Any

from bs4 import Tag

from checks.config import Config
from checks.model import Guide, GuideError, Page
from checks.site import urls
from checks.site.check import check_site
from checks.site.context import SiteContext, context_of
from checks.site.takeaway import book, markdown, offline, scripts
from checks.site.takeaway.articles import article, as_markdown
from checks.site.templating import render


def add(config: Config, guide: Guide, out: Path, url: str, chromium: str) -> None:
    """Add everything to the site that was built into ``out``, for the address ``url``, which ends in a slash.

    ``chromium`` is the path that ``book.find_chromium`` has found. Raises a GuideError where Chromium fails, and where a
    page, also in the zip, shows other code than runs.
    """
    books = {}
    links: dict[PurePath, _Links] = {}
    for language in guide.languages:
        context = context_of(config, guide, language)
        articles: dict[str, Tag] = {}
        for page in guide.of(language):
            file = _file(page)
            articles[page.name] = article((out / file).read_bytes(), context, page)
            links[file] = _Links(context, page)
            _write_page(links[file], articles[page.name], out, url)
        books[language] = book.book(context, articles, (out / language / "index.html").read_bytes(), url)
    book.write(chromium, out, books)
    (out / markdown.LIST).write_text(markdown.llms_txt(config, guide, url), encoding="utf-8")
    _write_zip(guide, out, links)
    for file, of_page in links.items():
        text = (out / file).read_text(encoding="utf-8")
        (out / file).write_text(of_page.put_into(text, of_page.whole_guide(out)), encoding="utf-8")
    _raise_problems(guide, out)


def _file(page: Page) -> PurePath:
    """The page's file in the built site."""
    return PurePath(page.language, urls.page_folder(page.name), "index.html")


def _write_page(links: _Links, found: Tag, out: Path, url: str) -> None:
    """Write the page's Markdown and script beside it."""
    context, page = links.context, links.page
    folder = out / _file(page).parent
    address = urls.page_url(f"{url}{page.language}/", page.name)
    (folder / markdown.BESIDE).write_text(as_markdown(found, address), encoding="utf-8")
    why = scripts.why_no_script(context, page)
    if why is not None:
        links.add_words(why)
    elif page.snippets:
        made = scripts.script(context, page, found, url)
        (folder / made.name).write_text(made.text, encoding="utf-8")
        links.add("script", made.name, folder / made.name, download=True)
    links.add("markdown", markdown.BESIDE, folder / markdown.BESIDE)


def _write_zip(guide: Guide, out: Path, links: dict[PurePath, _Links]) -> None:
    """Write the zip, whose pages link what stands beside them, and neither the zip itself nor the PDF."""
    folder = out.with_name(f"{out.name}-{offline.FOLDER}")

    def finish(path: PurePath, text: str) -> str:
        return links[path].put_into(text, {}) if path in links else text

    try:
        offline.lay_out(out, folder, finish)
        _raise_problems(guide, folder)
        offline.pack(folder, out / offline.ZIP)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _raise_problems(guide: Guide, out: Path) -> None:
    if problems := check_site(guide, out):
        raise GuideError("\n".join(map(str, problems)))


class _Links:
    """What stands beside one page, to be linked at the page's end."""

    def __init__(self, context: SiteContext, page: Page):
        self.context, self.page = context, page
        self._words: dict[str, Any] = context.words["takeaway"]
        self._beside: list[dict[str, Any]] = []

    def add_words(self, text: str) -> None:
        """Say something in the place of a link."""
        self._beside.append({"text": text, "url": None, "download": False})

    def add(self, word: str, address: str, file: Path, download: bool = False) -> None:
        """Link a file that stands beside the page."""
        self._beside.append(self._link(word, address, file, download))

    def whole_guide(self, out: Path) -> dict[str, list[dict[str, Any]]]:
        """The links to what holds all pages."""
        base = urls.base_from_page(urls.page_folder(self.page.name))
        return {
            self._words["guide"]: [
                self._link("pdf", f"{base}{book.PDF}", out / self.page.language / book.PDF, True),
                self._link("zip", f"{base}../{offline.ZIP}", out / offline.ZIP, True),
                self._link("llms", f"{base}../{markdown.LIST}", out / markdown.LIST),
            ]
        }

    def put_into(self, html: str, whole: dict[str, list[dict[str, Any]]]) -> str:
        """The HTML of the page with the links at the end of its article."""
        groups = {self._words["page"]: self._beside, **whole}
        section = render("takeaway.html", words=self.context.words, groups=groups)
        before, end, after = html.rpartition("</article>")
        # No <link rel="alternate"> in the head: the theme would ask for a sitemap beside what it names.
        return f"{before}{section}{end}{after}"

    def _link(self, word: str, address: str, file: Path, download: bool = False) -> dict[str, Any]:
        text = self._words["sized"].format(name=self._words[word], size=self.context.bytes(file.stat().st_size))
        return {"text": text, "url": address, "download": download}
