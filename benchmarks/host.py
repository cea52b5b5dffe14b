"""What a measurement was made on, in one line; and what is said to whoever waits for it."""

from __future__ import annotations

import os
import platform
import sys


def host() -> str:
    """Processors, load, kernel and Python of this host."""
    load_1m = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load_1m:.1f}, Linux {platform.release()}, Python {platform.python_version()}"


def say(text: str) -> None:
    """A line of progress, beside the report."""
    print(f"    {text}", file=sys.stderr, flush=True)
