"""What the console and QEMU must show of a machine that restarts, for each way that a page may announce."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.machines.console import Console
from checks.machines.machine import MachineLost
from checks.model import Outcome, Snippet
from checks.sessions.crash_dumps import RunningKernel
from checks.sessions.restarts import RestartWatch

RESET = object()
PANIC = "[   10.000000] Kernel panic - not syncing: x\n[   10.100000] CPU: 0\n"
OOPS = "[    9.000000] BUG: kernel NULL pointer dereference\n[    9.100000] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
CAPTURE = "[    1.000000] kdump-tools: running\n"
BOOT = "[    0.500000] Linux version\n"
TWICE = """[   10.000001] Kernel panic - not syncing: sysrq triggered crash
[   10.000002] CPU: 0 UID: 0 PID: 500 Comm: tee
[    0.500000] Kernel panic - not syncing: System is deadlocked on memory
"""


RESERVED = (0x6C000000, 0x77FFFFFF)
OUTSIDE, INSIDE = 0x10A0C000, 0x6E004000


class Machine:
    """A console, its resets and where the processors' page tables lie, as a RestartWatch sees them."""

    def __init__(self, *parts, tables=(OUTSIDE, INSIDE), bases=()):
        self.console, self.resets = Console(Path("/nonexistent")), []
        self.tables, self.bases = list(tables), list(bases)
        for part in parts:
            if part is RESET:
                self.resets.append(len(self.console.data))
            else:
                self.console.data += part.encode()

    def page_tables(self):
        return [self.tables.pop(0) if len(self.tables) > 1 else self.tables[0]]

    def per_cpu_base(self):
        return self.bases.pop(0) if self.bases else None


def watch(expect, parts, dump=True, uptime_s=0.0, **more) -> RestartWatch:
    """A watch over a machine whose console shows ``parts`` and was reset where RESET stands among them."""
    machine = Machine(*parts, **more)
    kernel = RunningKernel(0.0, uptime_s, "6.12", {}, (RESERVED,)) if expect == "crash" else None
    snippet = Snippet("p", "a", "bash", "true", Path("p.md"), 1, 3, expect=expect, dump=dump)
    seen = RestartWatch(snippet, machine, Outcome("a", ""), 0.0, kernel)
    seen.since = 0
    return seen


def crashed(text: str, dump=True, **more) -> Outcome:
    """What a watch makes of a crash whose console is this, and after which the machine restarts."""
    seen = watch("crash", (text, RESET), dump=dump, **more)
    seen.arrived()
    return seen.outcome


def test_a_capture_kernel_that_dies_is_a_failure_unless_it_is_announced():
    with pytest.raises(MachineLost, match="the capture kernel died: System is deadlocked on memory"):
        crashed(TWICE)
    outcome = crashed(TWICE, dump=False)
    assert list(outcome.stages) == ["panicked", "capturing", "the capture kernel died", "coming back", "back"]
    assert outcome.panic == "sysrq triggered crash; in the capture kernel: System is deadlocked on memory"


def test_a_crash_that_leaves_no_dump_must_still_have_had_a_capture_kernel():
    with pytest.raises(MachineLost, match="no capture kernel ran in between"):
        crashed(TWICE.split("[    0.5")[0], dump=False)


def test_a_capture_kernel_that_stands_still_is_a_failure_even_if_announced():
    with pytest.raises(MachineLost, match="stands still: with panic=10 it would restart the machine"):
        crashed(TWICE + "[    0.600000] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---\n", dump=False)


def test_a_panic_that_the_console_is_not_told_of_is_known_by_the_capture_kernel():
    """In an NMI a kernel's last words are put off, and it jumps before they are said."""
    for parts, said in (
        ((CAPTURE, RESET, BOOT), None),
        (("login:\n", RESET, BOOT), "restarted without a kernel panic"),
        ((CAPTURE, PANIC, RESET, BOOT), "the capture kernel died: x"),
    ):
        seen = watch("crash", parts, uptime_s=80.1)
        if said is None:
            seen.arrived()
            assert seen.outcome.panic == "not told on the console"
            assert list(seen.outcome.stages) == ["panicked", "capturing", "coming back", "back"]
        else:
            with pytest.raises(MachineLost, match=said):
                seen.arrived()


@pytest.mark.parametrize(
    "expect, parts, said",
    [
        ("crash", (PANIC, CAPTURE, RESET, BOOT), None),
        ("crash", (PANIC, RESET, BOOT), "no capture kernel ran in between"),
        ("crash", (OOPS, CAPTURE, RESET, BOOT), None),
        ("crash", (OOPS, PANIC, CAPTURE, RESET, BOOT), None),
        ("crash", (OOPS, RESET, BOOT), "no capture kernel ran in between"),
        ("crash", (OOPS, CAPTURE, PANIC, RESET, BOOT), "the capture kernel died: x"),
        ("reboot", (OOPS, RESET, BOOT), None),
        ("panic", (PANIC, RESET, BOOT), None),
        ("panic", (RESET, BOOT, PANIC, RESET, BOOT), None),
        ("panic", (PANIC, CAPTURE, RESET, BOOT), "a capture kernel ran before the restart"),
        ("panic", (RESET, BOOT), "restarted without a kernel panic"),
        ("panic", (PANIC, "---[ end Kernel panic - not syncing: x ]---\n"), "nobody restarts it"),
        ("panic", (PANIC, RESET, BOOT, PANIC, RESET, BOOT), "the kernel that came back panicked, too: x"),
        ("reboot", (RESET, BOOT), None),
        ("reboot", (PANIC, RESET, BOOT), "the kernel panicked instead of restarting"),
    ],
)
def test_the_console_tells_whether_a_machine_went_as_announced(expect, parts, said):
    seen = watch(expect, parts)
    if said is None:
        seen.arrived()
        return
    with pytest.raises(MachineLost, match=said):
        seen.arrived()


def test_text_on_the_console_is_no_crash():
    """A panic and a capture kernel that are only printed: no processor ever ran in the reserved memory."""
    with pytest.raises(MachineLost, match="QEMU never saw a processor run in the memory that is reserved"):
        crashed(PANIC + CAPTURE, tables=[OUTSIDE])
    assert crashed(PANIC + CAPTURE).stages


def test_a_reserved_memory_that_the_running_kernel_uses_is_none():
    with pytest.raises(MachineLost, match="the running kernel lies in the memory that /proc/iomem calls reserved"):
        watch("crash", (PANIC,), tables=[INSIDE])


def test_another_boot_id_is_no_kexec_while_the_kernel_is_where_it_was():
    with pytest.raises(MachineLost, match="no other kernel has started"):
        watch("kexec", (BOOT,), bases=[0xFFFF888012340000, 0xFFFF888012340000]).arrived()
    watch("kexec", (BOOT,), bases=[0xFFFF888012340000, 0xFFFF8C0056780000]).arrived()
