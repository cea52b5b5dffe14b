"""A table of facts about targets, from a YAML file. Each cell says how its value is known, and names its source.

::

    columns: [debian-13, ubuntu-24.04]       # targets
    rows:
      - id: tool                             # what an error calls the row
        name: {en: the tool, zh: 工具}
        source: tool-changelog               # of data/sources.yml, for each cell without one; seen and shows may stand here too
        cells:
          debian-13: {value: "1.2", seen: page#snippet}
          ubuntu-24.04: {value: {en: none, zh: 没有}, source: tool-in-noble}

A ``value`` that is a string is code, and the same in all languages. ``seen`` names a snippet, and is only a claim:
a value *ran here* when valid evidence of the snippet exists on the cell's target, and the recorded output contains
the value, or the string ``shows`` where the value is put into words. It *ran on the neighbours* when it did so on an
older and on a newer target of the table, which have the same value (``oldest_first`` in mkdocs.yml). Otherwise it is
*documented*, by its source. Words may have `code` and *emphasis* in them.

In a table with ``sources: claims``, such as that of what other guides say, a source says what the row's name repeats.
It may be a text, or ``{text, url}``, and a value that no run shows counts as not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.pages.references import Words, stands_in
from checks.site import releases
from checks.site.context import SiteContext
from checks.site.facts import files
from checks.site.facts.files import Cell, Row, Table
from checks.site.templating import markup, render
from checks.targets import applies


def table(context: SiteContext, file: str) -> str:
    """The HTML of the table in a file that is named from the guide's root, in the language that is shown."""
    facts = context.once(file, lambda: files.load(context, file))
    rows = [
        {"name": markup(context.text(row.name)), "cells": [cell(context, facts, row, column) for column in facts.columns]}
        for row in facts.rows
    ]
    several = len(facts.columns) > 1
    return render("facts.html", context=context, words=context.words, columns=facts.columns, rows=rows, several=several)


def cell(context: SiteContext, facts: Table, row: Row, target: str) -> dict[str, Any]:
    """What a template shows of one cell."""
    found = row.cell(target)
    text, is_code = context.text(found.value), isinstance(found.value, str)

    def shown(name: str) -> Words | None:
        other = row.cell(name) if name in row.cells else None
        return other.value if other is not None and other.value == found.value and _proof(context, other, name) else None

    proof = _proof(context, found, target)
    return {
        "target": target,
        "text": text if is_code else markup(text),
        "code": is_code,
        "proof": proof,
        "neighbours": None if proof else releases.neighbours(context, target, shown),
        "documented": facts.sources == "values",
        "source": _source(context, found),
    }


def _source(context: SiteContext, cell: Cell) -> Mapping[str, str | None]:
    """The text, address and title of a cell's source; the title says when it was read."""
    if isinstance(cell.source, str) and cell.source in context.sources:
        return releases.source_link(context, cell.source)
    if isinstance(cell.source, files.Place):
        return {"text": context.text(cell.source.text), "url": cell.source.url, "title": None}
    return {"text": cell.source or "", "url": None, "title": None}


def _proof(context: SiteContext, cell: Cell, target: str) -> dict[str, str] | None:
    """The transcript of the run that printed the value; None if no run that still holds printed it."""
    name, _, snippet_id = (cell.seen or "").partition("#")
    page = context.guide.pages.get((context.language, name))
    snippet = next((snippet for snippet in page.snippets if snippet.id == snippet_id), None) if page else None
    run = context.evidence.of(target, name)
    if page is None or snippet is None or run is None or not applies(snippet, target):
        return None
    if context.evidence.state(target, page, snippet) != "valid":
        return None
    printed = " ".join((run.entries[snippet_id].get("output") or "").split())
    shown = cell.shows in printed if cell.shows is not None else stands_in(str(cell.value), printed)
    return {"id": snippet_id, "url": context.transcript_url(target, name, snippet_id)} if shown else None
