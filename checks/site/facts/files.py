"""The YAML file of a table of facts: what it may say (tables.py has an example), and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from checks.model import GuideError, PageErrors
from checks.pages.references import SOURCES, Address, Words
from checks.site.context import SiteContext
from checks.strict_yaml import Document, Location
from checks.validation import Section, check, matching, one_of

_Texts = Annotated[tuple[str, ...], Field(strict=False)]
_SnippetName = Annotated[str, matching(r"[^#\s]+#[^#\s]+", "PAGE#SNIPPET, such as quick-start#show")]


class Place(Section):
    """Where a claim is made."""

    text: Words
    url: Address | None = None


class Given(Section):
    """What a row may say once for all of its cells. ``source`` is a key of data/sources.yml, or where a claim is made."""

    source: (
        Annotated[
            Annotated[str, Tag("key")] | Annotated[Place, Tag("place")],
            Discriminator(lambda value: "key" if isinstance(value, str) else "place"),
        ]
        | None
    ) = None
    seen: _SnippetName | None = None
    shows: str | None = None


class Cell(Given):
    """What one target has in one row: the value, and what its row or the cell itself gives as source and proof."""

    value: Words
    traces: _Texts = ()  # other texts by which the value is known; see references.load_traces


class Row(Given):
    """One fact, with a cell for each target."""

    id: str
    name: Words
    cells: dict[str, Cell]

    def cell(self, column: str) -> Cell:
        """The cell with what it takes over from the row."""
        cell = self.cells[column]
        keys = (Given.model_fields.keys() & self.model_fields_set) - cell.model_fields_set
        return cell.model_copy(update={key: getattr(self, key) for key in keys})


class Table(Section):
    """A whole file of facts. ``sources`` of values say the value; those of claims say what the row's name repeats."""

    sources: Annotated[str, one_of(("values", "claims"))] = "values"
    columns: _Texts
    rows: Annotated[tuple[Row, ...], Field(strict=False)]


def load(context: SiteContext, file: str) -> Table:
    """The table in a file that is named from the guide's root. Raises a GuideError with the line of everything that is wrong."""
    if not re.fullmatch(r"(?:[a-z0-9_-]+/)*[a-z0-9_-]+\.yml", file):
        raise GuideError(f"facts: expected a YAML file of the guide, like data/releases.yml, found {file!r}")
    document = Document.read(context.config.named(file), Path(file))
    table = check(document, Table)
    problems = [document.problem(location, text) for location, text in _problems(table, context)]
    if problems:
        raise PageErrors(sorted(problems))
    return table


def _problems(table: Table, context: SiteContext) -> Iterator[tuple[Location, str]]:
    known = context.evidence.known()
    for index, column in enumerate(table.columns):
        if column not in known:
            yield ("columns", index), f"expected a target ({', '.join(known)}), found {column!r}"
    for index, row in enumerate(table.rows):
        place: Location = ("rows", index)
        yield from missing_languages((*place, "name"), row.name, context)
        for column in dict.fromkeys([*table.columns, *row.cells]):
            if column not in row.cells:
                yield (*place, "cells"), f"expected a cell for {column}, found none"
            elif column not in table.columns:
                yield (*place, "cells", column), f"expected one of the columns ({', '.join(table.columns)}), found {column!r}"
            else:
                yield from _cell_problems((*place, "cells", column), table, row.cell(column), context)


def _cell_problems(place: Location, table: Table, cell: Cell, context: SiteContext) -> Iterator[tuple[Location, str]]:
    yield from missing_languages((*place, "value"), cell.value, context)
    if cell.source is None:
        yield (*place, "source"), "expected the place where the value was read, found none in the cell or its row"
    elif table.sources == "values" and cell.source not in context.sources:
        found = repr(cell.source) if isinstance(cell.source, str) else "`key: value` lines"
        yield (*place, "source"), f"expected a key of {SOURCES}, found {found}"
    elif isinstance(cell.source, Place):
        yield from missing_languages((*place, "source"), cell.source.text, context)
    if cell.seen is None:
        return
    if cell.shows is None and not isinstance(cell.value, str):
        yield (*place, "shows"), f"expected what {cell.seen} prints, since the value is in words, found none"
    name, _, snippet_id = cell.seen.partition("#")
    page = context.guide.pages.get((context.language, name))
    if page is None or snippet_id not in [snippet.id for snippet in page.snippets]:
        yield (*place, "seen"), f"there is no snippet {cell.seen}"


def missing_languages(place: Location, words: Any, context: SiteContext) -> Iterator[tuple[Location, str]]:
    """The problems of words that are not there in each language of the guide."""
    for language in context.config.languages if isinstance(words, dict) else ():
        if language not in words:
            yield place, f"expected text in {language}, found none"
