"""What states cost and save: a branch of pages, whole and edited, beside the same commands typed by a script.

On a copy of the guide, in one run, on a host on which no other VM of a guide
runs meanwhile: the floor, all of it, its last snippet edited, prose edited.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import branch as copies
from benchmarks.host import host, say
from benchmarks.isolation import apart
from benchmarks.stored import Stored, stored
from benchmarks.stored import table as stored_table
from benchmarks.table import number, ratio, table
from benchmarks.typed_script import Typing
from benchmarks.usage import CommandUsage, measured
from benchmarks.verify import Verified, verify
from checks.config import Config
from checks.images.build import Builder
from checks.machines import slots
from checks.model import GuideError, Page
from checks.pages.reader import read_guide
from checks.running.provision import Provisioner
from checks.sessions.session import shell_command
from checks.states.store import Store, run_name
from checks.targets import Target, choose_target, load_targets, runnable


@dataclass(frozen=True)
class Measured:
    """The four runs, and each state that the second of them kept."""

    floor: CommandUsage
    whole: Verified
    edited: Verified
    reworded: Verified
    states: list[Stored]


def report(config: Config) -> str:
    """Measure the guide's longest branch; returns the text to print."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    builder = Builder(targets, say)
    builder.disk(target)  # made now, if it is not there, so that nothing below waits for it
    with slots.every(say), apart(), tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        copied = copies.copy(config, Path(folder, "guide"))
        pages = copies.longest(read_guide(copied), target)
        found, accelerator = measure(copied, target, builder, pages, Path(folder))
    names = " -> ".join(page.name for page in pages)
    snippets = sum(len(runnable(page, target)) for page in pages)
    head = f"{names} on {target.name} under {accelerator.upper()}, {len(pages)} pages, {snippets} snippets\n{host()}"
    return "\n".join([head, "", rows(found, pages[-1]), "", stored_table(found.states), "", NOTES])


def measure(config: Config, target: Target, builder: Builder, pages: list[Page], folder: Path) -> tuple[Measured, str]:
    """All runs, one after the other; also the accelerator that they ran under."""
    guide = read_guide(config)
    last = pages[-1]
    snippet = runnable(last, target)[-1]
    store = Store(run_name(), say=say)
    standing = Provisioner(config, guide, target, builder, store, config.state_limits, say)
    typing = _typing(standing, store, pages, target)
    typing.write(folder / "typing.json")
    say("the same commands, typed by a script")
    floor = measured([sys.executable, "-m", "benchmarks.typed_script", str(folder / "typing.json")], folder)
    say("./guide verify --no-reuse")
    whole = verify(config.file, target.name, "--no-reuse", last.name)
    say(f"{last.name}#{snippet.id} edited")
    copies.edit(config, guide, snippet)
    edited = verify(config.file, target.name, last.name)
    say("prose edited on every page")
    guide = read_guide(config)
    for page in pages:
        copies.reword(config, guide, page)
    reworded = verify(config.file, target.name, last.name)
    if reworded.ran:
        raise GuideError(f"a change of prose alone ran {reworded.ran} snippets")
    say("each state again")
    return Measured(floor, whole, edited, reworded, stored(standing, pages)), typing.accelerator


def _typing(standing: Provisioner, store: Store, pages: list[Page], target: Target) -> Typing:
    """What the floor's script is told; the machine that it begins with is booted and kept here, as ./guide would."""
    session = standing.start(pages[0])
    machine = session.machine
    standing.end(session)
    store.wait()
    kept = store.machine(standing.keys(pages[0]).begin)
    if kept is None:
        raise GuideError("the booted machine could not be kept, so there is nothing that both can begin with")
    snippets = [[(shell_command(each), each.expect, each.host) for each in runnable(page, target)] for page in pages]
    return Typing(
        machine.engine.program, machine.engine.flags, machine.emulator_image, str(machine.disk), asdict(machine.hardware),
        machine.accelerator, str(kept.folder), snippets,
    )  # fmt: skip


def rows(found: Measured, last: Page) -> str:
    """The table of the runs; the ratio of each is to what its demand is about."""
    floor, whole, edited, reworded = found.floor, found.whole.usage, found.edited.usage, found.reworded.usage

    def row(name: str, usage: CommandUsage, ran: str, to: str, most: str) -> list[str]:
        return [name, number(usage.wall_s), number(usage.cpu_s), ran, to, most]

    return table(
        ["", "wall s", "CPU s", "ran", "ratio", "at most"],
        [
            row("the same commands, typed by a script", floor, "all", "", ""),
            row("./guide verify --no-reuse", whole, found.whole.of, f"{ratio(whole.wall_s, floor.wall_s)} the script", "x1.15"),
            row(f"{last.name}: last snippet edited", edited, found.edited.of, f"{ratio(edited.wall_s, whole.wall_s)} all", "x0.10"),
            row("prose edited on every page", reworded, found.reworded.of, f"{ratio(reworded.wall_s, whole.wall_s)} all", "3 s"),
        ],
    )


NOTES = """\
Both begin in the kept state of a booted machine, on the same disk and emulator. The ratios are of wall time.
In the second run every snippet is run, though the machine after a boot is taken up. CPU includes QEMU's."""
