"""The front matter of a page, in YAML: its keys, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from checks.model import PageErrors
from checks.strict_yaml import Document
from checks.targets import MEMORY
from checks.validation import Section, check, expected, matching, one_of

MACHINES = ("container", "vm")
FIRMWARES = ("secure-boot",)

# The same expression as in MkDocs, which shows everything else as text.
_YAML = re.compile(r"-{3}[ \t]*\n(.*?\n)(?:\.{3}|-{3})[ \t]*\n", re.DOTALL)
# On a page without YAML, MkDocs takes such a first line for MultiMarkdown's front matter and silently drops it.
_MULTIMARKDOWN = re.compile(r"[ ]{0,3}[A-Za-z0-9_-]+:\s*")

# What the theme can leave out on a page. `template`, `icon` and `tags`, which MkDocs and its theme know as well, are no
# keys of this guide: the theme writes tags as HTML, and the other two name files.
HIDDEN = ("navigation", "toc", "path", "footer", "feedback")
_PAGE_NAME = matching(r".+(?<!\.md)", "the name of a page, without .md, like install/verify")
_Names = Annotated[tuple[Annotated[str, one_of(HIDDEN)], ...], Field(strict=False)]


def _rank(value: float) -> float:
    if not 0 <= value <= 1000:  # .nan is neither
        raise expected("a number from 0 to 1000")
    return value


class _Search(Section):
    """How the theme's search treats the page."""

    exclude: bool = False
    boost: Annotated[float, AfterValidator(_rank)] = 1


class _Head(Section):
    """The keys of this guide, then those that MkDocs and its theme understand. A default stands for a missing key."""

    title: str = ""
    description: str = ""
    machine: Annotated[str, one_of(MACHINES)] = ""
    after: Annotated[str, _PAGE_NAME] = ""
    dumps: Annotated[tuple[Annotated[str, _PAGE_NAME], ...], Field(strict=False, max_length=20)] = ()
    programs: Annotated[tuple[str, ...], Field(strict=False, max_length=20)] = ()
    memory: Annotated[str, MEMORY] = ""
    firmware: Annotated[str, one_of(FIRMWARES)] = ""
    peer: Annotated[bool, one_of([True], "true, or no such line")] = False
    symbols: Annotated[bool, one_of([True], "true, or no such line")] = False
    read_against: Annotated[str, matching("[0-9a-f]{12}", "12 hexadecimal digits, which `./guide parity --accept PAGE` writes")] = ""
    hide: _Names = ()
    search: _Search = _Search()


@dataclass
class FrontMatter:
    """The keys of a page's front matter, and the page's text with the front matter replaced by as many empty lines."""

    meta: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    lines: dict[str, int] = field(default_factory=dict)  # key -> its line
    problems: list[tuple[int, str]] = field(default_factory=list)  # line, what is wrong

    def texts(self, key: str) -> tuple[str, ...]:
        """The values of a key that has a list; empty where the key is missing, or where its value is one of ``problems``."""
        value = self.meta.get(key)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def text(self, key: str) -> str | None:
        """The value of a key; None where the key is missing, or where its value is no text, which is one of ``problems``."""
        value = self.meta.get(key)
        return value if isinstance(value, str) else None


def read(text: str) -> FrontMatter:
    """Split a page's text. ``problems`` is empty when all of the front matter is valid."""
    match = _YAML.match(text)
    if match is None:
        head = FrontMatter(body=text)
        first = text.split("\n", 1)[0]
        if text.startswith("---"):
            head.problems.append((1, "this front matter is never closed: expected a line ---"))
        elif _MULTIMARKDOWN.match(first):
            head.problems.append((1, f"`{first}` would be taken for front matter and vanish: start the page with ---"))
        return head
    head = FrontMatter(body="\n" * match.group(0).count("\n") + text[match.end() :])
    try:
        document = Document(match.group(1), Path(), name="front matter", first_line=2)
        if isinstance(document.data, dict):
            head.meta, head.lines = document.data, document.key_lines
        if document.data is not None:
            check(document, _Head)
    except PageErrors as error:
        head.problems = [(problem.line, problem.text) for problem in error.problems]
    return head
