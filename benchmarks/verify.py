"""``./guide verify`` as a measured command, with the number of snippets that were run and the seconds of each."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.usage import CommandUsage, measure_command


@dataclass(frozen=True)
class VerifyRun:
    """One run of ./guide verify.

    ``ran`` counts the snippets that were run, ``cached`` those whose outcome came from an earlier run. ``seconds`` are
    the wall seconds of each snippet on its machine, by the snippet's id, without the runner's work around the snippet.
    """

    usage: CommandUsage
    ran: int
    cached: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ran_of_all(self) -> str:
        """Such as "16 of 42"."""
        return f"{self.ran} of {self.ran + self.cached}"


def verify(config_file: Path, target: str, *arguments: str) -> VerifyRun:
    """Run ./guide verify on the guide of ``config_file``.

    Raises GuideError with the end of what the command printed when a snippet fails.
    """
    command = [sys.executable, "-m", "checks", "--config", str(config_file), "verify", "--target", target, *arguments]
    usage = measure_command(command, config_file.parent)
    junit = (config_file.parent / ".guide" / f"junit-{target}.xml").read_text(encoding="utf-8")
    return VerifyRun(usage, *count_cases(junit), seconds_by_id(junit))


def count_cases(junit: str) -> tuple[int, int]:
    """The test cases of a JUnit report as (run, cached): a cached case has the property "ran_at"."""
    cases = list(ElementTree.fromstring(junit).iter("testcase"))
    cached = sum("ran_at" in _properties(case) for case in cases)
    return len(cases) - cached, cached


def seconds_by_id(junit: str) -> dict[str, float]:
    """The wall seconds of each snippet in a JUnit report; the ids must be unique in the guide."""
    seconds = {}
    for case in ElementTree.fromstring(junit).iter("testcase"):
        properties = _properties(case)
        if "seconds" in properties:
            seconds[case.get("name", "").partition("[")[0]] = float(properties["seconds"])
    return seconds


def _properties(case: ElementTree.Element) -> dict[str, str]:
    return {element.get("name", ""): element.get("value", "") for element in case.iter("property")}
