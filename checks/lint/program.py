"""The linters as programs: their paths, their versions, and one run of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from checks.model import GuideError


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


def call(command: list[str], folder: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and wait until it ends."""
    # With SHELLCHECK_OPTS or RUFF_*, the settings of the user's shell would decide what a page may contain.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SHELLCHECK_", "RUFF_"))}
    return subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8")
