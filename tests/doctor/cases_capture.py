"""What can be wrong with the capture kernel: not loaded, not the right one, forbidden, cut short."""

from __future__ import annotations

import json

from cases import case
from made import APPEND, BOOTED, LOADED, MIB, Made

# ---- capture kernel


@case("capture.unloaded")
def _(made: Made):
    made.unload()


@case("capture.unloaded", "ubuntu-26.04")
def by_the_new_name(made: Made):
    made.unload()
    made.write("/sys/kernel/kexec/crash_loaded", "0\n")
    made.remove(LOADED)


@case("capture.stopped")
def _(made: Made):
    made.unload()
    made.commands["systemctl show"] = "ActiveState=inactive\nUnitFileState=enabled\n"


@case("capture.off")
def masked(made: Made):
    made.unload()
    made.commands["systemctl show"] = "ActiveState=inactive\nUnitFileState=masked\n"


@case("capture.off")
def disabled_as_the_files_say(made: Made):
    made.unload()
    made.commands.pop("systemctl show")
    made.remove("/etc/systemd/system/basic.target.wants/kdump-tools.service")


@case("capture.kernel-file")
def _(made: Made):
    made.unload()
    made.remove(f"/boot/vmlinuz-{made.release.kernel}")


@case("capture.initrd-file")
def _(made: Made):
    made.unload("KDUMP_INITRD does not exist: /var/lib/kdump/initrd.img ... failed!\n")
    made.remove(f"/var/lib/kdump/initrd.img-{made.release.kernel}")


@case("capture.format")
def _(made: Made):
    made.write("/tmp/badkernel", "no kernel at all\n" * 100)
    made.change("/etc/default/kdump-tools", "KDUMP_KERNEL=/var/lib/kdump/vmlinuz", "KDUMP_KERNEL=/tmp/badkernel")
    made.unload("Cannot determine the file type of /tmp/badkernel\n")


@case("capture.disabled")
def _(made: Made):
    made.unload()
    made.write("/proc/sys/kernel/kexec_load_disabled", "1\n")


@case("capture.limit")
def _(made: Made):
    made.unload()
    made.write("/proc/sys/kernel/kexec_load_limit_panic", "0\n")


@case("capture.lockdown")
def _(made: Made):
    made.unload("kexec_file_load failed: Operation not permitted\n")
    made.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    made.write(f"/boot/vmlinuz-{made.release.kernel}", signed_kernel(True), size=12 * MIB)


@case("capture.said")
def not_reserved(made: Made):
    made.unload("Starting kdump-tools:\nMemory for crashkernel is not reserved\nfailed to load kdump kernel ... failed!\n")


@case("capture.said")
def no_hook(made: Made):
    made.unload("loaded kdump kernel\nStarting kdump-tools:\nUnable to locate kernel hook ... failed!\n")


@case("capture.version")
def _(made: Made):
    made.write("/boot/vmlinuz-6.1.0-1-amd64", "x")
    made.link("/var/lib/kdump/vmlinuz", "/boot/vmlinuz-6.1.0-1-amd64")


@case("capture.stale-initrd", also=("capture.stale-kernel",))
def _(made: Made):
    made.write("/var/crash/kexec_cmd", made.text("/var/crash/kexec_cmd"), at=BOOTED + 2)
    made.write(f"/var/lib/kdump/initrd.img-{made.release.kernel}", b"new", size=11 * MIB, at=BOOTED + 500)


@case("capture.stale-kernel")
def _(made: Made):
    """The kernel's file was made just now, which no test can change."""
    made.write("/var/crash/kexec_cmd", made.text("/var/crash/kexec_cmd"), at=BOOTED + 2)


@case("capture.stale-settings")
def _(made: Made):
    made.settings(f'KDUMP_CMDLINE_APPEND="{APPEND} panic=10"')


@case("capture.stale-settings")
def an_option_of_kexec(made: Made):
    made.settings('KDUMP_KEXEC_ARGS="--debug"')


@case("capture.outdated")
def a_module(made: Made):
    made.write("/etc/initramfs-tools/modules", "# modules\ndummy\n")


@case("capture.outdated")
def a_new_file(made: Made):
    made.write("/etc/initramfs-tools/conf.d/driver-policy", "MODULES=most\n")


@case("capture.outdated")
def sysctl_conf(made: Made):
    made.write("/etc/kdump/sysctl.conf", "vm.nr_hugepages=0\nvm.swappiness=1\n")


@case("capture.words")
def _(made: Made):
    made.settings('KDUMP_CMDLINE_APPEND="panic=10"')
    made.change("/var/crash/kexec_cmd", made.release.append, "panic=10")


