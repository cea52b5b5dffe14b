"""The serial console of a VM: what the kernels say, when, and what it means for the runner."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from checks.terminal import plain

# What the kernel and the firmware print at each stage, in the order of a crash.
# "---[ end Kernel panic" is printed only when nothing follows: a kernel with a loaded capture kernel jumps before it.
PANIC = re.compile(rb"(?<!end )Kernel panic - not syncing: ?([^\r\n]*)")

# An oops, as in "Oops: 0002 [#1] PREEMPT SMP". With panic_on_oops and a capture kernel loaded, the kernel jumps from
# there (oops_end, arch/x86/kernel/dumpstack.c) and never says that it panics.
OOPS = re.compile(rb"\[ *\d+\.\d{6}\] ([^\r\n\[\]]*: [0-9a-f]{4,16} \[#\d+\])")
DEAD = re.compile(rb"---\[ end Kernel panic")
UPTIME = re.compile(rb"\[ *(\d+\.\d{6})\] ")


@dataclass
class Console:
    """Follows the file that QEMU writes the serial port into."""

    path: Path
    started: float = field(default_factory=time.monotonic)
    data: bytes = b""
    frames: list[tuple[float, int]] = field(default_factory=list)  # (seconds since the start, length by then)

    def poll(self) -> bytes:
        """Read what came since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(len(self.data))
                new = file.read()
        except FileNotFoundError:
            return b""
        if new:
            self.data += new
            self.frames.append((time.monotonic() - self.started, len(self.data)))
        return new

    def mark(self) -> int:
        """A position to look from later."""
        self.poll()
        return len(self.data)

    def text(self, since: int = 0) -> str:
        """What was printed from ``since`` on, as plain lines."""
        return plain(self.data[since:])

    def tail(self, lines: int = 25, since: int = 0) -> str:
        """The last lines that are not empty."""
        return "\n".join([line for line in self.text(since).split("\n") if line.strip()][-lines:])

    def panics(self, since: int = 0, oops: bool = False) -> list[str]:
        """The reasons of the panics printed from ``since`` on; with ``oops`` also an oops that was as good as one."""
        found = [jump] if oops and (jump := self._jump(since)) else []
        return [each[1].decode("utf-8", "replace") for each in [*found, *PANIC.finditer(self.data, since)]]

    def dead(self, since: int = 0) -> bool:
        """A kernel has panicked and stands still: nobody takes over."""
        return DEAD.search(self.data[since:]) is not None

    def panicked_at(self, since: int = 0, oops: bool = False) -> int | None:
        """Where the first panic from ``since`` on stands, or with ``oops`` what was as good as one."""
        found = (self._jump(since) if oops else None) or PANIC.search(self.data, since)
        return found.start() if found else None

    def _jump(self, since: int) -> re.Match[bytes] | None:
        """The oops from which the kernel went straight into another: nothing else was said before that one spoke."""
        found, panic = OOPS.search(self.data, since), PANIC.search(self.data, since)
        until = panic.start() if panic else len(self.data)
        return found if found and found.start() < until and self.new_kernel(found.start(), until) else None

    def new_kernel(self, since: int = 0, until: int | None = None, last: float = 0.0) -> bool:
        """Whether a kernel started in between: the time that kernel messages begin with has gone back.

        ``last`` is what it showed before, in seconds.

        Most distributions boot with ``quiet``, so its first words need not be there.
        """
        for found in UPTIME.finditer(self.data, since, len(self.data) if until is None else until):
            seconds = float(found[1])
            if seconds < last - 0.5:
                return True
            last = max(last, seconds)
        return False

    def cast(self, since: int = 0, before: str = "", width: int = 120, height: int = 40) -> str:
        """The recording from ``since`` on in asciicast 2, times in seconds as they were seen (to 0.5 s).

        ``before`` is a recording that this one goes on from: what was seen on an earlier machine.
        """
        self.poll()
        lines = before.splitlines() or [json.dumps({"version": 2, "width": width, "height": height})]
        later = json.loads(lines[-1])[0] if len(lines) > 1 else 0
        begin, zero = since, None
        for seconds, end in self.frames:
            if end <= since:
                continue
            zero = seconds if zero is None else zero
            lines.append(json.dumps([round(later + seconds - zero, 3), "o", self.data[begin:end].decode("utf-8", "replace")]))
            begin = end
        return "\n".join(lines) + "\n"
