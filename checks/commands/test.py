"""``./guide test``: the tests, then all pages; what failed once more; one line at the end.

On a busy host an emulated machine is late now and then, and a command may print
in one run of a hundred what it has not printed before. So a few failures are
tried a second time, alone: a test by itself, a page from its beginning. What
passes only then is named at the end. It counts as passed, and somebody should
look at it; what fails twice has failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from checks.commands import junit
from checks.config import Config

STATUS = {0: 0, 1: 1, 2: 130}  # pytest's -> ours
MOST = 4  # more than so many tests or pages that fail are no coincidence
LATEST_S = 70 * 60  # into the run: a second try that begins later would not end in time for those who wait for the run
# The first time only. Pages have a way of their own, --guide-jobs; one emulated machine at a time leaves a second processor idle.
SIDE_BY_SIDE = {"tests": ["--numprocesses=2", "--dist=loadgroup"]}
COMMON = ["--no-reuse", "--durations=15", "-ra"]


def test(config: Config, rest: list[str], pytest: Callable[..., int]) -> int:
    """Run everything, or what ``rest`` tells pytest; ``pytest`` runs it with these arguments and returns its exit status."""
    work = config.work_dir
    work.mkdir(exist_ok=True)
    if rest:
        return STATUS.get(pytest(*COMMON, f"--junitxml={work / 'junit.xml'}", *rest), 2)
    # One part after the other: pages need all of the host. Of the tests, those that use machines are one group (tests/conftest.py).
    parts = {"pages": [str(config.first_folder), "--guide-jobs=auto"]}
    if (config.root / "tests").is_dir():
        parts = {"tests": ["tests"], **parts}
    worst, reports, late = 0, [], []
    latest = time.monotonic() + LATEST_S
    for name, arguments in parts.items():
        first, second = (work / f"junit-{name}{number}.xml" for number in ("", "-2"))
        status = _run(pytest, first, [*arguments, *SIDE_BY_SIDE.get(name, [])])
        reports.append((first, None))
        failed = junit.failed(first) if status == 1 else []
        there = all((config.root / each.split("::")[0]).exists() for each in failed)
        if 0 < len(failed) <= MOST and there and time.monotonic() < latest:
            print(f"\nonce more, alone: {' '.join(failed)}\n", flush=True)
            status = _run(pytest, second, [*failed, *arguments[1:]])
            reports[-1] = (first, second)
            late += [each for each in failed if each not in junit.failed(second)] if second.exists() else []
        if status == 130:
            return status
        worst = max(worst, status)
    if late:
        print(f"passed at the second try only: {' '.join(late)}")
    print(junit.line(reports))
    return worst


def _run(pytest: Callable[..., int], report: Path, arguments: list[str]) -> int:
    report.unlink(missing_ok=True)
    return STATUS.get(pytest(*COMMON, f"--junitxml={report}", *arguments), 2)
