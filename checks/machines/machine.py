"""What a session and the runner ask of a machine, whether it is a container or a VM; and the error that all machines raise."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from checks.machines.channel import Channel
    from checks.machines.console import Console

# What the agent says when it starts: {"op": "hello", "boot_id": ..., "kernel": ..., "python": ...}.
Message = dict[str, Any]


class MachineLost(Exception):
    """The machine does not answer any more, or not as it should; the text says what was seen."""


@dataclass(frozen=True)
class PageTime:
    """How long a page may have its machine: ``minutes``, until ``ends_at`` (time.monotonic())."""

    minutes: float
    ends_at: float

    @classmethod
    def from_now(cls, minutes: float) -> PageTime:
        """The time of a page that begins now."""
        return cls(minutes, time.monotonic() + minutes * 60)

    def check(self) -> None:
        """MachineLost when the time is over."""
        if time.monotonic() > self.ends_at:
            raise MachineLost(
                f"the page has run for more than {self.minutes:g} minutes: make it shorter, or raise "
                "`extra: checks: limits: page_minutes` in mkdocs.yml"
            )


class Machine(Protocol):
    """One machine that snippets run on, from its start to ``stop``. Every method may raise MachineLost."""

    kind: str  # "container" or "vm"
    emulator: str | None  # the version of the emulator, for evidence; None for a container
    accelerator: str | None  # "kvm", "tcg", or None for a container
    saves_processes: bool  # whether a restored machine has the processes that ran when it was saved
    default_timeout_s: float  # for a snippet whose page names no timeout
    in_use: str | None  # the key of the saved state that the machine was restored from
    page_time: PageTime | None  # the time that the present page has; None where no page runs
    slot: ExitStack  # the right to run on this host (see slots.py); closing the stack gives the right back

    @property
    def channel(self) -> Channel:
        """The line to the agent in the machine."""

    def start(self) -> Message:
        """Start the machine, log the reader in; returns the agent's hello."""

    def restore(self, folder: Path) -> Message:
        """Start the machine as the state whose files are in ``folder``; returns the agent's hello."""

    def save(self, folder: Path, image_tag: str) -> int | None:
        """Save the machine as it is, and go on.

        A VM writes files into ``folder`` and returns None. A container becomes the engine's image ``image_tag``;
        the result is the bytes that the image takes over the image below it.
        """

    def save_bytes(self) -> int:
        """How many bytes ``save`` may write, estimated from above."""

    def stop(self) -> None:
        """End the machine, whatever it does, and remove its files; safe to call twice."""

    def receive(self, folder: Path, path: str) -> None:
        """Copy a folder of the host to ``path`` in the machine, as the reader's own; a VM takes none."""

    def tick(self) -> None:
        """Called twice a second while the runner waits: MachineLost when it has ended, uses too much, or its page's time is over."""

    def exhausted(self) -> str | None:
        """Which of its bounds on the host's disk the machine has exceeded, in words; None when all is well."""

    def console_mark(self) -> int:
        """A position on the console to look from later; always 0 where there is no console."""

    def console_text(self, since: int = 0) -> str:
        """All that the console has shown from position ``since`` on, as plain lines; "" where there is no console."""

    def console_tail(self, lines: int = 25) -> str:
        """The last lines of the console, or what the container engine printed last."""

    def console_cast(self, since: int = 0, before: str = "") -> str:
        """The console as asciicast 2, appended to the recording ``before``; "" where there is no console."""

    def panic_since(self, mark: int) -> str | None:
        """Why the kernel stands still since console position ``mark``; None while the kernel runs, or is the host's."""

    def last_words(self) -> str:
        """How the emulator ended, with what it printed; "" where no emulator has ended."""


@runtime_checkable
class RestartableMachine(Machine, Protocol):
    """A machine with a kernel of its own, which a snippet may reboot or crash."""

    console: Console
    resets: list[int]  # where the console was at each reset of the machine

    def empty_at_restart(self) -> None:
        """Make the next restart a power cycle, after which the memory is empty."""

    def page_tables(self) -> list[int]:
        """The physical address of the page table that each processor uses (x86: CR3); [] while no emulator answers."""

    def per_cpu_base(self) -> int | None:
        """Where the first processor's per-CPU data lie in the kernel's virtual memory: random for each kernel that starts.

        None when that processor is not seen in the kernel.
        """

    def press(self, button: str) -> None:
        """Do what a person at the hypervisor or the management controller would: "nmi" injects an NMI."""
