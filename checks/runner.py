"""Runs pages in their order, each on the machine that its front matter asks for.

A page that follows another goes on where that one ended. Where two pages
follow the same one, a VM is put back to that point (QEMU's own snapshot,
disk and memory); a container comes there by running the page before again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from checks import evidence, outputs, plan
from checks.config import Config
from checks.evidence import PageRun
from checks.images.build import Builder
from checks.images.target import Target
from checks.machines.accelerator import accelerator
from checks.machines.container import Container
from checks.machines.vm import Hardware, Vm
from checks.machines.wire import Lost
from checks.model import Guide, Page, Snippet
from checks.outputs import Shapes
from checks.session import Outcome, Session
from checks.terminal import plain


class Failed(Exception):
    """A snippet did not do what the page says. The text is the report."""


class NotRun(Failed):
    """A snippet could not be tried, because something before it failed."""


@dataclass
class _Live:
    """The machine of the page that is running, and what the page has done on it."""

    page: Page
    session: Session
    run: PageRun
    began: float
    done: dict[str, Outcome] = field(default_factory=dict)
    failed: str | None = None  # where, once something has that makes the rest of the page pointless
    differs: bool = False  # some output was not what the page shows
    console_from: int = 0  # where the page begins on the console
    last: str = ""  # id of the last snippet that runs


class Runner:
    """Runs the snippets of one guide on one target. Use as a context: nothing is left behind."""

    def __init__(
        self,
        config: Config,
        guide: Guide,
        target: Target,
        builder: Builder,
        evidence_dir: Path,
        progress: Callable[[str], None] = lambda text: None,
    ):
        self.config, self.guide, self.target, self.builder = config, guide, target, builder
        self.evidence_dir, self.progress = evidence_dir, progress
        self.shapes = Shapes.load(config.shapes_file)
        self.pages: list[Page] = []  # all that this run will come to, in order
        self.live: _Live | None = None
        self.saved: dict[str, str] = {}  # pages whose end the present VM can be put back to -> snapshot
        self.broken: dict[str, str] = {}  # page -> where it failed
        self.outcomes: dict[tuple[str, str], Outcome] = {}
        self.renew = False  # --update: an output that differs is kept in ``renewed`` instead of failing
        self.renewed: dict[tuple[str, str, str], str] = {}
        self.made_of = ("", "")  # digest and recipe of the image under the present machine

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End the machine, if one runs."""
        if self.live:
            self.live.session.machine.stop()
        self.live, self.saved = None, {}

    # ---- one snippet

    def run(self, page: Page, snippet: Snippet) -> Outcome:
        """Run one snippet, after all that it stands on; Failed says what was expected and found."""
        self._enter(page)
        for before in page.snippets:
            if before.id == snippet.id:
                break
            if before.id not in self.live.done and plan.skip_reason(before, self.target.name) is None:
                self._run_here(before)
        return self._run_here(snippet)

    def finish(self, page: Page) -> None:
        """The page's last snippet has run: keep the evidence of it, if all of it passed."""
        live = self.live
        if live is None or live.page.name != page.name or live.failed or live.differs:
            return
        if any(s.id not in live.done for s in page.snippets if plan.skip_reason(s, self.target.name) is None):
            return
        live.run.seconds = round(time.monotonic() - live.began, 1)
        live.run.packages = live.session.new_packages()
        if page.machine == "vm":
            live.run.console = live.session.machine.console.cast(since=live.console_from)
        evidence.write(self.evidence_dir, live.run, page, plan.chains(self.guide, page, self.target), self.target)

    def _run_here(self, snippet: Snippet) -> Outcome:
        live = self.live
        if live.failed:
            raise NotRun(f"{snippet.path}:{snippet.line}: not run, since {live.failed} failed")
        if snippet.id in live.done:
            return live.done[snippet.id]
        outcome = live.session.run(snippet)
        live.done[snippet.id] = outcome
        live.run.outcomes.append(outcome)
        self.outcomes[(live.page.name, snippet.id)] = outcome
        if snippet.id == live.last and outcome.failure is None and (late := live.session.leftover()):
            outcome.failure = f"what the page left running in the background went too far: {late}"
        if self.renew and outcome.failure is None and snippet.output_for(self.target.name) is not None:
            self.renewed[live.page.name, snippet.id, snippet.sha256] = plain(outcome.output)
            return outcome
        report = judge(snippet, outcome, self.shapes, self.target.name)
        if report:
            report += f"\nall that it printed: {self._keep(snippet, outcome)}"
            # A wrong output leaves the machine as a reader's would be; anything else makes it another machine.
            if outcome.failure:
                live.failed = f"{snippet.path}:{snippet.line} (#{snippet.id})"
                self.broken[live.page.name] = live.failed
            live.differs = True
            raise Failed(report)
        return outcome

    def _keep(self, snippet: Snippet, outcome: Outcome) -> Path:
        """What a failed snippet printed, and the whole console, where a person and CI find them."""
        folder = self.config.work_dir / "failed" / self.target.name / snippet.page
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{snippet.id}.txt"
        path.write_bytes(outcome.output)
        machine = self.live.session.machine
        if machine.kind == "vm":
            (folder / "console.txt").write_text(machine.console.text())
        return self.config.relative(path)

    # ---- the machine under it

    def _enter(self, page: Page) -> None:
        """Have the machine stand where ``page`` begins, or somewhere inside it."""
        if self.live and self.live.page.name == page.name:
            return
        if page.name in self.broken:
            raise NotRun(f"{page.path}: not run, since {self.broken[page.name]} failed")
        if page.after:
            parent = self.guide.pages[(page.language, page.after)]
            if parent.name in self.broken:
                raise NotRun(f"{page.path}: not run, since {self.broken[parent.name]} failed, and this page goes on from there")
            if not self._stands_at_end_of(parent):
                self._replay(parent)
            if self.live.failed:
                raise NotRun(f"{page.path}: not run, since {self.live.failed} failed, and this page goes on from there")
            self._save_if_needed(parent)
            session = self.live.session
            session.new_shell()
        else:
            self.close()
            session = self._machine_for(page)
        self.live = self._begin(page, session)

    def _stands_at_end_of(self, page: Page) -> bool:
        live = self.live
        if live and live.page.name == page.name:
            return all(s.id in live.done for s in page.snippets if plan.skip_reason(s, self.target.name) is None)
        if page.name in self.saved:
            self.progress(f"putting the machine back to the end of {page.name}")
            live.session.enter(self.saved[page.name])
            self.live = self._begin(page, live.session)
            self.live.done = {s.id: self.outcomes[(page.name, s.id)] for s in page.snippets if (page.name, s.id) in self.outcomes}
            return True
        return False

    def _replay(self, page: Page) -> None:
        for snippet in page.snippets:
            if plan.skip_reason(snippet, self.target.name) is None:
                try:
                    self.run(page, snippet)
                except Failed as failed:
                    if isinstance(failed, NotRun) or self.live.failed:
                        raise NotRun(f"what comes before did not pass:\n{failed}") from None

    def _save_if_needed(self, page: Page) -> None:
        live = self.live
        if page.machine == "vm" and page.name not in self.saved and len(plan.children_of(self.pages, page)) > 1:
            self.saved[page.name] = live.session.save(page.name)

    def _machine_for(self, page: Page, attempts: int = 3) -> Session:
        if page.machine == "container":
            image = self.builder.container(self.target)
            machine = Container(self.builder.engine(), image.tag)
            self.made_of = (image.digest, image.recipe)
        else:
            emulator = self.builder.emulator(self.target)
            disk = self.builder.disk(self.target)
            chosen = accelerator(self.builder.engine(), emulator.tag, disk.path, self.progress)
            hardware = Hardware(memory=page.memory or self.target.memory, firmware=page.firmware)
            self.progress(f"starting a VM of {self.target.label} under {chosen.upper()}")
            machine = Vm(self.builder.engine(), emulator.tag, disk.path, hardware, chosen)
            self.made_of = (disk.digest, disk.recipe)
        session = Session(machine, self.config.dumps, self.progress)
        try:
            session.open()
        except Lost as lost:
            if attempts > 1:
                # Nothing of the page has run yet, so a cold start that hung is no finding about the page.
                self.progress(f"the machine did not come up ({lost}): starting another")
                machine.stop()
                return self._machine_for(page, attempts - 1)
            self.broken[page.name] = f"the machine of {page.path}"
            tail = machine.console_tail()
            machine.stop()
            raise Failed(f"{page.path}: the machine did not start: {lost}\n{tail}") from None
        except BaseException:
            machine.stop()  # Ctrl-C, or an error of ours: nothing knows of this machine yet
            raise
        return session

    def _begin(self, page: Page, session: Session) -> _Live:
        machine = session.machine
        run = PageRun(
            page=page.name, target=self.target.name, image=f"sha256:{self.made_of[0]}", recipe=self.made_of[1],
            emulator=machine.emulator, accelerator=machine.accelerator, kernel=session.kernel,
            started=evidence.now(), seconds=0, packages={}, outcomes=[],
        )  # fmt: skip
        console_from = machine.console.mark() if machine.kind == "vm" and page.after else 0
        last = [s.id for s in page.snippets if plan.skip_reason(s, self.target.name) is None][-1:]
        return _Live(page, session, run, time.monotonic(), console_from=console_from, last="".join(last))


