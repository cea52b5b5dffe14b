"""One pytest session's guide and the runner of its snippets, read once and shared by all hooks."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from checks import config as configuration
from checks.images.build import Builder
from checks.lint import parity, snippets
from checks.model import Guide, GuideError, Page, PageErrors, Snippet
from checks.pages.reader import read_guide
from checks.pytest_plugin import parallel
from checks.running import cleanup
from checks.running.failures import Failed
from checks.running.runner import Runner
from checks.sessions.attach import attach
from checks.states.store import Store, run_name
from checks.targets import choose_target, load_targets

KEY = pytest.StashKey["GuideSession"]()


class GuideSession:
    """One session's guide and the runner of its snippets."""

    def __init__(self, config: pytest.Config):
        self.pytest_config = config
        self.config = configuration.load(Path(config.rootpath, config.getoption("--guide-config")))
        self.guide: Guide = read_guide(self.config)
        self.by_file = {self.config.root / page.path: page for page in self.guide.pages.values()}
        targets = load_targets(self.config)
        self.target = choose_target(targets, config.getoption("--target"))
        folder = config.getoption("--guide-evidence")
        evidence_dir = Path(folder).resolve() if folder else self.config.work_dir / "evidence"
        builder = Builder(targets, self.say)
        store = Store(run_name(), reuse=not config.getoption("--no-reuse"), say=self.say)
        self.runner = Runner(self.config, self.guide, self.target, builder, store, evidence_dir, self.say)
        self.runner.renew = config.getoption("--guide-update")
        # In the background, while items are made; not in a worker, for the one that started it has.
        self.linting = None if parallel.worker(config) else snippets.Linting(self.guide, self.config)
        if not config.getoption("--collect-only"):
            cleanup.sweep()

    def check(self) -> None:
        """Languages and lint, once, before anything runs."""
        if self.linting is None:
            return
        problems = [*parity.check(self.guide, self.config), *self.linting.problems()]
        self.linting = None
        if self.pytest_config.getoption("--guide-drafts"):
            stale = {str(problem) for problem in parity.stale(self.guide, self.config)}
            for problem in problems:
                if str(problem) in stale:
                    self.say(f"not yet: {problem}")
            problems = [problem for problem in problems if str(problem) not in stale]
        if problems:
            raise PageErrors(problems)

    def named(self) -> list[Page]:
        """The pages that the command line names, in the first language."""
        config = self.pytest_config
        paths = [Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args]
        return [page for page in self.guide.primary if any((self.config.root / page.path).is_relative_to(path) for path in paths)]

    def say(self, text: str) -> None:
        """A line of progress, past pytest's capture."""
        reporter = self.pytest_config.pluginmanager.get_plugin("terminalreporter")
        capture = self.pytest_config.pluginmanager.get_plugin("capturemanager")
        if worker := parallel.worker(self.pytest_config):
            with capture.global_and_fixture_disabled():
                print(f"    {worker}: {text}", file=sys.stderr, flush=True)
        elif reporter is None:
            print(f"    {text}", file=sys.stderr, flush=True)
        elif self.pytest_config.get_verbosity() >= 0:
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                reporter.ensure_newline()
                reporter.write_line(f"    {text}", cyan=True)
                sys.stdout.flush()

    def look(self, failed: Failed, snippet: Snippet) -> None:
        """--keep: show what failed and connect the terminal to the machine."""
        capture = self.pytest_config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            print(f"\n{failed}\nThe machine is kept until you leave it (exit, Ctrl-D).", file=sys.stderr)
            attach(self.runner.session.on(snippet.on))


def guide_session(config: pytest.Config) -> GuideSession:
    """The session's one Guided, made at first use; a wrong page is a usage error, and nothing runs."""
    if KEY not in config.stash:
        try:
            config.stash[KEY] = GuideSession(config)
        except GuideError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[KEY]


def checked_guide_session(config: pytest.Config) -> GuideSession:
    """The same with nothing wrong in it."""
    state = guide_session(config)
    try:
        state.check()
    except GuideError as error:
        raise pytest.UsageError(str(error)) from None
    return state
