"""What settings of the emulated machine are worth: the seconds from power-on, or from a reboot, to the login.

Each variant differs from the machine as it is in one thing. What is outside
the guest is measured from power-on; what is inside it by a reboot after the
change, since the guest's own files decide.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from checks.bench.table import number, ratio, table
from checks.config import Config
from checks.images.build import Builder
from checks.images.target import Target, choose, load
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.machines.hardware import Hardware
from checks.machines.vm import BOOT_TIMEOUT_S, Vm
from checks.machines.wire import Lost
from checks.session import Session

ROUNDS = 2
JOURNALD = "/etc/systemd/journald.conf.d"
DROP_IN = "/etc/default/grub.d/90-bench.cfg"


@dataclass(frozen=True)
class Varied(Hardware):
    """Hardware with words of QEMU's command line exchanged: pairs of what stands there and what is to."""

    swaps: tuple[tuple[str, str], ...] = ()

    def arguments(self, *where: str) -> list[str]:
        words = super().arguments(*where)
        for old, new in self.swaps:
            words = [word.replace(old, new) for word in words]
        return words


OUTSIDE = {
    "as it is": {},
    "translation buffer of 128 MiB": {"swaps": (("tb-size=512", "tb-size=128"),)},
    "translation buffer of 2 GiB": {"swaps": (("tb-size=512", "tb-size=2048"),)},
    "one thread for all": {"swaps": (("thread=multi", "thread=single"),)},
    "-cpu max with svm": {"swaps": (("max,svm=off", "max"),)},
    "-cpu qemu64": {"swaps": (("max", "qemu64"),)},
    "-cpu Haswell": {"swaps": (("max", "Haswell"),)},
    "memory of 1 GiB": {"memory": "1G"},
    "memory of 4 GiB": {"memory": "4G"},
    "disk on SATA, not virtio": {"swaps": (("if=virtio", "if=ide"),)},
}
INSIDE = {
    "as it is": "true",
    "mitigations=off": f"echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX mitigations=off\"' >{DROP_IN} && update-grub",
    "journal in memory only": f"mkdir -p {JOURNALD} && printf '[Journal]\\nStorage=volatile\\n' >{JOURNALD}/bench.conf",
    "initramfs by gzip, not zstd": "echo COMPRESS=gzip >/etc/initramfs-tools/conf.d/bench && update-initramfs -u",
    "initramfs of this machine's modules only": "echo MODULES=dep >/etc/initramfs-tools/conf.d/bench && update-initramfs -u",
}


def report(config: Config, rounds: int = ROUNDS) -> str:
    """Measure all variants; returns the text to print. The least of ``rounds``, since other work only adds."""
    targets = load(config)
    target = choose(targets, None)
    bench = _Bench(Builder(targets, _say), target)
    rows = []
    for kind, variants, measure in (("power-on", OUTSIDE, bench.power_on), ("reboot", INSIDE, bench.reboot)):
        base = None
        for name, variant in variants.items():
            found = [seconds for seconds in (measure(variant) for _ in range(rounds)) if seconds]
            least = min(found, default=None)
            base = base or least
            rows.append((f"{kind}: {name}", f"{number(least)} s", ratio(least, base) if least else "did not come up"))
            _say("  ".join(rows[-1]))
    head = f"Settings of the machine, {target.label} under {bench.chosen.upper()}: seconds to the login, the least of {rounds}\n\n"
    return head + table(("variant", "to the login", "to as it is"), rows)


class _Bench:
    def __init__(self, builder: Builder, target: Target):
        self.builder, self.target = builder, target
        self.emulator, self.disk = builder.emulator(target), builder.disk(target)
        self.chosen = accelerator(builder.engine(), self.emulator.tag, self.disk.path, _say)

    def _machine(self, **settings) -> Vm:
        hardware = Varied(**{"memory": self.target.memory, **settings})
        return Vm(self.builder.engine(), self.emulator.tag, self.disk.path, hardware, self.chosen)

    def power_on(self, settings: dict) -> float | None:
        """Seconds from power-on to the login; None if it does not come up."""
        with slots.take(_say):
            vm = self._machine(**settings)
            try:
                vm.power_on()
                began = time.monotonic()
                vm.await_boot(BOOT_TIMEOUT_S)
                return time.monotonic() - began
            except Lost:
                return None
            finally:
                vm.stop()

    def reboot(self, change: str) -> float | None:
        """Seconds from a hard reset, after a change inside, to the login."""
        with slots.take(_say):
            vm = self._machine()
            session = Session(vm)
            try:
                session.open()
                session.settle()
                status, out = session.execute("sh", "-c", f"{change} && sync", timeout_s=300)
                if status:
                    _say(out.decode(errors="replace"))
                    return None
                began = time.monotonic()
                vm.monitor("system_reset")
                vm.await_boot(BOOT_TIMEOUT_S)
                return time.monotonic() - began
            except Lost:
                return None
            finally:
                vm.stop()


def _say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)
