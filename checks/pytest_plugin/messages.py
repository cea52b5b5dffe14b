"""What pytest shows of the log "guide": messages as lines past pytest's capture, and progress as a file for a display.

``./guide`` starts pytest and shows one line of progress (commands/display.py). It names a folder in $GUIDE_PROGRESS;
each process of the run writes a small JSON file there whenever its page comes further.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from checks.host import PROGRESS_VARIABLE
from checks.model import printable

# Attributes of log records that say where a run is.
FIELDS = ("page", "done", "count", "stage")

log = logging.getLogger("guide")


class MessageHandler(logging.Handler):
    """Prints each message as a line of its own, past pytest's capture; in xdist's workers to stderr, with the worker's name."""

    def __init__(self, config: pytest.Config, worker: str | None, prints_stages: bool):
        super().__init__(logging.INFO)
        self._config, self._worker, self._prints_stages = config, worker, prints_stages

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record. Stages are left to the progress display, where there is one."""
        if hasattr(record, "stage") and not self._prints_stages:
            return
        text = printable(record.getMessage())  # What a machine has said may be a part of it.
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            if self._worker:
                print(f"    {self._worker}: {text}", file=sys.stderr, flush=True)
            elif reporter is None:
                print(f"    {text}", file=sys.stderr, flush=True)
            elif self._config.get_verbosity() >= 0:
                reporter.ensure_newline()
                reporter.write_line(f"    {text}", cyan=True)
                sys.stdout.flush()


class ProgressHandler(logging.Handler):
    """Keeps one JSON file up to date: {"page": name, "done": snippets, "count": snippets, "stage": of a restart}."""

    def __init__(self, file: Path):
        super().__init__(logging.DEBUG)
        self._file = file
        self._state: dict[str, Any] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write the file anew when the record says where the run is."""
        news = {field: getattr(record, field) for field in FIELDS if hasattr(record, field)}
        if not news:
            return
        if "page" in news:
            self._state = {}
        self._state |= news
        aside = self._file.with_suffix(".new")
        with suppress(OSError):  # A display that has ended has removed the folder.
            aside.write_text(json.dumps(self._state), encoding="utf-8")
            aside.replace(self._file)


FOLDER = pytest.StashKey[str]()


def install(config: pytest.Config, worker: str | None) -> None:
    """Add the handlers for the time of this pytest session."""
    # Out of the environment, or a pytest that a test starts would write into the display of this run.
    folder: str | None = getattr(config, "workerinput", {}).get("guide_progress") or os.environ.pop(PROGRESS_VARIABLE, None)
    log.setLevel(logging.DEBUG)
    handlers: list[logging.Handler] = [MessageHandler(config, worker, prints_stages=folder is None)]
    if folder:
        config.stash[FOLDER] = folder
        handlers.append(ProgressHandler(Path(folder) / f"{worker or 'main'}-{os.getpid()}.json"))
    for handler in handlers:
        log.addHandler(handler)
        config.add_cleanup(partial(log.removeHandler, handler))
    if not worker:
        config.pluginmanager.register(TestProgress())


def tell_worker(config: pytest.Config, workerinput: dict[str, object]) -> None:
    """Give a new worker of xdist the folder of the display."""
    if FOLDER in config.stash:
        workerinput["guide_progress"] = config.stash[FOLDER]


class TestProgress:
    """A plugin for the process that starts xdist's workers, or for the only process: counts the tests that are no snippets."""

    __test__ = False

    def __init__(self) -> None:
        self._count = self._done = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the tests of a session without workers."""
        self._count = sum(_is_test(item.nodeid) for item in session.items) or self._count

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """Count the tests that the workers have collected; all workers collect the same ones."""
        self._count = sum(map(_is_test, ids))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """One test more has ended."""
        if _is_test(nodeid):
            self._done += 1
            log.debug("progress", extra={"page": "tests", "done": self._done, "count": self._count})


def _is_test(nodeid: str) -> bool:
    return ".md::" not in nodeid
