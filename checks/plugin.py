"""pytest: one item a snippet, ``docs/en/quick-start.md::install-kdump-tools[debian-13]``.

``pytest docs`` collects the pages of the first language; a run is credited to
every language, since their snippets are the same bytes. A page of another
language that is named by itself is collected under its own name. Anything
wrong with the pages ends the session before anything is run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest

from checks import clean, lint, parity, plan, recalled, reporting, sidebyside, uncompared, update
from checks import config as configuration
from checks.course import Failed, NotRun
from checks.images.build import Builder
from checks.images.target import choose
from checks.images.target import load as load_targets
from checks.model import Guide, GuideError, Page, PageErrors, Snippet
from checks.runner import Runner
from checks.shell import attach
from checks.snippets import read_guide
from checks.states.store import Store, run_name

KEY = pytest.StashKey["Guided"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("guide", "pages whose snippets are run")
    group.addoption("--guide-config", default="mkdocs.yml", metavar="FILE", help="the site's mkdocs.yml")
    group.addoption("--target", default=None, metavar="NAME", help="the release to run on; default: this host's family")
    group.addoption("--guide-evidence", default=None, metavar="DIR", help="where evidence is written; default: .guide/evidence")
    group.addoption("--guide-drafts", action="store_true", help="a translation that lags is told, and does not stop the run")
    group.addoption("--guide-update", action="store_true", help="write what was printed into the pages, in all languages")
    group.addoption("--no-reuse", action="store_true", help="run every snippet, also those that this host has run before")
    group.addoption("--guide-jobs", default="1", metavar="N", help="pages that run side by side; auto: as many as this host carries")
    group.addoption("--keep", action="store_true", help="on a failure open a shell in the machine as it is then")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes (a VM, a build)")
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.pluginmanager.register(uncompared)
    config.pluginmanager.register(recalled)
    config.pluginmanager.register(reporting)


class Guided:
    """One session's guide and the runner of its snippets."""

    def __init__(self, config: pytest.Config):
        self.pytest_config = config
        self.config = configuration.load(Path(config.rootpath, config.getoption("--guide-config")))
        self.guide: Guide = read_guide(self.config)
        self.by_file = {self.config.root / page.path: page for page in self.guide.pages.values()}
        targets = load_targets(self.config)
        self.target = choose(targets, config.getoption("--target"))
        folder = config.getoption("--guide-evidence")
        evidence_dir = Path(folder).resolve() if folder else self.config.work_dir / "evidence"
        builder = Builder(targets, self.say)
        store = Store(run_name(), reuse=not config.getoption("--no-reuse"), say=self.say)
        self.runner = Runner(self.config, self.guide, self.target, builder, store, evidence_dir, self.say)
        self.runner.renew = config.getoption("--guide-update")
        # In the background, while items are made; not in a worker, for the one that started it has.
        self.linting = None if sidebyside.worker(config) else lint.Linting(self.guide, self.config)
        if not config.getoption("--collect-only"):
            clean.sweep()

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
        if worker := sidebyside.worker(self.pytest_config):
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


def guided(config: pytest.Config) -> Guided:
    """The session's one Guided, made at first use; a wrong page is a usage error, and nothing runs."""
    if KEY not in config.stash:
        try:
            config.stash[KEY] = Guided(config)
        except GuideError as error:
            raise pytest.UsageError(str(error)) from None
    return config.stash[KEY]


