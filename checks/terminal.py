r"""The plain lines that a terminal would show at the end of a stream of bytes.

Control sequences (colours, cursor reports, titles) are removed; what follows a carriage return or a backspace
replaces what stood there, as a progress display does. Bytes that are no UTF-8 are shown as ``\xff``, and characters
that nobody would see as ``\u200b``. So the text has no control characters but newlines and tabs, and it is safe to
print on any terminal. The time is linear in the number of bytes.
"""

from __future__ import annotations

import re
import unicodedata

# A status line elsewhere on the screen, as apt draws it: within one line, between saving and restoring the cursor.
_ELSEWHERE = re.compile(r"\x1b7(?:[^\x1b\n]|\x1b(?![78]))*+\x1b8")

# The control functions of ECMA-48. In UTF-8 the characters U+0080 to U+009F (C1) do what ESC and a letter do. Where a
# sequence is cut short, the part that is there is removed. Every ESC and every C1 character begins a match, and matches
# are not looked at again, so none is left whatever they are nested in. The possessive quantifiers (`*+`) never go back.
_CONTROL = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # CSI: colours, cursor
    # Strings up to their terminator (OSC: titles, clipboard; DCS, SOS, PM, APC); one without it ends with its line
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d-\x9f])[^\n\x07\x18\x1a\x1b\x9c]*+(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*+[0-~]?"  # all others: character sets, ESC # 8, ESC c
    r"|[\x00-\x07\x0b-\x0c\x0e-\x1f\x7f-\x9f]"
)
# Control, format, private use, surrogate, unassigned; line and paragraph separators; spaces, but for U+0020.
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"}
# Letters and marks that are blank although their category says otherwise: those with Unicode's property
# Default_Ignorable_Code_Point, which Python does not know, and a few that fonts leave blank.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)


def plain(data: bytes) -> str:
    """The text that is on the screen at the end, without a final newline."""
    text = data.decode("utf-8", "backslashreplace")
    text = _CONTROL.sub("", _ELSEWHERE.sub("", text))
    return visible("\n".join(_settle(line) for line in text.split("\n")).rstrip("\n"))


def flowing(text: str) -> str:
    r"""The text with no other control characters than newline, tab, carriage return and backspace, for a terminal to show.

    All else that a terminal would obey is removed, colours among it, and what nobody would see is shown as by ``plain``.
    """
    return "".join(part if part in "\r\b" else visible(part) for part in re.split(r"([\r\b])", _CONTROL.sub("", text)))


def _settle(line: str) -> str:
    """What is left of one line after its carriage returns and backspaces, which only move the cursor."""
    if "\r" not in line and "\b" not in line:
        return line.rstrip(" \t")
    cells: list[str] = []
    column = 0
    for run in re.findall(r"[\r\b]|[^\r\b]+", line):
        if run == "\r":
            column = 0
        elif run == "\b":
            column = max(0, column - 1)
        else:
            cells[column : column + len(run)] = run
            column += len(run)
    return "".join(cells).rstrip(" \t")


def is_unseen(character: str) -> bool:
    """Whether a reader cannot see this character, or see that it is no plain space. Tab and newline are seen."""
    if character in " \t\n":
        return False
    return unicodedata.category(character) in _UNSEEN or _BLANK.match(character) is not None


def visible(text: str) -> str:
    r"""The text with ``\x1b`` or ``\u200b`` in the place of each character that cannot be seen."""
    if text.isascii() and text.isprintable():
        return text
    return text.translate({ord(character): _code(character) for character in set(text) if is_unseen(character)})


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x80 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
