"""The linters as programs: where they are, which they are, and one run of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from checks.model import GuideError


def tool(name: str) -> str:
    """The program that the lock file installs beside this Python; else the one in PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise GuideError(f"there is no {name}: expected {beside}, from requirements.lock")
    return found


def version(name: str) -> str:
    """What the program says that it is."""
    run = call([tool(name), "--version"])
    if run.returncode:
        raise GuideError(f"{name} --version: {run.stderr.strip() or run.stdout.strip()}")
    return run.stdout


def call(command: list[str], folder: str | None = None) -> subprocess.CompletedProcess[str]:
    """One run to its end."""
    # SHELLCHECK_OPTS and RUFF_* would let a shell's settings decide what a page may say.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("SHELLCHECK_", "RUFF_"))}
    return subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8")
