"""How far a restart has come: each stage, and each way that is not the announced one, from the console, the resets and QEMU's registers."""

# ruff: noqa: E501  a case stands in one line

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checks.machines.console import Console
from checks.machines.machine import MachineLost
from checks.model import Outcome, Snippet
from checks.sessions.crash_dumps import RunningKernel
from checks.sessions.restarts import CRASH_STARTS_WITHIN_S, RestartWatch

EARLIER = "[    9.000000] Kernel panic - not syncing: long ago\n[   40.000000] login:\n"
SHUTDOWN = "[   50.000000] systemd-shutdown[1]: Rebooting.\n"
PANIC = "[   50.100000] Kernel panic - not syncing: first\n[   50.200000] more\n"
SECOND = "[    3.000000] Kernel panic - not syncing: second\n"
STANDS = "[   50.300000] ---[ end Kernel panic - not syncing: first ]---\n"
OTHER = "[    1.000000] Run /init as init process\n"
RESET = "|"  # in what the console shows: the machine was reset here
KERNEL = RunningKernel(0.0, 60.0, "6.12", {}, ((100, 200),))


@dataclass
class Machine:
    console: Console
    resets: list[int] = field(default_factory=list)
    tables: list[int] = field(default_factory=lambda: [5])
    base: int | None = None

    def page_tables(self) -> list[int]:
        return self.tables

    def per_cpu_base(self) -> int | None:
        return self.base


def watch(expect: str, *, dump: bool = True, kernel: RunningKernel | None = None, base: int | None = None) -> RestartWatch:
    """A watch that begins behind a console with an earlier panic, and a reset of an earlier time."""
    console = Console(Path("/nonexistent"))
    console.data = EARLIER.encode()
    snippet = Snippet("p", "s", "bash", "true", Path("p.md"), 1, 3, expect=expect, dump=dump)
    return RestartWatch(snippet, Machine(console, [3], base=base), Outcome("a", ""), time.monotonic(), kernel)


def show(seen: RestartWatch, printed: str) -> None:
    """Let the console print; RESET stands where the machine was reset."""
    for number, piece in enumerate(printed.split(RESET)):
        if number:
            seen.machine.resets.append(len(seen.console.data))
        seen.console.data += piece.encode()


# What is announced, what the console shows bit by bit (each with a look behind it), the stages, and the reason of the panic.
COMES = {
    "a reboot": ("reboot", True, [SHUTDOWN, RESET, OTHER], ["booting", "back"], None),
    "a kexec": ("kexec", True, [SHUTDOWN, OTHER], ["booting", "back"], None),
    "a crash": ("crash", True, [PANIC, OTHER, RESET, OTHER], ["panicked", "capturing", "coming back", "back"], "first"),
    "a crash that is seen late": ("crash", True, [PANIC + OTHER + RESET + OTHER], ["panicked", "capturing", "coming back", "back"], "first"),
    "a crash that is not told": (
        "crash", True, [SHUTDOWN, OTHER, RESET + OTHER], ["panicked", "capturing", "coming back", "back"], "not told on the console",
    ),
    "a crash whose capture kernel dies": (
        "crash", False, [PANIC, OTHER, SECOND, RESET + OTHER],
        ["panicked", "capturing", "the capture kernel died", "coming back", "back"], "first; in the capture kernel: second",
    ),
    "a panic": ("panic", True, [PANIC, RESET, OTHER], ["panicked", "coming back", "back"], "first"),
    "a panic after a reboot": ("panic", True, [SHUTDOWN, RESET, SECOND, RESET, OTHER], ["panicked", "coming back", "back"], "second"),
}  # fmt: skip


@pytest.mark.parametrize("case", COMES)
def test_a_restart_that_comes_as_announced_passes_its_stages(case):
    expect, dump, printed, stages, reason = COMES[case]
    seen = watch(expect, dump=dump)
    for piece in printed:
        show(seen, piece)
        seen.look()
    seen.arrived()
    assert list(seen.outcome.stages) == stages
    assert seen.outcome.panic == reason
    assert seen.last_stage() == "; last seen: back"
    assert all(0 <= seconds < 60 for seconds in seen.outcome.stages.values())


