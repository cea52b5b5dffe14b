"""Damaged machines: whatever the files hold, the doctor ends by itself, soon, without a traceback, and prints nothing harmful."""

from __future__ import annotations

import os
import random
import time

import pytest
from made import HANG_S, MIB, Made, doctor, fresh

NOISE = random.Random(7).randbytes(20000)
SETTINGS = "/etc/default/kdump-tools"
VERSION = "6.12.118+deb13-cloud-amd64"
LINE = '{"MESSAGE": %s, "_BOOT_ID": "b", "__REALTIME_TIMESTAMP": "99999999999999999999"}\n'


def pipe(made: Made, name: str) -> None:
    made.remove(name)
    os.mkfifo(made.path(name))


def folder(made: Made, name: str) -> None:
    made.remove(name)
    made.path(name).mkdir()


def circle(made: Made, name: str) -> None:
    made.remove(name)
    made.link(name, f"{name}.other")
    made.link(f"{name}.other", name)


def many(made: Made, count: int) -> None:
    for number in range(count):
        made.write(f"/etc/default/grub.d/{number}.cfg", f'A{number}="$A{number - 1} x"\nGRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX y"\n')


def dumps(made: Made, *names: bytes) -> None:
    for name in names:
        place = os.fsencode(made.root) + b"/var/crash/202611300001"
        os.makedirs(place, exist_ok=True)
        with open(place + b"/" + name, "wb") as file:
            file.write(NOISE)


def ssh(made: Made, target: str, *lines: str) -> None:
    made.settings(f'SSH="{target}"', "FTP=x", 'FTP_PORT="99999999999999"', "NFS=[::1]:/x")
    made.write("/root/.ssh/known_hosts", "\n".join(["|1|x|y|z", "|1|!!|??", "[[[", "*" * 5000, *lines]))


def crypt(made: Made, header: bytes) -> None:
    made.remove("/sys/dev/block/254:2")
    made.write("/sys/dev/block/254:2/dm/uuid", "CRYPT-x\n")
    made.link("/sys/dev/block/254:2/slaves/self", "..")
    made.link("/sys/dev/block/254:2/slaves/gone", "../../nowhere")
    made.link("/sys/dev/block/254:2/slaves/vdb", "/sys/vdb")
    made.write("/sys/vdb/size", "1")
    made.write("/dev/vdb", header)


def luks(text: bytes) -> bytes:
    return b"LUKS\xba\xbe\0\2".ljust(4096, b"\0") + text


