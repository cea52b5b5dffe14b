"""Runs snippets, one after the other: each once its page has come there, its outcome compared with what the page shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from checks.config import Config
from checks.evidence.files import write_evidence
from checks.evidence.fingerprints import Fingerprints, snippet_fingerprints
from checks.images.build import Builder
from checks.machines.machine import MachineLost
from checks.model import Guide, Outcome, Page, Snippet, utc_now
from checks.pages.tree import has_children
from checks.running.failures import Failed, FailedPages, NotRun, judge
from checks.running.outputs import Shapes
from checks.running.progress import PageProgress
from checks.running.provision import Provisioner
from checks.sessions.session import Session
from checks.states.record import Record
from checks.states.store import Store
from checks.targets import Target, runnable
from checks.terminal import plain


class Course:
    """The way of one run through a guide. ``_execute`` and ``finish`` are the runner's."""

    def __init__(
        self, config: Config, guide: Guide, target: Target, builder: Builder, store: Store, progress: Callable[[str], None]
    ):  # fmt: skip
        self.config, self.guide, self.target = config, guide, target
        self.progress, self.store = progress, store
        self.standing = Provisioner(config, guide, target, builder, store, config.state_limits, progress)
        self.live: PageProgress | None = None
        self.session: Session | None = None  # with the one machine that runs
        self.stands_at: Record | None = None  # of the state that the machine is in right now, where it is one
        self.broken = FailedPages(config.work_dir / "broken" / store.run)
        self.recalled: dict[tuple[str, str], str] = {}  # (page, id) of what was not run now -> when it was
        self._making: set[str] = set()

    def close(self) -> None:
        """End the machine, if one runs, and see what is being kept to its end."""
        self._drop()
        self.store.wait()
        for key in list(self._making):
            self._made(key)

    def _execute(self, snippet: Snippet) -> None:
        raise NotImplementedError

    def finish(self, page: Page) -> None:
        raise NotImplementedError

    # ---- states

    def _record(self, snippet: Snippet) -> Record:
        live = self.live
        live.run.seconds = round(time.monotonic() - live.began, 1)
        if live.page.machine == "vm":
            live.run.console = self.session.machine.console.cast(since=live.console_from, before=live.console_before)
        return Record(
            live.keys.after[snippet.id], self.store.run, utc_now(), live.run, self.session.boot_id, self.session.packages_before, live.below
        )

    def _keep_end(self) -> None:
        """Keep the state at the page's end: a VM's always, a container's where another page goes on from it."""
        live = self.live
        live.run.packages = self.session.new_packages()
        record = self._record(live.snippets[-1])
        # Other processes wait for it until it can be entered.
        if live.page.machine == "vm" or has_children(self.guide, live.page):
            self.standing.keep(record, self.session, then=lambda: self._made(record.key))
        else:
            self.store.remember(record)
            self._made(record.key)
        self.stands_at, live.executed = record, False

    def _make(self, page: Page, key: str) -> None:
        """Be the one process that runs this page to its end, after waiting for another that does."""
        if key in self._making:
            return
        lock = self.store.lock_of(key)
        if not self.store.locks.try_make(lock):
            self._drop()  # that one may be waiting for a machine to end
            self.progress(f"{page.name} is being run by another process: waiting for its end")
            self.store.locks.make(lock)
        self._making.add(key)

    def _made(self, key: str) -> None:
        if key in self._making:
            self._making.discard(key)
            self.store.locks.made(self.store.lock_of(key))

    # ---- the machine under it

    def is_recalled(self, page: Page) -> bool:
        """Whether all of the page is known from an earlier run, so that nothing of it needs to be run."""
        return self._recalled(page, self.standing.keys(page)) is not None

    def _recalled(self, page: Page, keys: Fingerprints) -> Record | None:
        record = self.store.record(keys.end, page.name)
        if record is None or {each.id for each in runnable(page, self.target)} != {each.id for each in record.page_run.outcomes}:
            return None
        return record if record.below == self._below(page) else None

    def _below(self, page: Page) -> str | None:
        """The instance of the state at its parent's end that is known now."""
        if not page.after:
            return None
        parent = self.guide.pages[(page.language, page.after)]
        record = self.store.record(self.standing.keys(parent).end, parent.name)
        return record.instance if record else ""

    def _enter(self, page: Page) -> None:
        """Have ``live`` be of this page, recalled where it can be, else on a machine."""
        if self.live and self.live.page.name == page.name:
            return
        if where := self.broken.get(page.name):
            raise NotRun(f"{page.path}: not run, since {where} failed")
        keys = self.standing.keys(page)
        if not self._recalled(page, keys):
            self._make(page, keys.end)
        try:
            if record := self._recalled(page, keys):
                self.live = self._taken_up(page, keys, record)
            else:
                self._stand(page)
        except BaseException:
            self._made(keys.end)
            raise

    def _stand(self, page: Page, until: Snippet | None = None) -> None:
        """Have a machine at the last state along the page (not after ``until``) that can be entered, at worst at its beginning."""
        keys = self.standing.keys(page)
        points = runnable(page, self.target)
        if until:
            points = points[: points.index(until) + 1]
        # Within a page only a VM is taken up: a container's state would have lost the reader's shell.
        for snippet in reversed(points if page.machine == "vm" else []):
            record = self.store.record(keys.after[snippet.id], page.name)
            if record and record.below == self._below(page) and self._enter_state(page, keys, record):
                return
        below = None
        if page.after:
            self._come_to_end_of(self.guide.pages[(page.language, page.after)], page)
            below = self.stands_at.instance
        else:
            self._drop()
            try:
                self.session = self.standing.start(page)
            except MachineLost as lost:
                self.broken[page.name] = f"the machine of {page.path}"
                raise Failed(f"{page.path}: {lost}") from None
        self.session.new_shell()
        self.stands_at = None
        snippets, run = runnable(page, self.target), self.standing.page_run(page, self.session)
        live = self.live = PageProgress(page, snippets, keys, run, below, time.monotonic(), on_machine=True)
        live.console_from = self.session.machine.console.mark() if page.machine == "vm" and page.after else 0

    def _enter_state(self, page: Page, keys: Fingerprints, record: Record) -> bool:
        # A container's state has no processes, so those of the machine that it was made of are not gone on with.
        if not self._stands_at(record.key) or page.machine == "container":
            # The old machine ends first: two of them may be more than the host carries.
            self._drop()
            self.session = self.standing.enter(page, record)
            if self.session is None:
                return False
        self.stands_at = record
        live = self.live = self._taken_up(page, keys, record)
        live.on_machine = True
        live.console_from = self.session.machine.console.mark() if page.machine == "vm" else 0
        return True

    def _taken_up(self, page: Page, keys: Fingerprints, record: Record) -> PageProgress:
        """The page as it was when ``record`` was made."""
        run = record.page_run
        run.page = page.name  # the same snippets may have run as a page of another name
        began = time.monotonic() - run.seconds
        live = PageProgress(page, runnable(page, self.target), keys, run, record.below, began, console_before=run.console)
        live.done = {outcome.id: outcome for outcome in run.outcomes}
        for outcome in run.outcomes:
            if record.run != self.store.run:
                self.recalled[page.name, outcome.id] = outcome.ran_at
        return live

    def _come_to_end_of(self, parent: Page, page: Page) -> None:
        """Have a machine in the state in which ``parent`` ended, by running it where there is none."""
        keys = self.standing.keys(parent)
        if self._stands_at(keys.end) and parent.machine == "vm":
            return
        # Whoever makes a state is alone; those who only enter it need not queue.
        if (record := self.store.record(keys.end, parent.name)) and self._enter_state(parent, keys, record):
            return
        self._make(parent, keys.end)
        try:
            if where := self.broken.get(parent.name):
                raise NotRun(f"{page.path}: not run, since {where} failed, and this page goes on from there")
            record = self.store.record(keys.end, parent.name)
            if record and self._enter_state(parent, keys, record):
                return
            self._replay(parent)
            record = self.store.record(keys.end, parent.name)
            if parent.machine == "container" and record:
                self._enter_state(parent, keys, record) or self._replay(parent)
        finally:
            if not self.store.writing(keys.end):
                self._made(keys.end)

    def _stands_at(self, key: str) -> bool:
        return self.stands_at is not None and self.stands_at.key == key

    def _replay(self, page: Page) -> None:
        self._stand(page)
        try:
            for snippet in self.live.snippets[len(self.live.done) :]:
                self._execute(snippet)
        except Failed as failed:
            raise NotRun(f"what comes before did not pass:\n{failed}") from None
        self.finish(page)

    def _drop(self) -> None:
        """End the machine, if there is one."""
        if self.session:
            self.standing.end(self.session)
        self.session = self.live = self.stands_at = None


