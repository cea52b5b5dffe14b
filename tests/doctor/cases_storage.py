"""What can be wrong with the disk or the server that a dump goes to."""

from __future__ import annotations

import json

from cases import case
from made import Made

# ---- storage


def encrypt(made: Made, device: str, name: str) -> None:
    """The disk of ``device`` is an encrypted volume on /dev/vdb."""
    place = "/sys/devices/virtual/block/dm-0"
    made.remove(f"/sys/dev/block/{device}")
    made.link(f"/sys/dev/block/{device}", f"../../devices/virtual/block/{place.rpartition('/')[2]}")
    made.write(f"{place}/dm/uuid", f"CRYPT-LUKS2-12345678-{name}\n")
    made.write(f"{place}/dm/name", f"{name}\n")
    made.link(f"{place}/slaves/vdb", "../../../../pci0000:00/0000:00:05.0/virtio2/block/vdb")
    made.write("/sys/devices/pci0000:00/0000:00:05.0/virtio2/block/vdb/size", "1\n")
    made.write("/dev/vdb", luks(32768))


def luks(kib: int, *tokens: str) -> bytes:
    """The header of a volume with a key slot that takes so much memory, and tokens of these types."""
    head = {
        "keyslots": {"0": {"type": "luks2", "kdf": {"type": "argon2id", "memory": kib}}},
        "tokens": {str(number): {"type": token, "keyslots": ["0"]} for number, token in enumerate(tokens)},
    }
    return b"LUKS\xba\xbe\0\2".ljust(4096, b"\0") + json.dumps(head).encode().ljust(12288, b"\0")


def mount(made: Made, line: str, *fstab: str) -> None:
    made.write("/proc/self/mountinfo", made.text("/proc/self/mountinfo") + line + "\n")
    made.write("/etc/fstab", made.text("/etc/fstab") + "".join(f"{each}\n" for each in fstab))


@case("encryption.root")
def typed(made: Made):
    encrypt(made, "254:2", "vda2_crypt")
    made.write("/etc/crypttab", "vda2_crypt UUID=1 none luks,discard\n")


@case("encryption.root")
def not_in_crypttab(made: Made):
    encrypt(made, "254:2", "root")


@case("encryption.argon")
def of_the_root(made: Made):
    encrypt(made, "254:2", "root")
    made.write("/etc/crypttab", "root UUID=1 none luks,tpm2-device=auto\n")
    made.write("/dev/vdb", luks(1048576))


@case("encryption.argon")
def of_the_folder(made: Made):
    encrypt(made, "253:0", "vault")
    made.write("/dev/vdb", luks(1048576))
    mount(made, "25 22 253:0 / /var/crash rw - ext4 /dev/mapper/vault rw", "/dev/mapper/vault /var/crash ext4 defaults 0 2")
    made.write("/etc/crypttab", "vault UUID=1 /root/vault.key luks\n")


@case("encryption.folder")
def _(made: Made):
    encrypt(made, "253:0", "vault")
    mount(made, "25 22 253:0 / /var/crash rw - ext4 /dev/mapper/vault rw", "/dev/mapper/vault /var/crash ext4 defaults 0 2")
    made.write("/etc/crypttab", "vault UUID=1 none luks\n")


@case("encryption.covered")
def _(made: Made):
    encrypt(made, "253:0", "vault")
    mount(made, "25 22 253:0 / /var/crash rw - ext4 /dev/mapper/vault rw")


@case("encryption.fstab")
def _(made: Made):
    mount(made, "25 22 254:17 / /var/crash rw - ext4 /dev/vdb1 rw")


@case("encryption.usb")
def _(made: Made):
    made.link("/sys/dev/block/8:1", "../../devices/pci0000:00/0000:00:14.0/usb2/2-1/block/sda/sda1")
    made.write("/sys/devices/pci0000:00/0000:00:14.0/usb2/2-1/block/sda/sda1/partition", "1\n")
    mount(made, "25 22 8:1 / /var/crash rw - ext4 /dev/sda1 rw", "/dev/sda1 /var/crash ext4 defaults 0 2")


# ---- remote


def over_ssh(made: Made) -> None:
    made.settings('SSH="dumps@192.0.2.2"')
    made.write("/usr/bin/ssh", "#!")
    made.write("/root/.ssh/kdump_id_rsa", "key")
    made.write("/root/.ssh/known_hosts", "192.0.2.2 ssh-ed25519 AAAA\n")
    ssh_takes(made, "192.0.2.2")


def ssh_takes(made: Made, host: str, **options: str) -> None:
    """What ssh -G prints, of which the doctor reads some lines."""
    taken = {"host": host, "hostname": host, "port": "22", "stricthostkeychecking": "ask", **options}
    files = {"globalknownhostsfile": "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2", "userknownhostsfile": "/root/.ssh/known_hosts"}
    made.commands["ssh -G"] = "".join(f"{name} {value}\n" for name, value in {**files, **taken}.items())


@case("remote.program")
def _(made: Made):
    made.settings("NFS=192.0.2.2:/var/crash")


@case("remote.key")
def _(made: Made):
    over_ssh(made)
    made.remove("/root/.ssh/kdump_id_rsa")


@case("remote.host")
def _(made: Made):
    over_ssh(made)
    made.write("/root/.ssh/known_hosts", "192.0.2.1 ssh-ed25519 AAAA\n")


@case("remote.host")
def of_another_port(made: Made):
    over_ssh(made)
    ssh_takes(made, "192.0.2.2", port="2222")


@case("remote.host")
def by_another_name(made: Made):
    over_ssh(made)
    ssh_takes(made, "192.0.2.2", hostkeyalias="vault")


@case("remote.reach", remote=True, unreachable="timed out")
def _(made: Made):
    over_ssh(made)
