"""The figure of a crash on a page: a still picture, the moments with their times, and a button that loads the player."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from checks.model import GuideError, Page, Snippet
from checks.site import releases
from checks.site.context import SiteContext
from checks.site.replay.recording import Recording, recordings
from checks.site.templating import render
from checks.site.urls import replay_url

CRASHES = ("crash", "panic")  # values of data-expect


def of_snippet(context: SiteContext, snippet_id: str) -> str:
    """The figures below a snippet of the page that is rendered; empty for one that does not crash, or whose crash is not recorded."""
    page, snippet = context.current_page(), context.snippet(snippet_id)
    return "" if page is None or snippet is None else _figures(context, page, snippet)


def of_page(context: SiteContext, name: str, snippet_id: str) -> str:
    """The same figures on another page, with a link to the snippet. Raises GuideError where there is no such snippet."""
    page = context.guide.pages.get((context.language, name))
    snippet = next((snippet for snippet in page.snippets if snippet.id == snippet_id), None) if page else None
    if page is None or snippet is None or snippet.expect not in CRASHES:
        raise GuideError(
            f"replay: expected a page and a snippet that crashes the machine, found {name!r}, {snippet_id!r}: see ./guide list"
        )
    return _figures(context, page, snippet)


def _figures(context: SiteContext, page: Page, snippet: Snippet) -> str:
    """A figure for each release with a recording of its own, the newest first: it is the one for readers who have chosen none."""
    found = recorded(context, page, snippet)
    order = context.config.oldest_first
    shown = sorted(found, key=lambda target: order.index(target) if target in order else -1, reverse=True)
    for_targets: dict[str, list[str]] = {target: [] for target in shown}
    for target in context.evidence.known() if shown else ():
        for_targets[_nearest(order, target, shown)].append(target)
    figures = [
        {
            "target": target,
            "for": " ".join(for_targets[target]) if len(shown) > 1 else "",
            "recording": found[target],
            "still": Markup(releases.inert(found[target].still)),
            "frame": replay_url(context.base, target, page.name, snippet.id),
        }
        for target in shown
    ]
    return render(
        "replay.html", context=context, words=context.words, page=page, snippet=snippet, chapters=chapters, figures=figures
    ).replace("\n", "")


def _nearest(order: Sequence[str], target: str, shown: list[str]) -> str:
    """Whose recording the readers of a release are shown: its own, else that of the release nearest in age, else the newest."""
    if target in shown or target not in order:
        return target if target in shown else shown[0]
    aged = [name for name in shown if name in order]
    return min(aged, key=lambda name: abs(order.index(name) - order.index(target))) if aged else shown[0]


def chapters(context: SiteContext, recording: Recording) -> list[dict[str, Any]]:
    """The moments of a recording in the words of the language: ``name``, ``time`` after the snippet's start, ``at`` in the recording."""
    words = context.words["chapters"]
    rows = []
    for chapter in recording.chapters:
        key = "dumped" if chapter.stage == "coming back" and recording.dumped else chapter.stage
        rows.append({"name": words.get(key, key), "time": context.seconds(chapter.seconds), "at": round(chapter.at, 2)})
    return rows


def recorded(context: SiteContext, page: Page, snippet: Snippet, *only: str) -> dict[str, Recording]:
    """The recordings of a snippet by target, of the runs that vouch for it as it is now; ``only`` those on these targets, if any."""
    if snippet.expect not in CRASHES:
        return {}
    runs = {target: context.evidence.of(target, page.name) for target in releases.ran(context, page, snippet) if not only or target in only}
    each = {target: recordings(run).get(snippet.id) for target, run in runs.items() if run is not None}
    return {target: recording for target, recording in each.items() if recording is not None}
