"""What the console and QEMU must show of a machine that restarts, for each way that a page may announce."""

from __future__ import annotations

import re
import time
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
BEFORE = "[   50.000000] before\n"
BOOT = "[    0.500000] Linux version\n"
TWICE = """[   10.000001] Kernel panic - not syncing: sysrq triggered crash
[   10.000002] CPU: 0 UID: 0 PID: 500 Comm: tee
[    0.500000] Kernel panic - not syncing: System is deadlocked on memory
"""


NEVER_RAN = "the console shows a crash, but QEMU never saw a processor run in the memory that is reserved for the capture kernel"
WHERE_IT_WAS = "the boot_id is another, but QEMU sees the kernel's memory where it was: no other kernel has started"
STANDS_STILL = "the capture kernel died (System is deadlocked on memory) and stands still: with panic=10 it would restart the machine"
RESERVED = (0x6C000000, 0x77FFFFFF)
OUTSIDE, INSIDE = 0x10A0C000, 0x6E004000


class Machine:
    """A console, its resets and where the processors' page tables lie, as a RestartWatch sees them."""

    def __init__(self, *parts, tables=None, bases=()):
        self.console, self.resets = Console(Path("/nonexistent")), []
        self.tables, self.bases = list(tables or ((OUTSIDE, INSIDE) if CAPTURE in parts else (OUTSIDE,))), list(bases)
        for part in parts:
            if part is RESET:
                self.resets.append(len(self.console.data))
            else:
                self.console.data += part.encode()

    def page_tables(self):
        return [self.tables.pop(0) if len(self.tables) > 1 else self.tables[0]]

    def per_cpu_base(self):
        return self.bases.pop(0) if self.bases else None


def watch(expect, parts, dump=True, uptime_s=0.0, began=0.0, **more) -> RestartWatch:
    """A watch over a machine whose console shows ``parts`` and was reset where RESET stands among them."""
    machine = Machine(*parts, **more)
    kernel = RunningKernel(0.0, uptime_s, "6.12", {}, (RESERVED,)) if expect == "crash" else None
    snippet = Snippet("p", "a", "bash", "true", Path("p.md"), 1, 3, expect=expect, dump=dump)
    seen = RestartWatch(snippet, machine, Outcome("a", ""), began, kernel)
    seen.since = 0
    machine.resets, resets = [], machine.resets
    seen._look_at_processors()  # before the machine is reset
    machine.resets = resets
    return seen


def crashed(text: str, dump=True, **more) -> Outcome:
    """What a watch makes of a crash whose console is this, and after which the machine restarts."""
    seen = watch("crash", (text, RESET), dump=dump, **more)
    seen.arrived()
    return seen.outcome


def test_a_capture_kernel_that_dies_is_a_failure_unless_it_is_announced():
    with pytest.raises(MachineLost, match="^the capture kernel died: System is deadlocked on memory$"):
        crashed(TWICE)
    outcome = crashed(TWICE, dump=False)
    assert list(outcome.stages) == ["panicked", "capturing", "the capture kernel died", "coming back", "back"]
    assert outcome.panic == "sysrq triggered crash; in the capture kernel: System is deadlocked on memory"


def test_a_crash_that_leaves_no_dump_must_still_have_had_a_capture_kernel():
    with pytest.raises(MachineLost, match="no capture kernel ran in between"):
        crashed(TWICE.split("[    0.5")[0], dump=False)


def test_a_capture_kernel_that_stands_still_is_a_failure_even_if_announced():
    with pytest.raises(MachineLost, match=f"^{re.escape(STANDS_STILL)}$"):
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
        ("crash", (PANIC, RESET, BOOT), "the kernel panicked (x) and restarted: no capture kernel ran in between"),
        ("crash", (OOPS, CAPTURE, RESET, BOOT), None),
        ("crash", (OOPS, PANIC, CAPTURE, RESET, BOOT), None),
        ("crash", (OOPS, RESET, BOOT), "the kernel panicked (Oops: Oops: 0002 [#1]) and restarted: no capture kernel ran in between"),
        ("crash", (OOPS, CAPTURE, PANIC, RESET, BOOT), "the capture kernel died: x"),
        ("reboot", (OOPS, RESET, BOOT), None),
        ("panic", (PANIC, RESET, BOOT), None),
        ("panic", (RESET, BOOT, PANIC, RESET, BOOT), None),
        ("panic", (BEFORE, RESET, BOOT, PANIC, RESET, BOOT), None),
        ("panic", (PANIC, CAPTURE, RESET, BOOT), "the kernel panicked (x), and a capture kernel ran before the restart"),
        ("panic", (RESET, BOOT), "the machine restarted without a kernel panic on its console"),
        (
            "panic",
            (PANIC, "---[ end Kernel panic - not syncing: x ]---\n"),
            "the kernel panicked (x) and stands still: nobody restarts it (kernel.panic)",
        ),
        ("panic", (PANIC, RESET, BOOT, PANIC, RESET, BOOT), "the kernel that came back panicked, too: x"),
        (
            "crash",
            (PANIC, "---[ end Kernel panic - not syncing: x ]---\n"),
            "the kernel panicked (x) and stands still: no capture kernel was loaded",
        ),
        ("crash", (BOOT, RESET, BOOT), "the machine restarted without a kernel panic on its console"),
        ("reboot", (BOOT,), 'the agent started anew, but the machine was not reset: after a kexec, the page says data-expect="kexec"'),
        ("crash", (PANIC, CAPTURE), "the agent started anew, but the machine was not reset"),
        ("panic", (PANIC,), "the agent started anew, but the machine was not reset"),
        ("kexec", (PANIC, BOOT), "the kernel panicked instead of starting another: x"),
        ("kexec", (RESET, BOOT), "the machine was reset and came through its firmware, so another kernel was not started by kexec"),
        ("kexec", (BOOT,), None),
        ("reboot", (RESET, BOOT), None),
        ("reboot", (PANIC, RESET, BOOT), "the kernel panicked instead of restarting: x"),
    ],
)
def test_the_console_tells_whether_a_machine_went_as_announced(expect, parts, said):
    seen = watch(expect, parts)
    if said is None:
        seen.arrived()
        return
    with pytest.raises(MachineLost) as lost:
        seen.arrived()
    assert str(lost.value) == said


