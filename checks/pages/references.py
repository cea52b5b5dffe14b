"""What pages name in the files of data/ by a macro: the sources of what they say, and the rows of the table of releases.

``[[[ documented("KEY") ]]]`` names an entry of data/sources.yml::

    kernel-kdump:
      title: kernel documentation, kdump        # or {en: …, zh: …}
      url: https://docs.kernel.org/admin-guide/kdump/kdump.html
      read: 2026-07-26                          # the day on which somebody read there what the page says

``[[[ by_release("ROW") ]]]`` names a row of data/releases.yml, which site/facts/files.py reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Tag

from checks.config import Config
from checks.model import GuideError, PageErrors
from checks.pages.macros import Macro
from checks.strict_yaml import Document
from checks.validation import Section, check, expected, matching

SOURCES = Path("data/sources.yml")
RELEASES = Path("data/releases.yml")
Traces = dict[str, frozenset[str]]  # of one row: target -> texts


def _not_cut(value: object) -> object:
    if value is None:
        raise expected("text for a language (a text with a comma needs quotes)")
    return value


def _a_day(value: object) -> object:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise expected("a day such as 2026-07-26")
    return value


# In {en: one, two} YAML takes "two" for a key without a value.
_TextOfLanguage = Annotated[str, BeforeValidator(_not_cut)]
# Text that is the same in all languages, or one text for each language.
Words = Annotated[
    Annotated[str, Tag("text")] | Annotated[dict[str, _TextOfLanguage], Tag("words")],
    Discriminator(lambda value: "words" if isinstance(value, dict) else "text"),
]
Address = Annotated[str, matching(r"https?://\S+", "an address that begins with http:// or https://")]
Day = Annotated[date, BeforeValidator(_a_day)]
_Key = Annotated[str, matching(r"[a-z0-9]+([.-][a-z0-9]+)*", "a key of lower-case letters, digits, single hyphens and full stops")]


class Source(Section):
    """A public text, and the day on which it was read."""

    title: Words
    url: Address
    read: Day


@dataclass(frozen=True)
class References:
    """The sources by key, and the ids of the rows of the table of releases; both empty in a guide without such files."""

    sources: dict[str, Source]
    rows: frozenset[str] = frozenset()

    @classmethod
    def load(cls, config: Config) -> References:
        """Read both files. Raises PageErrors with the line of everything that is wrong in data/sources.yml."""
        return cls(load_sources(config), _rows(config))

    def problems(self, macros: Iterable[Macro]) -> Iterator[tuple[int, str]]:
        """Line and text of each macro that names no source, or no row."""
        for macro in macros:
            try:
                if macro.name == "documented":
                    self.source(macro.arguments[0])
                elif macro.name == "by_release":
                    _one_of(self.rows, macro.arguments[0], "by_release", "row", RELEASES)
            except GuideError as error:
                yield macro.line, str(error)

    def source(self, key: str) -> Source:
        """The source with this key. Raises a GuideError, without a position, where there is none."""
        _one_of(self.sources, key, "documented", "entry", SOURCES)
        return self.sources[key]


def load_sources(config: Config) -> dict[str, Source]:
    """The entries of data/sources.yml by key; none where the guide has no such file."""
    if not (config.root / SOURCES).exists():
        return {}
    document = Document.read(config.root / SOURCES, SOURCES)
    if document.data is None:
        return {}
    sources = check(document, dict[_Key, Source])
    languages = [*config.languages]
    problems = [
        document.problem((key, "title"), f"expected text in {language}, found none")
        for key, source in sources.items()
        for language in languages
        if isinstance(source.title, dict) and language not in source.title
    ]
    if problems:
        raise PageErrors(sorted(problems))
    return sources


def _rows(config: Config) -> frozenset[str]:
    """The ids in data/releases.yml. What else is wrong with that file is told where the site shows it."""
    if not (config.root / RELEASES).exists():
        return frozenset()
    return frozenset(str(row["id"]) for row in _release_rows(config) if "id" in row)


def _release_rows(config: Config) -> list[dict[str, Any]]:
    """The rows of data/releases.yml that are mappings."""
    data: Any = Document.read(config.root / RELEASES, RELEASES).data
    rows = data.get("rows") if isinstance(data, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def load_traces(config: Config) -> list[Traces]:
    """By row of data/releases.yml: the texts by which a target's value is known in an output or in prose.

    They are the value itself, where it is code, and the cell's ``traces``: "201326592" is what comes of "512M-:192M".
    """
    if not (config.root / RELEASES).exists():
        return []
    return [
        {target: frozenset(_texts(cell)) for target, cell in cells.items() if isinstance(cell, dict)}
        for row in _release_rows(config)
        if isinstance(cells := row.get("cells"), dict)
    ]


def _texts(cell: dict[str, Any]) -> Iterator[str]:
    traces = cell.get("traces")
    for text in (cell.get("value"), *(traces if isinstance(traces, list) else ())):
        if isinstance(text, str):
            yield text


def own_words(traces: Iterable[Traces], target: str, others: Iterable[str], text: str) -> set[str]:
    """What stands in the text and is known of one of the ``others``, but not of ``target``, which has another value."""
    found = set()
    for row in traces:
        for other in others:
            if target in row and other in row:
                found |= {word for word in row[other] - row[target] if stands_in(word, text)}
    return found


def stands_in(value: str, text: str) -> bool:
    """Whether the text contains the value as a word of its own, as "1:1.10.7ubuntu3" does not contain "1:1.10.7"."""
    return value in text and re.search(rf"(?<![\w.+~-]){re.escape(value)}(?![\w+~-]|\.\w)", text) is not None


def _one_of(known: Iterable[str], name: str, macro: str, what: str, file: Path) -> None:
    names = sorted(known)
    if name not in names:
        alike = get_close_matches(name, names, 1)
        raise GuideError(f"{macro}: {file} has no {what} {name}" + (f": did you mean {alike[0]}?" if alike else ""))
