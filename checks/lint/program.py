"""The linters as programs: their paths, their versions, and one run of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from checks.model import GuideError, Snippet

WITHIN_S = 900  # of one call; the longest takes some seconds on an idle host


def tool(name: str) -> str:
    """The path of the program beside this Python, where requirements.lock installs it; else of the one in PATH."""
    beside = Path(sys.executable).parent / name
    path = str(beside) if beside.exists() else shutil.which(name)
    if path is None:
        raise GuideError(f"there is no {name}: expected {beside}, from requirements.lock")
    return path


def version(name: str) -> str:
    """The output of ``--version``. Raises a GuideError when the program fails."""
    run = call([tool(name), "--version"])
    if run.returncode:
        raise GuideError(f"{name} --version: {run.stderr.strip() or run.stdout.strip()}")
    return run.stdout


def call(command: list[str], folder: str | None = None, about: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command and wait until it ends.

    Raises a GuideError when it has not ended after WITHIN_S; ``about`` then says which snippets it was reading.
    """
    # With SHELLCHECK_OPTS or RUFF_*, the settings of the user's shell would decide what a page may contain.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SHELLCHECK_", "RUFF_"))}
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "encoding": "utf-8"}
    try:
        return subprocess.run(command, cwd=folder, env=environment, timeout=WITHIN_S, **options)
    except subprocess.TimeoutExpired:
        raise GuideError(
            f"{Path(command[0]).name} has not ended after {WITHIN_S} s{about}: undo what was changed last there, or end other work "
            "on this host, then run the same command again"
        ) from None


def among(snippets: list[Snippet]) -> str:
    """The words for ``about``: the snippets that one call reads, by the first and the last of them."""
    first, last = (f"{snippet.path}:{snippet.line} (#{snippet.id})" for snippet in (snippets[0], snippets[-1]))
    return f" on the snippets from {first} to {last}" if len(snippets) > 1 else f" on the snippet {first}"