def judge(snippet: Snippet, outcome: Outcome, shapes: Shapes, target: str) -> str | None:
    """The report of what is wrong, position first, or None."""
    where = f"{snippet.path}:{snippet.line}"
    further = f"to look further: ./guide shell {snippet.page}#{snippet.id} --target {target}"
    if outcome.failure:
        printed = plain(outcome.output)
        rows = [f"{where}: #{snippet.id}: {outcome.failure}"]
        rows += [f"    {line}" for line in snippet.code.split("\n")]
        if printed:
            rows += ["it printed:", *(f"    {line}" for line in printed.split("\n")[-30:])]
        if outcome.console:
            rows += ["the end of the console:", *(f"    {line}" for line in outcome.console.split("\n"))]
        return "\n".join([*rows, further])
    if (expected := snippet.output_for(target)) is not None:
        actual = plain(outcome.output)
        if not outputs.matches(expected.text, actual, shapes):
            diff = outputs.difference(expected.text, actual, shapes)
            return "\n".join(
                [
                    f"{snippet.path}:{expected.line}: #{snippet.id}: it printed something else than the page shows",
                    "(- the page, + this run)",
                    *(f"    {line}" for line in diff.split("\n")),
                    f"if this run is right: ./guide verify {snippet.page} --update; {further}",
                ]
            )
    return None
