"""Runs snippets, one after the other: each on a machine that has come so far, its outcome compared with what the page shows.

A page that follows another begins in the state in which that one ended. What this host has run before, byte for byte
on the same machine, is cached and not run again; where something has changed, the run begins at the nearest state
before the change.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

from checks.config import Config
from checks.evidence.files import write_evidence
from checks.evidence.fingerprints import Fingerprints, snippet_fingerprints
from checks.images.build import Builder
from checks.machines.machine import MachineLost
from checks.model import Guide, Outcome, Page, Snippet
from checks.pages.shapes import Shapes
from checks.pages.tree import dump_pages, has_children
from checks.running.failures import Failed, FailedPages, NotRun, judge, keep_output
from checks.running.progress import CachedPages, PageProgress
from checks.running.provision import Provisioner
from checks.running.versions import since_evidence
from checks.sessions.session import Session
from checks.states.record import Record
from checks.states.store import Store
from checks.targets import Target, runnable
from checks.terminal import plain

log = logging.getLogger("guide")


class Runner:
    """Runs the snippets of one guide on one target. Use as a context: at its end no machine is left."""

    def __init__(self, config: Config, guide: Guide, target: Target, builder: Builder, store: Store, evidence_dir: Path):
        self.config, self.guide, self.target, self.store, self.evidence_dir = config, guide, target, store, evidence_dir
        self.provisioner = Provisioner(config, guide, target, builder, store)
        self.cached = CachedPages(guide, target, store, self.provisioner)
        self.shapes = Shapes.load(config.shapes_file)
        self.renew = False  # --update: an output that differs is put into ``renewed`` and is no failure
        self.renewed: dict[tuple[str, str, str], str] = {}  # (page, id, sha256 of the snippet) -> output
        self.progress: PageProgress | None = None
        self.session: Session | None = None  # on the one machine that runs
        self._stands_at: Record | None = None  # the state that the machine is in, as long as nothing has run since
        self._failed_pages = FailedPages(config.work_dir / "broken" / store.run, config.root)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the machine, if one runs, and wait until all states are saved."""
        self._drop()
        self.store.wait()
        self.store.claims.release_all()

    # ---- for pytest: one snippet after the other, then the end of the page

    def run(self, page: Page, snippet: Snippet) -> Outcome:
        """The outcome of one snippet, cached or run after all that it stands on. Failed says what was expected and found."""
        try:
            progress = self._enter(page)
            while snippet.id not in progress.done:
                progress = self._execute(progress.left[0])
        except Exception as error:
            if not isinstance(error, Failed):
                self._give_up(page, snippet)
            raise
        outcome = progress.done[snippet.id]
        if self.renew and outcome.failure is None and snippet.output_for(self.target.name) is not None:
            self.renewed[page.name, snippet.id, snippet.sha256] = plain(outcome.output)
        elif report := judge(snippet, outcome, self.shapes, self.target.name, self.cached.ran_at.get((page.name, snippet.id))):
            changed = since_evidence(self.config.evidence_dir, progress.run, self.session if progress.on_machine else None)
            raise self._failed(report + changed, snippet, outcome)
        return outcome

    def finish(self, page: Page) -> None:
        """After a page's last snippet: save the page's state, and write its evidence if all of the page passed."""
        progress = self.progress
        if progress is None or progress.page.name != page.name:
            return
        if progress.failed or progress.left:
            self._release_claim(progress.fingerprints.end)
            return
        if progress.unsaved:
            self._save_end(progress)
        else:
            self._release_claim(progress.fingerprints.end)
        reports = (judge(snippet, progress.done[snippet.id], self.shapes, self.target.name) for snippet in progress.snippets)
        if not any(reports) or self.renew:
            write_evidence(self.evidence_dir, progress.run, page, snippet_fingerprints(self.guide, page, self.target), self.target)

    def come_to(self, page: Page, snippet: Snippet) -> None:
        """For ./guide shell: bring the machine to where this snippet has run, also where its outcome is cached. Raises Failed."""
        progress = self._bring_machine(page, until=snippet)
        while snippet.id not in progress.done:
            log.info(f"{page.name}#{progress.left[0].id}")
            progress = self._execute(progress.left[0])

    # ---- one snippet

    def _execute(self, snippet: Snippet) -> PageProgress:
        """Run one snippet and save the state after a restart; returns the page's progress. Raises Failed."""
        progress = self.progress
        assert progress
        if progress.failed:
            raise NotRun(f"{snippet.path}:{snippet.line}: not run, since {progress.failed} failed")
        if not progress.on_machine:
            progress = self._bring_machine(progress.page)
            if snippet.id in progress.done:
                return progress
        assert self.session
        self._stands_at, progress.unsaved = None, True
        self.cached.ran_at.pop((progress.page.name, snippet.id), None)
        progress.announce()
        outcome = self.provisioner.run(progress.page, snippet, self.session)
        progress.done[snippet.id] = outcome
        progress.run.outcomes.append(outcome)
        progress.announce()
        last = not progress.left
        if last and outcome.failure is None and (late := self.session.refused_since_last_snippet()):
            outcome.failure = f"what the page left running in the background went too far: {late}"
        if outcome.failure:
            self._fail(progress, snippet, outcome)
        if snippet.expect and not last:
            self.provisioner.save(progress.record(snippet, self.session, self.store.run), self.session)
        return progress

    def _give_up(self, page: Page, snippet: Snippet) -> None:
        """After a failure, or an error such as a full disk: neither the rest of the page nor what stands on it is tried."""
        place = f"{snippet.path}:{snippet.line} (#{snippet.id})"
        if self.progress and self.progress.page.name == page.name:
            self.progress.failed = place
        self._failed_pages.add(page.name, place)

    def _fail(self, progress: PageProgress, snippet: Snippet, outcome: Outcome) -> None:
        self._give_up(progress.page, snippet)
        self._release_claim(progress.fingerprints.end)
        raise self._failed(judge(snippet, outcome, self.shapes, self.target.name), snippet, outcome)

    def _failed(self, report: str | None, snippet: Snippet, outcome: Outcome) -> Failed:
        """What to raise, after what the snippet printed, and the whole console, have been written to files that it names."""
        folder = self.config.work_dir / "failed" / self.target.name / snippet.page
        console = self.session.machine.console_text() if self.session and self.progress and self.progress.on_machine else ""
        return Failed(f"{report}\nall that it printed: {keep_output(folder, self.config.root, snippet, outcome, console)}")

    # ---- states

    def _save_end(self, progress: PageProgress) -> None:
        """Save the state at the page's end: a VM's always, a container's only where another page goes on from it."""
        assert self.session
        progress.run.packages = self.session.new_packages()
        progress.run.at_end = self.provisioner.examine(progress.page, self.session)
        record = progress.record(progress.snippets[-1], self.session, self.store.run)
        if progress.page.machine == "vm" or has_children(self.guide, progress.page):
            # Other processes wait for the state until it can be restored.
            self.provisioner.save(record, self.session, then=lambda: self._release_claim(record.key))
        else:
            self.store.save_record(record)
            self._release_claim(record.key)
        self._stands_at, progress.unsaved = record, False

    def _claim(self, page: Page, key: str) -> None:
        """Become the one process that runs this page to its end, after waiting for another process that does."""
        lock = self.store.lock_of(key)
        if not self.store.claims.try_claim(lock):
            self._drop()  # The other process may be waiting for a machine to end.
            log.info(f"{page.name} is being run by another process: waiting for its end")
            self.store.claims.claim(lock)

    def _release_claim(self, key: str) -> None:
        self.store.claims.release(self.store.lock_of(key))

    # ---- the machine under the page

    def _enter(self, page: Page) -> PageProgress:
        """Make ``page`` the page that is running: from the cache if all of it is cached, else on a machine."""
        if self.progress and self.progress.page.name == page.name:
            return self.progress
        if place := self._failed_pages.get(page.name):
            raise NotRun(f"{page.path}: not run, since {place} failed")
        fingerprints = self.provisioner.fingerprints(page)
        if not self.cached.whole_page(page, fingerprints):
            self._claim(page, fingerprints.end)
        try:
            if record := self.cached.whole_page(page, fingerprints):
                self.progress = self.cached.progress(page, fingerprints, record)
                return self.progress
            return self._bring_machine(page)
        except BaseException:
            self._release_claim(fingerprints.end)
            raise

    def _bring_machine(self, page: Page, until: Snippet | None = None) -> PageProgress:
        """Bring a machine to the last state along the page (not after ``until``) that can be restored, or to its beginning."""
        fingerprints = self.provisioner.fingerprints(page)
        snippets = runnable(page, self.target)
        if page.machine == "vm":  # Within a page only a VM is restored: a container's state has lost the reader's shell.
            for snippet in reversed(snippets[: snippets.index(until) + 1] if until else snippets):
                record = self.store.record(fingerprints.after[snippet.id], page.name)
                if record and record.below == self.cached.below(page) and (progress := self._restore(page, fingerprints, record)):
                    return progress
        below = self._begin(page)
        assert self.session
        self.session.new_shell()
        self.provisioner.give_time(self.session)
        self._stands_at = None
        run = self.provisioner.page_run(page, self.session)
        progress = PageProgress(page, snippets, fingerprints, run, below, time.monotonic(), on_machine=True)
        progress.console_from = self.session.machine.console_mark() if page.after else 0
        self.progress = progress
        return progress

    def _begin(self, page: Page) -> str | None:
        """Bring a machine to where the page begins; returns what ``CachedPages.below`` says of the states that it stands on."""
        for crashed in dump_pages(self.guide, page, self.target).values():
            self._bring_to_end_of(crashed, page, saved=True)
        if page.after:
            self._bring_to_end_of(self.guide.pages[(page.language, page.after)], page)
        else:
            self._drop()
        try:
            self.session = self.session or self.provisioner.boot(page)
            self.provisioner.furnish(page, self.session)
        except MachineLost as lost:
            self._failed_pages.add(page.name, f"the machine of {page.path}")
            raise Failed(f"{page.path}: {lost}") from None
        return self.cached.below(page)

    def _restore(self, page: Page, fingerprints: Fingerprints, record: Record) -> PageProgress | None:
        """Have a machine in the state of ``record``; the page's progress there, or None where it cannot be restored."""
        # A container's state is an image without processes: a new container is started, even if the old one stands there.
        if not self._is_at(record.key) or page.machine == "container":
            self._drop()  # The old machine ends first: two of them may be more than the host carries.
            self.session = self.provisioner.restore(page, record)
        if self.session is None:
            return None
        self.provisioner.give_time(self.session)
        self._stands_at = record
        progress = self.progress = self.cached.progress(page, fingerprints, record)
        progress.on_machine = True
        progress.console_from = self.session.machine.console_mark()
        return progress

    def _bring_to_end_of(self, parent: Page, page: Page, saved: bool = False) -> None:
        """Bring a machine to the state in which ``parent`` ended, by running ``parent`` where that state is not saved.

        ``saved``: only the saved state is needed, and no machine in it.
        """
        fingerprints = self.provisioner.fingerprints(parent)
        if self._is_at(fingerprints.end) and parent.machine == "vm" and not saved:
            return
        reached = self._has_saved_end if saved else self._restore_end
        # Only processes that make a state exclude each other; a process that restores one need not wait for a claim.
        if reached(parent, fingerprints):
            return
        self._claim(parent, fingerprints.end)
        try:
            if place := self._failed_pages.get(parent.name):
                raise NotRun(f"{page.path}: not run, since {place} failed, and this page goes on from there")
            if reached(parent, fingerprints):
                return
            self._run_again(parent)
            has_record = self.store.record(fingerprints.end, parent.name) is not None
            if parent.machine == "container" and has_record and not self._restore_end(parent, fingerprints):
                self._run_again(parent)
        finally:
            if not self.store.is_writing(fingerprints.end):
                self._release_claim(fingerprints.end)

    def _has_saved_end(self, page: Page, fingerprints: Fingerprints) -> bool:
        return self.store.record(fingerprints.end, page.name) is not None and self.store.machine(fingerprints.end) is not None

    def _restore_end(self, page: Page, fingerprints: Fingerprints) -> bool:
        record = self.store.record(fingerprints.end, page.name)
        return record is not None and self._restore(page, fingerprints, record) is not None

    def _run_again(self, page: Page) -> None:
        progress = self._bring_machine(page)
        try:
            while progress.left:
                progress = self._execute(progress.left[0])
        except Failed as failed:
            raise NotRun(f"what comes before did not pass:\n{failed}") from None
        self.finish(page)

    def _is_at(self, key: str) -> bool:
        return self._stands_at is not None and self._stands_at.key == key

    def _drop(self) -> None:
        """End the machine, if there is one."""
        if self.session:
            self.provisioner.release(self.session)
        self.session = self.progress = self._stands_at = None
