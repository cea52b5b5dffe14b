"""How the time before the first snippet grows with the guide: ``pytest --collect-only`` of 10, 100 and 1000 pages.

It reads every page, compares the languages, lints every snippet and makes
pytest's items; nothing is run. The snippets are all different, as on real pages,
and the folder is new, so that no linter's verdict is known from before.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks import sites
from benchmarks.host import say
from benchmarks.sites import Shape
from benchmarks.table import number, ratio, table
from benchmarks.usage import CommandUsage, measured
from checks.config import Config
from checks.targets import choose_target, load_targets

PAGES = (10, 100, 1000)
SNIPPETS = 20  # a page


def report(config: Config, sizes: tuple[int, ...] = PAGES, snippets: int = SNIPPETS) -> str:
    """Collect a generated site of each size; returns the table."""
    target = choose_target(load_targets(config), None).name
    found: dict[int, CommandUsage] = {}
    for size in sizes:
        say(f"{size} pages")
        found[size] = collect(Shape(size, snippets, distinct=True), config.targets_file, target)
    return "\n".join([f"pytest --collect-only, {snippets} snippets a page, one language", "", rows(found)])


def collect(shape: Shape, targets_file: Path, target: str) -> CommandUsage:
    """The cost of collecting one generated site."""
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        site = Path(folder, "site")
        sites.site(site, shape, targets_file)
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(site), "-p", "checks.pytest_plugin.plugin"]
        command += ["-p", "no:cacheprovider", "--guide-config", "mkdocs.yml", "--target", target, "--collect-only", "-qq", "docs"]
        return measured(command, site)


def rows(found: dict[int, CommandUsage]) -> str:
    """The table; a ratio says how much more the row takes than the one above it."""
    lines = []
    before: CommandUsage | None = None
    for size, usage in found.items():
        more = [ratio(usage.cpu_s, before.cpu_s), ratio(usage.peak_mib, before.peak_mib)] if before else ["", ""]
        page_ms = number(usage.cpu_s / size * 1000)
        lines.append([str(size), number(usage.wall_s), number(usage.cpu_s), more[0], page_ms, number(usage.peak_mib), more[1]])
        before = usage
    return table(["pages", "wall s", "CPU s", "to the row above", "a page ms", "peak MiB", "to the row above"], lines)
