"""What shellcheck says of bash snippets, at the page's own lines."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from checks.lint.program import call, tool, version
from checks.model import GuideError, Problem, Snippet

EXCLUDED = (
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
OPTIONS = ("--norc", "--format=json1", "--shell=bash", f"--exclude={','.join(EXCLUDED)}")

# Snippets a call: more, and its memory costs more than its start. Few snippets are so divided that all calls end together.
MOST = 500
CALLS_A_PROCESSOR = 2

# Shellcheck wants files, and to make one on a disk can take half as long as to look at it.
MEMORY = "/dev/shm"


def rules() -> list[str]:
    """All that decides about a text besides the text."""
    return [version("shellcheck"), *OPTIONS]


def text(snippet: Snippet) -> str:
    return snippet.code + "\n"


def portion(count: int, at_a_time: int) -> int:
    """How many of ``count`` snippets one call takes, when so many calls are made at a time."""
    return max(1, min(MOST, -(-count // (CALLS_A_PROCESSOR * at_a_time))))


def findings(snippets: list[Snippet]) -> list[list[Problem]]:
    """One call for all of them; for each snippet what is wrong with it."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        # No snippet sources a file of such a name: shellcheck would follow it to another snippet.
        names = {f"{index}.snippet": index for index in range(len(snippets))}
        for name, snippet in zip(names, snippets, strict=True):
            Path(folder, name).write_text(text(snippet), encoding="utf-8")
        run = call([tool("shellcheck"), *OPTIONS, *names], folder)
    if run.returncode not in (0, 1):
        raise GuideError(f"shellcheck: {run.stderr.strip() or run.stdout.strip() or f'ended with {run.returncode}'}")
    found: list[list[Problem]] = [[] for _ in snippets]
    for comment in json.loads(run.stdout)["comments"]:
        index = names[comment["file"]]
        snippet = snippets[index]
        told = f"{snippet.id}: SC{comment['code']} ({comment['level']}): {comment['message']}"
        found[index].append(Problem(snippet.path, snippet.line + comment["line"], told))
    return found
