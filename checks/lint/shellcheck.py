"""The findings of shellcheck in bash snippets, at the lines of the pages."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from checks.lint.program import among, call, tool, version
from checks.model import GuideError, Problem, Snippet

EXCLUDED = (
    "SC2148",  # no shebang: a snippet is pasted
    "SC2154",  # a variable without an assignment: an earlier snippet of the page assigns it
    "SC2034",  # an unused variable: a later snippet uses it
    "SC2329",  # a function that is never called: a later snippet calls it
    "SC2317",  # a command that is never reached: in such a function, and after `sudo reboot`
    "SC2164",  # cd without `|| exit`: in a terminal, `exit` would close it
    "SC1090",  # a sourced file that cannot be read: the file is on another machine
    "SC1091",
    "SC2012",  # find instead of ls: the output is for people
)
OPTIONS = ("--norc", "--format=json1", "--shell=bash", f"--exclude={','.join(EXCLUDED)}")

# The most snippets in one call: with more, the memory of the call costs more than the start of another. Fewer snippets
# are divided so that all calls end at about the same time.
MOST = 500
CALLS_A_PROCESSOR = 2

# Shellcheck reads files, and making a file on a disk can take half as long as checking it.
MEMORY = "/dev/shm"


def rules() -> list[str]:
    """Everything besides the text that decides about the findings."""
    return [version("shellcheck"), *OPTIONS]


def text(snippet: Snippet) -> str:
    """What the linter reads: the snippet with a final newline."""
    return snippet.code + "\n"


def portion(count: int, at_a_time: int) -> int:
    """How many of ``count`` snippets one call takes, when ``at_a_time`` calls run at a time."""
    return max(1, min(MOST, -(-count // (CALLS_A_PROCESSOR * at_a_time))))


def findings(snippets: list[Snippet]) -> list[list[Problem]]:
    """The findings in each snippet, from one call."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        # A name that no snippet sources: shellcheck would follow it into another snippet.
        names = {f"{index}.snippet": index for index in range(len(snippets))}
        for name, snippet in zip(names, snippets, strict=True):
            Path(folder, name).write_text(text(snippet), encoding="utf-8")
        run = call([tool("shellcheck"), *OPTIONS, *names], folder, among(snippets))
    if run.returncode not in (0, 1):
        raise GuideError(f"shellcheck: {run.stderr.strip() or run.stdout.strip() or f'ended with {run.returncode}'}")
    problems: list[list[Problem]] = [[] for _ in snippets]
    for comment in json.loads(run.stdout)["comments"]:
        index = names[comment["file"]]
        snippet = snippets[index]
        message = f"{snippet.id}: SC{comment['code']} ({comment['level']}): {comment['message']}"
        problems[index].append(Problem(snippet.path, snippet.line + comment["line"], message))
    return problems
