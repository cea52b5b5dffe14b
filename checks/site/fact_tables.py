"""A table of facts about targets, from a YAML file. Each cell names its source, and says whether a run has shown the value.

::

    unconfirmed: verified.md#unconfirmed     # the heading that explains the mark "unconfirmed"
    columns: [debian-13, ubuntu-24.04]       # targets
    rows:
      - id: tool                             # what an error calls the row
        name: {en: the tool, zh: 工具}
        source: tool's changelog             # for each cell without a source; seen and shows may stand here too
        cells:
          debian-13: {value: "1.2", seen: page#snippet}
          ubuntu-24.04: {value: {en: none, zh: 没有}, source: {text: its page, url: "https://example.org/"}}

A ``value`` that is a string is code, and the same in all languages. ``seen`` names a snippet, and is only a claim:
a cell counts as seen when valid evidence of the snippet exists on the cell's target, and the recorded output contains
the value, or the string ``shows`` where the value is put into words. Words may have `code` and *emphasis* in them.
"""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from checks.mkdocs_yml import read_yaml
from checks.model import GuideError
from checks.site.context import SiteContext
from checks.site.panels import render
from checks.targets import applies

_CELL = {"value", "source", "seen", "shows"}


def table(context: SiteContext, file: str) -> str:
    """The HTML of the table in ``file``, a path from the guide's root, in the context's language.

    Raises GuideError, which names file, row and column, for a table of another form than the one above.
    """
    data = read_yaml(context.config.root / file)
    if not isinstance(data, dict) or set(data) != {"unconfirmed", "columns", "rows"}:
        raise GuideError(f"{file}: expected unconfirmed, columns and rows")
    columns = data["columns"]
    if unknown := [str(column) for column in columns if column not in context.evidence.known()]:
        raise GuideError(f"{file}: columns: there is no target {', '.join(unknown)}")
    rows = [_row(context, f"{file}: {row.get('id')}", row, columns) for row in data["rows"]]
    page, _, heading = data["unconfirmed"].partition(".md#")
    mark = context.page_url(page, heading)
    return render("facts.html", context=context, words=context.words, columns=columns, rows=rows, mark=mark)


def _row(context: SiteContext, where: str, row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    cells = row.get("cells") or {}
    if set(cells) != set(columns):
        raise GuideError(f"{where}: expected cells for {', '.join(columns)}, found {', '.join(map(str, cells)) or 'none'}")
    defaults: dict[str, Any] = {key: row[key] for key in ("source", "seen", "shows") if key in row}
    filled = [_cell(context, f"{where}, {column}", {**defaults, **cells[column]}, column) for column in columns]
    return {"name": _words(_text(context, f"{where}: name", row.get("name"))), "cells": filled}


def _cell(context: SiteContext, where: str, cell: dict[str, Any], target: str) -> dict[str, Any]:
    if unknown := sorted(set(cell) - _CELL):
        raise GuideError(f"{where}: expected {', '.join(sorted(_CELL))}, found {', '.join(unknown)}")
    value, source, seen, shows = (cell.get(key) for key in ("value", "source", "seen", "shows"))
    source = source if isinstance(source, dict) else {"text": source}
    if seen and shows is None and not isinstance(value, str):
        raise GuideError(f"{where}: shows: expected what {seen} prints, since the value is in words")
    text = _text(context, f"{where}: value", value)
    return {
        "text": text if isinstance(value, str) else _words(text),
        "code": isinstance(value, str),
        "source": _text(context, f"{where}: source", source.get("text")),
        "url": source.get("url"),
        "proof": _proof(context, where, seen, target, value, shows) if seen else None,
    }


def _words(text: str) -> Markup:
    """The words as HTML. Of Markdown, only `code` and *emphasis* are known."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"<em>\1</em>", text))


def _text(context: SiteContext, where: str, value: Any) -> str:
    """The text: ``value`` itself, or its entry for the context's language. A number is refused, since YAML reads 1.10 as 1.1."""
    found = value.get(context.language) if isinstance(value, dict) else value
    if not isinstance(found, str):
        raise GuideError(f"{where}: expected text in {context.language}, found {found!r}")
    return found


def _proof(context: SiteContext, where: str, seen: str, target: str, value: Any, shows: str | None) -> dict[str, str] | None:
    """The snippet that showed the value, and the address of its part of the transcript; None without valid evidence.

    ``seen`` is PAGE#SNIPPET; the output is searched for ``shows``, or else for ``value`` as a word of its own.
    """
    name, _, snippet_id = seen.partition("#")
    page = context.guide.pages.get((context.language, name))
    snippet = next((snippet for snippet in page.snippets if snippet.id == snippet_id), None) if page else None
    if page is None or snippet is None:
        raise GuideError(f"{where}: seen: there is no snippet {seen}")
    run = context.evidence.of(target, name)
    if run is None or not applies(snippet, target) or context.evidence.state(target, page, snippet) != "valid":
        return None
    printed = " ".join((run.entries[snippet_id].get("output") or "").split())
    if shows not in printed if shows is not None else not _stands_in(value, printed):
        return None
    return {"id": snippet_id, "url": context.transcript_url(target, name, snippet_id)}


def _stands_in(value: str, printed: str) -> bool:
    """Whether the output contains the value as a word of its own, as "1:1.10.7ubuntu3" does not contain "1:1.10.7"."""
    return re.search(rf"(?<![\w.+~-]){re.escape(value)}(?![\w+~-]|\.\w)", printed) is not None
