"""A page's machine that is a VM: QEMU in a container without network, capabilities or a writable root.

The firmware boots the disk's own GRUB: no kernel, initrd or command line is
passed, so that what the page's snippets wrote there is what boots.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from pathlib import Path

from checks.host import cache_dir, owned_prefix
from checks.machines import snapshot
from checks.machines.channel import Channel
from checks.machines.console import Console
from checks.machines.engine import Engine
from checks.machines.hardware import LAN, Hardware
from checks.machines.machine import MachineLost
from checks.machines.qmp import Monitor

BOOT_TIMEOUT_S = 420  # 20 to 70 s under TCG on two cores; over 180 s was seen with eight machines on them
SECURE_BOOT_TIMEOUT_S = 1200  # 140 s there on a quiet one: the firmware checks each program, and its variables are behind SMM
# Of the container: QEMU may start 64 for the disk alone when that is slow, beside its own and zstd's; without one it aborts.
THREADS = 256
GONE_WITHIN_S = 20  # from the end of QEMU to that of its container

# The container's first process: it ends QEMU when the runner lets go of its stdin, also by SIGKILL.
KEEPER = """
import os, select, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
alive = os.pidfd_open(child.pid)
while True:
    ready, _, _ = select.select([0, alive], [], [])
    if alive in ready:
        sys.exit(child.wait())
    if not os.read(0, 4096):
        child.kill()
        sys.exit(child.wait())
