"""Pages run side by side, by pytest-xdist: as many as this host carries and the guide has branches for.

A page is one piece of work. A worker whose page goes on from one that another
worker is running waits for its state (``states.locks``); since pages are
handed out after those that they stand on, somebody is always running. First
comes what has the longest way ahead, so that no long branch is left at the end
with a single worker.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from checks.evidence.files import read_evidence
from checks.machines.hardware import Hardware
from checks.model import Guide, GuideError, Page
from checks.pages.tree import ancestors
from checks.targets import Target

FREE_MIB = 1024  # left to the host
CONTAINER_MIB = 1024
SNIPPET_S = {"container": 0.2, "vm": 5}  # of a page that has not been run yet


def jobs(guide: Guide, target: Target, pages: Iterable[Page], cores: int | None = None, available_mib: int | None = None) -> int:
    """How many of these pages can run at a time: not more than cores, than memory, or than ever stand ready at once."""
    pages = list(pages)
    cores = cores or len(os.sched_getaffinity(0))
    available_mib = available_mib or _available_mib()
    needs = [_needed_mib(page, target) for page in pages]
    by_memory = (available_mib - FREE_MIB) // max(needs, default=CONTAINER_MIB)
    return max(1, min(cores, by_memory, _width(guide, pages)))


def _width(guide: Guide, pages: list[Page]) -> int:
    """The most pages of one generation: none of them waits for another."""
    names = {page.name for page in pages}
    depths = [sum(each.name in names for each in ancestors(guide, page)) for page in pages]
    return max(map(depths.count, depths), default=1)


def _needed_mib(page: Page, target: Target) -> int:
    if page.machine != "vm":
        return CONTAINER_MIB
    return int(Hardware(memory=page.memory or target.memory).container_memory().removesuffix("m")) * (2 if page.peer else 1)


def _available_mib() -> int:
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) // 1024


def urgent_first(pages: Iterable[Page], seconds: Callable[[Page], float]) -> list[Page]:
    """Pages, parents before children, by how long each takes together with the longest branch that goes on from it."""
    pages = list(pages)
    own = {page.name: seconds(page) for page in pages}
    ahead = dict(own)
    for page in reversed(pages):
        if page.after in ahead:
            ahead[page.after] = max(ahead[page.after], own[page.after] + ahead[page.name])
    return sorted(pages, key=lambda page: -ahead[page.name])


def expected_s(folder: Path, target: Target, page: Page) -> float:
    """How long the page took in the last run that left evidence in ``folder``, in seconds; a guess where none did."""
    try:
        data = read_evidence(folder, target.name, page.name)
    except GuideError:
        data = None
    return (data or {}).get("seconds") or len(page.snippets) * SNIPPET_S.get(page.machine, 1)


def distribute(config: pytest.Config, number: int, run: str) -> None:
    """Have xdist start so many workers, which share what ``run`` makes, one page each at a time, in the order of the guide."""
    if number > 1:
        os.environ["GUIDE_RUN"] = run
        config.option.numprocesses = number
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False


def worker(config: pytest.Config) -> str | None:
    """The name of xdist's worker that this process is; None if it is none.

    Not from the environment: what a worker starts, as one that runs the tests does, has its variables, too.
    """
    return getattr(config, "workerinput", {}).get("workerid")
