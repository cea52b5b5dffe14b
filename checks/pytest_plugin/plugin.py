"""pytest's hooks: one item a snippet, ``docs/en/quick-start.md::install-kdump-tools[debian-13]``.

``pytest docs`` collects the pages of the first language. A run counts for every language, since the snippets of all
languages are the same bytes. A page of another language that is named by itself is collected under its own name.
Anything wrong with the pages ends the session before anything is run.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from checks import config as configuration
from checks import faults
from checks.machines import engine as engines
from checks.pages.tree import order
from checks.pytest_plugin import faults_shown, messages, parallel, summary
from checks.pytest_plugin.guide_session import KEY, checked_guide_session, guide_session, named_paths
from checks.pytest_plugin.items import PageFile, SnippetItem
from checks.running import update

log = logging.getLogger("guide")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options; ``./guide`` passes them."""
    group = parser.getgroup("guide", "pages whose snippets are run")
    group.addoption("--guide-config", default="mkdocs.yml", metavar="FILE", help="the site's mkdocs.yml")
    group.addoption("--target", default=None, metavar="NAME", help="the release to run on; default: this host's family")
    group.addoption("--guide-evidence", default=None, metavar="DIR", help="where evidence is written; default: .guide/evidence")
    group.addoption("--guide-drafts", action="store_true", help="only report a translation that lags; the run goes on")
    group.addoption("--guide-update", action="store_true", help="write what was printed into the pages, in all languages")
    group.addoption("--no-reuse", action="store_true", help="run every snippet, also those that this host has run before")
    group.addoption("--guide-jobs", default="1", metavar="N", help="pages that run side by side; auto: as many as this host carries")
    group.addoption("--keep", action="store_true", help="on a failure open a shell in the machine as it is then")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Look at the folders of the guide before pytest imports a conftest.py that somebody has put among the pages."""
    file = Path(early_config.rootpath, early_config.known_args_namespace.guide_config)
    if file.exists():
        try:
            configuration.load(file)
        except Exception as error:
            raise pytest.UsageError(faults.message(error, file.parent / configuration.WORK_FOLDER)) from None


def pytest_configure(config: pytest.Config) -> None:
    """Markers, the summary, and the log's handlers."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # see __main__.py
    config.addinivalue_line("markers", "slow: takes minutes, most of them in a VM; ./guide test --all runs it")
    config.addinivalue_line("markers", "container: starts containers")
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.pluginmanager.register(summary)
    if not parallel.worker(config):  # A worker's errors come to the process that started it.
        config.pluginmanager.register(faults_shown.Faults(config))
    messages.install(config, parallel.worker(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Xdist is about to start a worker, ``node``."""
    parallel.tell_worker(node.config, node.workerinput)
    messages.tell_worker(node.config, node.workerinput)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Decide how many files run side by side, before xdist looks at its options; at the end, show what no hook has caught."""
    # A worker of xdist has the options of the process that started it.
    if parallel.worker(config):
        return (yield)
    try:
        _distribute(config)
        return (yield)
    except pytest.UsageError as error:
        if not str(error):
            raise
        # pytest would prefix "ERROR:"; our errors begin with file and line.
        faults.tell(str(error))
        raise pytest.UsageError from None
    except Exception as error:
        faults.tell(faults_shown.message(error, config))
        return faults_shown.INTERNAL_ERROR


def _distribute(config: pytest.Config) -> None:
    """Set xdist's options, where several pages may run at a time. Builds the images that the pages need."""
    wanted = config.getoption("--guide-jobs")
    if wanted == "1" or config.option.collectonly or not hasattr(config.option, "loadscopereorder"):
        return
    if wanted != "auto" and not wanted.isdecimal():
        raise pytest.UsageError(f"--guide-jobs: expected a number or auto, found {wanted!r}")
    with faults_shown.as_usage_errors(config):
        session = checked_guide_session(config)
        if session.names_other_tests():
            number = parallel.processors() if wanted == "auto" else int(wanted)
        else:
            pages = order(session.guide, session.named_pages())
            session.builder.build_ahead(session.target, [page.machine for page in pages if page.snippets and page.machine])
            pages = [page for page in pages if not session.runner.cached.knows(page)]
            number = min(len(pages), parallel.jobs(session.guide, session.target, pages) if wanted == "auto" else int(wanted))
        parallel.distribute(config, number, session.runner.store.run)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """Files are handed out as a whole; see FileScheduling."""
    if config.option.dist != "loadfile":
        return None
    from checks.pytest_plugin.scheduling import FileScheduling

    return FileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Without an engine that answers nothing is run: one message, and not one for each snippet."""
    if any(isinstance(item, SnippetItem) for item in session.items) and not session.config.option.collectonly:
        with faults_shown.as_usage_errors(session.config):
            engines.required()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, Any, Any]:
    """Read the pages before anything is collected, so that an error in a page ends the session here."""
    _read_pages(session.config)
    result = yield
    if KEY in session.config.stash:
        checked_guide_session(session.config)  # Where only xdist's workers collect, no hook has checked yet.
    return result


def _read_pages(config: pytest.Config) -> None:
    """Read the guide when the command line names any of its pages."""
    root = Path(config.rootpath, config.getoption("--guide-config"))
    if not root.exists():
        return
    with faults_shown.as_usage_errors(config):
        folders = configuration.load(root).docs.values()
    if any(path.is_relative_to(folder) or folder.is_relative_to(path) for path in named_paths(config) for folder in folders):
        guide_session(config)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Ignore the folders of the other languages, unless the command line names them."""
    if KEY not in config.stash or not collection_path.is_dir():
        return None
    session = config.stash[KEY]
    others = [folder for name, folder in session.config.docs.items() if name != session.guide.languages[0]]
    named = any(path.is_relative_to(collection_path) for path in session.named_paths())
    return True if collection_path in others and not named else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a page that has snippets."""
    if file_path.suffix != ".md" or KEY not in parent.config.stash:
        return None
    page = parent.config.stash[KEY].by_file.get(file_path)
    return PageFile.from_parent(parent, path=file_path, page=page) if page and page.snippets else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Pages first, each after the pages that it stands on; snippets keep the order of their page."""
    if KEY not in config.stash:
        return
    try:
        session = checked_guide_session(config)
    except pytest.UsageError:
        items.clear()  # pytest would still list the items.
        raise
    snippets = [item for item in items if isinstance(item, SnippetItem)]
    pages = order(session.guide, {item.page.name: item.page for item in snippets}.values())
    if parallel.worker(config):
        pages = parallel.longest_first(pages, partial(parallel.expected_s, session.config.evidence_dir, session.target))
    place = {page.name: number for number, page in enumerate(pages)}
    number = {id(item): number for number, item in enumerate(snippets)}
    snippets.sort(key=lambda item: (place[item.page.name], str(item.path), number[id(item)]))
    items[:] = [*snippets, *(item for item in items if not isinstance(item, SnippetItem))]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    """After a page's last snippet write its evidence; after the last page end the machine."""
    result = yield
    if isinstance(item, SnippetItem):
        runner = guide_session(item.config).runner
        if not isinstance(nextitem, SnippetItem) or nextitem.page is not item.page:
            with faults_shown.reported(item):
                runner.finish(item.page)
        if not isinstance(nextitem, SnippetItem):
            with faults_shown.reported(item):
                runner.close()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what runs, and write the outputs that --update asks for."""
    if KEY not in session.config.stash:
        return
    guide = session.config.stash[KEY]
    try:
        guide.close()
        if guide.runner.renewed:
            for path in update.update(guide.config, guide.runner.renewed, guide.runner.shapes, guide.target.name):
                log.info(f"{path}: outputs renewed")
    except Exception as error:
        faults.tell(faults_shown.message(error, session.config))
        session.exitstatus = faults_shown.INTERNAL_ERROR
