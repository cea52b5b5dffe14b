"""The evidence files as the site shows them: what is on disk, and which of it still holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from checks.config import Config, read_yaml
from checks.model import GuideError, Page, Snippet


@dataclass(frozen=True)
class Run:
    """One page's run on one target. ``data`` is the evidence file."""

    target: str
    page: str
    data: dict[str, Any]

    @property
    def started(self) -> str:
        """Date and time in UTC, to the minute: "2026-11-23 12:41"."""
        return datetime.fromisoformat(self.data["started"]).strftime("%Y-%m-%d %H:%M")

    @property
    def date(self) -> str:
        return self.started[:10]

    def entry(self, snippet_id: str) -> dict[str, Any] | None:
        return next((entry for entry in self.data.get("snippets", ()) if entry["id"] == snippet_id), None)


class Recorded:
    """All runs of a guide."""

    def __init__(self, runs: list[Run], order: list[str]):
        self._runs = {(run.target, run.page): run for run in runs}
        found = {run.target for run in runs}
        self._targets = [*[name for name in order if name in found], *sorted(found - set(order))]

    def targets(self) -> list[str]:
        """Those with evidence, in the order of the targets file."""
        return self._targets

    def of(self, target: str, page: str) -> Run | None:
        return self._runs.get((target, page))

    def runs(self, target: str) -> list[Run]:
        return [run for run in self._runs.values() if run.target == target]

    def state(self, target: str, page: Page, snippet: Snippet) -> str:
        """valid, stale or missing: whether this run vouches for the snippet as it is now.

        A change makes everything after it on the page stale, since that ran on another machine then.
        """
        run = self.of(target, page.name)
        if run is None or run.entry(snippet.id) is None:
            return "missing"
        for before in page.snippets:
            entry = run.entry(before.id)
            if entry is not None and entry.get("sha256") != before.sha256:
                return "stale"
            if before.id == snippet.id:
                break
        return "valid"

    def page_state(self, target: str, page: Page) -> str:
        run = self.of(target, page.name)
        if run is None:
            return "missing"
        states = {self.state(target, page, snippet) for snippet in page.snippets if applies(snippet, target)}
        return "valid" if states <= {"valid"} else "stale"


def applies(snippet: Snippet, target: str) -> bool:
    """Whether the snippet is meant to run on this target."""
    return snippet.skip is None and any(fnmatchcase(target, glob) for glob in snippet.targets)


def load(config: Config) -> Recorded:
    """Read every ``evidence/TARGET/PAGE.json``."""
    runs = []
    for path in sorted(config.evidence_dir.glob("*/**/*.json")):
        target, *page = path.relative_to(config.evidence_dir).with_suffix("").parts
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise GuideError(f"{config.relative(path)}: not JSON: {error}") from None
        runs.append(Run(target, "/".join(page), data))
    order = list(read_yaml(config.targets_file) or {}) if config.targets_file.exists() else []
    return Recorded(runs, order)
