"""The serial console of a VM: what the kernels print, when, and whether they panic or a new kernel has started."""

from __future__ import annotations

import json
import re
import time
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path

from checks.terminal import plain, visible

# "---[ end Kernel panic" is printed only by a kernel that stands still afterwards: a kernel with a loaded capture kernel
# jumps into the capture kernel before it prints that line.
PANIC = re.compile(rb"(?<!end )Kernel panic - not syncing: ?([^\r\n]*)")

# An oops, as in "Oops: 0002 [#1] PREEMPT SMP". With panic_on_oops and a capture kernel loaded, the kernel jumps from
# oops_end (arch/x86/kernel/dumpstack.c) into the capture kernel and prints no panic.
OOPS = re.compile(rb"\[ *\d+\.\d{6}\] ([^\r\n\[\]]*: [0-9a-f]{4,16} \[#\d+\])")
DEAD = re.compile(rb"---\[ end Kernel panic")
UPTIME = re.compile(rb"\[ *(\d+\.\d{6})\] ")
BEHIND_S = 10.0  # by which the clock of one and the same kernel may fall behind that of this host


@dataclass
class Console:
    """The file that QEMU writes the serial port into, as far as ``poll`` has read it. Positions are bytes from its start."""

    path: Path
    started: float = field(default_factory=time.monotonic)
    data: bytes = b""
    frames: list[tuple[float, int]] = field(default_factory=list)  # (seconds since ``started``, bytes read by then)

    def poll(self) -> bytes:
        """Read and return what QEMU has written since the last call."""
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
        """The present end of the console, as a position for the methods that take ``since``."""
        self.poll()
        return len(self.data)

    def text(self, since: int = 0) -> str:
        """What was printed from ``since`` on, as a terminal would show it."""
        return plain(self.data[since:])

    def tail(self, lines: int = 25, since: int = 0) -> str:
        """The last ``lines`` lines that are not empty."""
        return "\n".join([line for line in self.text(since).split("\n") if line.strip()][-lines:])

    def panics(self, since: int = 0, oops: bool = False) -> list[str]:
        r"""The reasons of the panics from ``since`` on; with ``oops`` also an oops from which the kernel jumped into another kernel.

        Whoever makes a kernel panic may choose its reason, so bytes that a terminal would obey are shown as ``\x1b``.
        """
        jumps = [jump] if oops and (jump := self._jump(since)) else []
        return [visible(match[1].decode("utf-8", "backslashreplace")) for match in [*jumps, *PANIC.finditer(self.data, since)]]

    def dead(self, since: int = 0) -> bool:
        """Whether a kernel has panicked and stands still, with no capture kernel that takes over."""
        return DEAD.search(self.data[since:]) is not None

    def panicked_at(self, since: int = 0, oops: bool = False) -> int | None:
        """The position of the first panic from ``since`` on; ``oops`` as in ``panics``."""
        match = (self._jump(since) if oops else None) or PANIC.search(self.data, since)
        return match.start() if match else None

    def names_a_crash(self, since: int = 0) -> bool:
        """Whether an oops or a panic was printed from ``since`` on."""
        return bool(OOPS.search(self.data, since) or PANIC.search(self.data, since))

    def _jump(self, since: int) -> re.Match[bytes] | None:
        """The oops from which the kernel jumped into another kernel: no panic was printed before that kernel's first message."""
        oops, panic = OOPS.search(self.data, since), PANIC.search(self.data, since)
        until = panic.start() if panic else len(self.data)
        return oops if oops and oops.start() < until and self.new_kernel(oops.start(), until) else None

    def new_kernel(self, since: int = 0, until: int | None = None, last: float = 0.0) -> bool:
        """Whether a kernel started between two positions, by the clock at the beginning of kernel messages.

        A new kernel's clock begins at 0. So the clock goes back; or, where the new kernel's first message is late, it has
        fallen behind this host's clock by about what it had shown. ``last`` is what it showed before ``since``, in seconds.
        The first messages of a kernel are no sign, since most distributions boot with ``quiet``.
        """
        started = None  # when the kernel's clock was 0, in seconds since ``self.started``
        for match in UPTIME.finditer(self.data, since, len(self.data) if until is None else until):
            seconds = float(match[1])
            zero = self._seen_at(match.end()) - seconds
            if seconds < last - 0.5 or (started is not None and zero - started > max(BEHIND_S, 0.8 * last)):
                return True
            last = max(last, seconds)
            started = zero if started is None else min(started, zero)
        return False

    def _seen_at(self, position: int) -> float:
        """When the byte before this position was read, in seconds since ``self.started``; 0 where that is not known."""
        place = bisect_left(self.frames, position, key=lambda frame: frame[1])
        return self.frames[min(place, len(self.frames) - 1)][0] if self.frames else 0.0

    def cast(self, since: int = 0, before: str = "", width: int = 120, height: int = 40) -> str:
        """The recording from ``since`` on in asciicast 2; its times are seconds, exact to the half second between two polls.

        ``before`` is the recording of an earlier machine of the same page, which this recording continues.
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
