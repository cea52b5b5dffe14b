"""How a whole run grows with the guide: ``./guide verify --no-reuse`` of generated sites of container pages.

Every snippet is run, on each page in a container of its own, and all evidence
is written. 1000 pages take many minutes: only ``--full`` asks for them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import sites
from benchmarks.host import host, say
from benchmarks.isolation import apart
from benchmarks.sites import Shape
from benchmarks.table import number, ratio, table
from benchmarks.usage import CommandUsage
from benchmarks.verify import verify
from checks.config import Config
from checks.images.build import Builder
from checks.model import GuideError
from checks.targets import choose_target, load_targets

PAGES = (10, 100)
FULL = (*PAGES, 1000)
SNIPPETS = 20  # a page


def report(config: Config, sizes: tuple[int, ...] = PAGES, snippets: int = SNIPPETS) -> str:
    """Run a generated site of each size; returns the table."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    Builder(targets, say).container(target)  # made now, if it is not there, so that nothing below waits for it
    found: dict[int, CommandUsage] = {}
    with apart():
        for size in sizes:
            say(f"{size} pages")
            found[size] = run(Shape(size, snippets, distinct=True), config.targets_file, target.name)
    return "\n".join([f"./guide verify --no-reuse, {snippets} snippets a page, in containers\n{host()}", "", rows(found), "", NOTES])


def run(shape: Shape, targets_file: Path, target: str) -> CommandUsage:
    """The cost of running one generated site."""
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        done = verify(sites.site(Path(folder, "site"), shape, targets_file), target, "--no-reuse")
    if done.ran != shape.total:
        raise GuideError(f"{done.ran} of {shape.total} snippets were run")
    return done.usage


def rows(found: dict[int, CommandUsage]) -> str:
    """The table; a ratio says how much more the row takes than the one above it."""
    lines = []
    before: CommandUsage | None = None
    for size, usage in found.items():
        more = [ratio(usage.wall_s, before.wall_s), ratio(usage.peak_mib, before.peak_mib)] if before else ["", ""]
        page = [number(usage.wall_s / size), number(usage.cpu_s / size)]
        lines.append([str(size), number(usage.wall_s), more[0], *page, number(usage.peak_mib), more[1]])
        before = usage
    return table(["pages", "wall s", "to the row above", "a page s", "CPU a page s", "peak MiB", "to the row above"], lines)


NOTES = "peak MiB is the largest process of a run: a worker that runs pages, or the one that collects what they tell."
