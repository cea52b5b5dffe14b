"""``./guide bench``: what the checks themselves cost, beside peers in the same run.

Nothing here passes or fails by time: a number is compared with others of the
same run on the same machine, and a person judges.
"""

from __future__ import annotations

from checks.config import Config
from checks.model import GuideError

QUICK = ("snippets",)  # what runs when nothing is named
PARTS = ("snippets", "growth")
LATER = ("states", "autopkgtest")  # named by the issues that will bring them


def bench(config: Config, parts: list[str]) -> int:
    """Measure the parts and print a table of each; 0, or a GuideError for a part that there is not."""
    for part in parts:
        if part not in PARTS:
            said = "is not there yet" if part in LATER else "is no part"
            raise GuideError(f"{part} {said}; ./guide bench has {', '.join(PARTS)}")
    for part in parts or QUICK:
        if part == "snippets":
            from checks.bench import snippets as measuring
        else:
            from checks.bench import growth as measuring
        print(measuring.report(config), end="\n\n", flush=True)
    return 0
