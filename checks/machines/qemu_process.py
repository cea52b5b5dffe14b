"""QEMU as a process: in a container of its own, with the sockets and the monitor by which the runner reaches it."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qemu.qmp import Message

from checks.machines.engine import Engine
from checks.machines.hardware import LAN, Hardware
from checks.machines.machine import MachineLost
from checks.machines.qmp import Monitor, Registers
from checks.model import GuideError
from checks.sandbox import calls, keeper
from checks.sandbox.flags import QEMU_OWNER

SOCKET_TIMEOUT_S = 180  # from the start of QEMU's container to QEMU's sockets
# The processes that QEMU's container may have. QEMU starts up to 64 threads for a slow disk alone, beside its own
# and zstd's, and aborts when it may not start one.
THREADS = 256
ENDED_WITHIN_S = 20  # from the end of QEMU to the end of its container

PACKING_TIMEOUT_S = 600  # Packing 2 GiB takes 1 to 10 s.
SCRIPT_TIMEOUT_S = 600  # Converting a disk of 8 GiB takes seconds.
KEEPER = Path(keeper.__file__).read_text(encoding="utf-8")
KVM = Path("/dev/kvm")


class QemuProcess:
    """One QEMU after the other on the same files: ``launch`` starts a QEMU, ``end`` ends the one that runs."""

    def __init__(
        self, engine: Engine, image: str, hardware: Hardware, accelerator: str, folder: Path, disk: Path, lan: Path | None
    ):  # fmt: skip
        self.engine, self.image, self.hardware, self.accelerator = engine, image, hardware, accelerator
        self.folder, self.disk, self.lan = folder, disk, lan
        self.owner = qemu_user(engine, accelerator)
        self.name = new_name()
        self.messages: deque[str] = deque(maxlen=50)
        self.socket: socket.socket | None = None  # to the agent's port
        self._process: subprocess.Popen[bytes] | None = None
        self._monitor: Monitor | None = None

    @property
    def monitor(self) -> Monitor:
        """QEMU's monitor; MachineLost while no QEMU has been launched."""
        if self._monitor is None:
            raise MachineLost("QEMU has not been started")
        return self._monitor

    def launch(self, *arguments: str) -> socket.socket:
        """Start QEMU with this command line; returns the socket to the agent's port once QEMU answers."""
        self.name = new_name()  # The engine may still be removing the container of a QEMU that has ended.
        for name in ("agent.sock", "qmp.sock"):
            (self.folder / name).unlink(missing_ok=True)
        command = self._container(["python3", "-c", KEEPER, *arguments], "--interactive", name=self.name)
        # A session of its own, so that Ctrl-C reaches the runner, which then ends QEMU, and not the engine.
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
            )
        except OSError as error:
            raise MachineLost(f"{self.engine.program} cannot be started: {error.strerror}") from None
        self._process = process
        assert process.stderr
        threading.Thread(target=calls.collect, args=(process.stderr, self.messages), daemon=True).start()
        self.socket = self._connect(self.folder / "agent.sock")
        # QEMU makes its sockets one after the other; the monitor's may come later than the agent's.
        self._wait_for((self.folder / "qmp.sock").exists)
        self._monitor = Monitor(self.name)
        try:
            self._monitor.connect(self.folder / "qmp.sock")
        except MachineLost as lost:
            raise MachineLost(f"{lost}; {self.printed()}") from None
        return self.socket

    def run_script(self, script: str, failure: str) -> str:
        """Run a shell script beside QEMU's files, in a container of its own; returns its output, or raises MachineLost."""
        try:
            done = calls.call(*self._container(["sh", "-c", script]), within_s=SCRIPT_TIMEOUT_S)
        except GuideError as error:
            raise MachineLost(f"{failure}: {error}") from None
        if done.returncode:
            raise MachineLost(f"{failure}: {done.stderr.strip()}")
        return done.stdout

    def pack(self, address: str, path: str) -> None:
        """Have what QEMU will write to the socket ``address`` packed into a new file; both as QEMU's container sees them."""
        (self.folder / Path(address).name).unlink(missing_ok=True)
        self._order("pack", address, path)
        self._wait_for((self.folder / Path(address).name).exists)

    def unpack(self, address: str, path: str) -> None:
        """Have a packed file written to the socket ``address``, on which QEMU listens."""
        self._order("unpack", address, path)

    def packed(self) -> None:
        """Wait for the end of what ``pack`` or ``unpack`` has begun; MachineLost when zstd fails, as it does for a damaged file."""
        assert self._process and self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], PACKING_TIMEOUT_S)
        if not ready:
            raise MachineLost(f"zstd did not end within {PACKING_TIMEOUT_S} s")
        answer = os.read(self._process.stdout.fileno(), 64).decode(errors="replace").strip()
        if answer != "0":
            how = f"zstd ended with status {answer}" if answer else "QEMU's container ended before zstd had"
            raise MachineLost(f"{how}: {self.printed()}")

    def _order(self, word: str, address: str, path: str) -> None:
        assert self._process and self._process.stdin
        try:
            self._process.stdin.write(f"{word} {address} {path}\n".encode())
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise MachineLost(f"QEMU's container does not listen any more: {error}") from None

    def has_ended(self) -> bool:
        """Whether QEMU has been launched and runs no more."""
        return self._process is not None and self._process.poll() is not None

    def wait(self, timeout_s: float) -> int | None:
        """The exit status of QEMU's container; None when QEMU still runs after ``timeout_s``, or was never launched."""
        if self._process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=timeout_s)
        return None

    def events(self) -> list[Message]:
        """QEMU's events since the last call, the oldest first."""
        return self.monitor.events()

    def registers(self) -> Registers:
        """The processors as they are at this moment; empty while no QEMU answers."""
        try:
            return self.monitor.registers()
        except MachineLost:
            return Registers([], None)

    def printed(self) -> str:
        """What QEMU printed last, as one line."""
        return " ".join(self.messages) or "QEMU printed nothing"

    def disconnect(self) -> None:
        """Close the lines to a QEMU that has ended."""
        if self._monitor:
            self._monitor.close()
        if self.socket:
            self.socket.close()
            self.socket = None
        for stream in (self._process.stdin, self._process.stdout) if self._process else ():
            with suppress(OSError):
                assert stream
                stream.close()

    def end(self) -> None:
        """End QEMU, whatever it does; safe to call twice."""
        if self._monitor:
            self._monitor.close()
        if self._process:
            self.engine.remove(self.name)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.disconnect()
        self._process = None

    def _container(self, argv: list[str], *options: str, name: str | None = None) -> list[str]:
        return self.engine.run_command(
            self.image, argv, *self._user(), "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges",
            "--read-only", "--tmpfs=/tmp:rw,size=64m", f"--pids-limit={THREADS}", f"--memory={self.hardware.container_memory()}",
            f"--cpus={self.hardware.cpus}", *(["--device=/dev/kvm"] if self.accelerator == "kvm" else []),
            f"--volume={self.folder}:/machine:rw", f"--volume={self.disk.parent}:/image:ro",
            *([f"--volume={self.lan}:{LAN}:rw"] if self.lan else []), *options, name=name,
        )  # fmt: skip

    def _user(self) -> list[str]:
        """The flags by which QEMU runs as its own user, and reaches /dev/kvm as a member of the device's group."""
        if self.owner is None:
            return []
        group = [f"--group-add={KVM.stat().st_gid}"] if self.accelerator == "kvm" else []
        return [f"--user={self.owner[0]}:{self.owner[1]}", *group]

    def give(self, *paths: Path) -> None:
        """Give files of the VM to the user that QEMU runs as."""
        if self.owner is not None and os.geteuid() == 0:
            for path in paths:
                os.chown(path, *self.owner, follow_symlinks=False)

    def _connect(self, path: Path) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)

        def connected() -> bool:
            try:
                line.connect(str(path))
            except OSError:
                return False
            return True

        try:
            self._wait_for(connected)
        except MachineLost:
            line.close()
            raise
        return line

    def _wait_for(self, ready: Callable[[], bool]) -> None:
        """Call ``ready`` until it returns True; MachineLost when QEMU ends before, or after ``SOCKET_TIMEOUT_S``."""
        deadline = time.monotonic() + SOCKET_TIMEOUT_S
        while not ready():
            if self.has_ended() or time.monotonic() > deadline:
                raise MachineLost(f"QEMU did not start: {self.printed()}")
            time.sleep(0.02)


def new_name() -> str:
    """A name for a container that no other container has."""
    return f"guide-{uuid.uuid4().hex[:12]}"


def qemu_user(engine: Engine, accelerator: str) -> tuple[int, int] | None:
    """The user and group that QEMU runs as and that own a VM's files; None for the engine's own default.

    Root's QEMU has a user that owns nothing else on this host. Of an ordinary user, docker's containers get that user;
    podman's have that user as their root, and cannot give files to anybody else. Where only root may open /dev/kvm
    QEMU stays root, without capabilities.
    """
    if os.geteuid() == 0:
        closed = accelerator == "kvm" and not KVM.stat().st_mode & 0o020
        return None if closed else (QEMU_OWNER, QEMU_OWNER)
    return None if engine.program == "podman" else (os.geteuid(), os.getegid())


def take_back(path: Path) -> None:
    """Make a file that QEMU has written one that no QEMU may write to: other VMs have hard links to it."""
    if os.geteuid() == 0:
        os.chown(path, 0, 0, follow_symlinks=False)
    path.chmod(0o444)
