"""The table of messages in the doctor, which is made from data/messages.yml (checks/site/finding/catalogue.py reads the file).

::

    .venv/bin/python -m doctor.messages            # does the doctor have the messages of data/messages.yml?
    .venv/bin/python -m doctor.messages --write    # writes them into it
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from checks.site.finding import catalogue
from checks.site.finding.catalogue import FILE

ROOT = Path(__file__).resolve().parent.parent
DOCTOR = ROOT / "doctor" / "kdump_doctor.py"
BEGIN, END = "# BEGIN messages", "# END messages"
COLUMNS = 138  # of a line in the doctor, counted as ruff does: Chinese characters are two columns wide

_Journals = Annotated[tuple[Literal["boot", "load", "capture"], ...], Field(strict=False, min_length=1)]


class Message(catalogue.Message):
    """One message, and the journals in which the doctor looks for it."""

    doctor: _Journals | None = None


class Messages(catalogue.Catalogue):
    """The whole file."""

    messages: Annotated[tuple[Message, ...], Field(strict=False)]


def load(root: Path = ROOT) -> Messages:
    """The messages of a guide. Raises PageErrors with the line of everything that is wrong."""
    return catalogue.read(root, Messages, ("en", "zh"))


def table(messages: Messages) -> str:
    """The lines of the doctor between BEGIN and END: the messages that it looks for."""
    lines = ["# Made from data/messages.yml by doctor/messages.py.", "# fmt: off", "MESSAGES: tuple[Message, ...] = ("]
    for entry in messages.messages:
        if entry.doctor:
            where = ", ".join(f'"{name}"' for name in entry.doctor)
            lines.append(_literal("    Message(", entry.text) + f', ({where},), "{entry.see}",')
            lines.append(_literal("        ", entry.means["en"]) + ",")
            lines.append(_literal("        ", entry.means["zh"]) + "),")
    return "\n".join([*lines, ")", "# fmt: on"])


def _literal(front: str, text: str) -> str:
    """A string of Python after ``front``, in as many lines as it needs."""
    parts, line = [], ""
    for piece in re.findall(r"[\u2e80-\uffef]|[^\u2e80-\uffef ]+ ?| +", text):
        if line and _width(front + json.dumps(line + piece, ensure_ascii=False)) > COLUMNS - 40 * (not front.isspace()):
            parts.append(line)
            line = ""
        line += piece
    return front + ("\n" + " " * len(front)).join(json.dumps(part, ensure_ascii=False) for part in [*parts, line])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def embedded(program: str, messages: Messages) -> str:
    """The program with the table of these messages. Raises ValueError if it has no place for one."""
    before, begin, rest = program.partition(BEGIN + "\n")
    _, end, after = rest.partition("\n" + END)
    if not begin or not end:
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r} in the doctor")
    return before + begin + table(messages) + end + after


def main(arguments: list[str]) -> int:
    """0 if the doctor has the messages, or has got them; else 1."""
    program = DOCTOR.read_text(encoding="utf-8")
    wanted = embedded(program, load())
    if "--write" in arguments:
        DOCTOR.write_text(wanted, encoding="utf-8")
    elif wanted != program:
        print(f"{DOCTOR.relative_to(ROOT)}: not the messages of {FILE}; type: .venv/bin/python -m doctor.messages --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
