"""Runs snippets, one after the other: each once its page has come there, its outcome compared with what the page shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checks import evidence, plan
from checks.config import Config
from checks.course import Course, Failed, NotRun
from checks.images.build import Builder
from checks.images.target import Target
from checks.model import Guide, Page, Snippet
from checks.outputs import Shapes
from checks.report import judge
from checks.session import Outcome
from checks.states.store import Store
from checks.terminal import plain


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
            evidence.write(self.evidence_dir, live.run, page, plan.chains(self.guide, page, self.target), self.target)
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
