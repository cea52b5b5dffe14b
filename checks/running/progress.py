"""How far a page has come: which of its snippets have run, in this run or in an earlier one."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from checks.evidence.fingerprints import Fingerprints
from checks.model import Guide, Outcome, Page, PageRun, Snippet, utc_now
from checks.pages.tree import dump_pages
from checks.running.provision import Provisioner
from checks.sessions.session import Session
from checks.states.record import Record
from checks.states.store import Store
from checks.targets import Target, runnable

log = logging.getLogger("guide")


@dataclass
class PageProgress:
    """One page that is running, with the outcomes so far."""

    page: Page
    snippets: list[Snippet]  # that run on the target; those in ``done`` are the first of them
    fingerprints: Fingerprints
    run: PageRun
    below: str | None  # the instance of the state that the page began on
    began: float  # time.monotonic() at which the page would have begun, had all of it been run in this run
    console_before: str = ""  # the recording of the machines that the page was on before the present one
    console_from: int = 0  # the position on the present machine's console from which on the page ran there
    done: dict[str, Outcome] = field(default_factory=dict)
    failed: str | None = None  # the place of the snippet whose failure makes the rest of the page pointless
    on_machine: bool = False  # whether the present machine is where ``done`` ends; False when ``done`` is only cached
    unsaved: bool = False  # whether a snippet has run since the last saved state

    @property
    def left(self) -> list[Snippet]:
        """The snippets that have not run yet."""
        return self.snippets[len(self.done) :]

    def record(self, snippet: Snippet, session: Session, run: str) -> Record:
        """The page up to ``snippet``, which has run last, on the session's machines as they are now; ``run`` is the run's name."""
        self.run.seconds = round(time.monotonic() - self.began, 1)
        self.run.console = session.machine.console_cast(self.console_from, self.console_before)
        # Snippets after it that do not run on this target change nothing on the machine, and belong to the page's end.
        key = self.fingerprints.after[snippet.id] if self.left else self.fingerprints.end
        return Record(key, run, utc_now(), self.run, session.boot_id, session.packages_before, self.below)

    def announce(self) -> None:
        """Tell the progress display where the page is (see commands/display.py)."""
        log.debug("progress", extra={"page": self.page.name, "done": len(self.done), "count": len(self.snippets)})


class CachedPages:
    """What this host knows of pages from earlier runs, byte for byte on the same machine."""

    def __init__(self, guide: Guide, target: Target, store: Store, provisioner: Provisioner):
        self.guide, self.target, self.store, self.provisioner = guide, target, store, provisioner
        # (page, snippet's id) of each snippet that is not run in this run -> when it ran, in UTC
        self.ran_at: dict[tuple[str, str], str | None] = {}

    def knows(self, page: Page) -> bool:
        """Whether all of the page is known from an earlier run, so that nothing of the page needs to be run."""
        return self.whole_page(page, self.provisioner.fingerprints(page)) is not None

    def whole_page(self, page: Page, fingerprints: Fingerprints) -> Record | None:
        """The record of the page's end, if it has an outcome of each snippet and stands on the parent's present state."""
        record = self.store.record(fingerprints.end, page.name)
        if record is None:
            return None
        ids = {snippet.id for snippet in runnable(page, self.target)}
        if ids != {outcome.id for outcome in record.page_run.outcomes}:
            return None
        return record if record.below == self.below(page) else None

    def below(self, page: Page) -> str | None:
        """The instances of the known states that the page stands on, separated by spaces: its parent's, and those of pages that crashed.

        None for a page that stands on no other; "" where one of the states is unknown.
        """
        after = [self.guide.pages[(page.language, page.after)]] if page.after else []
        parents = [*after, *dump_pages(self.guide, page, self.target).values()]
        records = [self.store.record(self.provisioner.fingerprints(parent).end, parent.name) for parent in parents]
        if not parents:
            return None
        return " ".join(record.instance for record in records if record) if all(records) else ""

    def progress(self, page: Page, fingerprints: Fingerprints, record: Record) -> PageProgress:
        """The page as it was when ``record`` was made."""
        run = record.page_run
        run.page = page.name  # The same snippets may have run as a page of another name.
        began = time.monotonic() - run.seconds
        progress = PageProgress(
            page, runnable(page, self.target), fingerprints, run, record.below, began, console_before=run.console
        )  # fmt: skip
        progress.done = {outcome.id: outcome for outcome in run.outcomes}
        for outcome in run.outcomes:
            if record.run != self.store.run:
                self.ran_at[page.name, outcome.id] = outcome.ran_at
        return progress
