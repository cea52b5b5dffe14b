"""What settings of the emulated machine are worth: the seconds to the login, and the seconds of some work in the guest.

Each variant differs in one thing from the machine that ./guide uses. A variant outside the guest (QEMU's command line)
is measured from power-on. A variant inside the guest is measured from a reboot after the change, since the guest's own
files decide. The variants take turns, round after round: a host that is slow for some minutes is slow for all of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.report import describe_host, number, ratio, table
from checks.config import Config
from checks.images.build import Builder
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import BOOT_TIMEOUT_S, Vm
from checks.sessions.session import Session
from checks.targets import Target, choose_target, load_targets

log = logging.getLogger("guide")

V = TypeVar("V")  # a variant: ``Variant`` outside the guest, a shell command inside

ROUNDS = 2
UNCHANGED = "unchanged"
JOURNALD = "/etc/systemd/journald.conf.d"
GRUB_DROP_IN = "/etc/default/grub.d/90-bench.cfg"
# What a dump does (compress, encrypt) and what an installation does (start many short processes): some 10 s under TCG.
WORK = """set -e
cat /usr/bin/* 2>/dev/null | head -c 30000000 >/tmp/work
gzip -1 -c /tmp/work >/dev/null
openssl enc -chacha20 -K 00 -iv 00 -in /tmp/work -out /dev/null
for number in $(seq 300); do /bin/true; done"""
WORK_TIMEOUT_S = 300


@dataclass(frozen=True)
class Variant:
    """A change outside the guest: another size of the memory, or a text of QEMU's command line replaced by another."""

    memory: str | None = None
    replaced: tuple[str, str] = ("", "")  # (text of the command line, the text in its place)


@dataclass(frozen=True)
class VariedHardware(Hardware):
    """Hardware whose command line has a text replaced, as ``Variant`` says."""

    replaced: tuple[str, str] = ("", "")

    def arguments(self, accelerator: str, disk: str, variables: str, folder: str) -> list[str]:
        words = super().arguments(accelerator, disk, variables, folder)
        old, new = self.replaced
        return [word.replace(old, new) for word in words] if old else words


OUTSIDE = {
    UNCHANGED: Variant(),
    "translation buffer of 128 MiB": Variant(replaced=("tb-size=512", "tb-size=128")),
    "translation buffer of 2 GiB": Variant(replaced=("tb-size=512", "tb-size=2048")),
    "one thread for all": Variant(replaced=("thread=multi", "thread=single")),
    "-cpu qemu64 with svm": Variant(replaced=("qemu64,svm=off", "qemu64")),
    "-cpu max": Variant(replaced=("qemu64,svm=off", "max")),
    "-cpu Haswell": Variant(replaced=("qemu64,svm=off", "Haswell")),
    "memory of 1 GiB": Variant(memory="1G"),
    "memory of 4 GiB": Variant(memory="4G"),
    "disk on SATA, not virtio": Variant(replaced=("if=virtio", "if=ide")),
}
INSIDE = {
    UNCHANGED: "true",
    "mitigations=off": f"echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX mitigations=off\"' >{GRUB_DROP_IN} && update-grub",
    "journal in memory only": f"mkdir -p {JOURNALD} && printf '[Journal]\\nStorage=volatile\\n' >{JOURNALD}/bench.conf",
    "initramfs by gzip, not zstd": "echo COMPRESS=gzip >/etc/initramfs-tools/conf.d/bench && update-initramfs -u",
    "initramfs of this machine's modules only": "echo MODULES=dep >/etc/initramfs-tools/conf.d/bench && update-initramfs -u",
}


@dataclass(frozen=True)
class VariantSeconds:
    """Seconds until the login, and seconds of WORK after it."""

    login: float
    work: float


def report(config: Config, rounds: int = ROUNDS) -> str:
    """Measure all variants; returns the tables, with the least of ``rounds``, since other work on the host only adds."""
    targets = load_targets(config)
    target = choose_target(targets, None)
    bench = _Bench(Builder(targets), target)
    machine = f"{target.label} under {bench.accelerator.upper()}"
    head = f"Settings of the machine, {machine}: seconds, the least of {rounds} rounds in which all variants took turns"
    power_on = _measure("power-on", OUTSIDE, bench.power_on, rounds)
    reboot = _measure("reboot", INSIDE, bench.reboot, rounds)
    tables = [variants_table("power-on", power_on), variants_table("reboot", reboot)]
    return "\n\n".join([f"{head}\n{describe_host()}", *tables])


def _measure(
    kind: str, variants: Mapping[str, V], measure: Callable[[V], VariantSeconds | None], rounds: int
) -> dict[str, list[VariantSeconds]]:  # fmt: skip
    """Let the variants take turns; returns for each its seconds in the rounds in which the machine came up."""
    results: dict[str, list[VariantSeconds]] = {name: [] for name in variants}
    for turn in range(1, rounds + 1):
        for name, variant in variants.items():
            seconds = measure(variant)
            if seconds:
                results[name].append(seconds)
            outcome = f"{number(seconds.login)} s to the login, {number(seconds.work)} s of work" if seconds else "did not come up"
            log.info(f"round {turn} of {rounds}, {kind}, {name}: {outcome}")
    return results


def variants_table(kind: str, results: Mapping[str, list[VariantSeconds]]) -> str:
    """The least seconds of each variant, and their ratios to those of the unchanged machine."""
    base = _least(results[UNCHANGED])
    rows = []
    for name, rounds in results.items():
        least = _least(rounds)
        if least is None:
            cells = ["did not come up", "", "", ""]
        else:
            login_ratio, work_ratio = (ratio(least.login, base.login), ratio(least.work, base.work)) if base else ("-", "-")
            cells = [f"{number(least.login)} s", login_ratio, f"{number(least.work)} s", work_ratio]
        rows.append([f"{kind}: {name}", *cells])
    return table(["variant", "to the login", "to unchanged", "work", "to unchanged"], rows)


def _least(rounds: list[VariantSeconds]) -> VariantSeconds | None:
    """The least of each kind of seconds, which may be of different rounds; None where the machine never came up."""
    if not rounds:
        return None
    return VariantSeconds(min(seconds.login for seconds in rounds), min(seconds.work for seconds in rounds))


class _Bench:
    """Starts the variants of a target's machine, one at a time, and measures them."""

    def __init__(self, builder: Builder, target: Target):
        self.builder, self.target = builder, target
        self.emulator, self.disk = builder.emulator(target), builder.disk(target)
        self.accelerator = accelerator(builder.engine(), self.emulator.tag, self.disk.path)

    def _machine(self, variant: Variant) -> Vm:
        hardware = VariedHardware(memory=variant.memory or self.target.memory, replaced=variant.replaced)
        return Vm(self.builder.engine(), self.emulator.tag, self.disk.path, hardware, self.accelerator)

    def power_on(self, variant: Variant) -> VariantSeconds | None:
        """Measure from power-on; None, with a message, when the machine does not come up."""
        with slots.take():
            vm = self._machine(variant)
            try:
                vm.power_on()
                began = time.monotonic()
                vm.await_boot(BOOT_TIMEOUT_S)
                return VariantSeconds(time.monotonic() - began, _work_s(Session(vm)))
            except MachineLost as lost:
                log.info(str(lost))
                return None
            finally:
                vm.stop()

    def reboot(self, change: str) -> VariantSeconds | None:
        """Run the shell command ``change`` in the guest, measure from a hard reset on; None when the machine does not come up."""
        with slots.take():
            vm = self._machine(Variant())
            session = Session(vm)
            try:
                session.open()
                session.settle()
                _run(session, f"{change} && sync")
                began = time.monotonic()
                vm.monitor("system_reset")
                vm.await_boot(BOOT_TIMEOUT_S)
                return VariantSeconds(time.monotonic() - began, _work_s(session))
            except MachineLost as lost:
                log.info(str(lost))
                return None
            finally:
                vm.stop()


def _work_s(session: Session) -> float:
    """The seconds of WORK, once all services have started in the guest; MachineLost if WORK fails."""
    session.settle()
    began = time.monotonic()
    _run(session, WORK)
    return time.monotonic() - began


def _run(session: Session, script: str) -> None:
    """Run a shell script as root in the guest; MachineLost with the script's output if the script fails."""
    status, output = session.execute("sh", "-c", script, timeout_s=WORK_TIMEOUT_S)
    if status:
        raise MachineLost(f"exit status {status} of {script!r}: {output.decode(errors='replace')}")
