"""What a VM is made of, as QEMU's command line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

CPUS = 2
DISK = "disk0"  # the name by which the monitor knows the drive
LAN = "/lan"  # where the emulator's container has the folder of a network's sockets


def mac(place: int) -> str:
    """The hardware address of the machine at this place of a network; of the range that anybody may use."""
    return f"02:00:c0:00:02:{place:02x}"


@dataclass(frozen=True)
class Hardware:
    """``memory`` as QEMU takes it ("2G"); ``firmware`` None or "secure-boot"."""

    memory: str = "2G"
    firmware: str | None = None
    cpus: int = CPUS
    lan: int | None = None  # its place on a network of two machines: 1 or 2

    def arguments(self, accelerator: str, disk: str, variables: str, folder: str) -> list[str]:
        """QEMU's command line."""
        secure = self.firmware == "secure-boot"
        code = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd" if secure else "/usr/share/OVMF/OVMF_CODE_4M.fd"
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            # Secure Boot's variables are writable only from SMM, else a root user could rewrite them
            "-machine", "q35,smm=on" if secure else "q35",
            *(["-global", "driver=cfi.pflash01,property=secure,value=on"] if secure else []),
            # One thread a CPU; a translation buffer that holds two kernels and a distribution's user space. QEMU's own
            # default processor, not max: where there are vector instructions programs use them, and emulated those are
            # slower than what they stand for. Without svm, or every boot would load kvm, to no use.
            *(["-accel", "kvm", "-cpu", "host"] if accelerator == "kvm" else
              ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64,svm=off"]),
            # Emulated, a second processor now and then gets no timer interrupt on a busy host of two cores: the
            # guest's rcu threads starve and it never comes up. One processor has not been seen to.
            "-m", self.memory, "-smp", str(self.cpus if accelerator == "kvm" else 1),
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
            "-drive", f"if=pflash,format=qcow2,unit=1,file={variables}",
            # unsafe: no fsync to the host; a machine that outlives the host's crash is not what this is for
            "-drive", f"if=virtio,id={DISK},format=qcow2,cache=unsafe,discard=unmap,file={disk}",
            "-device", "virtio-rng-pci",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={folder}/agent.sock,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=guide.agent",
            "-chardev", f"file,id=console,path={folder}/console.log,append=on",
            "-serial", "chardev:console",
            "-qmp", f"unix:{folder}/qmp.sock,server=on,wait=off",
            *self._network(),
        ]  # fmt: skip

    def _network(self) -> list[str]:
        """A cable to the other machine: each packet a datagram between two sockets in a folder that both can see."""
        if self.lan is None:
            return []
        mine, other = f"{LAN}/{self.lan}.sock", f"{LAN}/{3 - self.lan}.sock"
        return [
            "-netdev", f"dgram,id=lan,local.type=unix,local.path={mine},remote.type=unix,remote.path={other}",
            # romfile=: nothing boots from it
            "-device", f"virtio-net-pci,netdev=lan,mac={mac(self.lan)},romfile=",
        ]  # fmt: skip

    def variables(self) -> str:
        """The file of the emulator's image that the firmware's variables begin as."""
        return f"/usr/share/OVMF/OVMF_VARS_4M{'.ms' if self.firmware == 'secure-boot' else ''}.fd"

    def container_memory(self) -> str:
        """The guest's memory and QEMU's own needs over it: translation buffer, firmware, threads, packing a state."""
        return f"{self.memory_mib + 1280}m"

    @property
    def memory_mib(self) -> int:
        units = {"M": 1, "G": 1024}
        return int(self.memory[:-1]) * units[self.memory[-1]]

    def digest(self, accelerator: str) -> str:
        """sha256 of all that a state's memory depends on here: QEMU's command line, under KVM also the processor."""
        parts = "\0".join(self.arguments(accelerator, "", "", ""))
        if accelerator == "kvm":
            parts += _processor()
        return hashlib.sha256(parts.encode()).hexdigest()


def _processor() -> str:
    """Model and features of this host's first processor."""
    wanted = ("vendor_id", "cpu family", "model", "stepping", "flags", "microcode")
    lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return "\n".join(line for line in lines if line.split("\t")[0].strip() in wanted)
