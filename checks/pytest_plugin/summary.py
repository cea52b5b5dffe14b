"""What pytest's summary says of snippets that passed: which were not run again, and which outputs nothing was compared with.

An output is compared with nothing where the page shows outputs of other targets only. Both facts stand in the
JUnit report as properties of the test, too.
"""

from __future__ import annotations

import pytest

from checks.model import Snippet

_PROPERTY = "no_output_for"


def properties(snippet: Snippet, target: str) -> list[tuple[str, object]]:
    """What the report of a snippet that passed says of this: nothing if its output was compared, or if it shows none."""
    return [(_PROPERTY, target)] if snippet.outputs and snippet.output_for(target) is None else []


def pytest_report_teststatus(report: pytest.TestReport) -> tuple | None:
    """A snippet that was not run again says when it was."""
    ran_at = dict(getattr(report, "user_properties", ())).get("ran_at")
    if ran_at and report.when == "call" and report.passed:
        return "passed", ".", f"PASSED (run of {ran_at})"
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    _tell_uncompared(terminalreporter, config)
    _tell_cached(terminalreporter)


def _tell_uncompared(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = []
    for report in terminalreporter.getreports("passed"):
        # From a worker of xdist they come as lists.
        for name, target in report.user_properties:
            if name == _PROPERTY:
                path, line, snippet = report.location
                told.append(f"    {path}:{(line or 0) + 1}: #{snippet.split('#')[-1]} on {target}")
    if not told:
        return
    count = "1 output" if len(told) == 1 else f"{len(told)} outputs"
    terminalreporter.write_line(f"{count} had nothing to be compared with: the page shows only those of other targets")
    if config.getoption("--guide-update"):
        terminalreporter.write_line("    --update adds no fence: write an empty one with this data-target, then run it again")
    for line in told:
        terminalreporter.write_line(line)


def _tell_cached(terminalreporter: pytest.TerminalReporter) -> None:
    passed = terminalreporter.stats.get("passed", [])
    dates = sorted(filter(None, (dict(getattr(report, "user_properties", ())).get("ran_at") for report in passed)))
    if dates:
        terminalreporter.write_line(
            f"{len(dates)} of {len(passed)} were not run again: nothing they stand on has changed since they ran, "
            f"{dates[0]} to {dates[-1]}. --no-reuse runs everything."
        )