# The stages that a report and the progress line show, in their order, and what the outcome says of the panic.
STAGES = [
    ("crash", (PANIC,), "x", ["panicked"]),
    ("crash", (PANIC, CAPTURE), "x", ["panicked", "capturing"]),
    ("crash", (PANIC, CAPTURE, RESET), "x", ["panicked", "capturing", "coming back"]),
    ("crash", (CAPTURE + "[    2.000000] more\n",), None, []),
    ("crash", (BEFORE, CAPTURE), "not told on the console", ["panicked", "capturing"]),
    ("crash", (PANIC, RESET, BOOT), "x", ["panicked", "coming back"]),
    ("panic", (PANIC, RESET), "x", ["panicked", "coming back"]),
    ("panic", (RESET,), None, []),
    ("reboot", (), None, []),
    ("reboot", (BOOT, RESET), None, ["booting"]),
    ("kexec", (BOOT,), None, []),
    ("kexec", (BEFORE, BOOT), None, ["booting"]),
]


@pytest.mark.parametrize(("expect", "parts", "panic", "stages"), STAGES)
def test_how_far_a_restart_has_come_is_noted_once(expect, parts, panic, stages, monkeypatch, caplog):
    caplog.set_level("INFO", logger="guide")
    monkeypatch.setattr(time, "monotonic", lambda: 12.34567)
    seen = watch(expect, parts, began=2.0)
    seen.look()
    seen.look()
    assert (seen.outcome.panic, list(seen.outcome.stages)) == (panic, stages)
    assert set(seen.outcome.stages.values()) <= {10.3}
    assert [(record.getMessage(), record.stage) for record in caplog.records] == [(stage, stage) for stage in stages]
    assert seen.last_stage() == (f"; last seen: {stages[-1]}" if stages else "")


@pytest.mark.parametrize(("uptime_s", "jumped"), [(80.0, True), (50.0, False), (20.0, False)])
def test_a_message_from_before_half_of_the_uptime_is_another_kernels(uptime_s, jumped):
    """Half, since the clock of messages and that of the uptime drift apart on an emulated machine."""
    seen = watch("crash", ("[   30.000000] a message\n",), uptime_s=uptime_s)
    seen.look()
    assert (seen.outcome.panic == "not told on the console") is jumped


def test_the_last_panic_of_a_capture_kernel_is_the_one_that_is_told():
    outcome = crashed(TWICE + "[    0.700000] Kernel panic - not syncing: the last\n", dump=False)
    assert outcome.panic == "sysrq triggered crash; in the capture kernel: the last"


def test_a_kernel_that_stood_still_before_the_snippet_is_another():
    dead = "---[ end Kernel panic - not syncing: old ]---\n"
    for text, dump in ((PANIC + CAPTURE, True), (TWICE, False)):
        seen = watch("crash", (dead, text), dump=dump)
        seen.since = len(dead)
        seen.look()
        assert "capturing" in seen.outcome.stages


def test_where_the_kernel_lies_is_asked_for_a_kexec_only():
    watch("reboot", (RESET, BOOT), bases=[1, 1]).arrived()


def test_a_crash_has_to_start_within_five_minutes_of_the_commands_end(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    seen = watch("crash", ("login:\n",))
    seen.command_ended = now
    now = 1300.0
    seen.look()
    now = 1300.1
    with pytest.raises(MachineLost) as lost:
        seen.look()
    assert str(lost.value) == "the command ended 300 s ago and the kernel has not panicked"
    seen.machine.console.data += PANIC.encode()
    seen.look()


def test_what_stood_on_the_console_before_the_snippet_is_of_another_restart():
    machine = Machine(PANIC, RESET, BOOT)
    snippet = Snippet("p", "a", "bash", "true", Path("p.md"), 1, 3, expect="reboot")
    seen = RestartWatch(snippet, machine, Outcome("a", ""), 0.0)
    with pytest.raises(MachineLost, match="the agent started anew, but the machine was not reset"):
        seen.arrived()
    machine.resets.append(len(machine.console.data))
    seen.arrived()


def test_text_on_the_console_is_no_crash():
    """A panic and a capture kernel that are only printed: no processor ever ran in the reserved memory."""
    with pytest.raises(MachineLost, match=f"^{re.escape(NEVER_RAN)}$"):
        crashed(PANIC + CAPTURE, tables=[OUTSIDE])
    assert crashed(PANIC + CAPTURE, tables=[OUTSIDE, INSIDE]).stages


def test_a_reserved_memory_that_the_running_kernel_uses_is_none():
    with pytest.raises(MachineLost, match="^the running kernel lies in the memory that /proc/iomem calls reserved for a capture kernel$"):
        watch("crash", (PANIC,), tables=[INSIDE])


def test_another_boot_id_is_no_kexec_while_the_kernel_is_where_it_was():
    with pytest.raises(MachineLost, match=f"^{re.escape(WHERE_IT_WAS)}$"):
        watch("kexec", (BOOT,), bases=[0xFFFF888012340000, 0xFFFF888012340000]).arrived()
    watch("kexec", (BOOT,), bases=[0xFFFF888012340000, 0xFFFF8C0056780000]).arrived()
