"""What can be wrong before anything is loaded: packages, the kernel, its command line, the reservation, the boot menu."""

from __future__ import annotations

from cases import case
from made import LOADED, Made, meminfo, stanza

# ---- packages


@case("packages.none")
def _(made: Made):
    made.write("/var/lib/dpkg/status", stanza("bash", "5.2"))
    made.reserve(0)
    made.unload()


@case("packages.left")
def _(made: Made):
    made.write("/var/lib/dpkg/status", stanza("kdump-tools", "1:1.10.7", "config-files"))
    made.unload()


@case("packages.kexec")
def _(made: Made):
    made.remove("/usr/sbin/kexec")
    made.remove("/sbin/kexec")
    made.unload()


@case("packages.makedumpfile")
def _(made: Made):
    made.write("/var/lib/dpkg/status", stanza("kdump-tools", "1:1.10.7"))


@case("packages.builder")
def _(made: Made):
    made.remove("/usr/sbin/mkinitramfs")
    made.remove(f"/var/lib/kdump/initrd.img-{made.release.kernel}")
    made.unload()


@case("packages.next-builder", "ubuntu-26.04")
def _(made: Made):
    made.remove("/usr/sbin/mkinitramfs")


# ---- kernel


@case("kernel.kexec")
def _(made: Made):
    made.remove(LOADED)
    made.reserve(0)


@case("kernel.option")
def _(made: Made):
    made.change(f"/boot/config-{made.release.kernel}", "CONFIG_PROC_VMCORE=y", "# CONFIG_PROC_VMCORE is not set")


# ---- command line


def unreserved(made: Made) -> None:
    """The running kernel was started without crashkernel=."""
    made.change("/proc/cmdline", f" crashkernel={made.release.crashkernel}", "")
    made.reserve(0)
    made.unload("no crashkernel= parameter in the kernel cmdline\n")


@case("cmdline.reboot")
def _(made: Made):
    unreserved(made)


@case("cmdline.recovery")
def _(made: Made):
    unreserved(made)
    made.change("/proc/cmdline", " quiet", " single")


@case("cmdline.menu")
def _(made: Made):
    unreserved(made)
    made.change("/boot/grub/grub.cfg", " crashkernel=512M-:192M", "")


@case("cmdline.lost")
def _(made: Made):
    unreserved(made)
    made.change("/boot/grub/grub.cfg", " crashkernel=512M-:192M", "")
    made.write("/etc/default/grub.d/zz-mine.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')


@case("cmdline.file")
def _(made: Made):
    unreserved(made)
    made.change("/boot/grub/grub.cfg", " crashkernel=512M-:192M", "")
    made.change("/etc/default/grub.d/kdump-tools.cfg", "GRUB", "#GRUB")


@case("cmdline.loader")
def _(made: Made):
    unreserved(made)
    made.remove("/boot/grub")
    made.change("/proc/cmdline", "BOOT_IMAGE=", "initrd=")
    made.write("/etc/kernel/cmdline", "root=UUID=1 ro\n")


@case("cmdline.loader")
def direct_kernel_boot(made: Made):
    unreserved(made)
    made.change("/proc/cmdline", "BOOT_IMAGE=", "x=")


@case("cmdline.missing")
def _(made: Made):
    unreserved(made)
    made.write("/boot/grub/grub.cfg", "")


@case("cmdline.auto")
def _(made: Made):
    made.reserve(0, "crashkernel=auto")
    made.unload()


@case("cmdline.syntax")
def _(made: Made):
    made.reserve(0, "crashkernel=512M-192M:128M")
    made.unload()


# ---- reservation


@case("reservation.range", "ubuntu-24.04")
def _(made: Made):
    made.reserve(0, "crashkernel=16G-:512M")
    made.unload("Memory for crashkernel is not reserved\n")


@case("reservation.size", "ubuntu-26.04")
def _(made: Made):
    made.write("/proc/meminfo", meminfo(940, 700))
    made.reserve(0, "crashkernel=2G-4G:2G,4G-:512M")
    made.unload("Memory for crashkernel is not reserved\n")


@case("reservation.large")
def _(made: Made):
    made.reserve(0, "crashkernel=4G")
    made.unload()


@case("reservation.zero")
def _(made: Made):
    made.reserve(0, "crashkernel=0")
    made.unload()


@case("reservation.address")
def _(made: Made):
    made.reserve(0, "crashkernel=192M@3G")
    made.unload("Memory for crashkernel is not reserved\n")


@case("reservation.cma")
def _(made: Made):
    made.reserve(0, "crashkernel=192M crashkernel=128M,cma")
    made.unload()


@case("reservation.given-back")
def _(made: Made):
    made.reserve(0)
    made.unload()
    made.commands["journalctl --no-pager --quiet --dmesg"] = "crashkernel reserved: 0x000000006c000000 - 0x0000000078000000 (192 MB)\n"


@case("reservation.none")
def _(made: Made):
    made.reserve(0)
    made.unload()


@case("reservation.said")
def _(made: Made):
    made.reserve(0)
    made.unload()
    made.commands["journalctl --no-pager --quiet --dmesg"] = "cannot allocate crashkernel (size:0xc000000)\n"


@case("reservation.tiny")
def _(made: Made):
    made.reserve(80, "crashkernel=80M")


@case("reservation.tiny")
def shrunk(made: Made):
    made.reserve(80)


@case("reservation.low", "ubuntu-24.04")
def _(made: Made):
    made.reserve(128, "crashkernel=128M")


# ---- next boot


@case("boot.lost")
def _(made: Made):
    made.change("/boot/grub/grub.cfg", " crashkernel=512M-:192M", "")
    made.write("/etc/default/grub.d/zz-mine.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')


@case("boot.loses")
def _(made: Made):
    made.write("/etc/default/grub.d/zz-mine.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')


@case("boot.none")
def _(made: Made):
    made.change("/boot/grub/grub.cfg", " crashkernel=512M-:192M", "")
    made.remove("/etc/default/grub.d/kdump-tools.cfg")


@case("boot.stale")
def another_value(made: Made):
    made.change("/etc/default/grub.d/kdump-tools.cfg", "512M-:192M", "256M")


@case("boot.stale")
def menu_without(made: Made):
    made.change("/boot/grub/grub.cfg", " crashkernel=512M-:192M", "")


@case("boot.plus")
def _(made: Made):
    made.write("/etc/default/grub.d/50-mine.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT+=" nosplash"\n')
