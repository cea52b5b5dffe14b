"""How many passed, failed and were skipped, over several runs of pytest: from the reports that each has left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree


def line(reports: Iterable[tuple[Path, Path | None]]) -> str:
    """``12 passed, 0 failed, 1 skipped`` of all the JUnit files together; a run without a report says so in its place.

    The second of a pair is of what was tried again: its verdicts take the place of the first one's.
    """
    found = Counter[str]()
    missing = []
    for pair in reports:
        verdicts: dict[tuple[str, str], str] = {}
        for report in filter(None, pair):
            cases = _cases(report)
            if cases is None:
                missing.append(report.name)
            verdicts |= {(case.get("classname", ""), _name(case)): _verdict(case) for case in cases or []}
        found.update(verdicts.values())
    said = f"{found['passed']} passed, {found['failed']} failed" + (f", {found['skipped']} skipped" if found["skipped"] else "")
    return said + "".join(f"; no report: {name}" for name in missing)


def failed(report: Path) -> list[str]:
    """What pytest is told to run again: each test that failed, and each page of which something did."""
    names = []
    for case in _cases(report) or []:
        if _verdict(case) == "failed":
            place = case.get("classname", "")
            page = place.endswith(".md")
            path = place.removesuffix(".md").replace(".", "/")
            names.append(f"{path}.md" if page else f"{path}.py::{_name(case)}")
    return list(dict.fromkeys(names))


def _cases(report: Path) -> list[ElementTree.Element] | None:
    try:
        return list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None


def _name(case: ElementTree.Element) -> str:
    """Without ``@GROUP``, which xdist adds where it keeps groups together: pytest knows no test of that name."""
    return re.sub(r"@\w+$", "", case.get("name", ""))


def _verdict(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"
