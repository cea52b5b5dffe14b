"""What a trivial snippet costs: ``./guide verify`` in real containers, beside four other ways to run the same commands.

A total hides three costs: of a run (Python, pytest, reading, the linters), of a page (a container, a login, evidence)
and of a snippet. Three runs tell them apart: of the whole site, of one page, and of one page with many snippets. Each
run is repeated and the least is taken, since other work on the host only adds.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import sites
from benchmarks.report import describe_host, number, ratio, table
from benchmarks.sites import Shape
from benchmarks.usage import measure_command
from checks.config import Config
from checks.images.build import Builder
from checks.targets import choose_target, load_targets

log = logging.getLogger("guide")

SITE = Shape(pages=10, snippets=20)
MORE_SNIPPETS = 1000  # that the page with many snippets has more than a page of the site
ROUNDS = 3
OVER_BASH_AT_MOST_MS = 4  # The CPU time that is demanded of a trivial snippet, over that of `bash -c` for the same command.

# A way to run a site: (folder to prepare, shape) -> (command, folder to run the command in)
Way = Callable[[Path, Shape], tuple[list[str], Path]]


@dataclass(frozen=True)
class CostSplit:
    """Seconds of one kind, CPU or wall: of the whole site, and the share of the run, of one page and of one snippet."""

    total: float
    run: float
    page: float
    snippet: float


@dataclass(frozen=True)
class WayCost:
    """What one way costs, and how many containers were counted in a run of the whole site."""

    cpu: CostSplit
    wall: CostSplit
    containers: int


def split(shape: Shape, more: int, whole_site: float, one_page: float, long_page: float) -> CostSplit:
    """Tell the costs apart, from seconds: ``one_page`` is of a page of the site, ``long_page`` of a page with ``more`` snippets more."""
    snippet = (long_page - one_page) / more
    page = (whole_site - one_page) / (shape.pages - 1) - shape.snippets * snippet
    return CostSplit(whole_site, one_page - page - shape.snippets * snippet, page, snippet)


def ways(targets_file: Path, target: str) -> dict[str, Way]:
    """All ways that are compared, by name: ./guide verify first, the yardsticks `bash -c` and one bash last."""
    python = sys.executable

    def guide(folder: Path, shape: Shape) -> tuple[list[str], Path]:
        config = sites.site(folder, shape, targets_file)
        return [python, "-m", "checks", "--config", str(config), "verify", "--no-reuse", "--target", target], folder

    def sybil(folder: Path, shape: Shape) -> tuple[list[str], Path]:
        sites.site(folder, shape, targets_file)
        sites.sybil(folder)
        return [python, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider", "docs"], folder

    def cram(folder: Path, shape: Shape) -> tuple[list[str], Path]:
        names = sites.cram(folder, shape)
        return [python, str(Path(python).with_name("cram")), "--shell=/bin/bash", *names], folder

    def bash_per_snippet(folder: Path, shape: Shape) -> tuple[list[str], Path]:
        return ["sh", str(sites.one_bash_per_snippet(folder, shape))], folder

    def bash_per_page(folder: Path, shape: Shape) -> tuple[list[str], Path]:
        return ["sh", str(sites.one_bash_per_page(folder, shape))], folder

    return {"./guide verify": guide, "Sybil": sybil, "cram": cram, "bash -c each": bash_per_snippet, "one bash a page": bash_per_page}


def measure(way: Way, shape: Shape, more: int, rounds: int) -> WayCost:
    """Run one way on its three sites, ``rounds`` times each, and take the least of each."""
    cpu_s, wall_s, containers = [], [], []
    for site in (shape, Shape(1, shape.snippets), Shape(1, shape.snippets + more)):
        usages = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
                usages.append(measure_command(*way(Path(folder, "site"), site)))
        cpu_s.append(min(usage.cpu_s for usage in usages))
        wall_s.append(min(usage.wall_s for usage in usages))
        containers.append(min(usage.containers for usage in usages))
    return WayCost(split(shape, more, *cpu_s), split(shape, more, *wall_s), containers[0])


def report(config: Config, shape: Shape = SITE, more: int = MORE_SNIPPETS, rounds: int = ROUNDS) -> str:
    """Measure every way; returns the tables."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    builder = Builder(targets)
    builder.container(target)  # An image that is missing is built before anything is measured.
    costs = {}
    for name, way in ways(config.targets_file, target.name).items():
        log.info(f"measuring {name}")
        costs[name] = measure(way, shape, more, rounds)
    head = _head(shape, rounds, target.name, builder.engine().program)
    return "\n".join([head, "", _costs_table(costs), "", comparison(shape, costs), "", _notes(shape, costs)])


def _head(shape: Shape, rounds: int, target: str, program: str) -> str:
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    what = f"{shape.total} trivial snippets (true, echo x) on {shape.pages} pages, the least of {rounds} runs each"
    return f"{what}\n{describe_host()}, {version}, {target}"


def _costs_table(costs: Mapping[str, WayCost]) -> str:
    head = ["", "CPU s", "CPU s/run", "CPU s/page", "CPU ms/snippet", "wall s", "wall s/page", "wall ms/snippet"]
    rows = [
        [
            name, number(cost.cpu.total), number(cost.cpu.run), number(cost.cpu.page), number(cost.cpu.snippet * 1000),
            number(cost.wall.total), number(cost.wall.page), number(cost.wall.snippet * 1000),
        ]
        for name, cost in costs.items()
    ]  # fmt: skip
    return table(head, rows)


def comparison(shape: Shape, costs: Mapping[str, WayCost]) -> str:
    """The ratios of the first way to the others, and what a snippet and a page of the first way take."""
    first, *others = costs
    cpu, wall = costs[first].cpu, costs[first].wall
    rows = []
    for name in others:
        other = costs[name]
        rows.append([
            f"to {name}", ratio(cpu.total, other.cpu.total), ratio(cpu.snippet, other.cpu.snippet),
            ratio(wall.total, other.wall.total), ratio(wall.snippet, other.wall.snippet),
        ])  # fmt: skip
    over_ms = {name: number((cpu.snippet - costs[name].cpu.snippet) * 1000) for name in ("bash -c each", "one bash a page")}
    return "\n".join(
        [
            table([first, "CPU", "CPU/snippet", "wall", "wall/snippet"], rows),
            "",
            f"a snippet takes {over_ms['bash -c each']} ms of CPU more than `bash -c` for the same command "
            f"(demanded: at most {OVER_BASH_AT_MOST_MS} ms), and {over_ms['one bash a page']} ms more than in a shell that is open",
            f"a page of {shape.snippets} snippets takes, from the start of its container to its end, "
            f"{number(wall.page + shape.snippets * wall.snippet)} s, and {number(cpu.page + shape.snippets * cpu.snippet)} s of CPU",
            f"the whole run, divided by its {shape.total} snippets, takes {number(cpu.total / shape.total * 1000)} ms of CPU a snippet",
        ]
    )


def _notes(shape: Shape, costs: Mapping[str, WayCost]) -> str:
    notes = [
        "CPU is user and system time of every process of a run to its end: the engine's client, runtime and monitor,",
        "and all processes inside the containers. Sybil checks the exit status only; cram and ./guide compare outputs.",
        "Equal snippets are linted once; `growth` shows what linting costs where all snippets differ.",
    ]
    counted = next(iter(costs.values())).containers
    if counted < shape.pages:
        notes.append(f"{shape.pages - counted} of {shape.pages} containers could not be observed: their processes are NOT counted.")
    return "\n".join(notes)
