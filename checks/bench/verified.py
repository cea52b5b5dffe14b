"""``./guide verify`` as a measured command, and how many snippets it really ran."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from checks.bench.usage import Usage, measured


@dataclass(frozen=True)
class Verified:
    """One run: what it took, the snippets that it ran, and those that it recalled from an earlier one."""

    usage: Usage
    ran: int
    recalled: int

    @property
    def of(self) -> str:
        """Such as "16 of 42"."""
        return f"{self.ran} of {self.ran + self.recalled}"


def verify(config_file: Path, target: str, *arguments: str) -> Verified:
    """Run it on the guide of ``config_file``; a GuideError shows the end of what it printed if anything failed."""
    command = [sys.executable, "-m", "checks", "--config", str(config_file), "verify", "--target", target, *arguments]
    usage = measured(command, config_file.parent)
    return Verified(usage, *counts((config_file.parent / ".guide" / f"junit-{target}.xml").read_text()))


def counts(junit: str) -> tuple[int, int]:
    """(run, recalled): a test case that was recalled says when it ran."""
    cases = list(ElementTree.fromstring(junit).iter("testcase"))
    recalled = sum(any(each.get("name") == "ran_at" for each in case.iter("property")) for case in cases)
    return len(cases) - recalled, recalled
