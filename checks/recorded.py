"""The evidence as the site shows it: what is on disk, and which of it still holds."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks import evidence, plan
from checks.config import Config
from checks.images import target as targets
from checks.model import Guide, Page, Snippet
from checks.terminal import plain


@dataclass(frozen=True)
class Run:
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


class Recorded:
    """All runs of a guide on the targets that it has."""

    def __init__(self, config: Config, guide: Guide):
        self._guide = guide
        self._known = targets.load(config) if config.targets_file.exists() else {}
        self._runs: dict[tuple[str, str], Run] = {}
        self._chains: dict[tuple[str, str, str], dict[str, str]] = {}
        for name in self._known:
            for page in guide.primary:
                data = evidence.read(config.evidence_dir, name, page.name)
                if data is not None:
                    cast = evidence.file_of(config.evidence_dir, name, page.name).with_suffix(".cast.gz")
                    entries = {entry["id"]: entry for entry in data["snippets"]}
                    self._runs[name, page.name] = Run(name, page.name, data, cast, entries)

    def targets(self) -> list[str]:
        """Those with evidence, in the order of the targets file."""
        return [name for name in self._known if self.runs(name)]

    def known(self) -> list[str]:
        """All targets of the guide, with evidence or without."""
        return list(self._known)

    def label(self, target: str) -> str:
        """A target's name for readers: "Debian 13"."""
        return self._known[target].label if target in self._known else target

    def of(self, target: str, page: str) -> Run | None:
        return self._runs.get((target, page))

    def runs(self, target: str) -> list[Run]:
        return [run for (name, _), run in self._runs.items() if name == target]

    def state(self, target: str, page: Page, snippet: Snippet) -> str:
        """valid, stale or missing: whether a run vouches for the snippet as this page, in its language, shows it now."""
        run = self.of(target, page.name)
        if run is None:
            return "missing"
        key = (target, page.language, page.name)
        if key not in self._chains:
            self._chains[key] = plan.chains(self._guide, page, self._known[target])
        entry = run.entries.get(snippet.id)
        return "valid" if evidence.holds(entry, self._chains[key][snippet.id]) else "stale"

    def page_state(self, target: str, page: Page) -> str:
        run = self.of(target, page.name)
        if run is None:
            return "missing"
        states = {self.state(target, page, snippet) for snippet in page.snippets}
        return "valid" if states <= {"valid"} and len(run.entries) == len(page.snippets) else "stale"


def applies(snippet: Snippet, target: str) -> bool:
    """Whether the snippet is meant to run on this target."""
    return plan.skip_reason(snippet, target) is None
