"""A page's machine that is a container: a fresh one for each page, thrown away at its end."""

from __future__ import annotations

import subprocess
import threading
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

from checks.host import process_owner
from checks.machines.channel import LOADER, Channel
from checks.machines.engine import STATE_LABEL, Engine
from checks.machines.machine import MachineLost

# What `su` and the reader's `sudo apt install` need of root; nothing that reaches the host.
CAPABILITIES = ("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETUID")
START_TIMEOUT_S = 60


@dataclass(frozen=True)
class ContainerLimits:
    """What one machine may take of the host."""

    memory: str = "1g"
    processes: int = 256
    cpus: float = 2
    file_mib: int = 1024  # the largest file it may write
    disk_mib: int = 4096  # what its layer may grow to


LIMITS = ContainerLimits()


class Container:
    """A container with the agent as its first process. ``emulator`` and ``accelerator`` are for evidence."""

    kind = "container"
    emulator = None
    accelerator = None

    def __init__(self, engine: Engine, image: str, limits: ContainerLimits = LIMITS):
        self.engine, self.image, self.limits = engine, image, limits
        self.name = f"guide-{uuid.uuid4().hex[:12]}"
        self.process: subprocess.Popen | None = None
        self.wire: Channel | None = None
        self.said: deque[str] = deque(maxlen=50)  # the engine's own words
        self.in_use: str | None = None  # key of the state that it was taken up from

    def start(self) -> dict:
        """Start it and log the reader in; returns the agent's hello."""
        options = [
            "--interactive", "--network=none", "--hostname=lab", "--cap-drop=ALL",
            *(f"--cap-add={name}" for name in CAPABILITIES),
            f"--memory={self.limits.memory}", f"--memory-swap={self.limits.memory}",
            f"--pids-limit={self.limits.processes}", f"--cpus={self.limits.cpus}",
            "--ulimit", f"fsize={self.limits.file_mib << 20}:{self.limits.file_mib << 20}",
            "--ulimit", "core=0:0",
        ]  # fmt: skip
        command = self.engine.run_command(self.image, ["python3", "-u", "-c", LOADER], *options, name=self.name)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True).start()
        self.wire = Channel(self.process.stdout.fileno(), self.process.stdin.fileno())
        try:
            self.wire.load("reader")
            return self.wire.expect("hello", START_TIMEOUT_S, "the container's agent")
        except MachineLost as lost:
            self.process.wait(timeout=30)
            said = " ".join(self.said) or "no words"
            self.stop()
            raise MachineLost(f"the container did not start ({lost}): {said}") from None

    def _listen(self, stream) -> None:
        for line in stream:
            self.said.append(line.decode(errors="replace").strip())

    def last_words(self) -> str:
        """Nothing: the engine's are the console."""
        return ""

    def console_tail(self, lines: int = 20) -> str:
        """The engine's last words; empty when all is well."""
        return "\n".join(list(self.said)[-lines:])

    def overflown(self) -> str | None:
        """What is said of a machine that has written more than it may, else None. Costs 0.1 s: ask seldom."""
        written_mib = self._written() >> 20
        if written_mib > self.limits.disk_mib:
            return f"wrote {written_mib} MiB; a machine may write {self.limits.disk_mib} MiB"
        return None

    def save(self, tag: str) -> int:
        """Make an image of what it is now; returns the bytes that it takes over the image below it."""
        written = self._written()
        # Not paused: its shell has been ended, and not every host can freeze a container.
        self.engine.call("commit", "--pause=false", "--change", f"LABEL {STATE_LABEL}={process_owner()}", self.name, tag)
        return written

    def _written(self) -> int:
        """Bytes in its own layer."""
        done = self.engine.call("container", "inspect", "--size", "--format", "{{.SizeRw}}", self.name, check=False)
        words = done.stdout.strip()
        return int(words) if words.isdigit() else 0

    def stop(self) -> None:
        """End it, whatever it does; safe to call twice."""
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
                stream.close()
        self.process = None
