"""How cost grows with the number of pages, measured on generated sites of container pages.

"growth" is ``pytest --collect-only`` of 10, 100 and 1000 pages: the time before the first snippet. pytest reads every
page, compares the languages (a generated site has one), lints every snippet and makes an item of each; nothing is run.
All snippets differ, as on real pages, and the folder is new, so that no linter's result is cached.

"growth-run" is ``./guide verify --no-reuse`` of such sites: every snippet is run, each page in a container of its own,
and all evidence is written. 1000 pages take minutes, so only ``--full`` runs them.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import sites
from benchmarks.isolation import own_cache
from benchmarks.report import describe_host, number, ratio, table
from benchmarks.sites import Shape
from benchmarks.usage import CommandUsage, measure_command
from benchmarks.verify import verify
from checks.config import Config
from checks.images.build import Builder
from checks.model import GuideError
from checks.targets import choose_target, load_targets

log = logging.getLogger("guide")

COLLECT_PAGES = (10, 100, 1000)
COLLECT_AT_MOST_S = {1000: 60}  # The wall seconds that are demanded, by the number of pages.
RUN_PAGES = (10, 100)
RUN_PAGES_FULL = (*RUN_PAGES, 1000)
SNIPPETS_PER_PAGE = 20


# ---- growth: collecting


def report_collecting(config: Config, sizes: tuple[int, ...] = COLLECT_PAGES, snippets: int = SNIPPETS_PER_PAGE) -> str:
    """Collect a generated site of each size, with ``snippets`` on each page; returns the table."""
    target = choose_target(load_targets(config), None).name
    usages: dict[int, CommandUsage] = {}
    for size in sizes:
        log.info(f"collecting {size} pages")
        usages[size] = collect(Shape(size, snippets, distinct=True), config.targets_file, target)
    head = f"pytest --collect-only, {snippets} snippets a page, one language\n{describe_host()}"
    return "\n".join([head, "", collecting_table(usages)])


def collect(shape: Shape, targets_file: Path, target: str) -> CommandUsage:
    """What collecting one generated site takes."""
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        site = Path(folder, "site")
        sites.site(site, shape, targets_file)
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(site), "-p", "checks.pytest_plugin.plugin"]
        command += ["-p", "no:cacheprovider", "--guide-config", "mkdocs.yml", "--target", target, "--collect-only", "-qq", "docs"]
        return measure_command(command, site)


def collecting_table(usages: Mapping[int, CommandUsage]) -> str:
    """One row for each number of pages, with the ratios to the row above."""
    rows = []
    above: CommandUsage | None = None
    for size, usage in usages.items():
        cpu_ratio, peak_ratio = (ratio(usage.cpu_s, above.cpu_s), ratio(usage.peak_mib, above.peak_mib)) if above else ("", "")
        at_most = f"{COLLECT_AT_MOST_S[size]} s wall" if size in COLLECT_AT_MOST_S else ""
        page_ms = number(usage.cpu_s / size * 1000)
        rows.append([str(size), number(usage.wall_s), number(usage.cpu_s), cpu_ratio, page_ms, number(usage.peak_mib), peak_ratio, at_most])
        above = usage
    return table(["pages", "wall s", "CPU s", "to the row above", "CPU ms/page", "peak MiB", "to the row above", "at most"], rows)


# ---- growth-run: running


def report_running(config: Config, sizes: tuple[int, ...] = RUN_PAGES, snippets: int = SNIPPETS_PER_PAGE) -> str:
    """Run a generated site of each size, with ``snippets`` on each page, in containers; returns the table."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    Builder(targets).container(target)  # An image that is missing is built before anything is measured.
    usages: dict[int, CommandUsage] = {}
    with own_cache():
        for size in sizes:
            log.info(f"running {size} pages")
            usages[size] = run_site(Shape(size, snippets, distinct=True), config.targets_file, target.name)
    head = f"./guide verify --no-reuse, {snippets} snippets a page, in containers\n{describe_host()}"
    return "\n".join([head, "", running_table(usages), "", RUNNING_NOTE])


def run_site(shape: Shape, targets_file: Path, target: str) -> CommandUsage:
    """What running one generated site takes; GuideError when not all of its snippets were run."""
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        verified = verify(sites.site(Path(folder, "site"), shape, targets_file), target, "--no-reuse")
    if verified.ran != shape.total:
        raise GuideError(f"a generated site of {shape.pages} pages: expected {shape.total} snippets to run, {verified.ran} did")
    return verified.usage


def running_table(usages: Mapping[int, CommandUsage]) -> str:
    """One row for each number of pages, with the ratios to the row above."""
    rows = []
    above: CommandUsage | None = None
    for size, usage in usages.items():
        wall_ratio, peak_ratio = (ratio(usage.wall_s, above.wall_s), ratio(usage.peak_mib, above.peak_mib)) if above else ("", "")
        per_page = [number(usage.wall_s / size), number(usage.cpu_s / size)]
        rows.append([str(size), number(usage.wall_s), wall_ratio, *per_page, number(usage.peak_mib), peak_ratio])
        above = usage
    return table(["pages", "wall s", "to the row above", "wall s/page", "CPU s/page", "peak MiB", "to the row above"], rows)


RUNNING_NOTE = "peak MiB is the largest process of a run: a worker that runs pages, or the process that collects the workers' reports."
