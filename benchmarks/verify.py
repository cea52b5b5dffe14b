"""``./guide verify`` as a measured command, and how many snippets it really ran."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.usage import CommandUsage, measured


@dataclass(frozen=True)
class Verified:
    """One run: what it took, the snippets that it ran, and those that it recalled from an earlier one.

    ``seconds``: wall seconds of each snippet on its machine, by id; without what the runner did around it.
    """

    usage: CommandUsage
    ran: int
    recalled: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def of(self) -> str:
        """Such as "16 of 42"."""
        return f"{self.ran} of {self.ran + self.recalled}"


def verify(config_file: Path, target: str, *arguments: str) -> Verified:
    """Run it on the guide of ``config_file``; a GuideError shows the end of what it printed if anything failed."""
    command = [sys.executable, "-m", "checks", "--config", str(config_file), "verify", "--target", target, *arguments]
    usage = measured(command, config_file.parent)
    junit = (config_file.parent / ".guide" / f"junit-{target}.xml").read_text()
    return Verified(usage, *counts(junit), seconds(junit))


def counts(junit: str) -> tuple[int, int]:
    """(run, recalled): a test case that was recalled says when it ran."""
    cases = list(ElementTree.fromstring(junit).iter("testcase"))
    recalled = sum(any(each.get("name") == "ran_at" for each in case.iter("property")) for case in cases)
    return len(cases) - recalled, recalled


def seconds(junit: str) -> dict[str, float]:
    """Of a guide whose ids are unique: what each snippet took on its machine."""
    found = {}
    for case in ElementTree.fromstring(junit).iter("testcase"):
        said = {each.get("name"): each.get("value") for each in case.iter("property")}
        if "seconds" in said:
            found[case.get("name").partition("[")[0]] = float(said["seconds"])
    return found
