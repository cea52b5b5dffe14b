"""Where a reader goes whose step failed, data/failed-steps.yml, and what they need for a report.

::

    events:                                  # by what a snippet announces: a value of data-expect
      crash: failures/no-dump#how-far        # PAGE#SECTION
    pages:                                   # for the other snippets of a page
      quick-start: quick-start#trouble
    snippets:                                # for one snippet, before both
      quick-start#armed: failures/not-armed#numbers

Each page with snippets has an entry. A guide without the file shows no such links.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from checks.model import Guide, PageErrors, Snippet
from checks.pages.info_string import EXPECTED
from checks.site.aids import software
from checks.site.context import SiteContext
from checks.strict_yaml import Document, Location
from checks.validation import Section, check, matching

FILE = Path("data/failed-steps.yml")

_Place = Annotated[str, matching(r"[^#\s]+#[^#\s]+", "PAGE#SECTION, such as grub#lost")]


class FailedSteps(Section):
    """The whole file."""

    events: dict[str, _Place] = {}
    pages: dict[str, _Place]
    snippets: dict[str, _Place] = {}

    def place(self, snippet: Snippet) -> str:
        """PAGE#SECTION for a snippet of a page that the file has."""
        own = self.snippets.get(f"{snippet.page}#{snippet.id}")
        return own or self.events.get(snippet.expect or "") or self.pages[snippet.page]


def load(root: Path, guide: Guide) -> FailedSteps | None:
    """The file of the guide in ``root``; None where there is none. Raises PageErrors with the line of everything that is wrong."""
    try:
        stat = (root / FILE).stat()
    except FileNotFoundError:
        return None
    return _checked(root, (stat.st_mtime_ns, stat.st_size), guide)


@lru_cache(maxsize=4)
def _checked(root: Path, version: tuple[int, int], guide: Guide) -> FailedSteps:
    """The file in this version, for this guide: it is asked for with each snippet."""
    document = Document.read(root / FILE, FILE)
    steps = check(document, FailedSteps)
    problems = [document.problem(place, text) for place, text in _problems(steps, guide)]
    if problems:
        raise PageErrors(sorted(problems))
    return steps


def _problems(steps: FailedSteps, guide: Guide) -> Iterator[tuple[Location, str]]:
    pages = {page.name for page in guide.primary if page.snippets}
    snippets = {f"{page.name}#{snippet.id}" for page in guide.primary for snippet in page.snippets}
    sections = guide.sections
    for event in steps.events:
        if event not in EXPECTED:
            yield ("events", event), f"expected one of {', '.join(EXPECTED)}, found {event!r}"
    for page in sorted(pages - steps.pages.keys()):
        yield ("pages",), f"expected an entry for {page}, which has snippets, found none"
    for page in steps.pages:
        if page not in pages:
            yield ("pages", page), f"there is no page {page} with snippets"
    for snippet in steps.snippets:
        if snippet not in snippets:
            yield ("snippets", snippet), f"there is no snippet {snippet}"
    for kind, places in (("events", steps.events), ("pages", steps.pages), ("snippets", steps.snippets)):
        for key, place in places.items():
            if place not in sections:
                yield (kind, key), f"there is no section {place} in every language"


def link(context: SiteContext, snippet: Snippet) -> dict[str, str] | None:
    """The address and the title of the section for a reader with whom the snippet failed; None in a guide without such links."""
    steps = load(context.config.root, context.guide)
    return context.section(steps.place(snippet)) if steps is not None else None


def report(context: SiteContext) -> dict[str, str] | None:
    """What theme/overrides/assets/report.js needs for a report, once for a page: the text with its gaps, and as JSON the releases.

    Of each release the label, and what the page ran on there. None where no snippet of the page has a link.
    """
    page = context.current_page()
    if page is None or not page.snippets or load(context.config.root, context.guide) is None:
        return None
    text = str(context.words["report"]).replace("{page}", page.title).replace("{packages}", " ".join(context.config.packages))
    releases = {target: [context.label(target), _ran_on(context, target, page.name)] for target in context.evidence.known()}
    return {"text": text, "releases": json.dumps(releases, ensure_ascii=False, separators=(",", ":"))}


def _ran_on(context: SiteContext, target: str, page: str) -> Any:
    run = context.evidence.of(target, page)
    return ", ".join([run.date, *software.of_run(context, run)]) if run is not None else ""
