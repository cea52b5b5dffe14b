"""A page's machine that is a VM: QEMU in a container without network, capabilities or a writable root.

The firmware boots the disk's own GRUB: no kernel, initrd or command line is
passed, so that what the page's snippets wrote there is what boots.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qemu.qmp import QMPClient, QMPError

from checks.machines.console import Console
from checks.machines.engine import Engine, cache_dir
from checks.machines.wire import Lost, Wire

BOOT_TIMEOUT_S = 180  # 20 to 70 s under TCG on a busy machine of two cores; peers wait 120 s for the same
MONITOR_TIMEOUT_S = 120
CPUS = 2

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


@dataclass(frozen=True)
class Hardware:
    """What the machine is made of. ``memory`` as QEMU takes it; ``firmware`` None or "secure-boot"."""

    memory: str = "2G"
    firmware: str | None = None
    cpus: int = CPUS

    def arguments(self, accelerator: str, disk: str, variables: str, folder: str) -> list[str]:
        """QEMU's command line."""
        secure = self.firmware == "secure-boot"
        code = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd" if secure else "/usr/share/OVMF/OVMF_CODE_4M.fd"
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            # Secure Boot's variables are writable only from SMM, else a root user could rewrite them
            "-machine", "q35,smm=on" if secure else "q35",
            *(["-global", "driver=cfi.pflash01,property=secure,value=on"] if secure else []),
            # one thread a CPU; a translation buffer that holds two kernels and a distribution's user space
            *(["-accel", "kvm", "-cpu", "host"] if accelerator == "kvm" else
              ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]),
            # Emulated, a second processor now and then gets no timer interrupt on a busy host of two cores: the
            # guest's rcu threads starve and it never comes up. One processor has not been seen to.
            "-m", self.memory, "-smp", str(self.cpus if accelerator == "kvm" else 1),
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
            # qcow2: savevm wants every writable drive to take snapshots
            "-drive", f"if=pflash,format=qcow2,unit=1,file={variables}",
            # unsafe: no fsync to the host; a machine that outlives the host's crash is not what this is for
            "-drive", f"if=virtio,format=qcow2,cache=unsafe,discard=unmap,file={disk}",
            "-device", "virtio-rng-pci",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={folder}/agent.sock,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=guide.agent",
            "-chardev", f"file,id=console,path={folder}/console.log",
            "-serial", "chardev:console",
            "-qmp", f"unix:{folder}/qmp.sock,server=on,wait=off",
        ]  # fmt: skip


