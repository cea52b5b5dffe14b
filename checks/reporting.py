"""pytest: what a snippet's item needs of its protocol, and no more.

A snippet has no fixtures, so pytest's own would set up and tear down nothing,
through every plugin that captures, logs and skips: a third of what a trivial
snippet costs. A report of a teardown stays: the JUnit file takes properties
from it.
"""

from __future__ import annotations

import pytest

# What ends the session instead of failing an item; the same that pytest lets pass.
ENDS = (pytest.exit.Exception, KeyboardInterrupt)


class Reported(pytest.Item):
    """An item whose ``runtest`` is all there is to it. One that is marked to be skipped goes pytest's way."""


@pytest.hookimpl
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if not isinstance(item, Reported) or item.get_closest_marker("skip"):
        return None
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    call = pytest.CallInfo.from_call(item.runtest, "call", reraise=ENDS)
    report = hook.pytest_runtest_makereport(item=item, call=call)
    hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logreport(report=_torn_down(item))
    if report.failed:
        hook.pytest_exception_interact(node=item, call=call, report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _torn_down(item: pytest.Item) -> pytest.TestReport:
    return pytest.TestReport.from_item_and_call(item, pytest.CallInfo.from_call(lambda: None, "teardown"))