DAMAGES = {
    # the settings
    "a megabyte of comments": lambda made: made.write(SETTINGS, "# nothing\n" * 100_000),
    "a megabyte in one line": lambda made: made.write(SETTINGS, "A=1;" * 250_000),
    "a megabyte of quotes": lambda made: made.write(SETTINGS, "'\"" * 500_000),
    "a megabyte of backslashes": lambda made: made.write(SETTINGS, "A=" + "\\" * MIB),
    "a megabyte of commands": lambda made: made.write(SETTINGS, "A=$(" * 250_000),
    "a value that doubles": lambda made: made.write(SETTINGS, "A=xxxxxxxx\n" + 'A="$A$A"\n' * 5000),
    "a value of many others": lambda made: made.write(SETTINGS, f"A={'x' * 60000}\nB=\"{'$A' * 200_000}\"\n"),
    "settings of noise": lambda made: made.write(SETTINGS, NOISE),
    "settings of NUL bytes": lambda made: made.write(SETTINGS, b"USE_KDUMP=1\0\0\nKDUMP_COREDIR=/var\0/crash\n" + b"\0" * 1000),
    "settings in another encoding": lambda made: made.write(SETTINGS, "KDUMP_COREDIR=/var/crâsh\n".encode("latin-1")),
    "settings with a byte order mark": lambda made: made.write(SETTINGS, b"\xef\xbb\xbfUSE_KDUMP=1\n"),
    "settings that drive the terminal": lambda made: made.settings("\x1b[2J\x1b]0;x\x07=1", "KDUMP_COREDIR='/\x1b[31m\u202e'"),
    "settings without end": lambda made: made.write(SETTINGS, 'USE_KDUMP=1\nKDUMP_COREDIR="/var/crash'),
    "empty settings": lambda made: made.write(SETTINGS, ""),
    "a folder for settings": lambda made: folder(made, SETTINGS),
    "a pipe for settings": lambda made: pipe(made, SETTINGS),
    "settings in a circle of links": lambda made: circle(made, SETTINGS),
    "USE_KDUMP without end": lambda made: made.settings("USE_KDUMP=" + "9" * 3000),
    "arguments without end": lambda made: made.settings(f'MAKEDUMP_ARGS="{"-c " * 10_000}--"'),
    "a folder with NUL bytes": lambda made: made.write(SETTINGS, b"USE_KDUMP=1\nKDUMP_COREDIR=/a\0b\nKDUMP_KERNEL=/a\0b\n"),
    "a folder with a very long name": lambda made: made.settings("KDUMP_COREDIR=/" + "x/" * 3000, "KDUMP_KERNEL=/" + "y" * 5000),
    # the kernel's files
    "no /sys": lambda made: made.remove("/sys"),
    "no /proc": lambda made: made.remove("/proc"),
    "no /boot": lambda made: made.remove("/boot"),
    "no /var": lambda made: made.remove("/var"),
    "no /etc": lambda made: made.remove("/etc"),
    "nothing at all": lambda made: [made.remove(f"/{name}") for name in ("sys", "proc", "boot", "var", "etc", "usr", "sbin")],
    "a command line of a megabyte": lambda made: made.write("/proc/cmdline", "crashkernel=1G-2G:3M,x " * 50_000),
    "a command line of NUL bytes": lambda made: made.write("/proc/cmdline", b"\0" * 4096),
    "a range without an end": lambda made: made.write("/proc/cmdline", "crashkernel=" + "1G-2G:3M," * 5000),
    "a size without an end": lambda made: made.write("/proc/cmdline", "crashkernel=" + "9" * 4000 + "G"),
    "sizes in other digits": lambda made: made.write("/proc/cmdline", "crashkernel=１９２M crashkernel=@ crashkernel=-:, crashkernel="),
    "a reservation that is no number": lambda made: made.write("/sys/kernel/kexec_crash_size", "much\n"),
    "a reservation below zero": lambda made: made.write("/sys/kernel/kexec_crash_size", "-5\n"),
    "a reservation without end": lambda made: made.write("/sys/kernel/kexec_crash_size", "9" * 3000),
    "loaded twice": lambda made: made.write("/sys/kernel/kexec_crash_loaded", "2\n"),
    "memory of noise": lambda made: made.write("/proc/meminfo", NOISE),
    "no memory": lambda made: made.write("/proc/meminfo", "MemTotal: 0 kB\nMemFree: 99999999999999 kB\n"),
    "an estimate of noise": lambda made: made.write(f"/var/lib/kdump/mem-{VERSION}", NOISE),
    "an initramfs of terabytes": lambda made: made.write(f"/var/lib/kdump/size_initrd.img-{VERSION}", "99999\n"),
    "processors without end": lambda made: made.write("/sys/devices/system/cpu/online", "0-" + "9" * 1000),
    "processors of noise": lambda made: made.write("/sys/devices/system/cpu/online", "-,x-,3-1,\n"),
    "a release of noise": lambda made: made.write("/proc/sys/kernel/osrelease", NOISE[:100]),
    "a release that climbs": lambda made: made.write("/proc/sys/kernel/osrelease", "../../../../../etc/passwd\n"),
    "mounts of noise": lambda made: made.write("/proc/self/mountinfo", b"22 1 254:2 / / rw - \n" + NOISE),
    "lockdown of noise": lambda made: made.write("/sys/kernel/security/lockdown", NOISE),
    "sysctls that are no numbers": lambda made: made.write("/proc/sys/kernel/panic", "never\n"),
    "packed configuration of noise": lambda made: [
        made.remove(f"/boot/config-{VERSION}"),
        made.write("/proc/config.gz", b"\x1f\x8b" + NOISE),
    ],
    "variables of the firmware cut off": lambda made: made.write("/sys/firmware/efi/efivars/SecureBoot-x", b"\6"),
    # what belongs to the system
    "a system without a name": lambda made: made.write("/etc/os-release", NOISE),
    "a system with a megabyte of names": lambda made: made.write("/etc/os-release", "ID=debian\n" * 100_000),
    "a boot menu of noise": lambda made: made.write("/boot/grub/grub.cfg", NOISE * 20),
    "a boot menu without titles": lambda made: made.write("/boot/grub/grub.cfg", "menuentry\nlinux\nlinux vmlinuz\n" * 50_000),
    "thousands of files for GRUB": lambda made: many(made, 2000),
    "packages of noise": lambda made: made.write("/var/lib/dpkg/status", NOISE * 100),
    "a package without a version": lambda made: made.write("/var/lib/dpkg/status", "Package: kdump-tools\nStatus: x y installed\n\n"),
    "a version of noise": lambda made: made.change("/var/lib/dpkg/status", "1:1.7.6-1", "9" * 300 + "." + "~" * 300 + ".1-1"),
    "a kernel that is cut off": lambda made: made.write(f"/boot/vmlinuz-{VERSION}", b"MZ"),
    "a header that points nowhere": lambda made: [
        made.write("/sys/kernel/security/lockdown", "[integrity]\n"),
        made.write(f"/boot/vmlinuz-{VERSION}", b"MZ" + b"\xff" * 0x300),
    ],
    "links in a circle": lambda made: circle(made, "/var/lib/kdump/vmlinuz"),
    "a file for a folder": lambda made: [made.remove("/etc/initramfs-tools"), made.write("/etc/initramfs-tools", "x")],
    "sysctl files of noise": lambda made: made.write("/etc/sysctl.d/x.conf", NOISE),
    "fstab and crypttab of noise": lambda made: [made.write("/etc/fstab", NOISE), made.write("/etc/crypttab", b"root\n" + NOISE)],
    "a volume of noise": lambda made: crypt(made, NOISE),
    "a volume without key slots": lambda made: crypt(made, luks(b"{}")),
    "a volume with wrong key slots": lambda made: crypt(made, luks(b'{"keyslots": {"0": {"type": "luks2", "kdf": "x"}}}')),
    "a volume that is cut off": lambda made: crypt(made, luks(b'{"keyslots": {"0"')),
    "watchdogs without a word": lambda made: made.write("/sys/class/watchdog/watchdog0/state", "active"),
    # the folder of dumps
    "a file for the folder of dumps": lambda made: [made.remove("/var/crash"), made.write("/var/crash", "x")],
    "the folder of dumps in a circle": lambda made: circle(made, "/var/crash"),
    "a pipe for a dump": lambda made: pipe(made, "/var/crash/202611291115/dump.202611291115"),
    "a folder for a dump": lambda made: folder(made, "/var/crash/202611291115/dump.202611291115"),
    "a dump with a name of noise": lambda made: dumps(made, b"dump.\xff\xfe\x1b[2J", b"dump.\n\r\t", b"dump-incomplete\x9b"),
    "hundreds of dumps": lambda made: dumps(made, *(b"dump.%d" % number for number in range(500))),
    "a record of noise": lambda made: made.write("/var/crash/kexec_cmd", NOISE),
    "a record of a megabyte": lambda made: made.write("/var/crash/kexec_cmd", '--command-line="' + 'x" ' * 300_000),
    # other machines
    "a server that is an option": lambda made: ssh(made, "-oProxyCommand=reboot"),
    "a server of spaces": lambda made: ssh(made, " @ "),
    "a server with a name of noise": lambda made: ssh(made, "x@" + "y" * 5000, "\x00\x01 ssh-rsa"),
}  # fmt: skip