"""


class Vm:
    """One running machine. Its files are in a folder of its own, removed by ``stop``."""

    kind = "vm"

    def __init__(self, engine: Engine, emulator_image: str, disk: Path, hardware: Hardware, accelerator: str, lan: Path | None = None):
        self.engine, self.emulator_image, self.disk = engine, emulator_image, disk
        self.hardware, self.accelerator = hardware, accelerator
        self.lan = lan  # the folder of its network's sockets, which is not its own
        self.name = new_name()
        self.folder = new_folder("vm")
        self.console = Console(self.folder / "console.log")
        self.said: deque[str] = deque(maxlen=50)
        self.process: subprocess.Popen | None = None
        self.wire: Channel | None = None
        self.emulator = "qemu"
        self.resets: list[int] = []  # where the console was when the machine was reset
        self.in_use: str | None = None  # key of the state that it was taken up from
        self.layers: list[str] = []  # of its disk, above the image; only the last is written to
        self._socket: socket.socket | None = None
        self.monitor: Monitor | None = None
        self._empties = False  # the next restart is a power cycle
        self._ended_for = ""  # why QEMU ends, as it says itself: "guest-reset", "guest-shutdown"

    # ---- its life

    def start(self) -> dict:
        """Power on from the disk image, wait for the login; returns the agent's hello."""
        self.power_on()
        return self.await_boot(SECURE_BOOT_TIMEOUT_S if self.hardware.firmware == "secure-boot" else BOOT_TIMEOUT_S)

    def power_on(self) -> None:
        """Make the drives and start QEMU; the firmware runs when this returns."""
        # An overlay over the image, which is never written to, and the firmware's own variables.
        self._make_drives("/image/disk.qcow2", f"qemu-img convert -O qcow2 {self.hardware.variables()} /machine/{snapshot.VARIABLES}")
        self._launch()

    def enter(self, folder: Path) -> dict:
        """Go on as a state that ``save`` wrote into ``folder``; returns the agent's hello, Lost if it is no use."""
        try:
            self.layers = snapshot.lay_out(folder, self.folder)
        except OSError as error:
            raise MachineLost(f"its files: {error}") from None
        self._make_drives(f"/machine/{self.layers[-1]}")
        self._launch("-incoming", "defer")
        snapshot.resume(self.monitor, self.folder)
        self.wire.send(op="hello")
        return self.wire.expect("hello", 60, "the machine's agent", self.tick)

    def save(self, folder: Path) -> None:
        """Write the machine as it is now into ``folder``, and go on."""
        snapshot.save(self.monitor, self.folder, self.layers, folder)

    def power_down(self, timeout_s: float = 120) -> None:
        """Ask the system to shut down, as its power button does; Lost if it does not."""
        self.monitor("system_powerdown")
        try:
            self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise MachineLost(f"the machine did not power down within {timeout_s:.0f} s") from None

    def write_back(self, disk: Path) -> None:
        """Write what the machine wrote, once it is off, into the image that it was started from."""
        self._inside_done(f"qemu-img convert -O qcow2 /machine/{self.layers[-1]} /machine/new.qcow2", "the disk could not be written")
        (self.folder / "new.qcow2").replace(disk)

    def _make_drives(self, below: str, more: str = "true") -> None:
        self.layers.append(snapshot.new_layer_name())
        script = f"qemu-img create -q -f qcow2 -F qcow2 -b {below} /machine/{self.layers[-1]} && {more} && qemu-system-x86_64 --version"
        said = self._inside_done(script, "the machine's drives could not be made")
        self.emulator = said.splitlines()[0].removeprefix("QEMU emulator version ")

    def _inside_done(self, script: str, failure: str) -> str:
        """Run a script beside the machine's files; its output, or Lost."""
        done = subprocess.run(self._inside(["sh", "-c", script]), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise MachineLost(f"{failure}: {done.stderr.strip()}")
        return done.stdout

    def _inside(self, argv: list[str], *options: str, name: str | None = None) -> list[str]:
        return self.engine.run_command(
            self.emulator_image, argv, "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges",
            "--read-only", "--tmpfs=/tmp:rw,size=64m", f"--pids-limit={THREADS}", f"--memory={self.hardware.container_memory()}",
            f"--cpus={self.hardware.cpus}", *(["--device=/dev/kvm"] if self.accelerator == "kvm" else []),
            f"--volume={self.folder}:/machine:rw", f"--volume={self.disk.parent}:/image:ro",
            *([f"--volume={self.lan}:{LAN}:rw"] if self.lan else []), *options, name=name,
        )  # fmt: skip

    def _launch(self, *more: str) -> None:
        arguments = self.hardware.arguments(self.accelerator, f"/machine/{self.layers[-1]}", f"/machine/{snapshot.VARIABLES}", "/machine")
        command = self._inside(["python3", "-c", KEEPER, *arguments, *more], "--interactive", name=self.name)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True).start()
        self._socket = self._connect(self.folder / "agent.sock")
        if self.wire:
            self.wire.connect(self._socket.fileno(), self._socket.fileno())
        else:
            self.wire = Channel(self._socket.fileno(), self._socket.fileno(), self._restarted)
        self.monitor = Monitor(self.name)
        try:
            self.monitor.connect(self.folder / "qmp.sock")
        except MachineLost as lost:
            raise MachineLost(f"{lost}; {self._words()}") from None

    def _connect(self, path: Path) -> socket.socket:
        deadline = time.monotonic() + 60
        line = socket.socket(socket.AF_UNIX)
        while True:
            try:
                line.connect(str(path))
                return line
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    line.close()
                    raise MachineLost(f"QEMU did not start: {self._words()}") from None
                time.sleep(0.02)

    def _listen(self, stream) -> None:
        for line in stream:
            self.said.append(line.decode(errors="replace").strip())

    def _words(self) -> str:
        return " ".join(self.said) or "it said nothing"

    def stop(self) -> None:
        """Power off without asking, and remove all its files; safe to call twice."""
        if self.monitor:
            self.monitor.close()
        if self.process:
            self.engine.remove(self.name)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdin.close()
            self.process = None
        if self._socket:
            self._socket.close()
            self._socket = None
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- a restart with empty memory

    def empty_at_restart(self) -> None:
        """Have the next restart be a power cycle: QEMU ends at it and is started anew, on the same drives.

        A reset alone leaves in memory what was there. On a machine whose makedumpfile does not know the kernel's
        free pages, all that an earlier boot has left then goes through the next dump (CONTRIBUTING, What it costs).
        """
        self.monitor("set-action", reboot="shutdown")
        self._empties = True

    def _restarted(self) -> bool:
        """QEMU has gone: if that is the restart that was waited for, start it anew."""
        if not self._empties:
            return False
        self._empties = False
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=GONE_WITHIN_S)
        self._take_events()
        if self.process.poll() is None or not self._ended_for.endswith("reset"):
            return False
        self.resets.append(self.console.mark())
        self._hang_up()
        self.name = new_name()  # the engine may still be removing the container of the old one
        self._launch()
        return True

    def _take_events(self) -> None:
        for event in self.monitor.events():
            if event["event"] == "RESET":
                self.resets.append(self.console.mark())
            elif event["event"] == "SHUTDOWN":
                self._ended_for = event["data"]["reason"]

    def _hang_up(self) -> None:
        self.monitor.close()
        self._socket.close()
        self.process.stdin.close()

    # ---- what the runner asks of it

    def tick(self) -> None:
        """Take in the console and QEMU's events; Lost when QEMU has ended."""
        self.console.poll()
        if self.process.poll() is not None and not self._restarted():
            raise MachineLost(f"QEMU ended: {self._words()}")
        self._take_events()

    def await_boot(self, timeout_s: float, meanwhile=None) -> dict:
        """Wait until the loader of a booted system calls, give it the agent; returns the agent's hello."""

        def tick() -> None:
            self.tick()
            if meanwhile:
                meanwhile()

        self.wire.expect("loader", timeout_s, "the machine does not come up", tick)
        self.wire.load("reader")
        return self.wire.expect("hello", 60, "the machine's agent", tick)

    def press(self, button: str) -> None:
        """What a person does at the hypervisor or at the machine's management controller; "nmi" is the only button."""
        self.monitor(f"inject-{button}")

    def last_words(self) -> str:
        """How QEMU ended, if it has."""
        try:
            status = self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return ""
        return f"QEMU ended with status {status}: {self._words()}"

    def console_tail(self, lines: int = 25) -> str:
        self.console.poll()
        return self.console.tail(lines)

    def overflown(self) -> None:
        """The disk has a size of its own: nothing can grow past it."""


def new_name() -> str:
    """A container's, which nobody else has."""
    return f"guide-{uuid.uuid4().hex[:12]}"


def new_folder(kind: str) -> Path:
    """A folder for what belongs to running machines; a sweep removes it once this process is gone."""
    folder = cache_dir() / "machines"
    folder.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=owned_prefix(kind), dir=folder))