# What is announced, what the console shows, and how a look at it ends.
LOST_AT_A_LOOK = {
    "a reboot that panics": ("reboot", True, PANIC, "the kernel panicked instead of restarting: first"),
    "a kexec that panics": ("kexec", True, PANIC, "the kernel panicked instead of starting another: first"),
    "a kexec by a reset": (
        "kexec", True, RESET, "the machine was reset and came through its firmware, so another kernel was not started by kexec",
    ),
    "a crash without a panic": ("crash", True, SHUTDOWN + RESET + OTHER, "the machine restarted without a kernel panic on its console"),
    "a crash that nobody takes over": ("crash", True, PANIC + STANDS, "the kernel panicked (first) and stands still: no capture kernel was loaded"),
    "a panic that nobody restarts": ("panic", True, PANIC + STANDS, "the kernel panicked (first) and stands still: nobody restarts it (kernel.panic)"),
    "a panic twice": ("panic", True, PANIC + RESET + SECOND, "the kernel that came back panicked, too: second"),
    "a capture kernel that dies": ("crash", True, PANIC + OTHER + SECOND, "the capture kernel died: second"),
    "a capture kernel that dies and stands": (
        "crash", False, PANIC + OTHER + SECOND + STANDS,
        "the capture kernel died (second) and stands still: with panic=10 it would restart the machine",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST_AT_A_LOOK)
def test_a_restart_that_cannot_come_any_more_is_given_up(case):
    expect, dump, printed, said = LOST_AT_A_LOOK[case]
    seen = watch(expect, dump=dump)
    show(seen, printed)
    with pytest.raises(MachineLost) as lost:
        seen.look()
    assert str(lost.value) == said


# The same where the agent has come back.
LOST_AT_ARRIVAL = {
    "a reboot without a reset": (
        "reboot", OTHER, 'the agent started anew, but the machine was not reset: after a kexec, the page says data-expect="kexec"',
    ),
    "a crash without a reset": ("crash", SHUTDOWN, "the agent started anew, but the machine was not reset"),
    "a panic without a reset": ("panic", PANIC, "the agent started anew, but the machine was not reset"),
    "a panic that was a reboot": ("panic", SHUTDOWN + RESET + OTHER, "the machine restarted without a kernel panic on its console"),
    "a panic with a capture kernel": ("panic", PANIC + OTHER + RESET + OTHER, "the kernel panicked (first), and a capture kernel ran before the restart"),
    "a crash without a capture kernel": ("crash", PANIC + RESET + OTHER, "the kernel panicked (first) and restarted: no capture kernel ran in between"),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST_AT_ARRIVAL)
def test_a_machine_that_came_another_way_is_given_up(case):
    expect, printed, said = LOST_AT_ARRIVAL[case]
    seen = watch(expect)
    show(seen, printed)
    with pytest.raises(MachineLost) as lost:
        seen.arrived()
    assert str(lost.value) == said
    assert "back" not in seen.outcome.stages


def test_a_crash_counts_where_a_processor_ran_in_the_reserved_memory_at_any_time():
    for tables, counts in (
        ([[5], [5, 200], [5]], True),
        ([[5], [100], [5]], True),
        ([[99], [201], [5]], False),
        ([[], [], []], False),
        ([[5], [5], [150]], False),  # after the reset: the firmware, or the next kernel before it has reserved the memory
    ):
        seen = watch("crash", kernel=KERNEL)
        for piece, looked in zip((PANIC, OTHER, RESET + OTHER), tables, strict=True):
            show(seen, piece)
            seen.machine.tables = looked
            seen.look()
        assert seen.ran_in_reserved is counts
        if counts:
            seen.arrived()
        else:
            with pytest.raises(MachineLost, match="QEMU never saw a processor run in the memory that is reserved"):
                seen.arrived()


def test_a_capture_kernel_that_prints_nothing_is_seen_in_the_reserved_memory():
    """Debian 12's kernel panics inside an NMI and prints nothing, and neither does its capture kernel."""
    seen = watch("crash", kernel=KERNEL)
    for tables, stages in (([5], []), ([150], ["panicked", "capturing"])):
        seen.machine.tables = tables
        seen.look()
        assert list(seen.outcome.stages) == stages
    show(seen, RESET + OTHER)
    seen.arrived()
    assert seen.outcome.panic == "not told on the console"


def test_a_capture_kernel_that_prints_nothing_before_it_dies_is_no_kernel_that_panicked():
    seen = watch("crash", kernel=KERNEL)
    seen.machine.tables = [150]
    seen.look()
    show(seen, SECOND)
    with pytest.raises(MachineLost, match="^the capture kernel died: second$"):
        seen.look()


def test_an_oops_that_was_printed_is_the_reason_although_the_capture_kernel_has_printed_nothing_yet():
    seen = watch("crash", kernel=KERNEL)
    show(seen, "[   50.000000] Oops: 0002 [#2] PREEMPT SMP\n")
    seen.machine.tables = [150]
    seen.look()
    assert seen.outcome.stages == {}
    show(seen, OTHER + RESET + OTHER)
    seen.arrived()
    assert seen.outcome.panic == "Oops: 0002 [#2]"


def test_a_processor_in_the_reserved_memory_tells_that_a_panic_was_no_end():
    seen = watch("panic", kernel=KERNEL)
    show(seen, PANIC)
    seen.machine.tables = [150]
    seen.look()
    show(seen, RESET + OTHER)
    with pytest.raises(MachineLost, match="and a capture kernel ran before the restart"):
        seen.arrived()


def test_a_capture_kernel_that_may_die_needs_no_processor_in_the_reserved_memory():
    seen = watch("crash", kernel=KERNEL, dump=False)
    show(seen, PANIC + OTHER + RESET + OTHER)
    seen.arrived()


def test_a_kernel_that_lies_in_its_own_reserved_memory_proves_nothing():
    snippet = Snippet("p", "s", "bash", "true", Path("p.md"), 1, 3, expect="crash")
    machine = Machine(Console(Path("/nonexistent")), tables=[5, 150])
    with pytest.raises(MachineLost, match="the running kernel lies in the memory that /proc/iomem calls reserved"):
        RestartWatch(snippet, machine, Outcome("a", ""), 0.0, KERNEL)
    RestartWatch(snippet, machine, Outcome("a", ""), 0.0)


@pytest.mark.parametrize(("before", "after", "lost"), [(7, 7, True), (7, 8, False), (7, None, False), (None, None, False), (0, 0, True)])
def test_a_kexec_moves_the_kernels_memory(before, after, lost):
    seen = watch("kexec", base=before)
    show(seen, SHUTDOWN + OTHER)
    seen.machine.base = after
    if lost:
        with pytest.raises(MachineLost, match="the boot_id is another, but QEMU sees the kernel's memory where it was"):
            seen.arrived()
    else:
        seen.arrived()
    assert watch("reboot", base=7).per_cpu_base is None, "a reboot may put the kernel where it was"


def test_a_clock_that_goes_back_a_little_is_no_other_kernel():
    """Before any panic: the messages' clock has to go back by half of the uptime, here to less than 30 s."""
    for time_shown, jumped in (("30.400000", False), ("29.400000", True)):
        seen = watch("crash", kernel=KERNEL)
        show(seen, f"[   {time_shown}] x\n")
        seen.look()
        assert ("panicked" in seen.outcome.stages) is jumped
        assert seen.outcome.panic == ("not told on the console" if jumped else None)


def test_a_panic_has_its_time_from_the_end_of_the_command(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for late_s, lost in ((CRASH_STARTS_WITHIN_S, False), (CRASH_STARTS_WITHIN_S + 1, True)):
        for expect in ("crash", "panic"):
            seen = watch(expect)
            seen.look()  # The command has not ended.
            seen.command_ended = now - late_s
            if lost:
                with pytest.raises(MachineLost, match="the command ended 300 s ago and the kernel has not panicked"):
                    seen.look()
                show(seen, PANIC)
            seen.look()
    assert seen.last_stage() == "; last seen: panicked" and watch("crash").last_stage() == ""


def test_a_stage_has_the_time_at_which_it_was_seen_first(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    seen = watch("panic")
    for at, piece in ((1002.26, PANIC), (1005.0, RESET), (1009.0, OTHER)):
        now = at
        show(seen, piece)
        seen.look()
    now = 1010.0
    seen.arrived()
    assert seen.outcome.stages == {"panicked": 2.3, "coming back": 5.0, "back": 10.0}
