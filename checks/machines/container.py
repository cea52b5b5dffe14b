"""A machine that is a container: a fresh one for each page, removed at its end.

What keeps the container apart from the host is in checks/sandbox/. What the container writes to the host's disk is
counted by the clock, since most file systems have no quota for a folder.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
import uuid
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from checks.host import process_owner
from checks.machines.channel import LOADER, Channel
from checks.machines.engine import PAGE_CAPABILITIES, STATE_LABEL, Engine, forget_page_flags, page_flags
from checks.machines.machine import MachineLost, Message, PageTime
from checks.model import GuideError
from checks.sandbox import calls, owners, usage

START_TIMEOUT_S = 60
# How often what the container has written is counted. Counting 10,000 files takes 0.05 s, asking the engine 0.1 s; a
# twentieth of the time at most goes into counting, but it is done every 5 s in any case.
DISK_CHECK_S, DISK_CHECK_AT_MOST_S, COUNTING_SHARE = 1.0, 5.0, 20
HOST_KEEPS = usage.Taken(bytes=1 << 30, files=20_000)  # what every container leaves free of the host's disk
STATE_BYTES = 256 << 20  # Room that is asked for before a container becomes an image.
STATE_AT_MOST_MIB = 2048  # A container that has written more is not saved: the engine writes a layer three times.


@dataclass(frozen=True)
class ContainerLimits:
    """What one container may take of the host."""

    memory: str = "1g"
    processes: int = 256
    cpus: float = 2
    file_mib: int = 1024  # the largest file that a process may write
    disk_mib: int = 4096  # what the container may write in all, with files that are deleted and still open
    files: int = 100_000  # how many files, folders and links of its own the container may have


LIMITS = ContainerLimits()


class Container:
    """A container whose first process is the agent."""

    kind = "container"
    emulator: str | None = None
    accelerator: str | None = None
    saves_processes = False
    default_timeout_s = 60.0

    def __init__(self, engine: Engine, image: str, limits: ContainerLimits = LIMITS, becomes_root: bool = True):
        """``becomes_root``: the reader may start sudo and other programs that run as root whoever starts them."""
        self.engine, self.image, self.limits, self.becomes_root = engine, image, limits, becomes_root
        self.name = f"guide-{uuid.uuid4().hex[:12]}"
        self.process: subprocess.Popen[bytes] | None = None
        self.engine_messages: deque[str] = deque(maxlen=50)
        self.in_use: str | None = None
        self.page_time: PageTime | None = None
        self.slot = ExitStack()
        self._channel: Channel | None = None
        self._disk_checked = time.monotonic()
        self._check_after_s = DISK_CHECK_S
        self._place: tuple[Path | None, int] | None = None  # the container's layer on the host, its first process

    @property
    def channel(self) -> Channel:
        """The line to the agent; MachineLost before ``start``."""
        if self._channel is None:
            raise MachineLost("the container has not been started")
        return self._channel

    def start(self) -> Message:
        """Start the container and log the reader in; returns the agent's hello."""
        options = [
            "--interactive", "--network=none", "--hostname=lab", *PAGE_CAPABILITIES,
            *([] if self.becomes_root else ["--security-opt=no-new-privileges"]),
            *page_flags(self.engine, self.image, self.limits.disk_mib, self.limits.files),
            f"--memory={self.limits.memory}", f"--memory-swap={self.limits.memory}",
            f"--pids-limit={self.limits.processes}", f"--cpus={self.limits.cpus}",
            "--ulimit", f"fsize={self.limits.file_mib << 20}:{self.limits.file_mib << 20}",
            "--ulimit", "core=0:0",
        ]  # fmt: skip
        command = self.engine.run_command(self.image, ["python3", "-u", "-c", LOADER], *options, name=self.name)
        # A session of its own, so that Ctrl-C reaches the runner, which then ends the container, and not the engine.
        try:
            process = self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise MachineLost(f"{self.engine.program} cannot be started: {error.strerror}") from None
        assert process.stdin and process.stdout and process.stderr
        threading.Thread(target=calls.collect, args=(process.stderr, self.engine_messages), daemon=True).start()
        self._channel = Channel(process.stdout.fileno(), process.stdin.fileno())
        try:
            self.channel.load("reader")
            return self.channel.expect("hello", START_TIMEOUT_S, "the container's agent")
        except MachineLost as lost:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            messages = " ".join(self.engine_messages) or "the engine printed nothing"
            self.stop()
            forget_page_flags()  # The next attempt tries them anew.
            raise MachineLost(f"the container did not start ({lost}): {messages}") from None

    def receive(self, folder: Path, path: str) -> None:
        """Copy a folder of the host to ``path`` in the container, as the reader's own."""
        try:
            self.engine.call("exec", "--user=reader", self.name, "mkdir", "-p", path)
            self.engine.call("cp", f"{folder}/.", f"{self.name}:{path}")
            self.engine.call("exec", "--user=0", self.name, "chown", "-R", "reader:reader", path)
        except GuideError as error:
            raise MachineLost(f"{folder} could not be copied into the container: {error}") from None

    def restore(self, folder: Path) -> Message:
        """A container's state is the image that ``save`` made, so the container is started from that image."""
        return self.start()

    def tick(self) -> None:
        """MachineLost when the page's time is over, or the container has written more than it may, which is counted by the clock."""
        if self.page_time:
            self.page_time.check()
        if time.monotonic() - self._disk_checked < self._check_after_s:
            return
        began = time.monotonic()
        excess = self.exhausted()
        self._disk_checked = time.monotonic()
        self._check_after_s = min(max(DISK_CHECK_S, COUNTING_SHARE * (self._disk_checked - began)), DISK_CHECK_AT_MOST_S)
        if excess:
            raise MachineLost(excess)

    def exhausted(self) -> str | None:
        """Which of its bounds on the host's disk the container has exceeded, in words; None when all is well."""
        try:
            taken = self._taken()
        except usage.Uncountable as reason:
            return f"what it keeps on the disk cannot be counted: {reason}"
        if taken.bytes > self.limits.disk_mib << 20:
            return f"wrote more than {self.limits.disk_mib} MiB; a machine may write no more"
        if taken.files > self.limits.files:
            return f"has more than {self.limits.files} files of its own; a machine may have no more"
        left = self._left()
        if left and (left.bytes < HOST_KEEPS.bytes or left.files < HOST_KEEPS.files):
            return (
                f"the disk of the container engine has {left.bytes >> 20} MiB and {left.files} files left, "
                f"and keeps {HOST_KEEPS.bytes >> 20} MiB and {HOST_KEEPS.files}: make room there (./guide clean --states)"
            )
        return None

    def save(self, folder: Path, image_tag: str) -> int:
        """Make an image of the container; returns the bytes that the image takes over the image below it.

        MachineLost for a container that has written more than ``STATE_AT_MOST_MIB``, and when the disk has no room.
        """
        if excess := self.exhausted():
            raise MachineLost(excess)
        written = self._taken().bytes
        if written >> 20 > STATE_AT_MOST_MIB:
            raise MachineLost(f"the container has written {written >> 20} MiB; up to {STATE_AT_MOST_MIB} MiB are saved")
        left = self._left()
        if left and left.bytes < HOST_KEEPS.bytes + 3 * written:
            raise MachineLost(f"the disk of the container engine has {left.bytes >> 20} MiB left; saving may take {3 * written >> 20} MiB")
        # The container is not paused: its shell has been ended before, and not every host can freeze a container.
        self.engine.call("commit", "--pause=false", "--change", f"LABEL {STATE_LABEL}={process_owner()}", self.name, image_tag)
        layer_of_image = self.engine.call("image", "inspect", "--format", "{{.GraphDriver.Data.UpperDir}}", image_tag, check=False)
        if os.geteuid() == 0 and layer_of_image.stdout.startswith("/"):
            owners.shift_back(Path(layer_of_image.stdout.strip()))
        return written

    def save_bytes(self) -> int:
        """How many bytes a new image may take."""
        return STATE_BYTES

    def _located(self) -> tuple[Path | None, int]:
        """(the container's own layer on the host or None where it is out of reach, the id of its first process)."""
        if self._place is None:
            form = "{{.State.Pid}} {{.GraphDriver.Data.UpperDir}}"
            process, _, layer = self._ask("--format", form).partition(" ")
            visible = layer.startswith("/") and os.access(layer, os.F_OK)
            self._place = (Path(layer) if visible else None, int(process) if process.isdigit() else 0)
        return self._place

    def _taken(self) -> usage.Taken:
        """What the container has on the host's disk; where this process is not root, the engine counts, and it counts no files."""
        layer, process = self._located()
        if layer is None or os.geteuid() != 0:
            size = self._ask("--size", "--format", "{{.SizeRw}}")
            if not size.isdigit():
                raise usage.Uncountable(f"{self.engine.program} does not say the size of its layer but {size!r}")
            taken = usage.Taken(int(size))
        else:
            taken = usage.of_layer(layer, self.limits.disk_mib << 20, self.limits.files)
        return usage.Taken(taken.bytes + usage.of_deleted_files(process), taken.files)

    def _left(self) -> usage.Taken | None:
        """What the disk with the container's layer has left; None where the layer is out of reach, or gone with the container."""
        layer, _ = self._located()
        with suppress(OSError):
            return usage.free(layer) if layer else None
        return None

    def _ask(self, *options: str) -> str:
        """The engine's answer to ``container inspect``; MachineLost when there is none."""
        try:
            return self.engine.call("container", "inspect", *options, self.name).stdout.strip()
        except GuideError as error:
            raise MachineLost(f"the container cannot be looked at: {error}") from None

    def stop(self) -> None:
        """End the container, whatever runs in it; safe to call twice."""
        if self.process is None:
            return
        self.engine.remove(self.name)
        # Where the engine did not answer: the agent ends at the end of its input, and the container with it.
        assert self.process.stdin
        with suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with suppress(OSError):
            assert self.process.stdout
            self.process.stdout.close()
        self.process = None

    # ---- a container has no kernel, no emulator and no console of its own

    def console_mark(self) -> int:
        """Always 0: a container has no console."""
        return 0

    def console_text(self, since: int = 0) -> str:
        """Always "": a container has no console."""
        return ""

    def console_cast(self, since: int = 0, before: str = "") -> str:
        """Always "": a container has no console."""
        return ""

    def console_tail(self, lines: int = 25) -> str:
        """What the engine printed last; "" when all is well."""
        return "\n".join(list(self.engine_messages)[-lines:])

    def panic_since(self, mark: int) -> str | None:
        """Always None: the kernel is the host's."""
        return None

    def last_words(self) -> str:
        """Always "": no emulator could have ended; what the engine printed is in ``console_tail``."""
        return ""
