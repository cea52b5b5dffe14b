"""One pytest session's guide, target and runner, read once and shared by all hooks."""

from __future__ import annotations

import logging
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from checks import config as configuration
from checks.images.build import Builder
from checks.lint import parity
from checks.lint.snippets import Linting
from checks.model import Guide, Page, PageErrors, Snippet
from checks.pages.reader import read_guide
from checks.pytest_plugin import faults_shown, parallel
from checks.running import cleanup
from checks.running.failures import Failed
from checks.running.runner import Runner
from checks.sessions.attach import attach
from checks.states.store import Store, new_run_name
from checks.targets import choose_target, load_targets

log = logging.getLogger("guide")

KEY = pytest.StashKey["GuideSession"]()


class GuideSession:
    """The guide that pytest was started on, and the runner of its snippets. Raises GuideError for a guide that is wrong."""

    def __init__(self, config: pytest.Config):
        self.pytest_config = config
        self.config = configuration.load(Path(config.rootpath, config.getoption("--guide-config")))
        self.guide: Guide = read_guide(self.config)
        self.by_file = {self.config.root / page.path: page for page in self.guide.pages.values()}
        targets = load_targets(self.config)
        self.target = choose_target(targets, config.getoption("--target"))
        folder = config.getoption("--guide-evidence")
        evidence_dir = Path(folder).resolve() if folder else self.config.work_dir / "evidence"
        self.builder = Builder(targets)
        store = Store(parallel.shared_run_name(config) or new_run_name(), reuse=not config.getoption("--no-reuse"))
        self.runner = Runner(self.config, self.guide, self.target, self.builder, store, evidence_dir)
        self.runner.renew = config.getoption("--guide-update")
        # The linters run in the background while pytest collects. Workers start none: the process that started them has.
        self.linting = None if parallel.worker(config) else Linting(self.guide, self.config)
        if not config.getoption("--collect-only"):
            cleanup.sweep()

    def check(self) -> None:
        """Compare the languages and wait for the linters, once; PageErrors when anything is wrong."""
        if self.linting is None:
            return
        problems = [*parity.check(self.guide, self.config), *self.linting.problems()]
        self.linting = None
        if self.pytest_config.getoption("--guide-drafts"):
            stale = {str(problem) for problem in parity.stale(self.guide, self.config)}
            for problem in problems:
                if str(problem) in stale:
                    log.info(f"not yet: {problem}")
            problems = [problem for problem in problems if str(problem) not in stale]
        if problems:
            raise PageErrors(problems)

    def named_paths(self) -> list[Path]:
        """The absolute paths that the command line names."""
        return named_paths(self.pytest_config)

    def named_pages(self) -> list[Page]:
        """The pages that the command line names, in the first language."""
        paths = self.named_paths()
        return [page for page in self.guide.primary if any((self.config.root / page.path).is_relative_to(path) for path in paths)]

    def names_other_tests(self) -> bool:
        """Whether the command line names anything outside the folders of pages."""
        folders = self.config.docs.values()
        return any(not path.is_relative_to(folder) for path in self.named_paths() for folder in folders if not folder.is_relative_to(path))

    def inspect(self, failed: Failed, snippet: Snippet) -> None:
        """--keep: show what failed and connect the terminal to the machine."""
        capture = self.pytest_config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            print(f"\n{failed}\nThe machine is kept until you leave it (exit, Ctrl-D).", file=sys.stderr)
            assert self.runner.session
            attach(self.runner.session.on(snippet.on))

    def close(self) -> None:
        """End the linters and the machine."""
        if self.linting:
            self.linting.close()
        self.runner.close()


def named_paths(config: pytest.Config) -> list[Path]:
    """The absolute paths that pytest's command line names."""
    return [Path(config.invocation_params.dir, argument.split("::")[0]).resolve() for argument in config.args]


def guide_session(config: pytest.Config) -> GuideSession:
    """The session's one GuideSession, made at first use. A guide that is wrong is a usage error, and nothing runs."""
    if KEY not in config.stash:
        with faults_shown.as_usage_errors(config):
            config.stash[KEY] = GuideSession(config)
    return config.stash[KEY]


def checked_guide_session(config: pytest.Config) -> GuideSession:
    """The session's GuideSession, after its languages and snippets have been checked."""
    session = guide_session(config)
    with faults_shown.as_usage_errors(config):
        session.check()
    return session
