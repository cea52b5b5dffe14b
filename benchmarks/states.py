"""What saved states cost and save: a branch of pages, whole and edited, beside the same commands typed by a script.

All is measured in one run, on a copy of the guide, while no other VM of a guide runs on this host: the typed script,
all pages of the branch, the branch with its last snippet edited, the branch with its prose edited. Then each state is
restored and saved once more, by the machinery's own steps.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.isolation import own_cache
from benchmarks.report import describe_host, number, ratio, table
from benchmarks.typed_script import TypedCommand, TypedScript
from benchmarks.usage import CommandUsage, measure_command
from benchmarks.verify import VerifyRun, verify
from checks import config as configuration
from checks.config import Config
from checks.images.build import Builder
from checks.machines import slots, snapshot
from checks.machines.vm import Vm
from checks.model import Guide, GuideError, Page, Snippet
from checks.pages.reader import read_guide
from checks.pages.tree import ancestors
from checks.running.provision import Provisioner
from checks.sessions.shell_command import shell_command
from checks.states.store import Store, new_run_name
from checks.targets import Target, choose_target, load_targets, runnable

log = logging.getLogger("guide")

# Folders at the top of a guide that a copy does not get, beside the evidence and names that begin with a dot.
NOT_COPIED = ("site", "tests", "checks", "benchmarks", "node_modules")


@dataclass(frozen=True)
class BranchRuns:
    """The four runs of a branch; ``edited`` is after an edit of the last snippet, ``reworded`` after one of the prose."""

    script: CommandUsage
    all_run: VerifyRun
    edited: VerifyRun
    reworded: VerifyRun


@dataclass(frozen=True)
class StateCost:
    """One state: ``restore_s`` from no machine to one that answers, ``save_s`` while the machine is paused; sizes in MiB on the disk."""

    name: str
    restore_s: float
    save_s: float
    memory_mib: float  # of the packed memory
    disk_mib: float  # of what was written to the disk since the state before this one


def report(config: Config) -> str:
    """Measure the guide's longest branch; returns the tables."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    builder = Builder(targets)
    builder.disk(target)  # A disk that is missing is built before anything is measured.
    with slots.every(), own_cache(), tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        copied = copy_guide(config, Path(folder, "guide"))
        pages = longest_branch(read_guide(copied), target)
        provisioner = Provisioner(copied, read_guide(copied), target, builder, Store(new_run_name()))
        script = _make_script(provisioner, pages, target)
        runs = _run_branch(copied, target, pages, script, Path(folder))
        log.info("restoring and saving each state once more")
        costs = _state_costs(provisioner, pages)
    names = " -> ".join(page.name for page in pages)
    count = sum(len(runnable(page, target)) for page in pages)
    head = f"{names} on {target.name} under {script.accelerator.upper()}, {len(pages)} pages, {count} snippets\n{describe_host()}"
    return "\n".join([head, "", runs_table(runs, pages[-1]), "", costs_table(costs), "", NOTES])


# ---- a copy of the guide, and edits of the copy


def copy_guide(config: Config, folder: Path) -> Config:
    """Copy a guide into ``folder``, without its evidence and what builds have written; returns the copy's configuration."""

    def not_copied(place: str, names: list[str]) -> set[str]:
        if Path(place) != config.root:
            return set()
        return {name for name in names if name.startswith(".") or name in NOT_COPIED or config.root / name == config.evidence_dir}

    shutil.copytree(config.root, folder, ignore=not_copied)
    return configuration.load(folder / config.file.name)


def longest_branch(guide: Guide, target: Target) -> list[Page]:
    """The branch of pages on one VM with the most pages, then the most snippets that run; from its root to its last page.

    Raises GuideError for a guide without a page whose snippets run in a VM.
    """
    branches = [[*ancestors(guide, page), page] for page in guide.primary if page.machine == "vm" and not page.peer]
    branches = [branch for branch in branches if runnable(branch[-1], target)]
    if not branches:
        raise GuideError(f"the guide has no page whose snippets run in a VM of {target.name}, so there are no states to measure")
    return max(branches, key=lambda branch: (len(branch), sum(len(runnable(page, target)) for page in branch)))


def edit_snippet(config: Config, guide: Guide, snippet: Snippet) -> None:
    """Append a comment to a snippet in every language: the snippet does the same, and has another fingerprint."""
    for page in _in_all_languages(guide, snippet.page):
        end_line = next(twin.end_line for twin in page.snippets if twin.id == snippet.id)

        def add_comment(lines: list[str], end_line: int = end_line) -> None:
            fence = lines[end_line - 1]
            lines.insert(end_line - 1, f"{fence[: len(fence) - len(fence.lstrip())]}# edited")

        _rewrite(config.root / page.path, add_comment)


def edit_prose(config: Config, guide: Guide, page: Page) -> None:
    """Append a paragraph to a page in every language."""
    for twin in _in_all_languages(guide, page.name):
        _rewrite(config.root / twin.path, lambda lines: lines.extend(["", "One more sentence."]))


def _in_all_languages(guide: Guide, name: str) -> list[Page]:
    return [page for page in guide.pages.values() if page.name == name]


def _rewrite(path: Path, change: Callable[[list[str]], None]) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    change(lines)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


# ---- the runs


