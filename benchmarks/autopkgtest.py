"""One story, by ./guide and by Debian's autopkgtest: the same disk, emulator, processor and memory, in one run.

The guide brings the story: ``bench/story.md`` beside its targets file, a page
over whose snippets the machine reboots and crashes, and ``bench/story.sh``,
the same steps as a test for autopkgtest.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from benchmarks import branch, peer, sites
from benchmarks.host import host, say
from benchmarks.isolation import apart
from benchmarks.table import number, ratio, table
from benchmarks.usage import CommandUsage, measured
from benchmarks.verify import Verified, verify
from checks import config as configuration
from checks.config import Config
from checks.images.build import Builder
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.targets import Target, choose_target, load_targets


@dataclass(frozen=True)
class Measured:
    """The peer's run, and ours from a boot of the disk, from the booted machine, and from the state before the crash."""

    peer: CommandUsage
    cold: Verified
    booted: Verified
    before_crash: Verified
    crash: str  # the id of what crashes the machine


def report(config: Config) -> str:
    """Run the story in the four ways; returns the text to print."""
    folder = config.targets_file.parent / "bench"
    if not (folder / "story.md").exists():
        raise GuideError(f"{folder}: this guide has no story (story.md, story.sh) to compare with autopkgtest")
    targets = load_targets(config)
    target = peer.target_for(choose_target(targets, None))
    targets[target.name] = target
    builder = Builder(targets, say)
    builder.disk(target)
    builder.peer(target)
    with slots.every(say), apart(), tempfile.TemporaryDirectory(prefix="guide-bench-") as work:
        chosen = accelerator(builder.engine(), builder.emulator(target).tag, builder.disk(target).path, say)
        say("preparing autopkgtest's disk")
        theirs = Path(work, "peer")
        theirs.mkdir()
        peer.package(theirs / "package", (folder / "story.sh").read_text())
        peer.disk(builder, target, chosen, theirs / "disk.qcow2")
        say("autopkgtest")
        usage = measured(peer.command(builder, target, chosen, theirs), theirs)
        ours = site(Path(work, "guide"), (folder / "story.md").read_text(), target, targets)
        found = Measured(usage, *measure(configuration.load(ours), target))
    head = f"the story of {folder.name}/story.md on {target.name} with {target.kernel}, {target.memory} under {chosen.upper()}\n{host()}"
    return "\n".join([head, "", rows(found), "", NOTES])


def site(folder: Path, story: str, target: Target, targets: dict[str, Target]) -> Path:
    """A guide of one page, with the story's target; returns its mkdocs.yml."""
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "story.md").write_text(story)
    settings = {}
    for name in {target.name, target.emulator}:
        fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(targets[name]).items()}
        settings[name] = {key: value for key, value in fields.items() if key != "name"}
    (folder / "targets.yml").write_text(yaml.safe_dump(settings))
    config = folder / "mkdocs.yml"
    config.write_text(sites.MKDOCS.format(targets="targets.yml"))
    return config


def measure(config: Config, target: Target) -> tuple[Verified, Verified, Verified, str]:
    """Ours, first with no state at all, then with the booted machine alone, then after an edit of what crashes it."""
    say("./guide verify, from a boot of the disk")
    cold = verify(config.file, target.name)
    say("./guide verify --no-reuse, from the booted machine")
    booted = verify(config.file, target.name, "--no-reuse")
    guide = read_guide(config)
    crash = next(each for page in guide.primary for each in page.snippets if each.expect == "crash")
    branch.edit(config, guide, crash)
    say(f"./guide verify, #{crash.id} edited")
    return cold, booted, verify(config.file, target.name), crash.id


def rows(found: Measured) -> str:
    """The table; ratios are of wall time to autopkgtest's."""

    def row(name: str, usage: CommandUsage, ran: str, most: str) -> list[str]:
        to = ratio(usage.wall_s, found.peer.wall_s) if ran else ""
        return [name, number(usage.wall_s), number(usage.cpu_s), ran, to, most]

    crash_s = found.before_crash.seconds[found.crash]

    return table(
        ["", "wall s", "CPU s", "snippets run", "ratio", "at most"],
        [
            row("autopkgtest, virt-qemu", found.peer, "", ""),
            row("./guide verify, from a boot of the disk", found.cold.usage, found.cold.of, "x1.00"),
            row("./guide verify, from the booted machine", found.booted.usage, found.booted.of, ""),
            row("./guide verify, from the state before the crash", found.before_crash.usage, found.before_crash.of, "x0.33"),
            ["of that the crash itself", number(crash_s), "", "1", ratio(crash_s, found.peer.wall_s), ""],
        ],
    )


NOTES = """\
Each in a container without network and capabilities, with a read-only root. CPU includes QEMU's.
The crash itself: from the command over panic, capture and restart to the login, which is the machine's time and no runner's.
autopkgtest's runner needs 9p in the guest, which kernels for clouds have not: hence the general kernel, on both sides.
Over a restart ours loses the memory, as at a power cycle; autopkgtest's machine keeps it, and its dump is larger.
Between what it prepares for a reboot and the crash the test has to sleep 3 seconds, or the runner may wait for a dead machine."""
