"""Outputs of pages, held against the evidence: what a page shows is what the run printed, while the evidence of its snippet holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from checks.evidence.outputs import matches
from checks.evidence.validity import RecordedEvidence
from checks.model import Page, Problem
from checks.pages.shapes import Shapes
from checks.terminal import plain, visible


def other_outputs(page: Page, recorded: RecordedEvidence, shapes: Shapes) -> list[Problem]:
    """Each output of the page that differs from what the snippet printed in the run whose evidence holds, by target and line.

    A run compares its outputs, but nobody runs a page again because an output was edited, or an empty one added.
    """
    return [problem for target in recorded.targets() for problem in _others(page, target, recorded, shapes)]


def _others(page: Page, target: str, recorded: RecordedEvidence, shapes: Shapes) -> Iterator[Problem]:
    run = recorded.of(target, page.name)
    if run is None:
        return
    for snippet in page.snippets:
        expected, printed = snippet.output_for(target), run.entries.get(snippet.id, {}).get("output")
        if expected is None or printed is None or recorded.state(target, page, snippet) != "valid":
            continue
        # Evidence has what a terminal would show, and a name in the place of what cannot be seen (files.py).
        as_kept = replace(expected, text=visible(plain(expected.text.encode())))
        if not matches(expected, printed, shapes) and not matches(as_kept, printed, shapes):
            renew = f"./guide verify {page.name} --target {target} --update"
            yield Problem(page.path, expected.line, f"{snippet.id}: this output is not what the run on {target} printed: {renew}")
