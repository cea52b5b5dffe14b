"""pytest: snippets that were not run again say when they were, each at its place and all of them at the end."""

from __future__ import annotations

import pytest


def pytest_report_teststatus(report: pytest.TestReport) -> tuple | None:
    """A snippet that was not run again says when it was."""
    ran_at = dict(getattr(report, "user_properties", ())).get("ran_at")
    if ran_at and report.when == "call" and report.passed:
        return "passed", ".", f"PASSED (run of {ran_at})"
    return None


def pytest_terminal_summary(terminalreporter) -> None:
    passed = terminalreporter.stats.get("passed", [])
    dates = sorted(filter(None, (dict(getattr(report, "user_properties", ())).get("ran_at") for report in passed)))
    if dates:
        terminalreporter.write_line(
            f"{len(dates)} of {len(passed)} were not run again: nothing they stand on has changed since they ran, "
            f"{dates[0]} to {dates[-1]}. --no-reuse runs everything."
        )
