"""Debian's autopkgtest with its QEMU runner, in a container as confined as ours: its disk, its package, its command.

The runner shares a folder with its machine over 9p, which the kernels for
clouds leave out. So what is compared runs, on both sides, on a disk with the
distribution's general kernel, made by the recipe of the target otherwise.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from checks.images.build import Builder
from checks.machines.hardware import Hardware
from checks.machines.vm import Vm
from checks.model import GuideError
from checks.sessions.session import Session
from checks.targets import Target

KERNELS = {"debian": "linux-image-amd64", "ubuntu": "linux-image-generic"}
DISK_SETUP = Path(__file__).parent / "peer-disk.sh"
SETUP_TIMEOUT_S = 300
RESTART_TIMEOUT_S = 1200  # of a restart, also one over a crash; the runner's own is 60
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
# An exit status other than 0 fails; what is said on stderr does not, as on our pages.
TESTS = """\
Tests: story
Depends:
Restrictions: needs-root, isolation-machine, breaks-testbed, allow-stderr
"""


def target_for(target: Target) -> Target:
    """The target with a kernel that has 9p, and in its pool what the runner wants to find installed."""
    return replace(target, kernel=KERNELS[target.family], pool=(*target.pool, "dpkg-dev"))


def package(folder: Path, test: str) -> None:
    """A source package that has one test, ``test``."""
    files = {"control": CONTROL, "changelog": CHANGELOG, "tests/control": TESTS, "tests/story": test}
    for name, text in files.items():
        path = folder / "debian" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "debian" / "tests" / "story").chmod(0o755)


def disk(builder: Builder, target: Target, accelerator: str, to: Path) -> None:
    """Write the target's disk, prepared as the runner's documentation asks, to ``to``."""
    shutil.copyfile(builder.disk(target).path, to)
    vm = Vm(builder.engine(), builder.emulator(target).tag, to, Hardware(memory=target.memory), accelerator)
    session = Session(vm)
    try:
        session.open()
        status, out = session.execute("sh", "-c", DISK_SETUP.read_text(), timeout_s=SETUP_TIMEOUT_S)
        if status:
            raise GuideError(f"the peer's disk could not be prepared: {out.decode(errors='replace')}")
        vm.power_down()
        vm.write_back(to)
    finally:
        vm.stop()


def command(builder: Builder, target: Target, accelerator: str, folder: Path) -> list[str]:
    """The engine's command line that runs the package in ``folder`` on the disk there.

    The machine has what ours has: accelerator, processor, memory, firmware.
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
        builder.peer(target).tag, argv, "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only",
        "--tmpfs=/tmp:rw,size=64m", "--pids-limit=128", f"--memory={hardware.container_memory()}", f"--cpus={hardware.cpus}",
        *(["--device=/dev/kvm"] if accelerator == "kvm" else []), f"--volume={folder}:/bench:rw", "--env=TMPDIR=/bench/tmp",
        "--env=HOME=/tmp",
    )  # fmt: skip