SPOKEN = {
    "systemd that talks nonsense": {"systemctl show": "=\n===\nUnitFileState\n\0"},
    "a journal of noise": {"journalctl": NOISE.decode("latin-1")},
    "a journal of lists": {"journalctl": LINE % "[77, 300, -1, null]" + LINE % "null" + "[]\n{}\n1\n" + LINE % '{"a": 1}'},
    "a journal of a megabyte": {"journalctl": "kdump " * 200_000},
    "a makedumpfile that talks nonsense": {"makedumpfile": "page size: 0\nKERN_DATA 99999999999999 no\nFREE x yes\n"},
    "commands that print escapes": {
        "journalctl": "\x1b[2JUnable to locate kernel hook\x1b]0;\n",
        "systemctl": "UnitFileState=\x1b[31m\n",
    },
}


def outcome(made: Made, capsys, monkeypatch, *arguments: str, uid: int = 0, denied: frozenset[str] = frozenset()) -> str:
    """What the doctor prints of a machine. It may neither raise nor take long."""
    monkeypatch.setenv("KDUMP_DOCTOR_RAISE", "1")
    machine = made.machine(uid=uid)
    machine.denied = set(denied)
    began = time.process_time()
    status = doctor.main(list(arguments), machine)
    printed = capsys.readouterr().out
    assert time.process_time() - began < 10
    assert status in (0, 1, 2)
    assert printed.count("\n") < 400
    assert not [char for char in printed if not char.isprintable() and char != "\n"], "prints what drives a terminal"
    return printed


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_files_do_no_harm(tmp_path, capsys, monkeypatch, name):
    made = fresh(tmp_path)
    DAMAGES[name](made)
    printed = outcome(made, capsys, monkeypatch, "--remote", "--lang", random.Random(name).choice(["en", "zh"]))
    assert max(map(doctor.width, printed.splitlines())) <= 80


@pytest.mark.parametrize("name", SPOKEN)
def test_commands_that_print_nonsense_do_no_harm(tmp_path, capsys, monkeypatch, name):
    made = fresh(tmp_path)
    made.write("/sys/kernel/kexec_crash_loaded", "0\n")
    made.commands = SPOKEN[name]
    outcome(made, capsys, monkeypatch)
    made.reserve(0)
    outcome(made, capsys, monkeypatch)


def test_there_are_enough_of_them():
    assert len(DAMAGES) + len(SPOKEN) >= 40


def test_without_rights_for_anything(tmp_path, capsys, monkeypatch):
    made = fresh(tmp_path)
    names = ("/etc/default/kdump-tools", "/boot/grub/grub.cfg", "/var/crash/202611291115", "/proc/cmdline", "/sys/kernel/kexec_crash_size")
    printed = outcome(made, capsys, monkeypatch, uid=1000, denied=frozenset(names))
    assert "sudo python3" in printed


def test_a_folder_of_dumps_that_hangs_is_left_behind(tmp_path, capsys, monkeypatch):
    made = fresh(tmp_path)
    machine = made.machine()
    machine.hangs = {"/var/crash"}
    monkeypatch.setattr(doctor, "FOLDER_S", 0.2)
    began = time.monotonic()
    assert doctor.main([], machine) == 1
    assert time.monotonic() - began < HANG_S / 2
    assert "does not answer" in capsys.readouterr().out
