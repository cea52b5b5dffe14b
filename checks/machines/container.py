"""A machine that is a container: a fresh one for each page, removed at its end."""

from __future__ import annotations

import subprocess
import threading
import time
import uuid
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from checks.host import process_owner
from checks.machines.channel import LOADER, Channel
from checks.machines.engine import STATE_LABEL, Engine
from checks.machines.machine import MachineLost, Message

# What `su` and the reader's `sudo apt install` need of root; none of these reaches the host.
CAPABILITIES = ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETUID")
START_TIMEOUT_S = 60
DISK_CHECK_S = 5  # Asking the engine for the size of a container's layer takes 0.1 s.
STATE_BYTES = 256 << 20  # Room that is asked for before a container becomes an image.


@dataclass(frozen=True)
class ContainerLimits:
    """What one container may take of the host."""

    memory: str = "1g"
    processes: int = 256
    cpus: float = 2
    file_mib: int = 1024  # the largest file that a process may write
    disk_mib: int = 4096  # what the container's own layer may grow to


LIMITS = ContainerLimits()


class Container:
    """A container whose first process is the agent."""

    kind = "container"
    emulator: str | None = None
    accelerator: str | None = None
    saves_processes = False
    default_timeout_s = 60.0

    def __init__(self, engine: Engine, image: str, limits: ContainerLimits = LIMITS):
        self.engine, self.image, self.limits = engine, image, limits
        self.name = f"guide-{uuid.uuid4().hex[:12]}"
        self.process: subprocess.Popen[bytes] | None = None
        self.engine_messages: deque[str] = deque(maxlen=50)
        self.in_use: str | None = None
        self.slot = ExitStack()
        self._channel: Channel | None = None
        self._disk_checked = time.monotonic()

    @property
    def channel(self) -> Channel:
        """The line to the agent; MachineLost before ``start``."""
        if self._channel is None:
            raise MachineLost("the container has not been started")
        return self._channel

    def start(self) -> Message:
        """Start the container and log the reader in; returns the agent's hello."""
        options = [
            "--interactive", "--network=none", "--hostname=lab", "--cap-drop=ALL",
            *(f"--cap-add={name}" for name in CAPABILITIES),
            f"--memory={self.limits.memory}", f"--memory-swap={self.limits.memory}",
            f"--pids-limit={self.limits.processes}", f"--cpus={self.limits.cpus}",
            "--ulimit", f"fsize={self.limits.file_mib << 20}:{self.limits.file_mib << 20}",
            "--ulimit", "core=0:0",
        ]  # fmt: skip
        command = self.engine.run_command(self.image, ["python3", "-u", "-c", LOADER], *options, name=self.name)
        # A session of its own, so that Ctrl-C reaches the runner, which then ends the container, and not the engine.
        process = self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        assert process.stdin and process.stdout and process.stderr
        threading.Thread(target=self._collect_messages, args=(process.stderr,), daemon=True).start()
        self._channel = Channel(process.stdout.fileno(), process.stdin.fileno())
        try:
            self.channel.load("reader")
            return self.channel.expect("hello", START_TIMEOUT_S, "the container's agent")
        except MachineLost as lost:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            messages = " ".join(self.engine_messages) or "the engine printed nothing"
            self.stop()
            raise MachineLost(f"the container did not start ({lost}): {messages}") from None

    def restore(self, folder: Path) -> Message:
        """A container's state is the image that ``save`` made, so the container is started from that image."""
        return self.start()

    def _collect_messages(self, stream: IO[bytes]) -> None:
        for line in stream:
            self.engine_messages.append(line.decode(errors="replace").strip())

    def tick(self) -> None:
        """MachineLost when the container has written more than it may; asks the engine every ``DISK_CHECK_S`` seconds."""
        if time.monotonic() - self._disk_checked > DISK_CHECK_S:
            self._disk_checked = time.monotonic()
            if excess := self.exhausted():
                raise MachineLost(excess)

    def exhausted(self) -> str | None:
        """In words, how much more than allowed the container has written to its layer; None when that is within its limit."""
        written_mib = self._written_bytes() >> 20
        if written_mib > self.limits.disk_mib:
            return f"wrote {written_mib} MiB; a machine may write {self.limits.disk_mib} MiB"
        return None

    def save(self, folder: Path, image_tag: str) -> int:
        """Make an image of the container; returns the bytes that the image takes over the image below it."""
        written = self._written_bytes()
        # The container is not paused: its shell has been ended before, and not every host can freeze a container.
        self.engine.call("commit", "--pause=false", "--change", f"LABEL {STATE_LABEL}={process_owner()}", self.name, image_tag)
        return written

    def save_bytes(self) -> int:
        """How many bytes a new image may take."""
        return STATE_BYTES

    def _written_bytes(self) -> int:
        done = self.engine.call("container", "inspect", "--size", "--format", "{{.SizeRw}}", self.name, check=False)
        size = done.stdout.strip()
        return int(size) if size.isdigit() else 0

    def stop(self) -> None:
        """End the container, whatever runs in it; safe to call twice."""
        if self.process is None:
            return
        self.engine.remove(self.name)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                assert stream
                stream.close()
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
