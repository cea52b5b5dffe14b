"""A machine that is a VM: QEMU in a container without network, capabilities or a writable root.

The firmware boots the disk's own GRUB: QEMU is given no kernel, initrd or command line, so that what the page's
snippets wrote to the disk is what boots.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from checks.host import cache_dir, owned_prefix
from checks.machines import snapshot
from checks.machines.channel import Channel
from checks.machines.console import Console
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost, Message, PageTime
from checks.machines.qemu_process import ENDED_WITHIN_S, QemuProcess, take_back
from checks.machines.qmp import Monitor

BOOT_TIMEOUT_S = 900  # A boot takes 20 to 70 s under TCG on two cores; over 180 s was seen with eight VMs on two cores.
# A boot took 140 s on a quiet host: the firmware verifies each program, and its variables are written through SMM.
SECURE_BOOT_TIMEOUT_S = 1800
REGISTER_TRIES = 100  # 5 s in all; a machine that waits for a snippet is mostly idle, which it is in the kernel
# A crash and its boots print 0.1 MiB to the serial console, a verbose page some MiB.
CONSOLE_BYTES = 64 << 20
# The disk has a size of its own (data/targets.yml), but each saved state begins another layer that may grow to it.
DISK_BYTES = 16 << 30
DISK_CHECK_S = 5.0


class Vm:
    """One running VM. The VM's files are in a folder of its own, which ``stop`` removes."""

    kind = "vm"
    saves_processes = True
    default_timeout_s = 120.0

    def __init__(self, engine: Engine, emulator_image: str, disk: Path, hardware: Hardware, accelerator: str, lan: Path | None = None):
        self.engine, self.emulator_image, self.disk = engine, emulator_image, disk
        self.hardware = hardware
        self.accelerator: str | None = accelerator
        self.lan = lan  # The folder with the sockets of the network of two VMs; the VM does not remove the folder.
        self.folder = new_folder("vm")
        self.console = Console(self.folder / "console.log")
        self.emulator: str | None = "qemu"
        self.resets: list[int] = []
        self.in_use: str | None = None
        self.page_time: PageTime | None = None
        self.slot = ExitStack()
        self.layers: list[str] = []  # of the disk, above the image; only the last layer is written to
        self._disk_checked = time.monotonic()
        self._channel: Channel | None = None
        self._power_cycles = False  # The next restart is to be a power cycle.
        self.qemu = QemuProcess(engine, emulator_image, hardware, accelerator, self.folder, disk, lan)
        self._shutdown_reason = ""  # QEMU's reason for ending, as in its SHUTDOWN event: "guest-reset", "guest-shutdown"

    @property
    def channel(self) -> Channel:
        """The line to the agent; MachineLost before the VM is started."""
        if self._channel is None:
            raise MachineLost("the VM has not been started")
        return self._channel

    @property
    def monitor(self) -> Monitor:
        """QEMU's monitor; MachineLost before the VM is started."""
        return self.qemu.monitor

    # ---- start, restore, save, stop

    def start(self) -> Message:
        """Power on from the disk image and wait for the login; returns the agent's hello."""
        self.power_on()
        return self.await_boot(SECURE_BOOT_TIMEOUT_S if self.hardware.firmware == "secure-boot" else BOOT_TIMEOUT_S)

    def power_on(self) -> None:
        """Make the drives and start QEMU; the firmware runs when this returns."""
        # An overlay over the disk image, which is never written to, and a copy of the firmware's variables.
        self._make_drives("/image/disk.qcow2", f"qemu-img convert -O qcow2 {self.hardware.variables()} /machine/{snapshot.VARIABLES}")
        self._launch()

    def restore(self, folder: Path) -> Message:
        """Go on as the state that ``save`` wrote into ``folder``; returns the agent's hello. MachineLost if that fails."""
        try:
            self.layers = snapshot.lay_out(self.qemu, folder, self.folder)
        except OSError as error:
            raise MachineLost(f"the files of the state: {error}") from None
        self._make_drives(f"/machine/{self.layers[-1]}")
        self._launch("-incoming", "defer")
        snapshot.resume(self.qemu, self.folder)
        self.channel.send(op="hello")
        return self.channel.expect("hello", 180, "the machine's agent", self.tick)

    def save(self, folder: Path, image_tag: str = "") -> None:
        """Write the VM as it is into ``folder``, and go on; ``image_tag`` is for containers."""
        snapshot.save(self.qemu, self.folder, self.layers, folder)

    def save_bytes(self) -> int:
        """Half of the VM's memory, which is more than its packed memory has ever taken."""
        return (self.hardware.memory_mib << 20) // 2

    def power_down(self, timeout_s: float = 600) -> None:
        """Ask the system to shut down, as the power button does; MachineLost if it does not within ``timeout_s``."""
        self.monitor("system_powerdown")
        if self.qemu.wait(timeout_s) is None:
            raise MachineLost(f"the machine did not power down within {timeout_s:.0f} s")

    def write_back(self, disk: Path) -> None:
        """Write the disk of a VM that is powered down into the image that the VM was started from."""
        self.qemu.run_script(f"qemu-img convert -O qcow2 /machine/{self.layers[-1]} /machine/new.qcow2", "the disk could not be written")
        take_back(self.folder / "new.qcow2")
        (self.folder / "new.qcow2").replace(disk)

    def _make_drives(self, below: str, more: str = "true") -> None:
        # QEMU's own user must get into these folders: it owns the first, and reads the second.
        self.qemu.give(self.folder, *([self.lan] if self.lan else []))
        with suppress(PermissionError):  # Another user's, who has opened it.
            self.disk.parent.chmod(0o755)
        self.layers.append(snapshot.new_layer_name())
        script = f"qemu-img create -q -f qcow2 -F qcow2 -b {below} /machine/{self.layers[-1]} && {more} && qemu-system-x86_64 --version"
        printed = self.qemu.run_script(script, "the machine's drives could not be made")
        self.emulator = printed.splitlines()[0].removeprefix("QEMU emulator version ")

    def _launch(self, *more: str) -> None:
        assert self.accelerator
        drives = (f"/machine/{self.layers[-1]}", f"/machine/{snapshot.VARIABLES}")
        line = self.qemu.launch(*self.hardware.arguments(self.accelerator, *drives, "/machine"), *more)
        if self._channel:
            self._channel.connect(line.fileno(), line.fileno())
        else:
            self._channel = Channel(line.fileno(), line.fileno(), self._relaunched)

    def receive(self, folder: Path, path: str) -> None:
        """MachineLost: a page with ``dumps:`` has a container (pages/rules/machine_keys.py)."""
        raise MachineLost(f"a VM takes no folder of the host: {folder}")

    def stop(self) -> None:
        """Power off without asking the system, and remove all files of the VM; safe to call twice."""
        self.qemu.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- a restart that empties the memory

    def empty_at_restart(self) -> None:
        """Make the next restart a power cycle: QEMU ends at the reset and is started anew on the same drives.

        A reset alone keeps the memory. Where makedumpfile does not know the kernel's free pages, all that an earlier
        boot has left in memory then goes through the next dump (benchmarks/README.md, "A restart is a power cycle").
        """
        self.monitor("set-action", reboot="shutdown")
        self._power_cycles = True

    def _relaunched(self) -> bool:
        """QEMU has ended: start it anew if the end was the power cycle that was asked for; False if it was not."""
        if not self._power_cycles:
            return False
        self._power_cycles = False
        self.qemu.wait(ENDED_WITHIN_S)
        self._take_events()
        if not self.qemu.has_ended() or not self._shutdown_reason.endswith("reset"):
            return False
        self.resets.append(self.console.mark())
        self.qemu.disconnect()
        self._launch()
        return True

    def _take_events(self) -> None:
        for event in self.qemu.events():
            if event["event"] == "RESET":
                self.resets.append(self.console.mark())
            elif event["event"] == "SHUTDOWN":
                data = event["data"]
                assert isinstance(data, dict)
                self._shutdown_reason = data["reason"]

    # ---- what a session and the runner ask

    def tick(self) -> None:
        """Read the console and QEMU's events; MachineLost when QEMU has ended, or the VM writes more than it may."""
        if self.page_time:
            self.page_time.check()
        with suppress(FileNotFoundError):
            if self.console.path.stat().st_size > CONSOLE_BYTES:
                raise MachineLost(f"printed more than {CONSOLE_BYTES >> 20} MiB to the serial console")
        self.console.poll()
        if time.monotonic() - self._disk_checked > DISK_CHECK_S:
            self._disk_checked = time.monotonic()
            if excess := self.exhausted():
                raise MachineLost(excess)
        if self.qemu.has_ended() and not self._relaunched():
            raise MachineLost(f"QEMU ended: {self.qemu.printed()}")
        self._take_events()

    def await_boot(self, timeout_s: float, meanwhile: Callable[[], None] | None = None) -> Message:
        """Wait until the loader of a booted system calls, send it the agent; returns the agent's hello."""

        def tick() -> None:
            self.tick()
            if meanwhile:
                meanwhile()

        self.channel.expect("loader", timeout_s, "the machine does not come up", tick)
        self.channel.load("reader")
        return self.channel.expect("hello", 180, "the machine's agent", tick)

    def page_tables(self) -> list[int]:
        """The physical address of the page table that each processor uses; [] while QEMU does not answer."""
        return self.qemu.registers().page_tables

    def per_cpu_base(self) -> int | None:
        """The kernel's GS base on the first processor; None when that processor is not seen in the kernel in some tries."""
        for _ in range(REGISTER_TRIES):
            if (base := self.qemu.registers().kernel_gs_base) is not None:
                return base
            time.sleep(0.05)
        return None

    def press(self, button: str) -> None:
        """Do what a person at the hypervisor or the management controller would; "nmi" is the only button."""
        self.monitor(f"inject-{button}")

    def exhausted(self) -> str | None:
        """In words, how much more than allowed the VM's files take on the host's disk; None when that is within its limit."""
        taken = 0
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                taken += path.lstat().st_blocks * 512
        if taken <= DISK_BYTES:
            return None
        return f"the VM's files take {taken >> 20} MiB; those of a machine may take {DISK_BYTES >> 20} MiB"

    def console_mark(self) -> int:
        """The length of the console so far, in bytes."""
        return self.console.mark()

    def console_text(self, since: int = 0) -> str:
        """All that the kernels have printed to the serial console from byte ``since`` on, as plain lines."""
        return self.console.text(since)

    def console_tail(self, lines: int = 25) -> str:
        """The last lines of the serial console that are not empty."""
        self.console.poll()
        return self.console.tail(lines)

    def console_cast(self, since: int = 0, before: str = "") -> str:
        """The serial console from byte ``since`` on as asciicast 2, appended to the recording ``before``."""
        return self.console.cast(since, before)

    def panic_since(self, mark: int) -> str | None:
        """The reasons of the panics since byte ``mark`` when the kernel stands still for good; else None."""
        return "; ".join(self.console.panics(mark)) if self.console.dead(mark) else None

    def last_words(self) -> str:
        """How QEMU ended, with what it printed; "" while QEMU runs."""
        status = self.qemu.wait(2)
        return "" if status is None else f"QEMU ended with status {status}: {self.qemu.printed()}"


def new_folder(kind: str) -> Path:
    """A folder for the files of a running VM; a sweep removes the folder once this process has ended."""
    folder = cache_dir() / "machines"
    folder.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=owned_prefix(kind), dir=folder))
