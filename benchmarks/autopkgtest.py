"""One story, run by ./guide verify and by Debian's autopkgtest: the same disk, emulator, processor and memory.

The guide brings the story in the folder ``bench`` beside its targets file: ``story.md``, a page over whose snippets the
machine reboots and crashes, and ``story.sh``, the same steps as a test for autopkgtest.

autopkgtest's QEMU runner runs in a container as confined as that of ./guide. The runner shares a folder with its
machine over 9p, which the distributions' kernels for clouds leave out. So both sides run on a disk with the
distribution's general kernel, made by the recipe of the target otherwise.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import yaml

from benchmarks import sites
from benchmarks.isolation import own_cache
from benchmarks.report import describe_host, number, ratio, table
from benchmarks.states import edit_snippet
from benchmarks.usage import CommandUsage, measure_command
from benchmarks.verify import VerifyRun, verify
from checks import config as configuration
from checks.config import Config
from checks.images.build import Builder
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.machines.hardware import Hardware
from checks.machines.vm import Vm
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.sessions.session import Session
from checks.targets import Target, choose_target, load_targets

log = logging.getLogger("guide")

KERNELS = {"debian": "linux-image-amd64", "ubuntu": "linux-image-generic"}  # with 9p, by the target's family
EXTRA_PACKAGES = ("autopkgtest",)  # in the image of the emulator, beside QEMU
DISK_SETUP = Path(__file__).parent / "autopkgtest-disk.sh"
SETUP_TIMEOUT_S = 300
RESTART_TIMEOUT_S = 1200  # of a restart, also of one over a crash; autopkgtest's default is 60
CONTROL = """\
Source: story
Maintainer: Nobody <nobody@localhost>

Package: story
Architecture: all
Description: nothing but a test
"""
CHANGELOG = """\
story (1) unstable; urgency=medium

  * A test.

 -- Nobody <nobody@localhost>  Thu, 01 Jan 1970 00:00:00 +0000
"""
# allow-stderr: as in a snippet of a page, a step fails by its exit status, not by output on stderr.
TESTS = """\
Tests: story
Depends:
Restrictions: needs-root, isolation-machine, breaks-testbed, allow-stderr
"""


@dataclass(frozen=True)
class StoryRuns:
    """The run of autopkgtest, and those of ./guide verify: from a boot of the disk, from the booted machine, from before the crash."""

    autopkgtest: CommandUsage
    from_disk: VerifyRun
    from_boot: VerifyRun
    before_crash: VerifyRun
    crash_id: str  # the id of the snippet that crashes the machine


def report(config: Config) -> str:
    """Run the story in the four ways; returns the table. GuideError for a guide without a story."""
    folder = config.targets_file.parent / "bench"
    for name in ("story.md", "story.sh"):
        if not (folder / name).exists():
            raise GuideError(f"{folder / name}: this file is missing; ./guide bench autopkgtest needs a story to run")
    targets = load_targets(config)
    target = with_general_kernel(choose_target(targets, None))
    targets[target.name] = target
    builder = Builder(targets)
    # Images and disk that are missing are built before anything is measured.
    builder.disk(target)
    builder.emulator(target, EXTRA_PACKAGES)
    with slots.every(), own_cache(), tempfile.TemporaryDirectory(prefix="guide-bench-") as work:
        chosen = accelerator(builder.engine(), builder.emulator(target).tag, builder.disk(target).path)
        autopkgtest = run_autopkgtest(builder, target, chosen, Path(work, "peer"), (folder / "story.sh").read_text())
        site = make_site(Path(work, "guide"), (folder / "story.md").read_text(), target, targets)
        runs = run_guide(configuration.load(site), target, autopkgtest)
    head = f"the story of {folder.name}/story.md on {target.name} with {target.kernel}, {target.memory} under {chosen.upper()}"
    return "\n".join([head, describe_host(), "", runs_table(runs), "", NOTES])


# ---- ./guide verify


def make_site(folder: Path, story: str, target: Target, targets: dict[str, Target]) -> Path:
    """Write a guide whose only page is the story, with the targets that the page needs; returns its mkdocs.yml."""
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "story.md").write_text(story)
    settings = {}
    for name in {target.name, target.emulator}:
        fields = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(targets[name]).items() if value}
        settings[name] = {key: value for key, value in fields.items() if key != "name"}
    (folder / "targets.yml").write_text(yaml.safe_dump(settings))
    config = folder / "mkdocs.yml"
    config.write_text(sites.MKDOCS.format(targets="targets.yml"))
    return config


def run_guide(config: Config, target: Target, autopkgtest: CommandUsage) -> StoryRuns:
    """Run the story with no saved state, with the state of the booted machine alone, and after an edit of the crashing snippet."""
    log.info("./guide verify, from a boot of the disk")
    from_disk = verify(config.file, target.name)
    log.info("./guide verify --no-reuse, from the booted machine")
    from_boot = verify(config.file, target.name, "--no-reuse")
    guide = read_guide(config)
    crash = next(snippet for page in guide.primary for snippet in page.snippets if snippet.expect == "crash")
    edit_snippet(config, guide, crash)
    log.info(f"./guide verify, #{crash.id} edited")
    return StoryRuns(autopkgtest, from_disk, from_boot, verify(config.file, target.name), crash.id)


def runs_table(runs: StoryRuns) -> str:
    """One row for each way; the ratios are of wall time to autopkgtest's."""

    def row(name: str, usage: CommandUsage, ran: str, at_most: str) -> list[str]:
        to_autopkgtest = ratio(usage.wall_s, runs.autopkgtest.wall_s) if ran else ""
        return [name, number(usage.wall_s), number(usage.cpu_s), ran, to_autopkgtest, at_most]

    crash_s = runs.before_crash.seconds[runs.crash_id]
    return table(
        ["", "wall s", "CPU s", "snippets run", "to autopkgtest", "at most"],
        [
            row("autopkgtest, virt-qemu", runs.autopkgtest, "", ""),
            row("./guide verify, from a boot of the disk", runs.from_disk.usage, runs.from_disk.ran_of_all, "x1.00"),
            row("./guide verify, from the booted machine", runs.from_boot.usage, runs.from_boot.ran_of_all, ""),
            row("./guide verify, from the state before the crash", runs.before_crash.usage, runs.before_crash.ran_of_all, "x0.33"),
            ["of the row above, the crash alone", number(crash_s), "", "1", ratio(crash_s, runs.autopkgtest.wall_s), ""],
        ],
    )


