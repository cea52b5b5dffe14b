"""Errors inside pytest: one message in place of pytest's INTERNALERROR with a traceback, and exit status 2 of ./guide."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checks import faults
from checks.config import WORK_FOLDER

INTERNAL_ERROR = 3  # pytest's exit status, which ./guide shows as 2
# The property of a report that tells of an error that is no failed check.
PROPERTY = "fault"


def message(error: BaseException, config: pytest.Config) -> str:
    """The message of an error; the traceback of one that nobody expected is kept in the guide's work folder."""
    return faults.message(error, Path(config.rootpath, config.getoption("--guide-config")).parent / WORK_FOLDER)


@contextmanager
def as_usage_errors(config: pytest.Config) -> Iterator[None]:
    """An error within ends the session with one message, before anything is run."""
    try:
        yield
    except pytest.UsageError:
        raise
    except Exception as error:
        raise pytest.UsageError(message(error, config)) from None


@contextmanager
def reported(item: pytest.Item) -> Iterator[None]:
    """An error within, as when evidence cannot be written, becomes a report beside that of the item; the session goes on."""
    try:
        yield
    except Exception as error:
        item.ihook.pytest_runtest_logreport(
            report=pytest.TestReport(
                nodeid=item.nodeid, location=item.location, keywords={}, outcome="failed", longrepr=message(error, item.config),
                when="teardown", user_properties=[(PROPERTY, True)],
            )
        )  # fmt: skip


_SEEN = pytest.StashKey[bool]()


class Faults:
    """A plugin for the process that gets the reports: remembers whether one of them tells of an error that is no failed check.

    It also tells apart what pytest gives one exit status, 2: that somebody has interrupted the session, and that the session
    has ended itself, since a file cannot be collected or since xdist has seen as many failures as -x allows.
    """

    def __init__(self, config: pytest.Config):
        self._config = config
        self._interrupted_status: int = faults.INTERRUPTED

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note who has interrupted the session; pytest calls this before pytest_sessionfinish.

        Pytest and xdist each have a class Interrupted below KeyboardInterrupt, with which they end a session themselves.
        """
        if isinstance(excinfo.value, KeyboardInterrupt) and type(excinfo.value) is not KeyboardInterrupt:
            self._interrupted_status = pytest.ExitCode.TESTS_FAILED

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at one report. Properties that come from a worker of xdist are lists, not tuples."""
        if any(name == PROPERTY for name, _ in report.user_properties):
            self._config.stash[_SEEN] = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """In place of pytest's INTERNALERROR, which prints the traceback, end with one message."""
        raise pytest.exit.Exception(message(excinfo.value, self._config), returncode=INTERNAL_ERROR)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Such an error decides the exit status, and so does one of another plugin, as of a report that the disk does not take.

        This wrapper is within that of pytest's terminal reporter, so the summary of what failed is printed in any case.
        """
        try:
            yield
        except Exception as error:
            faults.tell(f"\n{message(error, self._config)}")
            session.exitstatus = INTERNAL_ERROR
        if session.exitstatus == pytest.ExitCode.INTERRUPTED:
            session.exitstatus = self._interrupted_status
        if self._config.stash.get(_SEEN, False) and session.exitstatus in (0, 1):
            session.exitstatus = INTERNAL_ERROR
