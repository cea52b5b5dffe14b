"""Reading off a machine's console how far a reboot or a crash has come, and when nothing will come any more."""

from __future__ import annotations

import time
from collections.abc import Callable

from checks.machines.machine import MachineLost

CRASH_STARTS_WITHIN_S = 60  # from the end of the command to the panic
NOT_ON_CONSOLE = "not told on the console"  # what a kernel that panics in an NMI says waits until it is safe to say, which never comes


def uptime(execute: Callable[..., tuple[int, bytes]]) -> float:
    """What the machine's kernel shows as the seconds since it started; 0 if nobody could look."""
    status, out = execute("cat", "/proc/uptime")
    return float(out.split()[0]) if status == 0 and out.split() else 0.0


class RestartWatch:
    """Follows one crossing: ``expect`` is what the snippet announces; ``since`` is where the console was when it began.

    With ``capture_dies`` the capture kernel may panic as well, as long as the machine comes back. ``uptime_s`` is what
    the kernel's clock showed when it began: a kernel that says less is another one.
    What it sees goes into the outcome: why each kernel panicked, and the seconds at which each stage was reached.
    """

    def __init__(self, expect: str, machine, since: int, outcome, began: float, progress, capture_dies: bool = False, uptime_s: float = 0):
        self.expect, self.machine, self.console = expect, machine, machine.console
        self.capture_dies, self.uptime_s = capture_dies, uptime_s
        self.since, self.outcome = since, outcome
        self.began, self.progress = began, progress
        self.command_ended: float | None = None  # time.monotonic() at which the shell had answered

    def _reach(self, stage: str) -> None:
        if stage not in self.outcome.stages:
            self.outcome.stages[stage] = round(time.monotonic() - self.began, 1)
            self.progress(stage)

    def _reset(self) -> int | None:
        """Where the console was at the first reset since the snippet began, or since the panic, where there was one."""
        since = self._panicked_at() or self.since
        return next((at for at in self.machine.resets if at >= since), None)

    def look(self) -> None:
        """Take in the console; Lost when it shows that nothing will come any more."""
        panics, reset = self.console.panics(self.since, oops=self.expect == "crash"), self._reset()
        if self.expect == "reboot":
            if panics:
                raise MachineLost(f"the kernel panicked instead of restarting: {panics[0]}")
            if reset:
                self._reach("booting")
            return
        if self.expect == "kexec":
            if panics:
                raise MachineLost(f"the kernel panicked instead of starting another: {panics[0]}")
            if reset is not None:
                raise MachineLost("the machine was reset, so it came through its firmware: that is no kexec")
            if self.console.new_kernel(self.since):
                self._reach("booting")
            return
        if self._unsaid():
            panics = [NOT_ON_CONSOLE, *panics]
        if panics:
            self.outcome.panic = panics[0]
            self._reach("panicked")
            if self._captured(reset):
                self._reach("capturing")
            if len(panics) > 1:
                self._died_again(panics[-1])
            elif self.console.dead(self.since):
                raise MachineLost(f"the kernel panicked ({panics[0]}) and stands still: {self._missing()}")
            if reset:
                self._reach("coming back")
        elif reset and self.expect != "panic":  # a kernel may also be meant to panic while it boots
            raise MachineLost("the machine restarted without a kernel panic on its console")
        elif not reset and self.command_ended and time.monotonic() - self.command_ended > CRASH_STARTS_WITHIN_S:
            raise MachineLost(f"the command ended {CRASH_STARTS_WITHIN_S} s ago and the kernel has not panicked")

    def _missing(self) -> str:
        return "nobody restarts it (kernel.panic)" if self.expect == "panic" else "no capture kernel was loaded"

    def _died_again(self, why: str) -> None:
        if self.expect == "panic":
            raise MachineLost(f"the kernel that came back panicked, too: {why}")
        if not self.capture_dies:
            raise MachineLost(f"the capture kernel died: {why}")
        if self.console.dead(self.since):
            raise MachineLost(f"the capture kernel died ({why}) and stands still: with panic=10 it would restart the machine")
        self._reach("the capture kernel died")
        self.outcome.panic = f"{self.outcome.panic}; in the capture kernel: {why}"

    def _captured(self, until: int | None) -> bool:
        return self._unsaid() or self.console.new_kernel(self._panicked_at() or self.since, until)

    def _unsaid(self) -> bool:
        """Whether another kernel ran before this machine was reset, or said that it panics."""
        if self.expect != "crash":
            return False
        until = self._panicked_at()
        # Half of it: messages are dated by another clock than the uptime, and the two may drift apart where it is emulated.
        return self.console.new_kernel(self.since, self._reset() if until is None else until, self.uptime_s / 2)

    def _panicked_at(self) -> int | None:
        return self.console.panicked_at(self.since, oops=self.expect == "crash")

    def arrived(self) -> None:
        """The machine is back: was it what was announced?"""
        self.look()
        if self.expect != "kexec" and self._reset() is None:
            more = ': after a kexec, the page says data-expect="kexec"' if self.expect == "reboot" else ""
            raise MachineLost(f"the agent started anew, but the machine was not reset{more}")
        if self.expect == "panic":
            if not self.outcome.panic:
                raise MachineLost("the machine restarted without a kernel panic on its console")
            if self._captured(self._reset()):
                raise MachineLost(f"the kernel panicked ({self.outcome.panic}), and a capture kernel ran before the restart")
        if self.expect == "crash" and not self._captured(self._reset()):
            raise MachineLost(f"the kernel panicked ({self.outcome.panic}) and restarted: no capture kernel ran in between")
        self._reach("back")

    def last(self) -> str:
        stages = list(self.outcome.stages)
        return f"; last seen: {stages[-1]}" if stages else ""
