"""How many passed, failed and were skipped, over several runs of pytest: from the reports that each has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree


def line(reports: Iterable[Path]) -> str:
    """``12 passed, 0 failed, 1 skipped`` of all the JUnit files together; a run without a report says so in its place."""
    found = Counter[str]()
    missing = []
    for report in reports:
        try:
            cases = list(ElementTree.parse(report).iter("testcase"))
        except (OSError, ElementTree.ParseError):
            missing.append(report.name)
            continue
        found.update(map(_verdict, cases))
    said = f"{found['passed']} passed, {found['failed']} failed" + (f", {found['skipped']} skipped" if found["skipped"] else "")
    return said + "".join(f"; no report: {name}" for name in missing)


def _verdict(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"
