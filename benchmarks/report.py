"""Plain tables for a terminal, and one line about the host that the numbers were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence


def number(value: float | None) -> str:
    """A number with three significant digits, and no more than two decimals; "-" for None, which was not measured."""
    if value is None:
        return "-"
    if abs(value) < 0.005:
        return "0.00"  # Formatting alone would make "-0.00" of a small negative number.
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def ratio(value: float, to: float) -> str:
    """``value`` divided by ``to``, such as "x3.10"; "-" where ``to`` is not positive."""
    return f"x{number(value / to)}" if to > 0 else "-"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table as lines of text: the first column is aligned to the left, the other columns to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *(line(row) for row in rows)])


def describe_host() -> str:
    """Processors, load average of the last minute, kernel and Python of this host, in one line."""
    load_1m = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, load {load_1m:.1f}, Linux {platform.release()}, Python {platform.python_version()}"
