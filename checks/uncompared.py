"""pytest: which outputs had nothing to be compared with, since the page has only those of other targets.

Such a snippet ran and passed, but what it printed was looked at by nobody. That
is counted at the end of the run, as skipped snippets are, and stands in the
JUnit report as a property of the test.
"""

from __future__ import annotations

import pytest

from checks.model import Snippet

_PROPERTY = "no_output_for"


def properties(snippet: Snippet, target: str) -> list[tuple[str, object]]:
    """What the report of a snippet that passed says of this: nothing if its output was compared, or if it shows none."""
    return [(_PROPERTY, target)] if snippet.outputs and snippet.output_for(target) is None else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
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
