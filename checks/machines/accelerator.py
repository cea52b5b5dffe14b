"""KVM if it really works, else TCG.

``/dev/kvm`` may exist, answer with its version, create a machine, and still not run a stock kernel, as on nested
hosts. So a guest is started under KVM for a moment: its firmware must come as far as its boot manager's first words.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from checks.host import cache_dir
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm

log = logging.getLogger("guide")

PROBE_S = 60  # The firmware needs 2 s under KVM; an emulation failure stands still for ever.


def accelerator(engine: Engine, emulator_image: str, disk: Path) -> str:
    """Which of "kvm" and "tcg" works on this host: tried once per host boot and emulator image, $GUIDE_ACCELERATOR overrules."""
    forced = os.environ.get("GUIDE_ACCELERATOR")
    if forced in ("kvm", "tcg"):
        return forced
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    known = cache_dir() / f"accelerator-{boot}-{emulator_image.rsplit(':', 1)[-1]}"
    if not known.exists():
        log.info("trying KVM for a moment")
        works = _boots(engine, emulator_image, disk)
        log.info("KVM works here" if works else "KVM does not run a guest here; TCG does, some ten times slower")
        for old in cache_dir().glob("accelerator-*"):
            old.unlink(missing_ok=True)
        known.write_text("kvm" if works else "tcg")
    return known.read_text()


def _boots(engine: Engine, emulator_image: str, disk: Path) -> bool:
    vm = Vm(engine, emulator_image, disk, Hardware(memory="512M", cpus=1), "kvm")
    try:
        vm.power_on()
        deadline = time.monotonic() + PROBE_S
        while time.monotonic() < deadline:
            vm.tick()
            status = vm.monitor("query-status")["status"]
            if status == "internal-error":  # QEMU's state after "KVM internal error" or "emulation failure"
                return False
            if b"BdsDxe" in vm.console.data:
                return bool(status == "running")
            time.sleep(0.2)
        return False
    except MachineLost:
        return False
    finally:
        vm.stop()
