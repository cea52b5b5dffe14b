"""``./guide bench``: measures what the machinery costs, beside other programs that do the same work in the same run.

No benchmark fails because of a time. A table shows each number beside numbers of the same run on the same host, and
beside the bound that is demanded, where there is one; a person judges.
"""

from __future__ import annotations

from collections.abc import Callable

from checks.config import Config
from checks.model import GuideError

DEFAULT_PARTS = ("snippets",)
PARTS = ("snippets", "growth", "growth-run", "states", "autopkgtest", "emulator", "site")


def bench(config: Config, parts: list[str], full: bool = False) -> int:
    """Run the named parts, "snippets" by default, and print the tables of each; returns 0.

    ``full`` adds the site of 1000 pages to "growth-run". Raises GuideError for a part that does not exist, or when a
    measured command fails.
    """
    for part in parts:
        if part not in PARTS:
            raise GuideError(
                f"./guide bench: expected one of the parts {', '.join(PARTS)}, found {part!r}; for example: ./guide bench {PARTS[0]}"
            )
    for part in parts or DEFAULT_PARTS:
        print(_report(config, part, full), end="\n\n", flush=True)
    return 0


def _report(config: Config, part: str, full: bool) -> str:
    """Measure a part; returns its tables as text."""
    from benchmarks import autopkgtest, emulator, growth, snippets, states, stock

    pages = growth.RUN_PAGES_FULL if full else growth.RUN_PAGES
    reports: dict[str, Callable[[Config], str]] = {
        "snippets": snippets.report,
        "growth": growth.report_collecting,
        "growth-run": lambda config: growth.report_running(config, pages),
        "states": states.report,
        "autopkgtest": autopkgtest.report,
        "emulator": emulator.report,
        "site": stock.report,
    }
    return reports[part](config)
