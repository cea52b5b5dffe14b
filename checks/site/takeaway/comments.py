"""Text in the comments of a script: wrapped to the width of a terminal, Chinese too, where a line may end between most characters."""

from __future__ import annotations

import re
import unicodedata

WIDTH = 78  # columns of a terminal; a Chinese character takes two

_CJK = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_CLOSING = "，。、；：？！）》」』】’”…—"  # does not begin a line
_OPENING = "（《「『【‘“"  # does not end a line
# What stays together: a word, or a Chinese character with the punctuation that clings to it.
_PIECE = re.compile(rf"\s+|[{_OPENING}]*(?:[{_CJK}]|[^\s{_CJK}{_OPENING}{_CLOSING}]+)?[{_CLOSING}]*")
# How a line begins: notes ("> "), then the mark of a list's entry. The lines that follow stand under the text.
_LEAD = re.compile(r"(?:> ?)*\s*(?:(?:[-*+]|\d+\.) )?")


def comment(text: str) -> str:
    """One line as one or several lines of a comment. A line of a table stays whole."""
    if not text.strip():
        return "#"
    lead = _LEAD.match(text)
    assert lead
    if text[lead.end() :].startswith("|"):
        return f"# {text}"
    after = re.sub(r"[^>\s]", " ", lead[0])
    lines = _wrapped(text[lead.end() :], WIDTH - 2 - len(lead[0]))
    return "\n".join(f"# {lead[0] if number == 0 else after}{line}".rstrip() for number, line in enumerate(lines))


def _wrapped(text: str, columns: int) -> list[str]:
    lines, line = [], ""
    for piece in filter(None, _PIECE.findall(text)):
        if line.strip() and width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
