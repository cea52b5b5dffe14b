"""data/messages.yml: what it may say, and the table of messages in the doctor that is made from it.

::

    .venv/bin/python -m doctor.messages            # does the doctor have the messages of data/messages.yml?
    .venv/bin/python -m doctor.messages --write    # writes them into it
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from checks.model import PageErrors
from checks.strict_yaml import Document, Location
from checks.validation import Section, check, matching

ROOT = Path(__file__).resolve().parent.parent
FILE = Path("data/messages.yml")
DOCTOR = ROOT / "doctor" / "kdump_doctor.py"
BEGIN, END = "# BEGIN messages", "# END messages"
COLUMNS = 138  # of a line in the doctor, counted as ruff does: Chinese characters are two columns wide

_PAGE = r"(?:[a-z0-9-]+/)*[a-z0-9-]+"
_Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
_Journals = Annotated[tuple[Literal["boot", "load", "capture"], ...], Field(strict=False, min_length=1)]


class Text(Section):
    """A text in each language."""

    en: str
    zh: str


class Entry(Section):
    """One message. The head of data/messages.yml says what the keys mean."""

    id: Annotated[str, matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "lower-case words with hyphens")]
    text: Annotated[str, matching(r".*\w{3}.*", "a message with words in it")]
    by: str
    where: _Names
    means: Text
    see: Annotated[str, matching(rf"{_PAGE}#[a-z0-9-]+", "PAGE#SECTION, such as grub#lost")]
    source: str
    seen: Annotated[str, matching(rf"{_PAGE}(?:#[a-z0-9-]+)?", "PAGE#SNIPPET, or PAGE for its console")] | None = None
    doctor: _Journals | None = None


class Messages(Section):
    """The whole file."""

    speakers: dict[str, Text]
    places: dict[str, Text]
    messages: Annotated[tuple[Entry, ...], Field(strict=False)]


def load(root: Path = ROOT) -> Messages:
    """The messages of a guide. Raises PageErrors with the line of everything that is wrong."""
    document = Document.read(root / FILE, FILE)
    messages = check(document, Messages)
    problems = [document.problem(location, text) for location, text in _problems(messages)]
    if problems:
        raise PageErrors(sorted(problems))
    return messages


def _problems(messages: Messages) -> Iterator[tuple[Location, str]]:
    counts = Counter(entry.id for entry in messages.messages) + Counter(entry.text for entry in messages.messages)
    for index, entry in enumerate(messages.messages):
        place: Location = ("messages", index)
        if entry.by not in messages.speakers:
            yield (*place, "by"), f"expected one of the speakers ({', '.join(messages.speakers)}), found {entry.by!r}"
        for name in entry.where:
            if name not in messages.places:
                yield (*place, "where"), f"expected places ({', '.join(messages.places)}), found {name!r}"
        for key, value in (("id", entry.id), ("text", entry.text)):
            if counts[value] > 1:
                yield (*place, key), f"expected each {key} once, found {value!r} {counts[value]} times"


def table(messages: Messages) -> str:
    """The lines of the doctor between BEGIN and END: the messages that it looks for."""
    lines = ["# Made from data/messages.yml by doctor/messages.py.", "# fmt: off", "MESSAGES: tuple[Message, ...] = ("]
    for entry in messages.messages:
        if entry.doctor:
            where = ", ".join(f'"{name}"' for name in entry.doctor)
            lines.append(_literal("    Message(", entry.text) + f', ({where},), "{entry.see}",')
            lines.append(_literal("        ", entry.means.en) + ",")
            lines.append(_literal("        ", entry.means.zh) + "),")
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