class Runner(Course):
    """Runs the snippets of one guide on one target. Use as a context: nothing is left behind."""

    def __init__(
        self,
        config: Config,
        guide: Guide,
        target: Target,
        builder: Builder,
        store: Store,
        evidence_dir: Path,
        progress: Callable[[str], None] = lambda text: None,
    ):
        super().__init__(config, guide, target, builder, store, progress)
        self.evidence_dir = evidence_dir
        self.shapes = Shapes.load(config.shapes_file)
        self.renew = False  # --update: an output that differs is kept in ``renewed`` instead of failing
        self.renewed: dict[tuple[str, str, str], str] = {}

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    # ---- one snippet

    def run(self, page: Page, snippet: Snippet) -> Outcome:
        """The outcome of one snippet, run after all that it stands on or recalled; Failed says what was expected and found."""
        self._enter(page)
        live = self.live
        if snippet.id not in live.done:
            for each in live.snippets[len(live.done) :]:
                self._execute(each)
                if each.id == snippet.id:
                    break
        outcome = live.done[snippet.id]
        if self.renew and outcome.failure is None and snippet.output_for(self.target.name) is not None:
            self.renewed[page.name, snippet.id, snippet.sha256] = plain(outcome.output)
        elif report := judge(snippet, outcome, self.shapes, self.target.name, self.recalled.get((page.name, snippet.id))):
            raise Failed(f"{report}\nall that it printed: {self._keep(snippet, outcome)}")
        return outcome

    def finish(self, page: Page) -> None:
        """The page's last snippet has run: keep its state, and the evidence of it, if all of it passed."""
        live = self.live
        if live is None or live.page.name != page.name:
            return
        if live.failed or len(live.done) < len(live.snippets):
            return self._made(live.keys.end)
        if live.executed:
            self._keep_end()
        else:
            self._made(live.keys.end)
        reports = (judge(each, live.done[each.id], self.shapes, self.target.name) for each in live.snippets)
        if not any(reports) or self.renew:
            write_evidence(self.evidence_dir, live.run, page, snippet_fingerprints(self.guide, page, self.target), self.target)
        return None

    def _execute(self, snippet: Snippet) -> None:
        live = self.live
        if live.failed:
            raise NotRun(f"{snippet.path}:{snippet.line}: not run, since {live.failed} failed")
        if not live.on_machine:
            self._stand(live.page)
            live = self.live
            if snippet.id in live.done:
                return
        self.stands_at, live.executed = None, True
        self.recalled.pop((live.page.name, snippet.id), None)
        outcome = self.session.run(snippet)
        live.done[snippet.id] = outcome
        live.run.outcomes.append(outcome)
        last = live.snippets[-1].id
        if snippet.id == last and outcome.failure is None and (late := self.session.leftover()):
            outcome.failure = f"what the page left running in the background went too far: {late}"
        if outcome.failure:
            live.failed = f"{snippet.path}:{snippet.line} (#{snippet.id})"
            self.broken[live.page.name] = live.failed
            self._made(live.keys.end)
            report = judge(snippet, outcome, self.shapes, self.target.name)
            raise Failed(f"{report}\nall that it printed: {self._keep(snippet, outcome)}")
        if snippet.expect and snippet.id != last:
            self.standing.keep(self._record(snippet), self.session)

    def _keep(self, snippet: Snippet, outcome: Outcome) -> Path:
        """What a failed snippet printed, and the whole console, where a person and CI find them."""
        folder = self.config.work_dir / "failed" / self.target.name / snippet.page
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{snippet.id}.txt"
        path.write_bytes(outcome.output)
        if self.live.on_machine and self.session.machine.kind == "vm":
            (folder / "console.txt").write_text(self.session.machine.console.text())
        return self.config.relative(path)

    def come_to(self, page: Page, snippet: Snippet) -> None:
        """Have the machine stand after this snippet, whatever was recalled; for a person to look at it. Failed."""
        self._stand(page, snippet)
        for each in self.live.snippets[len(self.live.done) :]:
            if snippet.id in self.live.done:
                break
            self.progress(f"{page.name}#{each.id}")
            self._execute(each)
