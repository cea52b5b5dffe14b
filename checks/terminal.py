"""What a terminal would still show of a stream of bytes: plain lines.

Colours and cursor reports go; a carriage return writes over the line, as a
progress display does. Bytes that are no UTF-8 are kept visible as ``\\xff``.
"""

from __future__ import annotations

import re

# CSI sequences (colours, cursor, soft reset), OSC strings (titles, palettes), character sets, single-letter escapes
ESCAPES = re.compile(r"\x1b\[[0-9;?!>=]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78cM]")
# A status line that is drawn elsewhere on the screen, between saving the cursor and bringing it back (apt does so)
ELSEWHERE = re.compile(r"\x1b7.*?\x1b8", re.DOTALL)
BELL_AND_NUL = str.maketrans("", "", "\x07\x00")


def plain(data: bytes) -> str:
    """The text that stays on the screen, without a final newline."""
    text = data.decode("utf-8", "backslashreplace")
    text = ESCAPES.sub("", ELSEWHERE.sub("", text)).translate(BELL_AND_NUL)
    return "\n".join(_settle(line) for line in text.split("\n")).rstrip("\n")


def _settle(line: str) -> str:
    """One line after its carriage returns and backspaces."""
    line = line.rstrip("\r")
    if "\r" in line:
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        line = shown
    while "\x08" in line:
        line = re.sub("[^\x08]\x08|^\x08+", "", line, count=1)
    return line.rstrip()
