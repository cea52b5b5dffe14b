"""The fenced blocks of a page as the site renders them, each with its lines.

Extraction asks the site's own Python-Markdown, with the extensions of its
mkdocs.yml, and records what superfences really makes a code block of. A
scanner of our own disagrees with the rendered page in too many forms of a
fence (tildes, four backticks, block quotes, lists, tabs), and always silently.

What looks like the opening of a fence to a writer, but was not rendered as
one, is reported too: superfences turns it into inline text and says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import markdown

from checks.mkdocs_yml import TolerantLoader, _NamesLoader, _resolve, markdown_settings
from checks.model import GuideError
from checks.pages.outline import Outline, OutlineProcessor, with_fences

_OPENING = re.compile(
    r"""
    (?P<indent> [> \t]* )
    (?P<marker> (?: (?: [-*+] | \d+[.)] ) [ \t]+ )* )
    (?P<fence> `{3,} | ~{3,} )
    (?P<header> .* ) $
    """,
    re.VERBOSE,
)
_WELL_FORMED = re.compile(r"[ \t]*[\w#.+-]*[ \t]*(\{[^\n]*\})?[ \t]*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARK = re.compile(r'<checks-fence data-n="(\d+)">')


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
    """A line that opens a fence for its writer, but not for the site; and why."""

    line: int
    end_line: int  # of the line that its writer means to close it with; its own if there is none
    reason: str


@dataclass(frozen=True)
class RenderedPage:
    """What the site makes of one page."""

    fences: tuple[Fence, ...]
    lost: tuple[UnrenderedFence, ...]
    outline: Outline


class Reader:
    """Reads any number of pages with the Markdown settings of one mkdocs.yml."""

    def __init__(self, config_file: Path):
        self._file = config_file
        extensions, configs = markdown_settings(config_file)
        self._outline = OutlineProcessor()
        self._md = markdown.Markdown(extensions=[*extensions, self._outline], extension_configs=configs)
        # A tenth of the time, and it comes after all that matters here.
        self._md.treeprocessors.deregister("toc", strict=False)
        self._seen: list[Fence] = []
        self._span = (0, 0)
        self._empty: list[int] = []  # closing lines of blocks without a line, in order
        self._record()

    def read(self, text: str) -> RenderedPage:
        """The fences of a page's Markdown (its front matter replaced by blank lines)."""
        lines = text.split("\n")
        fences, found = self._rendered(text, lines)
        lost: list[UnrenderedFence] = []
        # A lost fence swallows those after it. Without it they are what they would be once it is mended.
        while found:
            lost.extend(found)
            for fence in found:
                lines[fence.line - 1 : fence.end_line] = [""] * (fence.end_line - fence.line + 1)
            fences, found = self._rendered("\n".join(lines), lines)
        outline = with_fences(self._outline.outline, lines, [(fence.line, fence.end_line) for fence in fences])
        return RenderedPage(tuple(fences), tuple(sorted(lost, key=lambda fence: fence.line)), outline)

    def _rendered(self, text: str, lines: list[str]) -> tuple[list[Fence], list[UnrenderedFence]]:
        self._seen = []
        self._empty = []
        self._md.reset()
        html = self._md.convert(text)
        # A fence may have been recorded and then put back: in an indented code block, in an HTML comment.
        shown = {int(number) for number in _MARK.findall(_COMMENT.sub("", html))}
        fences = [fence for number, fence in enumerate(self._seen) if number in shown]
        for fence in fences:
            self._verify_lines(fence, lines)
        return _compare(lines, fences)

    def _record(self) -> None:
        """Put a recorder where superfences calls a fence's formatter. The validators stay the site's own."""
        preprocessor = self._md.preprocessors["fenced_code_block"]
        for entry in preprocessor.extension.superfences:
            entry["formatter"] = self._format
        # Superfences' only method that is told the lines of a block; its signature is the same in 12.3 and 13.1.
        preprocessor.process_nested_block = partial(self._process, preprocessor.process_nested_block)
        if "fenced_raw_block" in self._md.preprocessors:
            first = self._md.preprocessors["fenced_raw_block"]
            first.process_nested_block = partial(self._process_raw, first.process_nested_block)

    def _process(self, original, ws, content, start, end):
        self._span = (self._typed(start + 1), self._typed(end))
        original(ws, content, start, end)

    def _process_raw(self, original, ws, content, start, end):
        # With preserve_tabs, a first pass keeps the blocks aside while tabs are expanded. It gives
        # back a block without a line as one with an empty line.
        if end - start == 2:
            self._empty.append(end)
        original(ws, content, start, end)

    def _typed(self, line: int) -> int:
        """The line of the file, for a line of the second pass."""
        for closing in self._empty:
            line -= line > closing
        return line

    def _format(self, src="", language="", options=None, md=None, classes=None, id_value="", attrs=None, **_):
        self._seen.append(Fence(language or "", id_value, tuple(classes or ()), dict(attrs or {}), dict(options or {}), src, *self._span))
        return f'<checks-fence data-n="{len(self._seen) - 1}"></checks-fence>'

    def _verify_lines(self, fence: Fence, lines: list[str]) -> None:
        opening = _OPENING.match(lines[fence.line - 1]) if fence.line <= len(lines) else None
        if opening is None or fence.language not in lines[fence.line - 1]:
            raise GuideError(
                f"{self._file}: a Markdown extension adds or removes lines before the code blocks are read, "
                f"so that nothing can be said about their position (line {fence.line} opens no fence)"
            )


def _compare(lines: list[str], fences: list[Fence]) -> tuple[list[Fence], list[UnrenderedFence]]:
    """Walk the page as its writer sees it: which rendered fences are meant, and which meant ones are not rendered."""
    by_line = {fence.line: fence for fence in fences}
    kept: list[Fence] = []
    lost: list[UnrenderedFence] = []
    number = 1
    while number <= len(lines):
        fence = by_line.get(number)
        if fence is not None:
            kept.append(fence)
            number = fence.end_line + 1
            continue
        opening = _OPENING.match(lines[number - 1])
        if opening is None or _inline(opening):
            number += 1
            continue
        closing = _closing(lines, number, opening["fence"])
        reason = _why_lost(opening, closing)
        # A fence lost before this one may have swallowed it: then its own form is not at fault.
        if reason is not None or not lost:
            lost.append(UnrenderedFence(number, closing or number, reason or _SWALLOWED))
        number = (closing or number) + 1
    if lost:
        return kept, lost
    visited = {fence.line for fence in kept}
    strays = [UnrenderedFence(fence.line, fence.end_line, _SWALLOWED) for fence in fences if fence.line not in visited]
    return kept, strays


_SWALLOWED = "this fence is not rendered as a code block: look at its indentation, and at the fences before it"


def _inline(opening: re.Match) -> bool:
    """Backticks that close again on their line are code within a line."""
    return opening["fence"][0] == "`" and opening["fence"] in opening["header"]


def _closing(lines: list[str], opening: int, fence: str) -> int | None:
    for number in range(opening + 1, len(lines) + 1):
        if lines[number - 1].lstrip("> \t").rstrip() == fence:
            return number
    return None


def _why_lost(opening: re.Match, closing: int | None) -> str | None:
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


# Before its parent's, whose empty prefix fits every tag.
_NamesLoader.yaml_multi_constructors = {
    "tag:yaml.org,2002:python/name:": _resolve,
    **TolerantLoader.yaml_multi_constructors,
}
