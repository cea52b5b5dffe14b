"""How far a reboot, a kexec or a panic has come, read off the VM's console and QEMU's resets."""

from __future__ import annotations

import logging
import time

from checks.machines.machine import MachineLost, RestartableMachine
from checks.model import Outcome, Snippet
from checks.sessions.crash_dumps import RunningKernel

log = logging.getLogger("guide")

CRASH_STARTS_WITHIN_S = 300  # from the end of the command to the panic; a panic on a quiet host starts within a second
# A kernel that panics inside an NMI defers its messages and jumps into the capture kernel before printing them.
NOT_ON_CONSOLE = "not told on the console"


class RestartWatch:
    """Follows the restart that a snippet announces with ``data-expect``, from the start of its command to the login.

    ``kernel`` is the kernel that is to crash: one whose messages have a much lower time is another kernel, and a
    processor in the memory that this kernel has reserved runs the capture kernel. The watch writes into ``outcome`` why
    the kernel panicked, and when each stage was reached. ``began`` is time.monotonic() at the snippet's start.
    """

    def __init__(self, snippet: Snippet, machine: RestartableMachine, outcome: Outcome, began: float, kernel: RunningKernel | None = None):
        self.expect = snippet.expect
        # With data-dump="none" the capture kernel may panic as well, as long as the machine comes back.
        self.capture_may_die = not snippet.dump
        self.machine, self.console = machine, machine.console
        self.since = machine.console.mark()
        self.outcome, self.began = outcome, began
        self.kernel, self.uptime_s = kernel, kernel.uptime_s if kernel else 0.0
        self.ran_in_reserved = False  # A processor was seen there before any reset; see _look_at_processors.
        self.jumped = False  # When it was seen there first, the console had shown neither an oops nor a panic.
        if kernel and any(map(kernel.reserves, machine.page_tables())):
            raise MachineLost("the running kernel lies in the memory that /proc/iomem calls reserved for a capture kernel")
        self.per_cpu_base = machine.per_cpu_base() if self.expect == "kexec" else None
        self.command_ended: float | None = None  # time.monotonic() at which the shell answered

    def _reach(self, stage: str) -> None:
        if stage not in self.outcome.stages:
            self.outcome.stages[stage] = round(time.monotonic() - self.began, 1)
            log.info(stage, extra={"stage": stage})

    def _first_reset(self) -> int | None:
        """Where the console was at the first reset after the panic, or after the snippet's start where none panicked."""
        since = self._panic_position() or self.since
        return next((position for position in self.machine.resets if position >= since), None)

    def look(self) -> None:
        """Read the console; MachineLost when the console shows that the announced restart cannot come any more."""
        self._look_at_processors()
        panics = self.console.panics(self.since, oops=self.expect == "crash")
        reset = self._first_reset()
        if self.expect == "reboot":
            self._look_for_reboot(panics, reset)
        elif self.expect == "kexec":
            self._look_for_kexec(panics, reset)
        else:
            self._look_for_panic(panics, reset)

    def _look_at_processors(self) -> None:
        """Note a processor whose page table lies in reserved memory: the kernel that reserved it uses none there.

        After a reset this proves nothing, since the firmware and the next kernel may use that memory before they reserve it.
        QEMU reports a reset before it answers a later question, and writes what a kernel prints before that kernel goes on.
        """
        if self.kernel and not self.ran_in_reserved and any(map(self.kernel.reserves, self.machine.page_tables())):
            self.console.poll()
            self.ran_in_reserved = self._first_reset() is None
            self.jumped = self.ran_in_reserved and not self.console.names_a_crash(self.since)

    def _look_for_reboot(self, panics: list[str], reset: int | None) -> None:
        if panics:
            raise MachineLost(f"the kernel panicked instead of restarting: {panics[0]}")
        if reset:
            self._reach("booting")

    def _look_for_kexec(self, panics: list[str], reset: int | None) -> None:
        if panics:
            raise MachineLost(f"the kernel panicked instead of starting another: {panics[0]}")
        if reset is not None:
            raise MachineLost("the machine was reset and came through its firmware, so another kernel was not started by kexec")
        if self.console.new_kernel(self.since):
            self._reach("booting")

    def _look_for_panic(self, panics: list[str], reset: int | None) -> None:
        if self._jumped_unannounced():
            panics = [NOT_ON_CONSOLE, *panics]
        if panics:
            self.outcome.panic = panics[0]
            self._reach("panicked")
            if self._capture_kernel_printed(reset):
                self._reach("capturing")
            if len(panics) > 1:
                self._panicked_again(panics[-1])
            elif self.console.dead(self.since):
                raise MachineLost(f"the kernel panicked ({panics[0]}) and stands still: {self._why_still()}")
            if reset:
                self._reach("coming back")
        elif reset and self.expect != "panic":  # With data-expect="panic" the kernel may reboot first and panic while it boots.
            raise MachineLost("the machine restarted without a kernel panic on its console")
        elif not reset and self.command_ended and time.monotonic() - self.command_ended > CRASH_STARTS_WITHIN_S:
            raise MachineLost(f"the command ended {CRASH_STARTS_WITHIN_S} s ago and the kernel has not panicked")

    def _why_still(self) -> str:
        return "nobody restarts it (kernel.panic)" if self.expect == "panic" else "no capture kernel was loaded"

    def _panicked_again(self, reason: str) -> None:
        if self.expect == "panic":
            raise MachineLost(f"the kernel that came back panicked, too: {reason}")
        if not self.capture_may_die:
            raise MachineLost(f"the capture kernel died: {reason}")
        if self.console.dead(self.since):
            raise MachineLost(f"the capture kernel died ({reason}) and stands still: with panic=10 it would restart the machine")
        self._reach("the capture kernel died")
        self.outcome.panic = f"{self.outcome.panic}; in the capture kernel: {reason}"

    def _capture_kernel_ran(self, until: int | None) -> bool:
        """Whether a second kernel ran, or printed messages, after the panic and before console position ``until``."""
        return self.ran_in_reserved or self._capture_kernel_printed(until)

    def _capture_kernel_printed(self, until: int | None) -> bool:
        """Whether a second kernel printed messages after the panic and before console position ``until``, or panicked unseen."""
        return self._jumped_unannounced() or self.console.new_kernel(self._panic_position() or self.since, until)

    def _jumped_unannounced(self) -> bool:
        """Whether a second kernel ran, or printed messages, before any panic was printed and before the machine was reset."""
        if self.expect != "crash" or self.jumped:
            return self.jumped
        panic = self._panic_position()
        # Half of the uptime: kernel messages are dated by another clock than the uptime, and emulated clocks drift apart.
        return self.console.new_kernel(self.since, self._first_reset() if panic is None else panic, self.uptime_s / 2)

    def _panic_position(self) -> int | None:
        return self.console.panicked_at(self.since, oops=self.expect == "crash")

    def arrived(self) -> None:
        """The machine has booted again; MachineLost when it did not come by the way that the page announces."""
        self.look()
        if self.expect != "kexec" and self._first_reset() is None:
            advice = ': after a kexec, the page says data-expect="kexec"' if self.expect == "reboot" else ""
            raise MachineLost(f"the agent started anew, but the machine was not reset{advice}")
        if self.expect == "panic":
            if not self.outcome.panic:
                raise MachineLost("the machine restarted without a kernel panic on its console")
            if self._capture_kernel_ran(self._first_reset()):
                raise MachineLost(f"the kernel panicked ({self.outcome.panic}), and a capture kernel ran before the restart")
        if self.expect == "crash" and not self._capture_kernel_ran(self._first_reset()):
            raise MachineLost(f"the kernel panicked ({self.outcome.panic}) and restarted: no capture kernel ran in between")
        if self.expect == "crash" and self.kernel and not self.capture_may_die and not self.ran_in_reserved:
            raise MachineLost(
                "the console shows a crash, but QEMU never saw a processor run in the memory that is reserved for the capture kernel"
            )
        if self.per_cpu_base is not None and self.machine.per_cpu_base() == self.per_cpu_base:
            raise MachineLost("the boot_id is another, but QEMU sees the kernel's memory where it was: no other kernel has started")
        self._reach("back")

    def last_stage(self) -> str:
        """The end of a report: "; last seen: STAGE", or "" when no stage was reached."""
        stages = list(self.outcome.stages)
        return f"; last seen: {stages[-1]}" if stages else ""
