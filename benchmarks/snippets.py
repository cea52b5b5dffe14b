"""What a trivial snippet costs: ``./guide verify`` in real containers, and four other ways to run the same commands.

One total hides three costs: of a run (Python, pytest, reading, the linters),
of a page (a container, a login, evidence) and of a snippet. They are told apart
by three runs: the whole site, one page of it, and one page with many snippets.
Each is done several times and the least is taken, since other work on the
machine only adds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import sites
from benchmarks.host import host, say
from benchmarks.sites import Shape
from benchmarks.table import number, ratio, table
from benchmarks.usage import measured
from checks.config import Config
from checks.images.build import Builder
from checks.targets import choose_target, load_targets

WHOLE = Shape(pages=10, snippets=20)
MANY = 1000  # snippets more, on the page that has many
ROUNDS = 3

# A way to run a site: (folder to prepare, shape) -> (command, folder to run it in)
Way = Callable[[Path, Shape], tuple[list[str], Path]]


@dataclass(frozen=True)
class Cost:
    """Seconds of one kind, CPU or wall: the whole site, and what of that one run, one page and one snippet take."""

    total: float
    run: float
    page: float
    snippet: float


@dataclass(frozen=True)
class Measured:
    """One way's costs, and how many containers were counted in a run of the whole site."""

    cpu: Cost
    wall: Cost
    containers: int


def split(shape: Shape, more: int, whole: float, one_page: float, many: float) -> Cost:
    """Tell the three costs apart: ``one_page`` is of one such page, ``many`` of one with ``more`` snippets more."""
    snippet = (many - one_page) / more
    page = (whole - one_page) / (shape.pages - 1) - shape.snippets * snippet
    return Cost(whole, one_page - page - shape.snippets * snippet, page, snippet)


def ways(targets_file: Path, target: str) -> dict[str, Way]:
    """All ways that are compared, ours first and the yardstick last but one."""
    python = sys.executable

    def ours(folder: Path, shape: Shape):
        config = sites.site(folder, shape, targets_file)
        return [python, "-m", "checks", "--config", str(config), "verify", "--no-reuse", "--target", target], folder

    def sybil(folder: Path, shape: Shape):
        sites.site(folder, shape, targets_file)
        sites.sybil(folder)
        return [python, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(folder), "-p", "no:cacheprovider", "docs"], folder

    def cram(folder: Path, shape: Shape):
        names = sites.cram(folder, shape)
        return [python, str(Path(python).with_name("cram")), "--shell=/bin/bash", *names], folder

    def each(folder: Path, shape: Shape):
        return ["sh", str(sites.one_bash_each(folder, shape))], folder

    def a_page(folder: Path, shape: Shape):
        return ["sh", str(sites.one_bash_a_page(folder, shape))], folder

    return {"./guide verify": ours, "Sybil": sybil, "cram": cram, "bash -c each": each, "one bash a page": a_page}


def measure(way: Way, shape: Shape, more: int, rounds: int) -> Measured:
    """Run one way in its three forms, and take the least of each."""
    cpu, wall, containers = [], [], []
    for each in (shape, Shape(1, shape.snippets), Shape(1, shape.snippets + more)):
        found = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
                found.append(measured(*way(Path(folder, "site"), each)))
        cpu.append(min(usage.cpu_s for usage in found))
        wall.append(min(usage.wall_s for usage in found))
        containers.append(min(usage.containers for usage in found))
    return Measured(split(shape, more, *cpu), split(shape, more, *wall), containers[0])


def report(config: Config, shape: Shape = WHOLE, more: int = MANY, rounds: int = ROUNDS) -> str:
    """Measure every way; returns the text to print."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    builder = Builder(targets, say)
    builder.container(target)  # made now, if it is not there, so that nothing below waits for it
    program = builder.engine().program
    found = {}
    for name, way in ways(config.targets_file, target.name).items():
        say(name)
        found[name] = measure(way, shape, more, rounds)
    return "\n".join([_head(shape, rounds, target.name, program), "", _table(found), "", _ratios(shape, found), "", _notes(shape, found)])


def _head(shape: Shape, rounds: int, target: str, program: str) -> str:
    version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip()
    what = f"{shape.total} trivial snippets (true, echo x) on {shape.pages} pages, the least of {rounds} runs each"
    return f"{what}\n{host()}, {version}, {target}"


def _table(found: dict[str, Measured]) -> str:
    head = ["", "CPU s", "a run s", "a page s", "a snippet ms", "wall s", "a page s", "a snippet ms"]
    rows = [
        [
            name, number(way.cpu.total), number(way.cpu.run), number(way.cpu.page), number(way.cpu.snippet * 1000),
            number(way.wall.total), number(way.wall.page), number(way.wall.snippet * 1000),
        ]
        for name, way in found.items()
    ]  # fmt: skip
    return table(head, rows)


def _ratios(shape: Shape, found: dict[str, Measured]) -> str:
    ours, *others = found
    cpu, wall = found[ours].cpu, found[ours].wall
    rows = []
    for name in others:
        other = found[name]
        rows.append([
            f"to {name}", ratio(cpu.total, other.cpu.total), ratio(cpu.snippet, other.cpu.snippet),
            ratio(wall.total, other.wall.total), ratio(wall.snippet, other.wall.snippet),
        ])  # fmt: skip
    own_ms = {name: number((cpu.snippet - found[name].cpu.snippet) * 1000) for name in ("bash -c each", "one bash a page")}
    return "\n".join(
        [
            table([ours, "CPU", "CPU a snippet", "wall", "wall a snippet"], rows),
            "",
            f"a snippet, over what `bash -c` takes for it: {own_ms['bash -c each']} ms of CPU; "
            f"over what a shell that is open takes: {own_ms['one bash a page']} ms",
            f"a page of {shape.snippets} snippets, from its container's start to its end: "
            f"{number(wall.page + shape.snippets * wall.snippet)} s, {number(cpu.page + shape.snippets * cpu.snippet)} s of CPU",
            f"all of it shared among the {shape.total} snippets: {number(cpu.total / shape.total * 1000)} ms of CPU a snippet",
        ]
    )


def _notes(shape: Shape, found: dict[str, Measured]) -> str:
    notes = [
        "CPU is user and system time of every process of a run to its end: the engine's client, runtime and monitor,",
        "and all that ran inside the containers. Sybil looks at the exit status only; cram and ./guide compare outputs.",
        "Equal snippets are linted once; what linting costs where all differ is in `growth`.",
    ]
    seen = next(iter(found.values())).containers
    if seen < shape.pages:
        notes.append(f"{shape.pages - seen} of {shape.pages} containers were out of sight: what ran in them is NOT counted.")
    return "\n".join(notes)
