"""pytest: one item a snippet, ``docs/en/quick-start.md::install-kdump-tools[debian-13]``.

``pytest docs`` collects the pages of the first language; a run is credited to
every language, since their snippets are the same bytes. A page of another
language that is named by itself is collected under its own name. Anything
wrong with the pages ends the session before anything is run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from checks import config as configuration
from checks.model import GuideError
from checks.pages.tree import order
from checks.pytest_plugin import parallel, summary
from checks.pytest_plugin.guide_session import KEY, checked_guide_session, guide_session
from checks.pytest_plugin.items import PageFile, SnippetItem
from checks.running import update


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
    config.pluginmanager.register(summary)


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config):
    """Before xdist looks at its options: decide how many pages run side by side."""
    wanted = config.getoption("--guide-jobs")
    # A worker has the options of the one that started it.
    if wanted != "1" and not parallel.worker(config) and hasattr(config.option, "loadscopereorder") and not config.option.collectonly:
        try:
            state = checked_guide_session(config)
        except pytest.UsageError as error:
            print(error, file=sys.stderr)  # position first, which pytest would put its own word before
            raise pytest.UsageError from None
        pages = order(state.guide, state.named())
        state.runner.standing.builder.ahead(state.target, [page.machine for page in pages if page.snippets])
        pages = [page for page in pages if not state.runner.is_recalled(page)]
        number = parallel.jobs(state.guide, state.target, pages) if wanted == "auto" else int(wanted)
        parallel.distribute(config, min(number, len(pages)), state.runner.store.run)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Read the pages before anything is collected, so that what is wrong with them ends the session here."""
    _read(session.config)
    result = yield
    if KEY in session.config.stash:
        checked_guide_session(session.config)  # where only xdist's workers collect, nobody has yet
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
        guide_session(config)


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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pages in the order in which they stand on each other; snippets keep theirs."""
    if KEY not in config.stash:
        return
    try:
        state = checked_guide_session(config)
    except pytest.UsageError:
        items.clear()  # pytest would still list them
        raise
    ours = [item for item in items if isinstance(item, SnippetItem)]
    pages = {item.page.name: item.page for item in ours}
    ordered = order(state.guide, pages.values())
    if parallel.worker(config):
        ordered = parallel.urgent_first(ordered, partial(parallel.expected_s, state.config.evidence_dir, state.target))
    place = {page.name: number for number, page in enumerate(ordered)}
    lines = {id(item): number for number, item in enumerate(ours)}
    ours.sort(key=lambda item: (place[item.page.name], str(item.path), lines[id(item)]))
    items[:] = [item for item in items if not isinstance(item, SnippetItem)] + ours


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None):
    """After a page's last item its evidence is written; after the last page its machine ends."""
    result = yield
    if isinstance(item, SnippetItem):
        state = guide_session(item.config)
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
