"""The fenced blocks of a page as the site renders them, each with its lines.

A page is rendered by the site's own Python-Markdown, with the extensions of
its mkdocs.yml, and what superfences makes a code block of is recorded. A
scanner of our own would silently disagree with the rendered page in too many
forms of a fence: tildes, four backticks, block quotes, lists, tabs.

A line that its writer means to open a fence, and that was not rendered as one,
is reported too: superfences turns it into inline text without a message.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import markdown

from checks.mkdocs_yml import SiteSettings
from checks.model import GuideError
from checks.pages.outline import Outline, OutlineProcessor, with_heading_lines, without_fences

OPENING = re.compile(
    r"""
    (?P<indent> [> \t]* )
    (?P<marker> (?: (?: [-*+] | \d+[.)] ) [ \t]+ )* )
    (?P<fence> `{3,} | ~{3,} )
    (?P<header> .* ) $
    """,
    re.VERBOSE,
)
_WELL_FORMED = re.compile(r"[ \t]*[\w#.+-]*[ \t]*(\{[^\n]*\})?[ \t]*$")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ProcessBlock = Callable[[str, list[str], int, int], None]


@dataclass(frozen=True)
class Fence:
    """One rendered code block. Lines are counted from 1, in the text that was read."""

    language: str
    id: str
    classes: tuple[str, ...]
    attributes: dict[str, Any] = field(hash=False)  # those of the braces but id and classes
    options: dict[str, Any] = field(hash=False)  # title, hl_lines, linenums, title_mode
    code: str  # without the final newline
    line: int  # of the opening fence
    end_line: int  # of the closing fence


@dataclass(frozen=True)
class UnrenderedFence:
    """A line that its writer means to open a fence, which the site does not render as one; and why."""

    line: int
    end_line: int  # of the line that its writer means to close the fence; `line` itself if there is none
    reason: str


@dataclass(frozen=True)
class RenderedPage:
    """What the site makes of one page."""

    fences: tuple[Fence, ...]
    unrendered: tuple[UnrenderedFence, ...]
    outline: Outline


class Reader:
    """Reads any number of pages with the Markdown settings of one mkdocs.yml.

    Raises a GuideError where Python-Markdown has no such extension or setting.
    """

    def __init__(self, settings: SiteSettings):
        self._file = settings.file
        # The element that stands for a code block in the HTML. A page that could guess its name could write one itself.
        self.block = f"checks-fence-{secrets.token_hex(8)}"
        self._mark = re.compile(rf'<{self.block} data-n="(\d+)">')
        self._last = ("", "")  # the Markdown that was rendered last, and its HTML
        self._outline = OutlineProcessor()
        try:
            extensions: list[str | markdown.Extension] = [*settings.extensions, self._outline]
            self._md = markdown.Markdown(extensions=extensions, extension_configs=settings.extension_settings)
        except (ImportError, AttributeError, TypeError, KeyError, ValueError) as error:
            raise GuideError(f"{self._file}: markdown_extensions: {error}") from None
        # The toc processor runs after the outline is taken and costs a tenth of the reading time.
        self._md.treeprocessors.deregister("toc", strict=False)
        self._recorded: list[Fence] = []
        self._span = (0, 0)  # first and last line of the block that superfences is about to format
        self._empty: list[int] = []  # closing lines of blocks without a line, in order
        self._record()

    def read(self, text: str) -> RenderedPage:
        """The fences of a page's Markdown (its front matter replaced by blank lines)."""
        lines = text.split("\n")
        fences, unrendered = self._rendered(text, lines)
        all_unrendered: list[UnrenderedFence] = []
        # An unrendered fence swallows the fences after it. So take it out and render the rest again.
        while unrendered:
            all_unrendered.extend(unrendered)
            lines = without_fences(lines, unrendered)
            fences, unrendered = self._rendered("\n".join(lines), lines)
        outline = with_heading_lines(self._outline.outline, lines, fences)
        return RenderedPage(tuple(fences), tuple(sorted(all_unrendered, key=lambda fence: fence.line)), outline)

    def html(self, text: str) -> str:
        """The HTML of a page's Markdown, an element named ``block`` in the place of each code block."""
        if self._last[0] != text:
            self._recorded = []
            self._empty = []
            self._md.reset()
            self._last = (text, self._md.convert(text))
        return self._last[1]

    def _rendered(self, text: str, lines: list[str]) -> tuple[list[Fence], list[UnrenderedFence]]:
        self._last = ("", "")  # so that the blocks are recorded
        html = self.html(text)
        # Superfences may take a fence back after it was recorded: one in an indented code block or in an HTML comment.
        shown = [int(number) for number in self._mark.findall(COMMENT.sub("", html))]
        fences = [fence for number, fence in enumerate(self._recorded) if number in shown]
        moved = [self._recorded[after] for before, after in pairwise(shown) if before >= after]
        if moved:
            return fences, [UnrenderedFence(fence.line, fence.end_line, _MOVED) for fence in moved]
        for fence in fences:
            self._verify_lines(fence, lines)
        return _compare(lines, fences)

    def _record(self) -> None:
        """Put a recorder where superfences calls a fence's formatter. The validators stay the site's own."""
        # Any: the stubs know only the base class of preprocessors, which has none of superfences' attributes.
        preprocessor: Any = self._md.preprocessors["fenced_code_block"]
        for entry in preprocessor.extension.superfences:
            entry["formatter"] = self._format
        # Superfences' only method that gets the lines of a block; its signature is the same in 12.3 and 13.1.
        preprocessor.process_nested_block = partial(self._process, preprocessor.process_nested_block)
        if "fenced_raw_block" in self._md.preprocessors:
            raw: Any = self._md.preprocessors["fenced_raw_block"]
            raw.process_nested_block = partial(self._process_raw, raw.process_nested_block)

    def _process(self, original: _ProcessBlock, indent: str, content: list[str], start: int, end: int) -> None:
        self._span = (self._line_in_file(start + 1), self._line_in_file(end))
        original(indent, content, start, end)

    def _process_raw(self, original: _ProcessBlock, indent: str, content: list[str], start: int, end: int) -> None:
        # With preserve_tabs, a first pass stores the blocks while tabs are expanded. It restores a block without a
        # line as one with an empty line, so the second pass counts one line more from there on.
        if end - start == 2:
            self._empty.append(end)
        original(indent, content, start, end)

    def _line_in_file(self, line: int) -> int:
        """The line of the file, for a line of the second pass."""
        for closing in self._empty:
            line -= line > closing
        return line

    def _format(
        self,
        src: str = "",
        language: str | None = "",
        options: dict[str, Any] | None = None,
        md: markdown.Markdown | None = None,
        classes: list[str] | None = None,
        id_value: str = "",
        attrs: dict[str, Any] | None = None,
        **_: Any,
    ) -> str:
        """What superfences calls to make the HTML of a fence."""
        fence = Fence(language or "", id_value, tuple(classes or ()), dict(attrs or {}), dict(options or {}), src, *self._span)
        self._recorded.append(fence)
        return f'<{self.block} data-n="{len(self._recorded) - 1}"></{self.block}>'

    def _verify_lines(self, fence: Fence, lines: list[str]) -> None:
        opening = OPENING.match(lines[fence.line - 1]) if fence.line <= len(lines) else None
        if opening is None or fence.language not in lines[fence.line - 1]:
            raise GuideError(
                f"{self._file}: a Markdown extension adds or removes lines before the code blocks are read, "
                f"so that nothing can be said about their position (line {fence.line} opens no fence)"
            )


def _compare(lines: list[str], fences: list[Fence]) -> tuple[list[Fence], list[UnrenderedFence]]:
    """Walk the page as its writer sees it: the fences that are meant and rendered, and those that are only one of the two."""
    by_line = {fence.line: fence for fence in fences}
    meant: list[Fence] = []
    unrendered: list[UnrenderedFence] = []
    number = 1
    while number <= len(lines):
        fence = by_line.get(number)
        if fence is not None:
            meant.append(fence)
            number = fence.end_line + 1
            continue
        opening = OPENING.match(lines[number - 1])
        if opening is None or _inline(opening):
            number += 1
            continue
        closing = _closing(lines, number, opening["fence"])
        reason = _why_unrendered(opening, closing)
        # An unrendered fence above may have swallowed this one, whose own form is then not at fault.
        if reason is not None or not unrendered:
            unrendered.append(UnrenderedFence(number, closing or number, reason or _SWALLOWED))
        number = (closing or number) + 1
    if unrendered:
        return meant, unrendered
    visited = {fence.line for fence in meant}
    strays = [UnrenderedFence(fence.line, fence.end_line, _SWALLOWED) for fence in fences if fence.line not in visited]
    return meant, strays


_MOVED = "the site shows this block at another place, after blocks that stand below this one, as it does with a footnote: move the block"
_SWALLOWED = "this fence is not rendered as a code block: look at its indentation, and at the fences before it"


def _inline(opening: re.Match[str]) -> bool:
    """Backticks that close again on their line are code within a line."""
    return opening["fence"][0] == "`" and opening["fence"] in opening["header"]


def _closing(lines: list[str], opening: int, fence: str) -> int | None:
    for number in range(opening + 1, len(lines) + 1):
        if lines[number - 1].lstrip("> \t").rstrip() == fence:
            return number
    return None


def _why_unrendered(opening: re.Match[str], closing: int | None) -> str | None:
    header = opening["header"].strip()
    if opening["marker"]:
        return "a fence cannot start on the line of its list marker: start it on the next line, indented by four spaces"
    if not _WELL_FORMED.match(opening["header"]):
        language = header.split()[0] if header else ""
        return (
            f"`{header}` after the fence makes the site show it as inline text: "
            f'expected a language, then attributes in braces: ```{language} {{#name data-exit="1"}}'
        )
    if closing is None:
        return f"this fence is never closed: expected a line {opening['fence']} with the same indentation"
    return None
