"""The machines of test_faults.py: each has one thing wrong. The modules ``cases_*`` fill the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from made import Made

Change = Callable[[Made], None]


class Case(NamedTuple):
    """A healthy machine of a release, and what makes it ill."""

    kind: str  # the finding that it has, of the doctor's FINDINGS
    release: str
    also: tuple[str, ...]  # findings that the same change brings along
    options: dict[str, Any]
    change: Change


CASES: dict[str, Case] = {}


def case(
    kind: str, release: str = "debian-13", also: tuple[str, ...] = (), **options: Any
) -> Callable[[Callable[[Made], None]], Callable[[Made], None]]:
    """Puts the function after it into the table; it changes the healthy machine."""

    def register(change: Change) -> Change:
        CASES[kind if change.__name__ == "_" else f"{kind}:{change.__name__}"] = Case(kind, release, also, options, change)
        return change

    return register
