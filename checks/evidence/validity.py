"""Which evidence still holds. ``./guide status`` and the badges on the site both ask here, so that they never disagree.

Evidence of a page is *valid* when each snippet's fingerprint is still the recorded one, *stale* when one is not,
*missing* when there is no file, and *invalid* when the file is not as a run wrote it: edited by hand, damaged, with another
recording beside it, or with what no run of this page can have done. Nothing of an invalid file is shown.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.config import Config
from checks.evidence.files import MOST_BYTES, evidence_file, read_evidence_file, read_regular
from checks.evidence.fingerprints import machinery_fingerprint, snippet_fingerprints
from checks.evidence.page_rules import contradicts_page
from checks.model import Guide, GuideError, Page, Problem, Snippet
from checks.targets import Target, load_targets
from checks.terminal import plain

MOST_EVENTS = 100_000  # of a recording; a page with three crashes has some hundred
MOST_SECONDS = 1e7  # of a recording, as of a run (shape.py)


@dataclass(frozen=True)
class RecordedRun:
    """One page's run on one target. ``data`` is the content of the evidence file."""

    target: str
    page: str
    data: dict[str, Any]
    cast: Path  # the console's recording, asciicast 2, compressed; the file may not exist
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)  # of the snippets, by id

    @property
    def started(self) -> str:
        """Date and time in UTC, to the minute: "2026-11-23 12:41"."""
        return datetime.fromisoformat(self.data["started"]).strftime("%Y-%m-%d %H:%M")

    @property
    def date(self) -> str:
        """The date in UTC: "2026-11-23"."""
        return self.started[:10]

    @property
    def machinery(self) -> str:
        """Either "current", when today's machinery wrote the evidence, or "older"."""
        return "current" if self.data.get("machinery") == machinery_fingerprint() else "older"

    def console(self) -> str | None:
        """The recording's text as a terminal would show it; None where there is no recording. GuideError for a damaged recording."""
        rows = self._rows()
        try:
            return None if rows is None else plain("".join(str(shown) for _, kind, shown in rows if kind == "o").encode())
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from None

    def printed(self) -> list[tuple[float, str]]:
        """What the console printed, piece by piece, each with its seconds since the recording began; empty where there is no recording.

        The pieces are as they were recorded, with all that a terminal would obey. GuideError for a damaged recording.
        """
        pieces: list[tuple[float, str]] = []
        try:
            for seconds, kind, shown in self._rows() or ():
                if kind == "o":
                    if not isinstance(shown, str) or not (pieces[-1][0] if pieces else 0) <= seconds < MOST_SECONDS:
                        raise ValueError(f"expected a later time and a text, found {seconds!r:.20} and {shown!r:.20}")
                    pieces.append((float(seconds), shown))
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from None
        return pieces

    def _rows(self) -> list[Any] | None:
        """The events of the recording, each a list of three: seconds, kind, text. None where there is no recording."""
        try:
            compressed = read_regular(self.cast)
            if compressed is None:
                return None
            with gzip.open(io.BytesIO(compressed)) as file:
                text = file.read(MOST_BYTES + 1)
            if len(text) > MOST_BYTES:
                raise ValueError(f"its text is larger than {MOST_BYTES >> 20} MiB")
            if text.count(b"\n") > MOST_EVENTS:
                raise ValueError(f"it has more than {MOST_EVENTS} events")
            return [json.loads(line) for line in text.decode().splitlines() if line.startswith("[")]
        except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> GuideError:
        return GuideError(f"{self.cast}: no recording of a console: {error}; ./guide verify {self.page} renews it")

    def validity_of(self, snippet: Snippet, fingerprint: str) -> str:
        """Either "valid", when the run was of this snippet, after all that stands before it now, or "stale"."""
        entry = self.entries.get(snippet.id)
        return "valid" if entry is not None and entry.get("chain") == fingerprint else "stale"

    def page_validity(self, page: Page, fingerprints: dict[str, str]) -> str:
        """Either "valid", when all snippets of the page are, and the run had no others, or "stale"."""
        valid = all(self.validity_of(snippet, fingerprints[snippet.id]) == "valid" for snippet in page.snippets)
        return "valid" if valid and len(self.entries) == len(page.snippets) else "stale"