class Vm:
    """One running machine. Its files are in a folder of its own, removed by ``stop``."""

    kind = "vm"

    def __init__(self, engine: Engine, emulator_image: str, disk: Path, hardware: Hardware, accelerator: str):
        self.engine, self.emulator_image, self.disk = engine, emulator_image, disk
        self.hardware, self.accelerator = hardware, accelerator
        self.name = f"guide-{uuid.uuid4().hex[:12]}"
        self.folder = Path(tempfile.mkdtemp(prefix=f"vm-{os.getpid()}-", dir=_machines_dir()))
        self.console = Console(self.folder / "console.log")
        self.said: deque[str] = deque(maxlen=50)
        self.process: subprocess.Popen | None = None
        self.wire: Wire | None = None
        self.emulator = "qemu"
        self.resets: list[int] = []  # where the console was when the machine was reset
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._qmp: QMPClient | None = None

    # ---- its life

    def start(self) -> dict:
        """Power on from the disk image, wait for the login; returns the agent's hello."""
        self.power_on()
        return self.await_boot(BOOT_TIMEOUT_S)

    def power_on(self) -> None:
        """Make the drives and start QEMU; the firmware runs when this returns."""
        self._make_drives()
        self._launch()

    def power_down(self, timeout_s: float = 120) -> None:
        """Ask the system to shut down, as its power button does; Lost if it does not."""
        self.monitor("system_powerdown")
        try:
            self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise Lost(f"the machine did not power down within {timeout_s:.0f} s") from None

    def write_back(self, disk: Path) -> None:
        """Write what the machine wrote, once it is off, into the image that it was started from."""
        script = "qemu-img convert -O qcow2 /machine/disk.qcow2 /machine/new.qcow2"
        done = subprocess.run(self._inside(["sh", "-c", script]), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise Lost(f"the disk could not be written: {done.stderr.strip()}")
        (self.folder / "new.qcow2").replace(disk)

    def _make_drives(self) -> None:
        """An overlay over the image, which is never written to, and the firmware's own variables."""
        variables = "OVMF_VARS_4M.ms.fd" if self.hardware.firmware == "secure-boot" else "OVMF_VARS_4M.fd"
        script = (
            "qemu-img create -q -f qcow2 -F qcow2 -b /image/disk.qcow2 /machine/disk.qcow2 && "
            f"qemu-img convert -O qcow2 /usr/share/OVMF/{variables} /machine/vars.qcow2 && "
            "qemu-system-x86_64 --version"
        )
        done = subprocess.run(self._inside(["sh", "-c", script]), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise Lost(f"the machine's drives could not be made: {done.stderr.strip()}")
        self.emulator = done.stdout.splitlines()[0].removeprefix("QEMU emulator version ")

    def _inside(self, argv: list[str], *options: str, name: str | None = None) -> list[str]:
        return self.engine.run_command(
            self.emulator_image, argv, "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges",
            "--read-only", "--tmpfs=/tmp:rw,size=64m", "--pids-limit=64", f"--memory={_container_memory(self.hardware.memory)}",
            f"--cpus={self.hardware.cpus}", *(["--device=/dev/kvm"] if self.accelerator == "kvm" else []),
            f"--volume={self.folder}:/machine:rw", f"--volume={self.disk.parent}:/image:ro", *options, name=name,
        )  # fmt: skip

    def _launch(self, *more: str) -> None:
        arguments = self.hardware.arguments(self.accelerator, "/machine/disk.qcow2", "/machine/vars.qcow2", "/machine")
        command = self._inside(["python3", "-c", KEEPER, *arguments, *more], "--interactive", name=self.name)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True).start()
        self._socket = self._connect(self.folder / "agent.sock")
        self.wire = Wire(self._socket.fileno(), self._socket.fileno())
        # In a thread of its own: the runner's may have a loop of somebody else's already, as Playwright's tests do.
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._qmp = QMPClient(self.name)
        self._qmp.logger.disabled = True
        try:
            self._await(self._qmp.connect(str(self.folder / "qmp.sock")))
        except QMPError as error:
            raise Lost(f"QEMU does not answer: {error}; {self._words()}") from None

    def _await(self, what: Coroutine):
        """The result of one exchange with QEMU. savevm of a large guest is the longest."""
        try:
            return asyncio.run_coroutine_threadsafe(what, self._loop).result(MONITOR_TIMEOUT_S)
        except TimeoutError:
            raise Lost(f"QEMU did not answer within {MONITOR_TIMEOUT_S} s") from None

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
                    raise Lost(f"QEMU did not start: {self._words()}") from None
                time.sleep(0.02)

    def _listen(self, stream) -> None:
        for line in stream:
            self.said.append(line.decode(errors="replace").strip())

    def _words(self) -> str:
        return " ".join(self.said) or "it said nothing"

    def stop(self) -> None:
        """Power off without asking, and remove all its files; safe to call twice."""
        if self._loop:
            with suppress(QMPError, OSError, EOFError, Lost):
                self._await(self._qmp.disconnect())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = self._qmp = None
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

    # ---- what the runner asks of it

    def tick(self) -> None:
        """Take in the console and QEMU's events; Lost when QEMU has ended."""
        self.console.poll()
        if self.process.poll() is not None:
            raise Lost(f"QEMU ended: {self._words()}")
        for event in self._await(self._events()):
            if event["event"] == "RESET":
                self.resets.append(self.console.mark())

    async def _events(self) -> list[dict]:
        """What QEMU has told by itself since the last call."""
        return self._qmp.events.clear()

    def await_boot(self, timeout_s: float, meanwhile=None) -> dict:
        """Wait until the loader of a booted system calls, give it the agent; returns the agent's hello."""

        def tick() -> None:
            self.tick()
            if meanwhile:
                meanwhile()

        self.wire.expect("loader", timeout_s, "the machine does not come up", tick)
        self.wire.load("reader")
        return self.wire.expect("hello", 60, "the machine's agent", tick)

    def monitor(self, command: str, **arguments):
        """One QMP command, answered."""
        return self._await(self._qmp.execute(command, arguments or None))

    def save(self, name: str) -> str:
        """A snapshot of disk, memory and firmware variables inside the machine's own files."""
        tag = name.replace("/", "-")
        self._human(f"savevm {tag}")
        return tag

    def enter(self, tag: str) -> None:
        """Put the machine back to a snapshot; what it has printed since stays on the console."""
        self._human(f"loadvm {tag}")

    def call_again(self) -> dict:
        """Ask the agent for its hello: after ``enter``, when nothing of it is on the line."""
        self.wire.forget()
        self.wire.send(op="hello")
        return self.wire.expect("hello", 60, "the machine's agent", self.tick)

    def _human(self, line: str) -> None:
        """savevm and loadvm speak only through the human monitor; silence means success."""
        said = self.monitor("human-monitor-command", **{"command-line": line}).strip()
        if said:
            raise Lost(f"QEMU: {line}: {said}")

    def console_tail(self, lines: int = 25) -> str:
        self.console.poll()
        return self.console.tail(lines)

    def overflown(self) -> None:
        """The disk has a size of its own: nothing can grow past it."""


def _container_memory(memory: str) -> str:
    """QEMU's own needs over the guest's memory: translation buffer, firmware, threads."""
    units = {"M": 1, "G": 1024}
    return f"{int(memory[:-1]) * units[memory[-1]] + 1280}m"


def _machines_dir() -> Path:
    folder = cache_dir() / "machines"
    folder.mkdir(exist_ok=True)
    return folder
