"""A chart as HTML: for each target with numbers a drawing (SVG), the same numbers as a table, and when they were measured.

The drawing has its lengths in percent and in em, so that its words have the size of the page's on every screen.
"""

from __future__ import annotations

from typing import Any

from checks.site.charts import files
from checks.site.charts.files import Chart
from checks.site.charts.rows import Row, rows
from checks.site.context import SiteContext
from checks.site.templating import render

# The colours of the parts, by their numbers in theme/overrides/assets/snippets.css.
_COLOURS = {"crashes": (2, 1, 3), "bars": (1, 3, 4, 5, 6, 2), "cases": (3, 2, 1)}


def chart(context: SiteContext, name: str) -> str:
    """The HTML of a chart of data/charts.yml; a sentence where no run has measured anything."""
    drawn = files.load(context, name)
    title = context.text(drawn.title)
    measured = {target: found for target in context.evidence.targets() if (found := rows(context, drawn, target))}
    # One scale for all targets, so that their bars can be compared.
    longest = max((sum(row.parts) for found in measured.values() for row in found), default=0.0) or 1.0
    blocks = [_block(context, drawn, target, found, [*measured], longest) for target, found in measured.items()]
    legend, heads = _legend(context, drawn), _heads(context, drawn)
    return render("chart.html", context=context, words=context.words, title=title, blocks=blocks, legend=legend, heads=heads)


def _block(context: SiteContext, drawn: Chart, target: str, found: list[Row], measured: list[str], longest: float) -> dict[str, Any]:
    # A reader whose release has measured nothing is shown what the others have.
    others = [other for other in context.evidence.known() if other not in measured]
    days = sorted({row.date for row in found})
    machines = {str(row.run.data["accelerator"]).upper() for row in found if row.run.data.get("accelerator")}
    return {
        "target": target,
        "for": " ".join([target, *others]) if len(measured) > 1 else "",
        "days": days[0] if len(days) == 1 else f"{days[0]} – {days[-1]}",
        "machine": ", ".join(sorted(machines)),
        "rows": [_drawn(context, target, drawn, row, longest) for row in found],
    }


def _drawn(context: SiteContext, target: str, drawn: Chart, row: Row, longest: float) -> dict[str, Any]:
    page, _, snippet_id = row.snippet.partition("#")
    segments, at = [], 0.0
    for colour, part in zip(_COLOURS[_kind(drawn)], row.parts, strict=False):
        if part > 0:
            segments.append({"colour": colour, "x": f"{at / longest * 100:.2f}", "width": f"{part / longest * 100:.2f}"})
        at += part
    url = context.transcript_url(target, page, snippet_id)
    return {"name": row.name, "total": row.total, "segments": segments, "cells": row.shown, "url": url, "date": row.date}


def _kind(drawn: Chart) -> str:
    return "crashes" if drawn.crashes else "bars" if drawn.bars else "cases"


def _names(context: SiteContext, drawn: Chart) -> list[str]:
    """What the parts of a bar are."""
    if drawn.bars:
        return [context.text(words) for words in drawn.parts]
    return list(context.words["crash_parts" if drawn.crashes else "case_parts"])


def _legend(context: SiteContext, drawn: Chart) -> list[dict[str, Any]]:
    """The name and the colour of each part; nothing where there is only one."""
    names = _names(context, drawn)
    colours = _COLOURS[_kind(drawn)]
    return [{"name": name, "colour": colour} for name, colour in zip(names, colours, strict=False)] if len(names) > 1 else []


def _heads(context: SiteContext, drawn: Chart) -> list[str]:
    """The heads of the columns of the table, as many as a row has cells."""
    if drawn.cases:
        return [context.words["outcome"], context.words["panicked"]]
    names = _names(context, drawn)
    return [*names, context.words["together"]] if len(names) > 1 else [context.words["measured"]]