def checked(config: pytest.Config) -> Guided:
    """The same with nothing wrong in it."""
    state = guided(config)
    try:
        state.check()
    except GuideError as error:
        raise pytest.UsageError(str(error)) from None
    return state


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config):
    """Before xdist looks at its options: decide how many pages run side by side."""
    wanted = config.getoption("--guide-jobs")
    # A worker has the options of the one that started it.
    if wanted != "1" and not sidebyside.worker(config) and hasattr(config.option, "loadscopereorder") and not config.option.collectonly:
        try:
            state = checked(config)
        except pytest.UsageError as error:
            print(error, file=sys.stderr)  # position first, which pytest would put its own word before
            raise pytest.UsageError from None
        pages = plan.order(state.guide, state.named())
        state.runner.standing.builder.ahead(state.target, [page.machine for page in pages if page.snippets])
        pages = [page for page in pages if not state.runner.is_recalled(page)]
        number = sidebyside.jobs(state.guide, state.target, pages) if wanted == "auto" else int(wanted)
        sidebyside.distribute(config, min(number, len(pages)), state.runner.store.run)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Read the pages before anything is collected, so that what is wrong with them ends the session here."""
    _read(session.config)
    result = yield
    if KEY in session.config.stash:
        checked(session.config)  # where only xdist's workers collect, nobody has yet
    return result


def _read(config: pytest.Config) -> None:
    named = [Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args]
    root = Path(config.rootpath, config.getoption("--guide-config"))
    if not root.exists():
        return
    try:
        folders = configuration.load(root).docs.values()
    except GuideError as error:
        raise pytest.UsageError(str(error)) from None
    if any(path.is_relative_to(folder) or folder.is_relative_to(path) for path in named for folder in folders):
        guided(config)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Folders of the other languages are passed over unless they are named."""
    if KEY not in config.stash or not collection_path.is_dir():
        return None
    state = config.stash[KEY]
    others = [folder for name, folder in state.config.docs.items() if name != state.guide.languages[0]]
    named = [Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args]
    return True if collection_path in others and not any(path.is_relative_to(collection_path) for path in named) else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".md":
        return None
    if KEY not in parent.config.stash:
        return None
    state = parent.config.stash[KEY]
    page = state.by_file.get(file_path)
    return PageFile.from_parent(parent, path=file_path, page=page) if page and page.snippets else None


class PageFile(pytest.File):
    """A page: its items are its snippets, in their order."""

    def __init__(self, *, page: Page, **kwargs):
        super().__init__(**kwargs)
        self.page = page

    def collect(self):
        state = guided(self.config)
        root = plan.ancestors(state.guide, self.page)[:1] or [self.page]
        # pages on one machine stay on one worker
        self.add_marker(pytest.mark.xdist_group(root[0].name))
        for snippet in self.page.snippets:
            yield SnippetItem.from_parent(self, name=f"{snippet.id}[{state.target.name}]", page=self.page, snippet=snippet)


class SnippetItem(reporting.Reported):
    """One snippet on one target."""

    def __init__(self, *, page: Page, snippet: Snippet, **kwargs):
        super().__init__(**kwargs)
        self.page, self.snippet = page, snippet
        if reason := plan.skip_reason(snippet, guided(self.config).target.name):
            self.add_marker(pytest.mark.skip(reason=reason))

    def runtest(self) -> None:
        state = guided(self.config)
        try:
            outcome = state.runner.run(self.page, self.snippet)
        except Failed as failed:
            if self.config.getoption("--keep") and not isinstance(failed, NotRun) and state.runner.session:
                state.look(failed, self.snippet)
            raise
        self.user_properties.append(("exit_status", outcome.exit_status))
        self.user_properties.append(("seconds", outcome.seconds))
        self.user_properties += uncompared.properties(self.snippet, state.target.name)
        if (live := state.runner.live) and live.run.accelerator:
            self.user_properties.append(("accelerator", live.run.accelerator))
        if ran_at := state.runner.recalled.get((self.page.name, self.snippet.id)):
            self.user_properties.append(("ran_at", ran_at))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, (Failed, GuideError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.snippet.line - 1, f"{self.page.path}#{self.snippet.id}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pages in the order in which they stand on each other; snippets keep theirs."""
    if KEY not in config.stash:
        return
    try:
        state = checked(config)
    except pytest.UsageError:
        items.clear()  # pytest would still list them
        raise
    ours = [item for item in items if isinstance(item, SnippetItem)]
    pages = {item.page.name: item.page for item in ours}
    ordered = plan.order(state.guide, pages.values())
    if sidebyside.worker(config):
        ordered = sidebyside.urgent_first(ordered, partial(sidebyside.expected_s, state.config.evidence_dir, state.target))
    place = {page.name: number for number, page in enumerate(ordered)}
    lines = {id(item): number for number, item in enumerate(ours)}
    ours.sort(key=lambda item: (place[item.page.name], str(item.path), lines[id(item)]))
    items[:] = [item for item in items if not isinstance(item, SnippetItem)] + ours


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None):
    """After a page's last item its evidence is written; after the last page its machine ends."""
    result = yield
    if isinstance(item, SnippetItem):
        state = guided(item.config)
        follows = isinstance(nextitem, SnippetItem)
        if not (follows and nextitem.page is item.page):
            state.runner.finish(item.page)
        if not follows:
            state.runner.close()
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    if KEY not in session.config.stash:
        return
    state = session.config.stash[KEY]
    if state.linting:
        state.linting.close()
    state.runner.close()
    if state.runner.renewed:
        for path in update.update(state.config, state.runner.renewed, state.runner.shapes, state.target.name):
            state.say(f"{path}: outputs renewed")
