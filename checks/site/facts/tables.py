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

from checks.pages.references import Words
from checks.site.context import SiteContext
from checks.site.facts import files
from checks.site.facts.files import Cell
from checks.site.panels import render
from checks.targets import applies


def table(context: SiteContext, file: str) -> str:
    """The HTML of the table in a file that is named from the guide's root, in the language that is shown."""
    facts = files.load(context, file)
    rows = [
        {"name": _markup(_text(context, row.name)), "cells": [cell(context, row.cell(column), column) for column in facts.columns]}
        for row in facts.rows
    ]
    page, _, heading = facts.unconfirmed.partition(".md#")
    mark = context.page_url(page, heading)
    return render("facts.html", context=context, words=context.words, columns=facts.columns, rows=rows, mark=mark)


def cell(context: SiteContext, cell: Cell, target: str) -> dict[str, Any]:
    """What a template shows of one cell."""
    text, is_code = _text(context, cell.value), isinstance(cell.value, str)
    return {
        "text": text if is_code else _markup(text),
        "code": is_code,
        "source": _text(context, cell.source.text) if cell.source else "",
        "url": cell.source.url if cell.source else None,
        "proof": _proof(context, cell, target) if cell.seen else None,
    }


def _markup(text: str) -> Markup:
    """Text as HTML; of Markdown only code and emphasis mean something."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"<em>\1</em>", text))


def _text(context: SiteContext, words: Words) -> str:
    """The text in the language that is shown."""
    return words if isinstance(words, str) else words[context.language]


def _proof(context: SiteContext, cell: Cell, target: str) -> dict[str, str] | None:
    """The transcript of the run that printed the value; None if no run that still holds printed it."""
    name, _, snippet_id = (cell.seen or "").partition("#")
    page = context.guide.pages[context.language, name]
    snippet = next(snippet for snippet in page.snippets if snippet.id == snippet_id)
    run = context.evidence.of(target, name)
    if run is None or not applies(snippet, target) or context.evidence.state(target, page, snippet) != "valid":
        return None
    printed = " ".join((run.entries[snippet_id].get("output") or "").split())
    shown = cell.shows in printed if cell.shows is not None else _stands_in(str(cell.value), printed)
    return {"id": snippet_id, "url": context.transcript_url(target, name, snippet_id)} if shown else None


def _stands_in(value: str, printed: str) -> bool:
    """Whether the output contains the value as a word of its own, as "1:1.10.7ubuntu3" does not contain "1:1.10.7"."""
    return re.search(rf"(?<![\w.+~-]){re.escape(value)}(?![\w+~-]|\.\w)", printed) is not None
