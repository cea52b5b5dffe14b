"""What settings of the emulated machine are worth: the seconds to the login, and those of some work in the guest.

Each variant differs from the machine as it is in one thing. What is outside
the guest is measured from power-on; what is inside it by a reboot after the
change, since the guest's own files decide. The variants take turns, round
after round: a host that is slow for some minutes is slow for all of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.table import number, ratio, table
from checks.config import Config
from checks.images.build import Builder
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import BOOT_TIMEOUT_S, Vm
from checks.sessions.session import Session
from checks.targets import Target, choose_target, load_targets

ROUNDS = 2
JOURNALD = "/etc/systemd/journald.conf.d"
DROP_IN = "/etc/default/grub.d/90-bench.cfg"
# What a dump does (compress, encrypt) and what an installation does (many short processes), some 10 s of it emulated.
WORK = """set -e
cat /usr/bin/* 2>/dev/null | head -c 30000000 >/tmp/work
gzip -1 -c /tmp/work >/dev/null
openssl enc -chacha20 -K 00 -iv 00 -in /tmp/work -out /dev/null
for each in $(seq 300); do /bin/true; done"""


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
    "-cpu qemu64 with svm": {"swaps": (("qemu64,svm=off", "qemu64"),)},
    "-cpu max": {"swaps": (("qemu64,svm=off", "max"),)},
    "-cpu Haswell": {"swaps": (("qemu64,svm=off", "Haswell"),)},
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
    targets = load_targets(config)
    target = choose_target(targets, None)
    bench = _Bench(Builder(targets, _say), target)
    what = f"{target.label} under {bench.chosen.upper()}"
    head = f"Settings of the machine, {what}: seconds, the least of {rounds} rounds in which all took turns"
    outside = _measured("power-on", OUTSIDE, bench.power_on, rounds)
    return "\n\n".join([head, outside, _measured("reboot", INSIDE, bench.reboot, rounds)])


def _measured(kind: str, variants: dict, measure: Callable[..., tuple[float, float] | None], rounds: int) -> str:
    """A table: what each variant took to the login and for the work, and both beside the machine as it is."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for turn in range(rounds):
        for name, variant in variants.items():
            seconds = measure(variant)
            found[name] += [seconds] if seconds else []
            _say(f"{turn + 1}/{rounds} {kind}: {name}  " + ("  ".join(map(number, seconds)) if seconds else "did not come up"))
    least = {name: [min(column) for column in zip(*each, strict=True)] for name, each in found.items()}
    base = least["as it is"]
    rows = []
    for name, seconds in least.items():
        cells = [cell for at, was in zip(seconds, base, strict=False) for cell in (f"{number(at)} s", ratio(at, was))]
        rows.append((f"{kind}: {name}", *(cells or ["did not come up", "", "", ""])))
    return table(("variant", "to the login", "to as it is", "work", "to as it is"), rows)


class _Bench:
    def __init__(self, builder: Builder, target: Target):
        self.builder, self.target = builder, target
        self.emulator, self.disk = builder.emulator(target), builder.disk(target)
        self.chosen = accelerator(builder.engine(), self.emulator.tag, self.disk.path, _say)

    def _machine(self, **settings) -> Vm:
        hardware = Varied(**{"memory": self.target.memory, **settings})
        return Vm(self.builder.engine(), self.emulator.tag, self.disk.path, hardware, self.chosen)

    def power_on(self, settings: dict) -> tuple[float, float] | None:
        """Seconds from power-on to the login, and of the work then; None if it does not come up."""
        with slots.take(_say):
            vm = self._machine(**settings)
            try:
                vm.power_on()
                began = time.monotonic()
                vm.await_boot(BOOT_TIMEOUT_S)
                return time.monotonic() - began, self._work(Session(vm))
            except MachineLost as lost:
                _say(str(lost))
                return None
            finally:
                vm.stop()

    def reboot(self, change: str) -> tuple[float, float] | None:
        """Seconds from a hard reset, after a change inside, to the login, and of the work then."""
        with slots.take(_say):
            vm = self._machine()
            session = Session(vm)
            try:
                session.open()
                session.settle()
                self._run(session, f"{change} && sync")
                began = time.monotonic()
                vm.monitor("system_reset")
                vm.await_boot(BOOT_TIMEOUT_S)
                return time.monotonic() - began, self._work(session)
            except MachineLost as lost:
                _say(str(lost))
                return None
            finally:
                vm.stop()

    def _work(self, session: Session) -> float:
        """Seconds of the work, once nothing else runs in the guest; Lost if it fails."""
        session.settle()
        began = time.monotonic()
        self._run(session, WORK)
        return time.monotonic() - began

    @staticmethod
    def _run(session: Session, script: str) -> None:
        status, out = session.execute("sh", "-c", script, timeout_s=300)
        if status:
            raise MachineLost(out.decode(errors="replace"))


def _say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)
