"""The values of one row of data/releases.yml, each with its release, how it is known, and where it was read."""

from __future__ import annotations

from checks.pages.references import RELEASES
from checks.site.context import SiteContext
from checks.site.facts import files, tables
from checks.site.templating import render


def by_release(context: SiteContext, row_id: str) -> str:
    """The HTML of a list: a release, the row's value on it, how it is known."""
    facts = context.once(str(RELEASES), lambda: files.load(context, str(RELEASES)))
    row = next(row for row in facts.rows if row.id == row_id)
    cells = [tables.cell(context, facts, row, column) for column in facts.columns]
    return render("by_release.html", context=context, words=context.words, cells=cells)