class RecordedEvidence:
    """All runs of a guide on the targets that the guide has.

    ``invalid`` says what is wrong with each file that is not as a run wrote it, by target and page. Such a file is no run: ``of`` and
    ``runs`` do not have it.
    """

    def __init__(self, config: Config, guide: Guide, folder: Path | None = None):
        self._guide, self._config = guide, config
        self._folder = folder or config.evidence_dir
        self._targets: dict[str, Target] = load_targets(config) if config.targets_file.exists() else {}
        self._runs: dict[tuple[str, str], RecordedRun] = {}
        self._fingerprints: dict[tuple[str, str, str], dict[str, str]] = {}
        self.invalid: dict[tuple[str, str], str] = {}
        for name in self._targets:
            for page in guide.primary:
                self._read(name, page)

    def _read(self, target: str, page: Page) -> None:
        file = read_evidence_file(self._folder, target, page.name)
        if file is None:
            return
        fault = file.fault or contradicts_page(file.data, page, self._of_page(target, page), target, bool(self._config.dumps))
        if fault is not None:
            self.invalid[target, page.name] = fault
            return
        cast = evidence_file(self._folder, target, page.name).with_suffix(".cast.gz")
        entries = {entry["id"]: entry for entry in file.data["snippets"]}
        self._runs[target, page.name] = RecordedRun(target, page.name, file.data, cast, entries)

    def problems(self) -> list[Problem]:
        """The invalid files, each with what is wrong and how to renew it."""
        return [
            Problem(
                self._config.relative(evidence_file(self._folder, target, page)), 0,
                f"invalid evidence: {fault}. ./guide verify --target {target} {page} renews it",
            )
            for (target, page), fault in self.invalid.items()
        ]  # fmt: skip

    def targets(self) -> list[str]:
        """The names of the targets with evidence, in the order of the targets file."""
        return [name for name in self._targets if self.runs(name)]

    def known(self) -> list[str]:
        """The names of all targets of the guide, with evidence or without."""
        return list(self._targets)

    def label(self, target: str) -> str:
        """A target's name for readers: "Debian 13"."""
        return self._targets[target].label if target in self._targets else target

    def of(self, target: str, page: str) -> RecordedRun | None:
        """The run of one page on one target."""
        return self._runs.get((target, page))

    def runs(self, target: str) -> list[RecordedRun]:
        """All runs on one target."""
        return [run for (name, _), run in self._runs.items() if name == target]

    def state(self, target: str, page: Page, snippet: Snippet) -> str:
        """valid, stale, missing or invalid: whether a run vouches for the snippet as this page, in its language, shows it now."""
        run = self.of(target, page.name)
        return run.validity_of(snippet, self._of_page(target, page)[snippet.id]) if run else self._without_run(target, page)

    def page_state(self, target: str, page: Page) -> str:
        """valid, stale, missing or invalid: whether a run vouches for all snippets of the page as they are now."""
        run = self.of(target, page.name)
        return run.page_validity(page, self._of_page(target, page)) if run else self._without_run(target, page)

    def _without_run(self, target: str, page: Page) -> str:
        return "invalid" if (target, page.name) in self.invalid else "missing"

    def _of_page(self, target: str, page: Page) -> dict[str, str]:
        key = (target, page.language, page.name)
        if key not in self._fingerprints:
            self._fingerprints[key] = snippet_fingerprints(self._guide, page, self._targets[target])
        return self._fingerprints[key]


@dataclass(frozen=True)
class PageStatus:
    """One line of ``./guide status``: whether a page's evidence on a target holds, and of what run the evidence is.

    ``state`` is valid, stale, missing or invalid, and ``problem`` is what makes the file invalid. ``machinery`` is current, older, or None
    where there is no valid or stale evidence.
    """

    target: str
    page: str
    state: str
    date: str | None = None  # UTC
    seconds: float | None = None
    ran: int = 0
    skipped: int = 0
    machinery: str | None = None
    problem: str | None = None


def evidence_status(config: Config, guide: Guide, targets: Iterable[Target], folder: Path | None = None) -> list[PageStatus]:
    """The status of each page with snippets on each of ``targets``; ``folder`` is another one than the guide's own evidence."""
    evidence = RecordedEvidence(config, guide, folder)
    rows = []
    for target in targets:
        for page in guide.primary:
            if not page.machine:
                continue
            run = evidence.of(target.name, page.name)
            if run is None:
                problem = evidence.invalid.get((target.name, page.name))
                rows.append(PageStatus(target.name, page.name, evidence.page_state(target.name, page), problem=problem))
                continue
            skipped = sum("skip" in entry for entry in run.entries.values())
            rows.append(
                PageStatus(
                    target.name, page.name, evidence.page_state(target.name, page), run.data["started"],
                    run.data["seconds"], len(run.entries) - skipped, skipped, run.machinery,
                )
            )  # fmt: skip
    return rows
