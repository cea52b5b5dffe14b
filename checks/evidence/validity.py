"""The evidence as the site shows it: what is on disk, and which of it still holds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.config import Config
from checks.evidence.files import evidence_file, read_evidence
from checks.evidence.fingerprints import snippet_fingerprints
from checks.model import Guide, Page, Snippet
from checks.targets import Target, load_targets
from checks.terminal import plain


@dataclass(frozen=True)
class RecordedRun:
    """One page's run on one target. ``data`` is the evidence file."""

    target: str
    page: str
    data: dict[str, Any]
    cast: Path  # the console's recording, asciicast 2, compressed; it may not exist
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def started(self) -> str:
        """Date and time in UTC, to the minute: "2026-11-23 12:41"."""
        return datetime.fromisoformat(self.data["started"]).strftime("%Y-%m-%d %H:%M")

    @property
    def date(self) -> str:
        return self.started[:10]

    def console(self) -> str | None:
        """The plain text of the recording; None where there is none."""
        if not self.cast.exists():
            return None
        with gzip.open(self.cast, "rt", encoding="utf-8") as file:
            events = [json.loads(line) for line in file if line.startswith("[")]
        return plain("".join(text for _, kind, text in events if kind == "o").encode())


class RecordedEvidence:
    """All runs of a guide on the targets that it has."""

    def __init__(self, config: Config, guide: Guide):
        self._guide = guide
        self._known = load_targets(config) if config.targets_file.exists() else {}
        self._runs: dict[tuple[str, str], RecordedRun] = {}
        self._chains: dict[tuple[str, str, str], dict[str, str]] = {}
        for name in self._known:
            for page in guide.primary:
                data = read_evidence(config.evidence_dir, name, page.name)
                if data is not None:
                    cast = evidence_file(config.evidence_dir, name, page.name).with_suffix(".cast.gz")
                    entries = {entry["id"]: entry for entry in data["snippets"]}
                    self._runs[name, page.name] = RecordedRun(name, page.name, data, cast, entries)

    def targets(self) -> list[str]:
        """Those with evidence, in the order of the targets file."""
        return [name for name in self._known if self.runs(name)]

    def known(self) -> list[str]:
        """All targets of the guide, with evidence or without."""
        return list(self._known)

    def label(self, target: str) -> str:
        """A target's name for readers: "Debian 13"."""
        return self._known[target].label if target in self._known else target

    def of(self, target: str, page: str) -> RecordedRun | None:
        return self._runs.get((target, page))

    def runs(self, target: str) -> list[RecordedRun]:
        return [run for (name, _), run in self._runs.items() if name == target]

    def state(self, target: str, page: Page, snippet: Snippet) -> str:
        """valid, stale or missing: whether a run vouches for the snippet as this page, in its language, shows it now."""
        run = self.of(target, page.name)
        if run is None:
            return "missing"
        key = (target, page.language, page.name)
        if key not in self._chains:
            self._chains[key] = snippet_fingerprints(self._guide, page, self._known[target])
        entry = run.entries.get(snippet.id)
        return "valid" if holds(entry, self._chains[key][snippet.id]) else "stale"

    def page_state(self, target: str, page: Page) -> str:
        run = self.of(target, page.name)
        if run is None:
            return "missing"
        states = {self.state(target, page, snippet) for snippet in page.snippets}
        return "valid" if states <= {"valid"} and len(run.entries) == len(page.snippets) else "stale"


@dataclass(frozen=True)
class PageStatus:
    """Whether a page's evidence on a target still holds. ``state``: valid, stale or missing."""

    target: str
    page: str
    state: str
    date: str | None = None
    seconds: float | None = None
    ran: int = 0
    skipped: int = 0


def holds(entry: dict | None, chain: str) -> bool:
    """Whether what was recorded for a snippet is of the snippet as it is, after those before it as they are."""
    return entry is not None and entry.get("chain") == chain


def evidence_status(config: Config, guide: Guide, targets: Iterable[Target], folder: Path | None = None) -> list[PageStatus]:
    """The state of every page with snippets on every target."""
    found = []
    for target in targets:
        for page in guide.primary:
            if not page.machine:
                continue
            data = read_evidence(folder or config.evidence_dir, target.name, page.name)
            if data is None:
                found.append(PageStatus(target.name, page.name, "missing"))
                continue
            chain = snippet_fingerprints(guide, page, target)
            entries = {entry["id"]: entry for entry in data["snippets"]}
            valid = entries.keys() == chain.keys() and all(holds(entries[id], chain[id]) for id in chain)
            skipped = sum("skip" in entry for entry in data["snippets"])
            found.append(
                PageStatus(
                    target.name, page.name, "valid" if valid else "stale", data["started"],
                    data["seconds"], len(data["snippets"]) - skipped, skipped,
                )
            )  # fmt: skip
    return found
