"""Whether a code block ends where its writer meant it to end, by what stands in it.

A block goes on to the next line that has exactly its opening fence. Where the closing fence is missing, longer, shorter,
indented or of the other character, the block swallows what follows: headings, and snippets, which then never run.
Such a block has the fences of others in it. Which lines in a block are allowed to look like fences:

- pairs of a fence with a language and a bare one, shorter than the block's own or of the other character, as in an
  example of Markdown;
- in a ``markdown`` block, such pairs of any language and headings; elsewhere neither snippets nor headings with an id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from checks.pages.fences import OPENING, Fence

_MARKDOWN = ("markdown", "md")
_LANGUAGE = re.compile(r"[ \t]*\.?[A-Za-z][\w#.+-]*(?:[ \t].*)?$|[ \t]*\{.*\}[ \t]*$")
_SNIPPET = re.compile(r"[ \t]*\.?(?:bash|python)\b", re.IGNORECASE)
# One or two backquotes or tildes alone on a line or before a language, and quotation marks of other kinds.
_QUOTES = "[\uff40\u00b4\u2018\u2019\uff5e\u201c\u201d']{3,}"
_NO_FENCE = re.compile(rf"[> \t]*(`{{1,2}}|~{{1,2}}|{_QUOTES})[ \t]*(?:(?:bash|python|text|ini|yaml)\b[^`~]*)?$")
_HEADING = re.compile(r"[> \t]*#{1,6} ")
_ID = re.compile(r"(?:^|[ ])#[\w-]")


def wrong_end(fence: Fence, lines: Sequence[str]) -> str | None:
    """Why the block seems to end elsewhere than its writer meant; None if nothing in it says so."""
    opening = OPENING.match(lines[fence.line - 1])
    assert opening is not None, "Reader has made sure that the line opens a fence"
    own = opening["fence"]
    inner: tuple[int, str] | None = None  # line and fence of a block in the block
    for number in range(fence.line + 1, fence.end_line):
        line = lines[number - 1]
        found = OPENING.match(line)
        if found is None:
            if _is_heading(line) and fence.language not in _MARKDOWN:
                return _told(own, fence, number, line, "is a heading")
            continue
        mark, header = found["fence"], found["header"]
        like_own = mark[0] == own[0] and len(mark) >= len(own)
        if not header.strip():
            if like_own:
                return _told(own, fence, number, line, "seems to be meant as its end")
            if inner is not None:
                inner = None if mark[0] == inner[1][0] and len(mark) >= len(inner[1]) else inner
            elif mark[0] == own[0] or len(mark) == len(own):  # tildes of any other number are a line in an output
                return _told(own, fence, number, line, "seems to be meant as its end")
        elif _LANGUAGE.match(header) and not (mark[0] == "`" and "`" in header):
            if like_own:
                return _told(own, fence, number, line, "opens another block")
            if _SNIPPET.match(header) and fence.language not in _MARKDOWN:
                return _told(own, fence, number, line, "is a snippet, which would not run")
            inner = inner or (number, mark)
    if inner is not None:
        return _told(own, fence, inner[0], lines[inner[0] - 1], "opens a block that is not closed in it")
    return None


def _told(own: str, fence: Fence, number: int, line: str, what: str) -> str:
    return (
        f"this block goes on to line {fence.end_line}, but line {number} ({line.strip()[:60]}) {what}: close the block before that line "
        f"with {own}, indented like its opening; where the line belongs to the block, open and close the block with "
        f"{own[0] * (len(own) + 1)} or more, and give a block in it a language and an end"
    )


def _is_heading(line: str) -> bool:
    """Whether this is a heading with an id, which nothing but a page has. A comment of bash has no id."""
    text = line.rstrip()
    return text.endswith("}") and _HEADING.match(text) is not None and _ID.search(text[text.rfind("{") + 1 :]) is not None


def meant_as_fences(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines of prose that are no fence, and look as if they were meant as one: number, counted from 1, and what it is."""
    for number, line in enumerate(lines, 1):
        if match := _NO_FENCE.match(line):
            yield number, f"{match[1]} opens no block of code, so what follows is prose: write three backquotes, ```"
