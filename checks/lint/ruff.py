"""What ruff says of Python snippets, linter and formatter, at the page's own lines.

Python snippets are pytest-examples' ``CodeExample``, and ruff gets its
settings from there; its own way would start one ruff a snippet, and its
formatter deletes what a lesson shows.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checks.lint.program import call, tool, version
from checks.model import GuideError, Problem, Snippet

if TYPE_CHECKING:
    from pytest_examples import CodeExample


# pytest_examples and what it brings take 0.1 s to load: only where there is Python.
@cache
def options() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the linter and of the formatter."""
    from pytest_examples.config import ExamplesConfig

    # Python as the oldest target has it (3.10 on Ubuntu 22.04).
    python = ExamplesConfig(line_length=88, target_version="py310", upgrade=True, isort=True, ruff_select=["B", "SIM"])
    # Isolated: a ruff.toml above the temporary folder must not decide.
    alone = ("--isolated", "--no-cache")
    layout = ("--diff", f"--line-length={python.line_length}", f"--target-version={python.target_version}")
    return ("check", *alone, "--output-format=concise", *python.ruff_config()), ("format", *alone, *layout)


def rules() -> list[str]:
    """All that decides about a text besides the text."""
    return [version("ruff"), *(word for words in options() for word in words)]


def example(snippet: Snippet) -> CodeExample:
    """The snippet as pytest-examples knows it: ``start_line`` is the line of the fence."""
    from pytest_examples import CodeExample

    created: CodeExample = CodeExample.create(
        snippet.code + "\n", path=snippet.path, start_line=snippet.line, end_line=snippet.end_line, prefix=snippet.language
    )
    return created


def text(snippet: Snippet) -> str:
    source: str = example(snippet).source
    return source


def portion(count: int, at_a_time: int) -> int:
    """All in one call: ruff uses every processor by itself."""
    return max(1, count)


def findings(snippets: list[Snippet]) -> list[list[Problem]]:
    """One call of each command for all of them; for each snippet what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{number}.py" for number in range(len(snippets))]
        for name, snippet in zip(files, snippets, strict=True):
            Path(folder, name).write_text(text(snippet), encoding="utf-8")
        lint, layout = (call([tool("ruff"), *words, *files], folder) for words in options())
    found: list[list[Problem]] = [[] for _ in snippets]
    for index, line, told in _lint_findings(lint.stdout):
        found[index].append(_problem(snippets[index], line, told))
    # The formatter also exits with 2 at a syntax error; the linter has told that with its line.
    if lint.returncode not in (0, 1) or (layout.returncode not in (0, 1) and not any(found)):
        raise GuideError(f"ruff: {lint.stderr.strip() or layout.stderr.strip()}")
    for index, line, told in _format_findings(layout.stdout):
        found[index].append(_problem(snippets[index], line, told))
    return found


def _problem(snippet: Snippet, line: int, told: str) -> Problem:
    return Problem(snippet.path, snippet.line + line, f"{snippet.id}: {told}")


_LINT = re.compile(r"^(?P<file>\d+)\.py:(?P<line>\d+):\d+: (?P<text>.*)$", re.MULTILINE)
_DIFF = re.compile(r"^--- (?P<file>\d+)\.py\n.*\n(?P<hunks>(?:^[@ +\-\\].*\n?)+)", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)", re.MULTILINE)


def _lint_findings(stdout: str) -> list[tuple[int, int, str]]:
    return [(int(match["file"]), int(match["line"]), match["text"]) for match in _LINT.finditer(stdout)]


def _format_findings(stdout: str) -> list[tuple[int, int, str]]:
    found = []
    for match in _DIFF.finditer(stdout):
        hunk = _HUNK.search(match["hunks"])
        line = int(hunk[1]) if hunk else 1
        found.append((int(match["file"]), line, f"ruff format would write it otherwise:\n{match['hunks'].rstrip()}"))
    return found
