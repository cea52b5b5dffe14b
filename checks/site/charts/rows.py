"""The rows of a chart on one target: what valid evidence has of each bar. What no run has measured is no row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from checks.evidence.validity import RecordedRun
from checks.model import Snippet
from checks.site.charts.files import UNITS, Chart, Number
from checks.site.context import SiteContext

# The moments of a crash that a run notes (sessions/restarts.py), in seconds since the snippet began; a bar's parts lie between two of them.
_MOMENTS = ("panicked", "capturing", "coming back", "back")
_NUMBER = r"(\d{1,15}(?:\.\d{1,9})?)"


@dataclass(frozen=True)
class Row:
    """One bar: its name, its parts, and the run that the parts are of."""

    name: str
    parts: tuple[float, ...]
    shown: tuple[str, ...]  # the cells of the row in the table of numbers
    total: str  # what stands at the end of the bar
    snippet: str  # PAGE#SNIPPET
    run: RecordedRun
    date: str  # the day of the snippet's run, in UTC


def rows(context: SiteContext, chart: Chart, target: str) -> list[Row]:
    """The rows of a chart on a target, in the order of the file; crashes by the seconds that they took, the quickest first."""
    if chart.crashes:
        return sorted(_crashes(context, chart, target), key=lambda row: sum(row.parts))
    return list(_bars(context, chart, target) if chart.bars else _cases(context, chart, target))


def _entry(context: SiteContext, target: str, seen: str) -> tuple[RecordedRun, dict[str, Any]] | None:
    """The evidence of a snippet on a target, if the evidence is of the snippet as it is now."""
    name, _, snippet_id = seen.partition("#")
    page, run = context.guide.pages.get((context.language, name)), context.evidence.of(target, name)
    snippet = next((each for each in page.snippets if each.id == snippet_id), None) if page else None
    if page is None or snippet is None or run is None or context.evidence.state(target, page, snippet) != "valid":
        return None
    entry = run.entries[snippet_id]
    return None if "skip" in entry else (run, entry)


def _row(name: str, parts: tuple[float, ...], shown: tuple[str, ...], total: str, seen: str, run: RecordedRun) -> Row:
    date = (run.entries[seen.partition("#")[2]].get("ran_at") or run.date)[:10]
    return Row(name, parts, shown, total, seen, run, date)


# ---- crashes
def _crashes(context: SiteContext, chart: Chart, target: str) -> Iterator[Row]:
    for page in context.guide.of(context.language):
        named = [snippet for snippet in page.snippets if _is_named(chart, snippet)]
        for snippet in reversed(named):
            seen = f"{page.name}#{snippet.id}"
            found = _entry(context, target, seen)
            if found is None or not found[1].get("dump") or not all(moment in found[1].get("stages", {}) for moment in _MOMENTS):
                continue
            at = [found[1]["stages"][moment] for moment in _MOMENTS]
            parts = tuple(max(0.0, after - before) for before, after in zip(at, at[1:], strict=False))
            shown = tuple(map(context.seconds, (*parts, at[-1] - at[0])))
            yield _row(page.title, parts, shown, shown[-1], seen, found[0])
            break


def _is_named(chart: Chart, snippet: Snippet) -> bool:
    return snippet.expect == "crash" and any(fnmatchcase(f"{snippet.page}#{snippet.id}", glob) for glob in chart.crashes)


# ---- bars
def _bars(context: SiteContext, chart: Chart, target: str) -> Iterator[Row]:
    for bar in chart.bars:
        parts = tuple(_number(context, chart, target, number) for number in bar.parts)
        numbers = tuple(part for part in parts if part is not None)
        first = _entry(context, target, bar.parts[0].seen)
        if len(numbers) == len(parts) and first is not None:
            each = tuple(_amount(number, chart.unit) for number in numbers)
            total = _amount(sum(numbers), chart.unit)
            yield _row(context.text(bar.name), numbers, (*each, total) if len(each) > 1 else each, total, bar.parts[0].seen, first[0])


def _number(context: SiteContext, chart: Chart, target: str, number: Number) -> float | None:
    """The number in the chart's unit; None where no run that holds has printed such a line."""
    found = _entry(context, target, number.seen)
    if found is None:
        return None
    before, after = (re.escape(part) for part in " ".join(number.line.split()).split("*"))
    lines = (" ".join(line.split()) for line in (found[1].get("output") or "").splitlines())
    values = [match[1] for line in lines if (match := re.fullmatch(before + _NUMBER + after, line))]
    if len(values) < number.which:
        return None
    return float(values[number.which - 1]) * UNITS[number.unit or chart.unit] / UNITS[chart.unit]


def _amount(value: float, unit: str) -> str:
    return f"{value:.0f} {unit}" if value >= 10 or value == int(value) else f"{value:.1f} {unit}"


# ---- cases
def _cases(context: SiteContext, chart: Chart, target: str) -> Iterator[Row]:
    """A part of the same length for each step of a case: it happened, the kernel panicked, a dump was left."""
    for case in chart.cases:
        found = _entry(context, target, case.seen)
        if found is None:
            continue
        panic, dump = found[1].get("panic"), found[1].get("dump")
        outcome = str(context.words["outcomes"]["dump" if panic and dump else "panic" if panic else "none"])
        parts = (1.0, 1.0 if panic else 0.0, 1.0 if panic and dump else 0.0)
        yield _row(context.text(case.name), parts, (outcome, str(panic or "")), outcome, case.seen, found[0])
