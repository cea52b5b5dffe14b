"""How many tests passed, failed and were skipped, over several runs of pytest, from the JUnit report of each run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree


def summary_line(reports: Iterable[Path]) -> str:
    """``12 passed, 0 failed, 1 skipped`` of all the reports together; a report that is missing is named.

    Where two reports have the same test, the verdict of the later report counts.
    """
    reports = list(reports)
    counts = Counter(_verdicts(reports).values())
    missing = [report.name for report in reports if _cases(report) is None]
    line = f"{counts['passed']} passed, {counts['failed']} failed" + (f", {counts['skipped']} skipped" if counts["skipped"] else "")
    return line + "".join(f"; no report: {name}" for name in missing)


def failed_tests(*reports: Path) -> list[str]:
    """The tests that failed, as "CLASSNAME NAME", in the order of the reports, of which the later ones count.

    An error outside any test, as of a file that cannot be imported, has an empty CLASSNAME.
    """
    return [f"{place} {name}" for (place, name), verdict in _verdicts(reports).items() if verdict == "failed"]


def failure_reports(reports: Iterable[Path]) -> list[tuple[str, str]]:
    """The name and the report of each test that failed. Reports that are missing are left out."""
    failed = []
    for case in (case for report in reports for case in _cases(report) or []):
        for kind in ("failure", "error"):
            if (found := case.find(kind)) is not None:
                failed.append((case.get("name", ""), found.text or found.get("message") or ""))
    return failed


def _verdicts(reports: Iterable[Path]) -> dict[tuple[str, str], str]:
    verdicts: dict[tuple[str, str], str] = {}
    for report in reports:
        verdicts |= {(case.get("classname", ""), case.get("name", "")): _verdict(case) for case in _cases(report) or []}
    return verdicts


def _cases(report: Path) -> list[ElementTree.Element] | None:
    try:
        return list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None


def _verdict(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"
