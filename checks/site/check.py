"""A look at the built site: each page shows, and copies, exactly the snippets that were extracted; no fence got lost."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from checks.model import Guide, Page, Problem
from checks.site.urls import page_folder

_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])


class Blocks(HTMLParser):
    """The code blocks of a page, in order."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.count = 0  # of the blocks that came from fences
        self.copied: list[tuple[str, str]] = []  # id, what the copy button yields
        self.shown: list[str] = []  # the text of these blocks
        self._depth = 0  # within a block of a snippet
        self._in_code = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "data-fence" in given:
            self.count += 1
        if "data-copy" in given:
            self.copied.append((given.get("id") or "", given["data-copy"] or ""))
            self.shown.append("")
            self._depth = 1
        elif self._depth and tag not in _VOID:
            self._depth += 1
            self._in_code = self._in_code or tag == "code"

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in _VOID:
            self._depth -= 1
            if tag == "code":
                self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.shown[-1] += data


def check_site(guide: Guide, out: Path) -> list[Problem]:
    """Compare ``out/LANGUAGE/PAGE/index.html`` of every page with what was extracted from it."""
    problems: list[Problem] = []
    for page in guide.pages.values():
        file = out / page.language / page_folder(page.name) / "index.html"
        if file.exists():
            problems.extend(_page(page, Blocks(file.read_text(encoding="utf-8"))))
        else:
            problems.append(Problem(page.path, 0, "the site has no such page"))
    return problems


_UNMARKED = (
    "the site does not mark its code blocks: expected, in mkdocs.yml, custom_fences of pymdownx.superfences to name "
    '{name: "*", class: "", format: !!python/name:checks.site.hooks.format_fence, '
    "validator: !!python/name:pymdownx.superfences.highlight_validator}"
)


def _page(page: Page, blocks: Blocks) -> Iterator[Problem]:
    if page.snippets and not blocks.count:
        yield Problem(page.path, 0, _UNMARKED)
        return
    meant = [(snippet.id, snippet.code) for snippet in page.snippets]
    if [identity for identity, _ in blocks.copied] != [identity for identity, _ in meant]:
        found = " ".join(identity or "(no id)" for identity, _ in blocks.copied) or "none"
        expected = " ".join(identity for identity, _ in meant) or "none"
        yield Problem(page.path, 0, f"the site shows other snippets than are run: expected {expected}, found {found}")
        return
    for snippet, (_, copied), shown in zip(page.snippets, blocks.copied, blocks.shown, strict=True):
        if copied != snippet.code:
            yield Problem(page.path, snippet.line, f"{snippet.id}: the copy button would yield {copied!r}")
        if shown.removesuffix("\n") != snippet.code:
            yield Problem(page.path, snippet.line, f"{snippet.id}: the site shows {shown!r}")
    if blocks.count != page.outline.code_blocks:
        yield Problem(
            page.path,
            0,
            f"the site shows {blocks.count} code blocks, expected {page.outline.code_blocks}: does a macro add or swallow one?",
        )
