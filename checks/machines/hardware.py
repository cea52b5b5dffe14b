"""The hardware of a VM, as QEMU's command line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

CPUS = 2
DISK = "disk0"  # the drive's name in monitor commands
# QEMU gives up these system calls: old ones, starting programs, changing its user, changing limits and priorities.
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
LAN = "/lan"  # the folder with a network's sockets, as QEMU's container sees it


def mac(place: int) -> str:
    """The MAC address of the machine at this place (1 or 2) of a network; locally administered, so anybody may use it."""
    return f"02:00:c0:00:02:{place:02x}"


@dataclass(frozen=True)
class Hardware:
    """A VM's hardware: ``memory`` as QEMU takes it ("2G"), ``firmware`` None or "secure-boot"."""

    memory: str = "2G"
    firmware: str | None = None
    cpus: int = CPUS
    lan: int | None = None  # the VM's place on a network of two VMs, 1 or 2; None for a VM without a network

    def arguments(self, accelerator: str, disk: str, variables: str, folder: str) -> list[str]:
        """QEMU's command line; ``disk``, ``variables`` and ``folder`` are paths as QEMU's container sees them."""
        secure = self.firmware == "secure-boot"
        code = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd" if secure else "/usr/share/OVMF/OVMF_CODE_4M.fd"
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-sandbox", SANDBOX,
            # With SMM only the firmware can write the variables of Secure Boot; without it the guest's root could.
            "-machine", "q35,smm=on" if secure else "q35",
            *(["-global", "driver=cfi.pflash01,property=secure,value=on"] if secure else []),
            # One thread a CPU; a translation buffer (MiB) that holds two kernels and a distribution's user space. The
            # processor is QEMU's default, not "max": programs use vector instructions where there are any, and emulated
            # vector instructions are slower than the plain ones. svm=off, or each boot would load the kvm module in vain.
            *(["-accel", "kvm", "-cpu", "host"] if accelerator == "kvm" else
              ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64,svm=off"]),
            # A second emulated processor now and then gets no timer interrupt on a busy host of two cores: the guest's
            # rcu threads starve and the guest never comes up. A guest with one processor has not been seen to.
            "-m", self.memory, "-smp", str(self.cpus if accelerator == "kvm" else 1),
            "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
            "-drive", f"if=pflash,format=qcow2,unit=1,file={variables}",
            # cache=unsafe: no fsync to the host, since no VM has to survive a crash of the host.
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
        """A cable to the other VM: each packet is a datagram between two sockets in a folder that both QEMUs see."""
        if self.lan is None:
            return []
        mine, other = f"{LAN}/{self.lan}.sock", f"{LAN}/{3 - self.lan}.sock"
        return [
            "-netdev", f"dgram,id=lan,local.type=unix,local.path={mine},remote.type=unix,remote.path={other}",
            # romfile= (empty): no VM boots from the network.
            "-device", f"virtio-net-pci,netdev=lan,mac={mac(self.lan)},romfile=",
        ]  # fmt: skip

    def variables(self) -> str:
        """The file in the emulator's image from which a VM's firmware variables are copied."""
        return f"/usr/share/OVMF/OVMF_VARS_4M{'.ms' if self.firmware == 'secure-boot' else ''}.fd"

    def container_memory(self) -> str:
        """The memory limit of QEMU's container: the guest's, and 1280 MiB for translation buffer, firmware, threads, packing a state."""
        return f"{self.memory_mib + 1280}m"

    @property
    def memory_mib(self) -> int:
        """The guest's memory in MiB."""
        units = {"M": 1, "G": 1024}
        return int(self.memory[:-1]) * units[self.memory[-1]]

    def digest(self, accelerator: str) -> str:
        """sha256 of what a saved memory depends on: QEMU's command line, and under KVM this host's processor."""
        parts = "\0".join(self.arguments(accelerator, "", "", ""))
        if accelerator == "kvm":
            parts += _processor()
        return hashlib.sha256(parts.encode()).hexdigest()


def _processor() -> str:
    """Model and features of this host's first processor."""
    wanted = ("vendor_id", "cpu family", "model", "stepping", "flags", "microcode")
    lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return "\n".join(line for line in lines if line.split("\t")[0].strip() in wanted)
