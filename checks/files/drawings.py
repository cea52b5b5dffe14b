"""SVG drawings among the pages: a browser that opens one by its address runs the scripts in it, with the rights of the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from checks.files.plain import read_file
from checks.model import Problem

MAX_BYTES = 1 << 20
# Elements that run scripts, or show other documents.
_ACTIVE = {"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener"}


def wrong_in_drawing(file: Path, shown_as: Path) -> Iterator[Problem]:
    """What must not be in the drawing, with its line. Raises a GuideError where the file is too large."""
    data = read_file(file, shown_as, MAX_BYTES, "SVG")
    problems: list[Problem] = []
    parser = expat.ParserCreate()

    def wrong(text: str) -> None:
        problems.append(Problem(shown_as, parser.CurrentLineNumber, text))

    def element(name: str, attributes: dict[str, str]) -> None:
        if _local(name) in _ACTIVE:
            wrong(f"expected a drawing without scripts and foreign content, found <{name}>")
        for attribute, value in attributes.items():
            if _local(attribute).startswith("on"):
                wrong(f"expected a drawing without scripts, found the attribute {attribute}")
            elif _local(attribute) == "href" and not value.startswith("#"):
                wrong(f"expected a reference within the drawing, such as #arrow, found {attribute}={value[:60]!r}")
            elif _local(attribute) == "attributename" and _local(value) in ("href",):
                wrong(f"expected no change of a reference, found {attribute}={value[:60]!r}")

    def declaration(*_: object) -> None:
        wrong("expected no <!DOCTYPE>, which can make much of little")

    def instruction(target: str, _: str) -> None:
        wrong(f"expected no processing instruction, found <?{target}")

    parser.StartElementHandler = element
    parser.StartDoctypeDeclHandler = declaration
    parser.ProcessingInstructionHandler = instruction
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        problems.append(Problem(shown_as, getattr(error, "lineno", 1), f"not SVG: {error}"))
    yield from problems


def _local(name: str) -> str:
    """The name without the prefix of its namespace, in lower case."""
    return name.rsplit(":", 1)[-1].lower()