NOTES = """\
Each runs in a container without network and capabilities, with a read-only root. CPU includes QEMU's.
The crash alone is the time from the command over panic, capture and restart to the login: the machine's time, not the runner's.
autopkgtest's runner needs 9p in the guest, which kernels for clouds do not have: so both sides use the general kernel.
Over a restart ./guide empties the memory, as a power cycle does; autopkgtest's machine keeps its memory, and its dump is larger.
story.sh sleeps 3 seconds between its preparation of a reboot and the crash, or autopkgtest might wait for a machine that has crashed."""


# ---- autopkgtest


def with_general_kernel(target: Target) -> Target:
    """The target with a kernel that has 9p, and with the package that autopkgtest asks for in the target's pool."""
    return replace(target, kernel=KERNELS[target.family], pool=(*target.pool, "dpkg-dev"))


def run_autopkgtest(builder: Builder, target: Target, accelerator: str, folder: Path, test: str) -> CommandUsage:
    """Prepare disk and package in the new folder ``folder``, then measure autopkgtest on them."""
    log.info("preparing autopkgtest's disk")
    folder.mkdir()
    make_package(folder / "package", test)
    _prepare_disk(builder, target, accelerator, folder / "disk.qcow2")
    log.info("autopkgtest")
    return measure_command(command(builder, target, accelerator, folder), folder)


def make_package(folder: Path, test: str) -> None:
    """Write a source package whose only test is the shell script ``test``."""
    files = {"control": CONTROL, "changelog": CHANGELOG, "tests/control": TESTS, "tests/story": test}
    for name, text in files.items():
        path = folder / "debian" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "debian" / "tests" / "story").chmod(0o755)


def _prepare_disk(builder: Builder, target: Target, accelerator: str, copy: Path) -> None:
    """Copy the target's disk to ``copy`` and prepare the copy as the documentation of autopkgtest-virt-qemu asks."""
    shutil.copyfile(builder.disk(target).path, copy)
    vm = Vm(builder.engine(), builder.emulator(target).tag, copy, Hardware(memory=target.memory), accelerator)
    session = Session(vm)
    try:
        session.open()
        status, output = session.execute("sh", "-c", DISK_SETUP.read_text(), timeout_s=SETUP_TIMEOUT_S)
        if status:
            raise GuideError(f"autopkgtest's disk could not be prepared: {output.decode(errors='replace')}")
        vm.power_down()
        vm.write_back(copy)
    finally:
        vm.stop()


def command(builder: Builder, target: Target, accelerator: str, folder: Path) -> list[str]:
    """The engine's command line that runs the package in ``folder`` on the disk in ``folder``.

    autopkgtest's machine has the accelerator, processor, memory and firmware of a machine of ./guide.
    """
    hardware = Hardware(memory=target.memory)
    ours = hardware.arguments(accelerator, "", "", "")
    same = [word for option in ("-accel", "-cpu") for word in (option, ours[ours.index(option) + 1])]
    (folder / "tmp").mkdir(exist_ok=True)
    argv = [
        "autopkgtest", "--no-built-binaries", "/bench/package", "--", "qemu", "--boot=efi",
        f"--cpus={ours[ours.index('-smp') + 1]}", f"--ram-size={hardware.memory_mib}", f"--timeout-reboot={RESTART_TIMEOUT_S}",
        f"--qemu-options={' '.join(same)}", "/bench/disk.qcow2",
    ]  # fmt: skip
    return builder.engine().run_command(
        builder.emulator(target, EXTRA_PACKAGES).tag, argv,
        "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only",
        "--tmpfs=/tmp:rw,size=64m", "--pids-limit=128", f"--memory={hardware.container_memory()}", f"--cpus={hardware.cpus}",
        *(["--device=/dev/kvm"] if accelerator == "kvm" else []), f"--volume={folder}:/bench:rw", "--env=TMPDIR=/bench/tmp",
        "--env=HOME=/tmp",
    )  # fmt: skip
