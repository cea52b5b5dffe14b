"""The findings of ruff, linter and formatter, in Python snippets, at the lines of the pages.

Python snippets are pytest-examples' ``CodeExample``, and ruff's settings come
from its ``ExamplesConfig``. pytest-examples' own checks are not used: they
start one ruff for each snippet, and their formatter deletes code that a lesson
needs.
"""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from checks.lint.program import among, call, tool, version
from checks.model import GuideError, Problem, Snippet

if TYPE_CHECKING:
    from pytest_examples import CodeExample


# pytest_examples and its dependencies take 0.1 s to import, so they are imported only for Python snippets.
@cache
def options() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The command lines of the linter and of the formatter, without the program and the files."""
    from pytest_examples.config import ExamplesConfig

    # The Python of the oldest target: 3.10 on Ubuntu 22.04.
    python = ExamplesConfig(line_length=88, target_version="py310", upgrade=True, isort=True, ruff_select=["B", "SIM"])
    # Isolated: ruff must not read a ruff.toml above the temporary folder.
    alone = ("--isolated", "--no-cache")
    layout = ("--diff", f"--line-length={python.line_length}", f"--target-version={python.target_version}")
    return ("check", *alone, "--output-format=concise", *python.ruff_config()), ("format", *alone, *layout)


def rules() -> list[str]:
    """Everything besides the text that decides about the findings."""
    return [version("ruff"), *(word for words in options() for word in words)]


def example(snippet: Snippet) -> CodeExample:
    """The snippet as an example of pytest-examples; ``start_line`` is the line of the fence."""
    from pytest_examples import CodeExample

    created: CodeExample = CodeExample.create(
        snippet.code + "\n", path=snippet.path, start_line=snippet.line, end_line=snippet.end_line, prefix=snippet.language
    )
    return created


def text(snippet: Snippet) -> str:
    """What the linter reads: the snippet as pytest-examples has it."""
    source: str = example(snippet).source
    return source


def portion(count: int, at_a_time: int) -> int:
    """All snippets in one call: ruff itself uses every processor."""
    return max(1, count)


def findings(snippets: list[Snippet]) -> list[list[Problem]]:
    """The findings in each snippet, from one call of the linter and one of the formatter."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{number}.py" for number in range(len(snippets))]
        for name, snippet in zip(files, snippets, strict=True):
            Path(folder, name).write_text(text(snippet), encoding="utf-8")
        lint, layout = (call([tool("ruff"), *words, *files], folder, among(snippets)) for words in options())
    problems: list[list[Problem]] = [[] for _ in snippets]
    for index, line, message in _lint_findings(lint.stdout):
        problems[index].append(_problem(snippets[index], line, message))
    # The formatter also exits with 2 at a syntax error, which the linter has reported with its line.
    if lint.returncode not in (0, 1) or (layout.returncode not in (0, 1) and not any(problems)):
        raise GuideError(f"ruff: {lint.stderr.strip() or layout.stderr.strip()}")
    for index, line, message in _format_findings(layout.stdout):
        problems[index].append(_problem(snippets[index], line, message))
    return problems


def _problem(snippet: Snippet, line: int, message: str) -> Problem:
    return Problem(snippet.path, snippet.line + line, f"{snippet.id}: {message}")


_LINT = re.compile(r"^(?P<file>\d+)\.py:(?P<line>\d+):\d+: (?P<text>.*)$", re.MULTILINE)
_DIFF = re.compile(r"^--- (?P<file>\d+)\.py\n.*\n(?P<hunks>(?:^[@ +\-\\].*\n?)+)", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)", re.MULTILINE)


def _lint_findings(stdout: str) -> list[tuple[int, int, str]]:
    return [(int(match["file"]), int(match["line"]), match["text"]) for match in _LINT.finditer(stdout)]


def _format_findings(stdout: str) -> list[tuple[int, int, str]]:
    findings = []
    for match in _DIFF.finditer(stdout):
        hunk = _HUNK.search(match["hunks"])
        line = int(hunk[1]) if hunk else 1
        findings.append((int(match["file"]), line, f"ruff format would write it otherwise:\n{match['hunks'].rstrip()}"))
    return findings
