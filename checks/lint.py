"""What shellcheck and ruff say of the snippets, at the page's own lines.

One call of each tool for all snippets. Python snippets are pytest-examples'
``CodeExample``, and ruff gets its settings from there; its own way would
start one ruff a snippet, and its formatter deletes what a lesson shows.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pytest_examples import CodeExample
from pytest_examples.config import ExamplesConfig

from checks.config import Config
from checks.model import Guide, GuideError, Problem, Snippet

# Python as the oldest target has it (3.10 on Ubuntu 22.04).
PYTHON = ExamplesConfig(line_length=88, target_version="py310", upgrade=True, isort=True, ruff_select=["B", "SIM"])

PORTION = 500  # files a call of shellcheck

SHELLCHECK_EXCLUDED = (
    "SC2148",  # no shebang: a snippet is pasted
    "SC2154",  # a variable that is not assigned here: an earlier snippet of the page did
    "SC2034",  # a variable that is not used here: a later one does
    "SC2329",  # a function that is never called here: likewise
    "SC2317",  # a command that is never reached: likewise, and after `sudo reboot`
    "SC2164",  # cd without `|| exit`: in a terminal, that closes it
    "SC1090",  # a sourced file that cannot be followed: it is on another machine
    "SC1091",
    "SC2012",  # find instead of ls: the output is for eyes
)


def check(guide: Guide, config: Config) -> list[Problem]:
    """The findings for every snippet of every language, each code once; skipped snippets too."""
    first: dict[tuple[str, str], Snippet] = {}
    for page in guide.pages.values():
        for snippet in page.snippets:
            first.setdefault((snippet.language, snippet.code), snippet)
    by_language = {name: [s for s in first.values() if s.language == name] for name in ("bash", "python")}
    problems = [*_shell(by_language["bash"]), *_python(by_language["python"])]
    return sorted(problems, key=lambda problem: (str(problem.path), problem.line))


def example(snippet: Snippet) -> CodeExample:
    """The snippet as pytest-examples knows it: ``start_line`` is the line of the fence."""
    return CodeExample.create(
        snippet.code + "\n", path=snippet.path, start_line=snippet.line, end_line=snippet.end_line, prefix=snippet.language
    )


def _shell(snippets: list[Snippet]) -> list[Problem]:
    if not snippets:
        return []
    with tempfile.TemporaryDirectory() as folder:
        files = _write(folder, snippets, "sh", lambda snippet: snippet.code + "\n")
        command = [tool("shellcheck"), "--norc", "--format=json1", "--shell=bash", f"--exclude={','.join(SHELLCHECK_EXCLUDED)}"]
        comments = []
        names = list(files)
        # In portions: shellcheck's time grows faster than the number of its files.
        for start in range(0, len(names), PORTION):
            run = _run([*command, *names[start : start + PORTION]], folder)
            if run.returncode > 1:
                raise GuideError(f"shellcheck: {run.stderr.strip() or run.stdout.strip()}")
            comments += json.loads(run.stdout)["comments"]
    return [
        Problem(
            snippet.path, snippet.line + comment["line"], f"{snippet.id}: SC{comment['code']} ({comment['level']}): {comment['message']}"
        )
        for comment in comments
        for snippet in [files[comment["file"]]]
    ]


def _python(snippets: list[Snippet]) -> list[Problem]:
    if not snippets:
        return []
    with tempfile.TemporaryDirectory() as folder:
        files = _write(folder, snippets, "py", lambda snippet: example(snippet).source)
        ruff = tool("ruff")
        # Isolated: a ruff.toml above the temporary folder must not decide.
        lint = _run([ruff, "check", "--isolated", "--no-cache", "--output-format=concise", *PYTHON.ruff_config(), *files], folder)
        width = f"--line-length={PYTHON.line_length}"
        target = f"--target-version={PYTHON.target_version}"
        layout = _run([ruff, "format", "--isolated", "--no-cache", "--diff", width, target, *files], folder)
    found = _lint_findings(lint.stdout, files)
    # The formatter also exits with 2 at a syntax error; the linter has told that with its line.
    if lint.returncode > 1 or (layout.returncode > 1 and not found):
        raise GuideError(f"ruff: {lint.stderr.strip() or layout.stderr.strip()}")
    return [*found, *_format_findings(layout.stdout, files)]


_LINT = re.compile(r"^(?P<file>\d+\.py):(?P<line>\d+):\d+: (?P<text>.*)$", re.MULTILINE)
_DIFF = re.compile(r"^--- (?P<file>\d+\.py)\n.*\n(?P<hunks>(?:^[@ +\-\\].*\n?)+)", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)", re.MULTILINE)


def _lint_findings(stdout: str, files: dict[str, Snippet]) -> list[Problem]:
    found = []
    for match in _LINT.finditer(stdout):
        snippet = files[match["file"]]
        found.append(Problem(snippet.path, snippet.line + int(match["line"]), f"{snippet.id}: {match['text']}"))
    return found


def _format_findings(stdout: str, files: dict[str, Snippet]) -> list[Problem]:
    found = []
    for match in _DIFF.finditer(stdout):
        snippet = files[match["file"]]
        first = int(_HUNK.search(match["hunks"])[1])
        text = f"{snippet.id}: ruff format would write it otherwise:\n{match['hunks'].rstrip()}"
        found.append(Problem(snippet.path, snippet.line + first, text))
    return found


def _write(folder: str, snippets: list[Snippet], suffix: str, text: Callable[[Snippet], str]) -> dict[str, Snippet]:
    """One file a snippet; their names, in the order of the snippets."""
    files = {}
    for number, snippet in enumerate(snippets):
        name = f"{number}.{suffix}"
        Path(folder, name).write_text(text(snippet), encoding="utf-8")
        files[name] = snippet
    return files


def _run(command: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def tool(name: str) -> str:
    """The program that the lock file installs beside this Python; else the one in PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise GuideError(f"there is no {name}: expected {beside}, from requirements.lock")
    return found