def _make_script(provisioner: Provisioner, pages: list[Page], target: Target) -> TypedScript:
    """The script for a branch. The VM that the script begins with is booted and its state saved here, as ./guide verify does."""
    session = provisioner.boot(pages[0])
    vm = session.machine
    assert isinstance(vm, Vm) and vm.accelerator  # longest_branch gives pages on VMs only.
    provisioner.release(session)
    provisioner.store.wait()
    saved = provisioner.store.machine(provisioner.fingerprints(pages[0]).begin)
    if saved is None:
        raise GuideError("the state of the booted machine could not be saved, so the script and ./guide verify cannot begin alike")
    commands = [
        [TypedCommand(shell_command(snippet), snippet.expect, snippet.host) for snippet in runnable(page, target)] for page in pages
    ]
    return TypedScript(
        vm.engine.program, list(vm.engine.flags), vm.emulator_image, str(vm.disk), vm.hardware, vm.accelerator, str(saved.folder), commands
    )


def _run_branch(config: Config, target: Target, pages: list[Page], script: TypedScript, folder: Path) -> BranchRuns:
    """Make the four runs, one after the other, editing the guide of ``config`` between them."""
    last = pages[-1]
    snippet = runnable(last, target)[-1]
    script.write(folder / "script.json")
    log.info("the same commands, typed by a script")
    typed = measure_command([sys.executable, "-m", "benchmarks.typed_script", str(folder / "script.json")], folder)
    log.info("./guide verify --no-reuse")
    all_run = verify(config.file, target.name, "--no-reuse", last.name)
    log.info(f"./guide verify, {last.name}#{snippet.id} edited")
    edit_snippet(config, read_guide(config), snippet)
    edited = verify(config.file, target.name, last.name)
    log.info("./guide verify, prose edited on every page")
    guide = read_guide(config)
    for page in pages:
        edit_prose(config, guide, page)
    reworded = verify(config.file, target.name, last.name)
    if reworded.ran:
        raise GuideError(f"an edit of prose alone: expected no snippet to run, {reworded.ran} did")
    return BranchRuns(typed, all_run, edited, reworded)


def runs_table(runs: BranchRuns, last: Page) -> str:
    """One row for each run; the ratio of each row is to the run that its bound ("at most") is about."""
    script_s, all_s = runs.script.wall_s, runs.all_run.usage.wall_s

    def row(name: str, run: VerifyRun, to: str, at_most: str) -> list[str]:
        return [name, number(run.usage.wall_s), number(run.usage.cpu_s), run.ran_of_all, to, at_most]

    return table(
        ["", "wall s", "CPU s", "snippets run", "ratio", "at most"],
        [
            ["the same commands, typed by a script", number(script_s), number(runs.script.cpu_s), "all", "", ""],
            row("./guide verify --no-reuse", runs.all_run, f"{ratio(all_s, script_s)} of the script", "x1.15"),
            row(f"last snippet of {last.name} edited", runs.edited, f"{ratio(runs.edited.usage.wall_s, all_s)} of all", "x0.10"),
            row("prose edited on every page", runs.reworded, f"{ratio(runs.reworded.usage.wall_s, all_s)} of all", "3 s"),
        ],
    )


NOTES = """\
The script and ./guide verify begin in the saved state of a booted machine, on the same disk and emulator. The ratios are of wall time.
With --no-reuse every snippet is run, though the machine as it was after its boot is restored. CPU includes QEMU's."""


# ---- each state once more


def _state_costs(provisioner: Provisioner, pages: list[Page]) -> list[StateCost]:
    """The cost of each saved state along a branch of VM pages, in the branch's order."""
    costs = []
    for page in pages:
        fingerprints = provisioner.fingerprints(page)
        names = {fingerprints.begin: "a boot"} if page is pages[0] else {}
        names |= {key: f"{page.name}#{snippet_id}" for snippet_id, key in fingerprints.after.items()}
        for key, name in names.items():
            cost = _state_cost(provisioner, page, key, name)
            if cost:
                costs.append(cost)
    return costs


def _state_cost(provisioner: Provisioner, page: Page, key: str, name: str) -> StateCost | None:
    """Restore and save the state ``key``; None where no such state was saved."""
    store = provisioner.store
    record, saved = store.record(key, page.name), store.machine(key)
    if record is None or saved is None:
        return None
    top_layer = (saved.folder / snapshot.ORDER).read_text().split()[-1]
    memory_mib, disk_mib = _size_mib(saved.folder / snapshot.MEMORY), _size_mib(saved.folder / top_layer)
    began = time.monotonic()
    session = provisioner.restore(page, record)
    if session is None:
        return None
    restore_s = time.monotonic() - began
    aside = store.new_folder()
    try:
        began = time.monotonic()
        session.save(aside, "")
        return StateCost(name, restore_s, time.monotonic() - began, memory_mib, disk_mib)
    finally:
        provisioner.release(session)
        shutil.rmtree(aside)


def _size_mib(path: Path) -> float:
    return path.stat().st_blocks * 512 / (1 << 20)


def costs_table(costs: list[StateCost]) -> str:
    """One row for each state."""
    rows = [[cost.name, *(number(value) for value in (cost.restore_s, cost.save_s, cost.memory_mib, cost.disk_mib))] for cost in costs]
    return table(["the state after", "restore s", "save s", "memory MiB", "disk MiB"], rows)
