r"""The plain lines that a terminal would show at the end of a stream of bytes.

Colours and cursor reports are removed; what follows a carriage return replaces
the beginning of the line, as a progress display does. Bytes that are no UTF-8
are shown as ``\xff``.
"""

from __future__ import annotations

import re

# CSI sequences (colours, cursor, soft reset), OSC strings (titles, palettes), character sets, single-letter escapes
ESCAPES = re.compile(r"\x1b\[[0-9;?!>=]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78cM]")
# A status line elsewhere on the screen, between saving and restoring the cursor, as apt draws it
ELSEWHERE = re.compile(r"\x1b7.*?\x1b8", re.DOTALL)
BELL_AND_NUL = str.maketrans("", "", "\x07\x00")


def plain(data: bytes) -> str:
    """The text that is on the screen at the end, without a final newline."""
    text = data.decode("utf-8", "backslashreplace")
    text = ESCAPES.sub("", ELSEWHERE.sub("", text)).translate(BELL_AND_NUL)
    return "\n".join(_settle(line) for line in text.split("\n")).rstrip("\n")


def _settle(line: str) -> str:
    """What is left of one line after its carriage returns and backspaces."""
    line = line.rstrip("\r")
    if "\r" in line:
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        line = shown
    while "\x08" in line:
        line = re.sub("[^\x08]\x08|^\x08+", "", line, count=1)
    return line.rstrip()
