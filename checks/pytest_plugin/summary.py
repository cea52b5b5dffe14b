"""What pytest's summary says of snippets that passed: which were not run again, and which outputs nothing was compared with.

An output is compared with nothing where the page shows outputs of other targets only. Both facts stand in the
JUnit report as properties of the test, too.
"""

from __future__ import annotations

import pytest

from checks.model import Snippet

_PROPERTY = "no_output_for"


def properties(snippet: Snippet, target: str) -> list[tuple[str, object]]:
    """The property of a passed snippet whose outputs are all for other targets; none where an output was compared or is absent."""
    return [(_PROPERTY, target)] if snippet.outputs and snippet.output_for(target) is None else []


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Show of a cached snippet when it ran."""
    ran_at = dict(getattr(report, "user_properties", ())).get("ran_at")
    if ran_at and report.when == "call" and report.passed:
        return "passed", ".", f"PASSED (run of {ran_at})"
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The two counts, at the end of pytest's summary."""
    _tell_uncompared(terminalreporter, config)
    _tell_cached(terminalreporter)


def _tell_uncompared(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = []
    for report in terminalreporter.getreports("passed"):
        # Properties that come from a worker of xdist are lists, not tuples.
        for name, target in report.user_properties:
            if name == _PROPERTY:
                path, line, snippet = report.location
                lines.append(f"    {path}:{(line or 0) + 1}: #{snippet.split('#')[-1]} on {target}")
    if not lines:
        return
    count = "1 output" if len(lines) == 1 else f"{len(lines)} outputs"
    terminalreporter.write_line(f"{count} had nothing to be compared with: the page shows only those of other targets")
    if config.getoption("--guide-update"):
        terminalreporter.write_line("    --update adds no fence: write an empty one with this data-target, then run it again")
    for line in lines:
        terminalreporter.write_line(line)


def _tell_cached(terminalreporter: pytest.TerminalReporter) -> None:
    passed = terminalreporter.stats.get("passed", [])
    dates = sorted(filter(None, (dict(getattr(report, "user_properties", ())).get("ran_at") for report in passed)))
    if dates:
        terminalreporter.write_line(
            f"{len(dates)} of {len(passed)} were not run again, since nothing that they stand on has changed since they ran, "
            f"{dates[0]} to {dates[-1]}. --no-reuse runs everything."
        )