@case("capture.full-initrd", also=("capture.stale-settings",))
def _(made: Made):
    made.change("/etc/default/kdump-tools", "KDUMP_KERNEL=/var/lib/kdump/vmlinuz\nKDUMP_INITRD=/var/lib/kdump/initrd.img\n", "")


# ---- service


@case("service.off")
def _(made: Made):
    made.commands["systemctl show"] = "ActiveState=active\nUnitFileState=masked\n"


@case("service.off")
def as_the_files_say(made: Made):
    made.commands.pop("systemctl show")
    made.link("/etc/systemd/system/kdump-tools.service", "/dev/null")


def capture_journal(made: Made, *messages: str) -> None:
    lines = [{"MESSAGE": message, "_BOOT_ID": "b", "__REALTIME_TIMESTAMP": "1780000000000000"} for message in messages]
    lines.insert(0, {"MESSAGE": "failed to save vmcore in /var/crash/1", "_BOOT_ID": "a", "__REALTIME_TIMESTAMP": "1770000000000000"})
    made.commands["--unit=kdump-tools-dump.service"] = "".join(json.dumps(line) + "\n" for line in lines)


@case("service.last")
def full_disk(made: Made):
    capture_journal(made, "Starting kdump-tools:", "cat: write error: No space left on device", "failed to save vmcore in /var/crash/2")


@case("service.said")
def packed_by_nobody(made: Made):
    harmless = "Error: Compression 'lzip' not supported. Disabling compression."
    capture_journal(made, "Starting kdump-tools:", harmless, "saved vmcore in /var/crash/202611302010")


def previous_boot(made: Made, *messages: str, boot: str = "p") -> None:
    lines = [{"MESSAGE": message, "_BOOT_ID": boot, "__REALTIME_TIMESTAMP": "1780000000000000"} for message in messages]
    made.commands["journalctl --no-pager --quiet --boot=-1"] = "".join(json.dumps(line) + "\n" for line in lines)


@case("service.vanished")
def _(made: Made):
    previous_boot(made, "Started a service.", "sysrq: Trigger a crash")


@case("service.last")
def host_key(made: Made):
    capture_journal(made, "Starting kdump-tools:", "Host key verification failed.", "Network not reachable; will try 15 more times")


# ---- makedumpfile


@case("makedumpfile.slab", "ubuntu-24.04", also=("capture.version",))
def _(made: Made):
    made.write("/var/lib/dpkg/status", made.text("/var/lib/dpkg/status").replace("1:1.7.5-1ubuntu1", "1:1.7.5-1"))
    made.write("/proc/sys/kernel/osrelease", "7.0.0-43-generic\n")


@case("makedumpfile.tail", "debian-14")
def _(made: Made):
    made.change("/etc/default/kdump-tools", 'MAKEDUMP_ARGS="-c -d 23"\n', "")


# ---- panic


@case("panic.oops")
def _(made: Made):
    made.write("/proc/sys/kernel/panic_on_oops", "0\n")


@case("panic.pages")
def _(made: Made):
    made.write("/etc/sysctl.d/60-database.conf", "# huge pages\nvm.nr_hugepages = 512\n")


# ---- locks


def signed_kernel(signed: bool) -> bytes:
    """A PE header with a table of signatures, or without."""
    head = bytearray(b"MZ" + b"\0" * 0x3A + (0x80).to_bytes(4, "little") + b"\0" * 0x40 + b"PE\0\0" + b"\0" * 20 + b"\x0b\x02")
    head += b"\0" * (0x400 - len(head))
    if signed:
        place = 0x80 + 24 + 112 + 32
        head[place : place + 8] = (0x1000).to_bytes(4, "little") + (0x600).to_bytes(4, "little")
    return bytes(head)


@case("locks.unsigned")
def _(made: Made):
    made.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    made.write(f"/boot/vmlinuz-{made.release.kernel}", signed_kernel(False), size=12 * MIB)


@case("locks.old-call")
def _(made: Made):
    made.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    made.write(f"/boot/vmlinuz-{made.release.kernel}", signed_kernel(True), size=12 * MIB)
    made.settings("KDUMP_KEXEC_ARGS=-c")
    made.change("/var/crash/kexec_cmd", "kexec -p ", "kexec -p -c ")


# ---- watchdogs


@case("watchdog.active")
def _(made: Made):
    for name, text in (("state", "active"), ("identity", "iTCO_wdt"), ("timeout", "30")):
        made.write(f"/sys/class/watchdog/watchdog0/{name}", f"{text}\n")
