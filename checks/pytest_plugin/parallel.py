"""Pages run side by side by pytest-xdist: as many as this host carries and the tree of pages allows.

A page is one unit of work. A worker whose page goes on from a page that another worker is running waits for that
page's state (states/locks.py). Pages are handed out after the pages that they stand on, so some worker is always
running. The page with the longest branch ahead comes first, so that no long branch is left to a single worker at the
end.
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
GUESSED_SNIPPET_S = {"container": 0.2, "vm": 5.0}  # of a page that has not been run yet


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def jobs(guide: Guide, target: Target, pages: Iterable[Page], cores: int | None = None, available_mib: int | None = None) -> int:
    """How many of these pages can run at a time: at most one a core, what memory allows, and what can be ready at once."""
    pages = list(pages)
    available_mib = available_mib or _available_mib()
    needs = [_needed_mib(page, target) for page in pages]
    by_memory = (available_mib - FREE_MIB) // max(needs, default=CONTAINER_MIB)
    return max(1, min(cores or processors(), by_memory, _width(guide, pages)))


def _width(guide: Guide, pages: list[Page]) -> int:
    """The most pages of one generation of the tree: none of them waits for another."""
    names = {page.name for page in pages}
    depths = [sum(parent.name in names for parent in ancestors(guide, page)) for page in pages]
    return max(map(depths.count, depths), default=1)


def _needed_mib(page: Page, target: Target) -> int:
    if page.machine != "vm":
        return CONTAINER_MIB
    return int(Hardware(memory=page.memory or target.memory).container_memory().removesuffix("m")) * (2 if page.peer else 1)


def _available_mib() -> int:
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) // 1024


def longest_first(pages: Iterable[Page], seconds: Callable[[Page], float]) -> list[Page]:
    """Pages, parents before children, by how long each takes together with the longest branch that goes on from it."""
    pages = list(pages)
    own = {page.name: seconds(page) for page in pages}
    ahead = dict(own)
    for page in reversed(pages):
        for name in (page.after, *page.dumps):
            if name in ahead:
                ahead[name] = max(ahead[name], own[name] + ahead[page.name])
    return sorted(pages, key=lambda page: -ahead[page.name])


def expected_s(folder: Path, target: Target, page: Page) -> float:
    """The seconds that the page took in the last run with evidence in ``folder``; without evidence, a guess."""
    try:
        data = read_evidence(folder, target.name, page.name)
    except GuideError:
        data = None
    return float((data or {}).get("seconds") or len(page.snippets) * GUESSED_SNIPPET_S.get(page.machine or "", 1))


RUN_NAME = pytest.StashKey[str]()


def distribute(config: pytest.Config, number: int, run: str) -> None:
    """Make xdist start ``number`` workers that share the states of ``run``; each takes one file at a time, in order."""
    if number > 1:
        config.stash[RUN_NAME] = run
        config.option.numprocesses = number
        config.option.dist = "loadfile"
        config.option.loadscopereorder = False
    else:
        config.option.dist = "no"


def tell_worker(config: pytest.Config, workerinput: dict[str, object]) -> None:
    """Give a new worker the name of the run. The environment would also give the name to what the worker's tests start."""
    if RUN_NAME in config.stash:
        workerinput["guide_run"] = config.stash[RUN_NAME]


def shared_run_name(config: pytest.Config) -> str | None:
    """The name of the run that this worker of xdist belongs to; None in a process that is no worker."""
    name: str | None = getattr(config, "workerinput", {}).get("guide_run")
    return name


def worker(config: pytest.Config) -> str | None:
    """The name of xdist's worker that this process is; None if it is none.

    The environment is not asked, since a process that a worker starts inherits the worker's environment.
    """
    name: str | None = getattr(config, "workerinput", {}).get("workerid")
    return name
