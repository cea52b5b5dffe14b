"""``./guide bench``: what the checks themselves cost, beside peers in the same run.

Nothing here passes or fails by time: a number is compared with others of the
same run on the same machine, and a person judges.
"""

from __future__ import annotations

from checks.config import Config
from checks.model import GuideError

QUICK = ("snippets",)  # what runs when nothing is named
PARTS = ("snippets", "growth", "growth-run", "states", "autopkgtest", "emulator")


def bench(config: Config, parts: list[str], full: bool = False) -> int:
    """Measure the parts and print a table of each; 0, or a GuideError for a part that there is not."""
    for part in parts:
        if part not in PARTS:
            raise GuideError(f"{part} is no part; ./guide bench has {', '.join(PARTS)}")
    for part in parts or QUICK:
        print(_report(config, part, full), end="\n\n", flush=True)
    return 0


def _report(config: Config, part: str, full: bool) -> str:
    from benchmarks import autopkgtest, emulator, growth, snippets, states, whole

    if part == "growth-run":
        return whole.report(config, whole.FULL if full else whole.PAGES)
    return {"snippets": snippets, "growth": growth, "states": states, "autopkgtest": autopkgtest, "emulator": emulator}[part].report(config)
