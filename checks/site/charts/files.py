"""data/charts.yml: which numbers of the evidence a chart draws. It has words and names of snippets, and no number.

::

    crash:
      title: {en: From the panic to the login, zh: 从 panic 到登录}
      crashes: ["*#panic"]                   # globs of PAGE#SNIPPET; one bar a page, the last such crash that left a dump
    level:
      title: {en: Size of a dump, zh: 转储的大小}
      unit: MiB                              # of the numbers that are shown: a key of UNITS
      parts: [{en: pages, zh: 页面}]         # what the parts of a bar are; one part needs no name
      bars:
        - name: {en: level 1, zh: 级别 1}
          parts: [{seen: levels#filter, line: "*M level-1"}]
    faults:
      title: {en: Which fault ends in a panic, zh: 哪些故障会引起 panic}
      cases:
        - {name: {en: an oops, zh: oops}, seen: triggers#oops}

A chart has one of ``crashes``, ``bars`` and ``cases``. ``line`` is a whole line of what the snippet printed, any spaces
as one, in which ``*`` stands for the number; of several such lines the first counts, or the one that ``which`` says,
counted from 1. ``unit`` beside it is the unit of what was printed, if it is another than the chart's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from checks.model import GuideError, PageErrors
from checks.pages.references import Words
from checks.site.context import SiteContext
from checks.site.facts.files import missing_languages
from checks.strict_yaml import Document, Location
from checks.validation import Section, check, matching, one_of

FILE = Path("data/charts.yml")
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
MOST_PARTS = 6  # the colours in theme/overrides/assets/snippets.css

_SnippetName = Annotated[str, matching(r"[^#\s]+#[^#\s]+", "PAGE#SNIPPET, such as quick-start#show")]
_Unit = Annotated[str, one_of(UNITS)]


class Number(Section):
    """Where a number stands."""

    seen: _SnippetName
    line: Annotated[str, matching(r"[^*]*\*[^*]*", "a line with one * for the number, such as MemTotal: * kB")]
    which: Annotated[int, Field(ge=1)] = 1
    unit: _Unit | None = None


class Bar(Section):
    """One bar, of one or several numbers."""

    name: Words
    parts: Annotated[tuple[Number, ...], Field(strict=False, min_length=1, max_length=MOST_PARTS)]


class Case(Section):
    """One snippet, of which the chart says whether the kernel went on, panicked, or left a dump."""

    name: Words
    seen: _SnippetName


class Chart(Section):
    """One chart. The docstring of this module says what each key means."""

    title: Words
    unit: _Unit = "MiB"
    parts: Annotated[tuple[Words, ...], Field(strict=False)] = ()
    bars: Annotated[tuple[Bar, ...], Field(strict=False)] = ()
    cases: Annotated[tuple[Case, ...], Field(strict=False)] = ()
    crashes: Annotated[tuple[str, ...], Field(strict=False)] = ()


def load(context: SiteContext, name: str) -> Chart:
    """The chart with this name. Raises a GuideError with the line of everything that is wrong in the file, or for another name."""
    if not (context.config.root / FILE).exists():
        raise GuideError(f"chart: there is no {FILE}")
    document = Document.read(context.config.root / FILE, FILE)
    charts: Mapping[str, Chart] = check(document, dict[str, Chart])
    problems = [document.problem(place, text) for key, chart in charts.items() for place, text in _problems(key, chart, context)]
    if problems:
        raise PageErrors(sorted(problems))
    if name not in charts:
        raise GuideError(f"chart: {FILE} has no chart {name} (known: {', '.join(charts)})")
    return charts[name]


def _problems(key: str, chart: Chart, context: SiteContext) -> Iterator[tuple[Location, str]]:
    kinds = [kind for kind in ("bars", "cases", "crashes") if getattr(chart, kind)]
    if len(kinds) != 1:
        yield (key,), f"expected one of bars, cases and crashes, found {' and '.join(kinds) or 'none'}"
    yield from missing_languages((key, "title"), chart.title, context)
    for index, words in enumerate(chart.parts):
        yield from missing_languages((key, "parts", index), words, context)
    known = {f"{page.name}#{snippet.id}" for page in context.guide.primary for snippet in page.snippets}
    for index, bar in enumerate(chart.bars):
        place: Location = (key, "bars", index)
        yield from missing_languages((*place, "name"), bar.name, context)
        if len(bar.parts) != max(1, len(chart.parts)):
            yield (
                (*place, "parts"),
                f"expected {max(1, len(chart.parts))} numbers, one for each of the chart's parts, found {len(bar.parts)}",
            )
        for number, part in enumerate(bar.parts):
            yield from _unknown_snippet((*place, "parts", number, "seen"), part.seen, known)
    for index, case in enumerate(chart.cases):
        yield from missing_languages((key, "cases", index, "name"), case.name, context)
        yield from _unknown_snippet((key, "cases", index, "seen"), case.seen, known)


def _unknown_snippet(place: Location, name: str, known: set[str]) -> Iterator[tuple[Location, str]]:
    if name not in known:
        yield place, f"there is no snippet {name}"
