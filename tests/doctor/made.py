"""Made-up machines for the tests of the doctor: a folder of files as they are on a release, and what its commands print."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from guides import ROOT, load_program

FILE = ROOT / "doctor" / "kdump_doctor.py"
doctor = load_program("doctor/kdump_doctor.py")

MIB = 2**20
HANG_S = 600  # what hangs hangs so long, if nobody gives it up: longer than any test takes on a slow host
BOOTED = 1_780_000_000  # when each machine was started; what was loaded was loaded two seconds later
APPEND = "reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll usbcore.nousb"
RANGES = "2G-4G:320M,4G-32G:512M,32G-64G:1024M,64G-128G:2048M,128G-:4096M"


@dataclass(frozen=True)
class Release:
    """A release with the versions of its packages (kdump-facts, the Debian archive), and a machine that is its usual one."""

    pretty: str
    os: str
    kernel: str
    kdump: str
    makedumpfile: str
    crashkernel: str
    reserved_mib: int
    memory_mib: int
    estimator: bool = True
    append: str = APPEND
    level: str = ""  # of the dumps, where the release's makedumpfile drops what tools need at its default, 31
    new_names: bool = False  # /sys/kernel/kexec/crash_size beside the older names


RELEASES = {
    "debian-12": Release(
        "Debian GNU/Linux 12 (bookworm)", "debian", "6.1.0-50-cloud-amd64", "1:1.8.1", "1:1.7.2-1", "384M-:128M", 128, 2048, estimator=False
    ),
    "debian-13": Release(
        "Debian GNU/Linux 13 (trixie)", "debian", "6.12.118+deb13-cloud-amd64", "1:1.10.7", "1:1.7.6-1", "512M-:192M", 192, 2048
    ),
    "debian-14": Release(
        "Debian GNU/Linux forky/sid", "debian", "7.2.8+deb14-cloud-amd64", "1:1.10.9", "1:1.7.8-1", "512M-:192M", 192, 2048, level="23",
        new_names=True,
    ),
    "ubuntu-22.04": Release(
        "Ubuntu 22.04.5 LTS", "ubuntu", "5.15.0-204-generic", "1:1.6.10ubuntu2.2", "1:1.7.0-1ubuntu0.1", "512M-:192M", 192, 4096,
        estimator=False, append="reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1 irqpoll nousb",
    ),
    "ubuntu-24.04": Release(
        "Ubuntu 24.04.4 LTS", "ubuntu", "6.8.0-151-generic", "1:1.10.3ubuntu2", "1:1.7.5-1ubuntu1", RANGES, 512, 8192
    ),
    "ubuntu-26.04": Release(
        "Ubuntu 26.04.1 LTS", "ubuntu", "7.0.0-44-generic", "1:1.10.7ubuntu3", "1:1.7.7-1", RANGES, 320, 3072, new_names=True
    ),
}  # fmt: skip

BZIMAGE = b"MZ" + b"\0" * 0x200 + b"HdrS" + b"\0" * 0x100
SETTINGS = 'USE_KDUMP=1\nKDUMP_KERNEL=/var/lib/kdump/vmlinuz\nKDUMP_INITRD=/var/lib/kdump/initrd.img\nKDUMP_COREDIR="/var/crash"\n'
LOADED = "/sys/kernel/kexec_crash_loaded"
SIZE = "/sys/kernel/kexec_crash_size"


class Machine(doctor.Machine):  # type: ignore[name-defined, misc]
    """A machine below a folder, whose commands print what a test says."""

    def __init__(self, root: Path, commands: dict[str, str] | None = None, uid: int = 0, free: int = 8 * 2**30) -> None:
        super().__init__(str(root), uid)
        self.commands = commands or {}
        self.space = (free, 100_000, False)
        self.denied: set[str] = set()
        self.hangs: set[str] = set()
        self.unreachable: str | None = None
        self.ran: list[tuple[str, ...]] = []

    def open(self, path, kinds=None):
        if path in self.denied:
            raise PermissionError(13, "denied", path)
        return super().open(path, kinds) if kinds else super().open(path)

    def names(self, folder, limit=5000):
        return [] if folder in self.denied else super().names(folder, limit)

    def room(self, folder):
        if folder in self.hangs:
            time.sleep(HANG_S)
        return self.space

    def aside(self, work, least=0.1):
        """In this process, which is much quicker, but where something hangs."""
        if self.hangs:
            return super().aside(work)
        try:
            return json.loads(json.dumps(work()))
        except Exception:  # the process would end without a word
            return None

    def command(self, *words, most=5.0, both=False, needed=True):
        self.ran.append(words)
        line = " ".join(words)
        return next((printed for begin, printed in self.commands.items() if begin in line), None)

    def connect(self, host, port):
        return self.unreachable


class Made:
    """The files of a machine, to be changed before it is examined."""

    def __init__(self, root: Path, release: Release) -> None:
        self.root, self.release = root, release
        self.commands = {
            "systemctl show": "ActiveState=active\nUnitFileState=enabled\nLoadState=loaded\n",
            "journalctl --no-pager --quiet --boot --unit=kdump-tools.service": "Creating symlink\nloaded kdump kernel\n",
        }

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def write(self, name: str, content: str | bytes, size: int = 0, at: int = BOOTED - 1000, mode: int = 0o644) -> None:
        """A file, made as long as ``size`` by a hole, and of this time."""
        file = self.path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # it is a link to the file of all machines of this release
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        if size:
            os.truncate(file, size)
        os.utime(file, (at, at))
        file.chmod(mode)

    def text(self, name: str) -> str:
        return self.path(name).read_text()

    def change(self, name: str, old: str, new: str) -> None:
        text, at = self.text(name), int(self.path(name).stat().st_mtime)
        assert old in text, (name, old, text[:300])
        self.write(name, text.replace(old, new), at=at)

    def link(self, name: str, goal: str) -> None:
        place = self.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(goal)

    def remove(self, name: str) -> None:
        place = self.path(name)
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink(missing_ok=True)

    def unload(self, journal: str = "unloaded kdump kernel\n") -> None:
        self.write(LOADED, "0\n")
        if self.path("/sys/kernel/kexec").exists():
            self.write("/sys/kernel/kexec/crash_loaded", "0\n")
        self.commands["journalctl --no-pager --quiet --boot --unit=kdump-tools.service"] = journal

    def reserve(self, mib: int, parameter: str | None = None) -> None:
        """So much is reserved; another parameter stands in all three places where one does."""
        self.write(SIZE, f"{mib * MIB}\n")
        if self.path("/sys/kernel/kexec").exists():
            self.write("/sys/kernel/kexec/crash_size", f"{mib * MIB}\n")
        if parameter:
            for file in ("/proc/cmdline", "/boot/grub/grub.cfg", "/etc/default/grub.d/kdump-tools.cfg"):
                self.change(file, f"crashkernel={self.release.crashkernel}", parameter)

    def settings(self, *lines: str) -> None:
        """Appends lines to the settings."""
        self.write("/etc/default/kdump-tools", self.text("/etc/default/kdump-tools") + "\n".join(lines) + "\n")

    def machine(self, **options) -> Machine:
        return Machine(self.root, self.commands, **options)

    def examine(self, machine: Machine | None = None, remote: bool = False):
        found = doctor.Doctor(machine or self.machine(), remote)
        found.examine()
        return found


def dump(release: str = "6.12.118+deb13-cloud-amd64") -> bytes:
    """A flattened dump that is whole, of a kernel with this release."""
    names = b"".join(name.encode().ljust(65, b"\0") for name in ("Linux", "lab", release, "#1", "x86_64", ""))
    return b"makedumpfile\0\0\0\0".ljust(4096, b"\0") + b"\0" * 16 + b"KDUMP   \6\0\0\0" + names + b"pages" + b"\xff" * 16


def build(root: Path, release: Release) -> Made:
    """A healthy machine of a release: armed, restarted since, its last dump whole."""
    made = Made(root, release)
    version, value = release.kernel, f"crashkernel={release.crashkernel}"
    cmdline = f"BOOT_IMAGE=/boot/vmlinuz-{version} root=UUID=708bd7a0-23bb-51b0-b459-04d9ee3e2143 ro console=ttyS0,115200 quiet"
    total = release.memory_mib - release.reserved_mib - 76
    made.write("/etc/os-release", f'PRETTY_NAME="{release.pretty}"\nID={release.os}\n')
    made.write("/proc/cmdline", f"{cmdline} {value}\n")
    made.write("/proc/meminfo", meminfo(total, free=total * 3 // 4))
    made.write("/proc/stat", f"cpu 1 2 3\nbtime {BOOTED}\n")
    made.write("/proc/self/mountinfo", "22 1 254:2 / / rw,relatime shared:1 - ext4 /dev/vda2 rw\n23 22 0:21 / /proc rw - proc proc rw\n")
    sysctls = {"panic": 0, "panic_on_oops": 1, "kexec_load_disabled": 0, "kexec_load_limit_panic": -1}
    for key, value_of in {**sysctls, "osrelease": version, "hostname": "lab", "arch": "x86_64"}.items():
        made.write(f"/proc/sys/kernel/{key}", f"{value_of}\n")
    for name, number in (("crash_loaded", 1), ("crash_size", release.reserved_mib * MIB), ("loaded", 0)):
        made.write(f"/sys/kernel/kexec_{name}", f"{number}\n")
        if release.new_names:
            made.write(f"/sys/kernel/kexec/{name}", f"{number}\n")
    made.write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
    made.write("/sys/devices/system/cpu/online", "0-1\n")
    made.link("/sys/dev/block/254:2", "../../devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda2")
    made.write("/sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda/vda2/partition", "2\n")
    options = ["CRASH_DUMP", "PROC_VMCORE", "RELOCATABLE", "KEXEC", "KEXEC_FILE", *(f"OPTION_{number}" for number in range(200))]
    made.write(f"/boot/config-{version}", "".join(f"CONFIG_{option}=y\n" for option in options))
    made.write(f"/boot/vmlinuz-{version}", BZIMAGE, size=12 * MIB)
    made.write(f"/boot/initrd.img-{version}", b"x", size=40 * MIB)
    made.write("/boot/grub/grub.cfg", grub_cfg(version, value))
    made.write("/etc/default/grub", 'GRUB_DISTRIBUTOR=`( . /etc/os-release; echo $NAME )`\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')
    made.write("/etc/default/grub.d/10-serial.cfg", 'GRUB_CMDLINE_LINUX="console=ttyS0,115200"\n')
    made.write("/etc/default/grub.d/kdump-tools.cfg", f'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT {value}"\n')
    level = f'MAKEDUMP_ARGS="-c -d {release.level}"\n' if release.level else ""
    made.write("/etc/default/kdump-tools", "# settings\n" + SETTINGS + level + '#MAKEDUMP_ARGS="-c -d 31"\n#SSH="<user at server>"\n')
    made.write("/usr/sbin/kdump-config", f'KDUMP_CMDLINE_APPEND=${{KDUMP_CMDLINE_APPEND:="{release.append}"}}\n', mode=0o755)
    for program in ("/usr/sbin/kexec", "/sbin/kexec", "/usr/sbin/mkinitramfs", "/usr/bin/makedumpfile", "/usr/bin/gzip"):
        made.write(program, "#!", mode=0o755)
    packages = {"kdump-tools": release.kdump, "makedumpfile": release.makedumpfile, "kexec-tools": "1:2.0.29-2"}
    made.write("/var/lib/dpkg/status", "".join(stanza(name, number) for name, number in packages.items()))
    made.link("/etc/systemd/system/basic.target.wants/kdump-tools.service", "/usr/lib/systemd/system/kdump-tools.service")
    for name, text in (("modules", "# modules\n"), ("initramfs.conf", "MODULES=most\n"), ("conf.d/resume", "RESUME=none\n")):
        made.write(f"/etc/initramfs-tools/{name}", text)
        made.write(f"/var/lib/kdump/initramfs-tools/{name}", text + ("KDUMP=y\n" if name == "initramfs.conf" else ""))
    made.write("/var/lib/kdump/initramfs-tools/conf.d/zzz-kdump", "MODULES=dep\n")
    made.write("/etc/kdump/sysctl.conf", "vm.nr_hugepages=0\n")
    made.write(f"/var/lib/kdump/latest_sysctls-{version}", "vm.nr_hugepages=0\n")
    made.write(f"/var/lib/kdump/initrd.img-{version}", b"x", size=11 * MIB)
    made.link("/var/lib/kdump/vmlinuz", f"/boot/vmlinuz-{version}")
    made.link("/var/lib/kdump/initrd.img", f"/var/lib/kdump/initrd.img-{version}")
    if release.estimator:
        made.write(f"/var/lib/kdump/mem-{version}", meminfo(total, free=total - 95, early=True))
        made.write(f"/var/lib/kdump/size_initrd.img-{version}", "36\n")
    kexec = f'/sbin/kexec -p --command-line="{cmdline} {release.append}" --initrd=/var/lib/kdump/initrd.img /var/lib/kdump/vmlinuz\n'
    made.write("/var/crash/kexec_cmd", kexec, at=2**31 - 2)
    made.write("/var/crash/202611291115/dump.202611291115", dump(), mode=0o600)
    made.write("/var/crash/202611291115/dmesg.202611291115", "log", mode=0o600)
    made.write("/etc/fstab", "UUID=708bd7a0-23bb-51b0-b459-04d9ee3e2143 / ext4 errors=remount-ro 0 1\n")
    return made


def meminfo(total_mib: int, free: int, early: bool = False) -> str:
    cached, anonymous = (20, 2) if early else (total_mib // 16, 30)
    numbers = {"MemTotal": total_mib, "MemFree": free, "Buffers": 1, "Cached": cached, "AnonPages": anonymous, "SReclaimable": 4}
    return "".join(f"{name}:{number * 1024:>12} kB\n" for name, number in numbers.items())


def grub_cfg(version: str, value: str) -> str:
    usual, recovery = f"linux /boot/vmlinuz-{version} root=UUID=1 ro quiet {value}", f"linux /boot/vmlinuz-{version} root=UUID=1 ro single"
    titles = (("System", usual), (f"System, with Linux {version}", usual), (f"System, with Linux {version} (recovery mode)", recovery))
    return "".join(f"menuentry '{title}' --class os {{\n\t{line}\n\tinitrd /boot/initrd\n}}\n" for title, line in titles)


def stanza(name: str, number: str, state: str = "installed") -> str:
    return f"Package: {name}\nStatus: install ok {state}\nPriority: optional\nVersion: {number}\nDescription: x\n more\n\n"


_built: dict[str, Path] = {}


def link(source: str, goal: str) -> None:
    """Another name for the same file, or the same symbolic link."""
    os.link(source, goal, follow_symlinks=False)


def fresh(folder: Path, name: str = "debian-13") -> Made:
    """A copy of the healthy machine of a release, which is built once a process. Both share the files that do not change."""
    if name not in _built:
        place = Path(tempfile.mkdtemp(prefix="kdump-doctor-"))
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        build(place / name, RELEASES[name])
        _built[name] = place / name
    root = folder / f"{name}-{hashlib.sha256(os.urandom(8)).hexdigest()[:8]}"
    shutil.copytree(_built[name], root, symlinks=True, copy_function=link)
    return Made(root, RELEASES[name])


def sections(language: str) -> set[str]:
    """The sections of the guide in a language, as PAGE#SECTION. Each heading of a page has its id behind it."""
    folder = ROOT / "docs" / language
    headings = re.compile(r"^#{1,6} .*\{#([a-z0-9-]+)\}$", re.MULTILINE)
    pages = {file.relative_to(folder).with_suffix("").as_posix(): file.read_text(encoding="utf-8") for file in folder.rglob("*.md")}
    return {f"{page}#{heading}" for page, text in pages.items() for heading in headings.findall(text)}


def kinds(found, *levels: str) -> list[str]:
    """The findings in the order of the report, those of these levels, or faults and warnings."""
    report = doctor.Report(found, "en")
    return [each.kind for each in report.findings if each.level in (levels or ("fault", "warning"))]
