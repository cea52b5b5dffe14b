"""Unusual machines that are in order: the doctor finds nothing. And unusual faults beside them: it names the fault, and that first."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cases_storage import encrypt, luks, mount, over_ssh, ssh_takes
from made import FILE, Made, doctor, fresh, kinds

SETTINGS = "/etc/default/kdump-tools"
STATUS = "/var/lib/dpkg/status"
IN_ORDER = {
    "a package whose upgrade was interrupted": lambda made: made.change(STATUS, "install ok installed", "install ok half-configured"),
    "two settings on one line": lambda made: made.change(SETTINGS, "USE_KDUMP=1\n", "USE_KDUMP=1 "),
    "a setting with a default": lambda made: made.settings('KDUMP_COREDIR="${FOLDER:-/var/crash}"'),
    "a setting and a word after it are exported": lambda made: made.settings("export USE_KDUMP=1 KDUMP_COREDIR=/var/crash"),
    "a unit of two letters, which the kernel does not read": lambda made: made.reserve(192, "crashkernel=1G-:192MB"),
    "a default in a file of GRUB": lambda made: made.write(
        "/etc/default/grub.d/zz-x.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT:-quiet} x"\n'
    ),
    "a file of GRUB with a command": lambda made: made.write(
        "/etc/default/grub.d/zz-x.cfg", 'GRUB_CMDLINE_LINUX_DEFAULT="$(cat /etc/parameters)"\n'
    ),
    "a file of GRUB with a condition": lambda made: made.write(
        "/etc/default/grub.d/zz-x.cfg", "if [ -e /nowhere ]; then\nGRUB_CMDLINE_LINUX_DEFAULT=quiet\nfi\n"
    ),
    "a menu without entries of its own": lambda made: made.write("/boot/grub/grub.cfg", "insmod blscfg\nblscfg\n"),
    "a sysctl that a later file takes back": lambda made: (
        made.write("/usr/lib/sysctl.d/60-db.conf", "vm.nr_hugepages = 4096\n"),
        made.write("/etc/sysctl.d/60-db.conf", "vm.nr_hugepages = 0\n"),
    ),
    "10,000 dumps": lambda made: [made.path(f"/var/crash/2020{number:08}").mkdir() for number in range(10_000)],
}


@pytest.fixture
def made(tmp_path, monkeypatch) -> Made:
    monkeypatch.setenv("KDUMP_DOCTOR_RAISE", "1")
    return fresh(tmp_path)


@pytest.mark.parametrize("change", IN_ORDER.values(), ids=IN_ORDER)
def test_what_is_unusual_and_in_order_is_no_fault(made, change):
    change(made)
    assert kinds(made.examine()) == []


SSH_IN_ORDER = {
    "a host that ssh takes unseen": {"stricthostkeychecking": "accept-new"},
    "a host that ssh takes whoever it is": {"stricthostkeychecking": "false"},
    "the key under another name": {"hostkeyalias": "vault"},
    "a port of its own": {"port": "2222"},
    "another file of keys": {"userknownhostsfile": "/root/.ssh/known_hosts /etc/ssh/known_of_kdump"},
    "a host that another leads to": {"proxyjump": "gate", "hostkeyalias": "vault"},
}


@pytest.mark.parametrize("options", SSH_IN_ORDER.values(), ids=SSH_IN_ORDER)
def test_the_settings_of_ssh_are_ssh_s_own_to_read(made, options):
    """ssh -G says what holds for the host: what stands in a block for other hosts does not."""
    over_ssh(made)
    made.write("/root/.ssh/known_hosts", "vault,[192.0.2.2]:2222 ssh-ed25519 AAAA\n")
    if "userknownhostsfile" in options:
        made.write("/root/.ssh/known_hosts", "")
        made.write("/etc/ssh/known_of_kdump", "192.0.2.2 ssh-ed25519 AAAA\n")
    ssh_takes(made, "192.0.2.2", **options)
    assert kinds(made.examine()) == []
    machine = made.machine()
    machine.unreachable = "timed out"
    assert kinds(made.examine(machine, remote=True)) == ([] if "proxyjump" in options else ["remote.reach"])


def test_where_ssh_cannot_be_asked_an_unknown_host_is_not_a_fault(made):
    """As in the image of a disk, in which no command is run."""
    over_ssh(made)
    del made.commands["ssh -G"]
    assert made.examine().unseen == []
    made.write("/root/.ssh/known_hosts", "")
    found = made.examine()
    assert (kinds(found), [name for name, *_ in found.unseen]) == ([], ["ssh"])


def test_settings_that_a_user_may_not_read_are_not_guessed(made):
    machine = made.machine(uid=1000)
    machine.denied.add(SETTINGS)
    assert kinds(made.examine(machine)) == []
    made.unload()
    machine = made.machine(uid=1000)
    machine.denied.add(SETTINGS)
    found = made.examine(machine)
    assert kinds(found)[0].startswith("capture.")
    assert doctor.Report(found, "en").status == 1


def test_an_exported_setting_does_not_hide_the_fault_beside_it(made):
    made.settings('export KDUMP_COREDIR\nMAKEDUMP_ARGS="--wrong"')
    assert kinds(made.examine()) == ["settings.arguments"]


def test_a_folder_behind_a_link_is_judged_by_where_it_leads(made):
    made.remove("/var/crash")
    made.path("/srv/crash").mkdir(parents=True)
    made.link("/var/crash", "/srv/crash")
    root = made.text("/proc/self/mountinfo")
    made.write("/proc/self/mountinfo", root + "99 1 0:55 / /srv/crash rw - tmpfs tmpfs rw\n")
    assert "space.volatile" in kinds(made.examine())


@pytest.mark.parametrize("row", ["/var/crash/ ext4 defaults", r"/var/cra\163h ext4 defaults", "/var/crash ext4 noauto,x-systemd.automount"])
def test_a_mount_in_fstab_is_known_however_it_is_written(made, row):
    mount(made, "25 22 254:17 / /var/crash rw - ext4 /dev/vdb1 rw", f"/dev/vdb1 {row} 0 2")
    assert kinds(made.examine()) == []


def test_a_root_that_clevis_opens_waits_for_nobody(made):
    encrypt(made, "254:2", "root")
    made.write("/etc/crypttab", "root UUID=1 none luks\n")
    assert kinds(made.examine()) == ["encryption.root"]
    made.write("/dev/vdb", luks(32768, "clevis"))
    assert kinds(made.examine()) == []
    assert "encryption.root-key" in kinds(made.examine(), "note")


def run(made: Made, redirection: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The program in a shell that redirects its output."""
    line = f'"$0" "$@" {redirection}'
    words = ["sh", "-c", line, sys.executable, str(FILE), "--root", str(made.root), *arguments]
    return subprocess.run(words, capture_output=True, env={"PATH": os.environ["PATH"], **environment}, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
@pytest.mark.parametrize(("redirection", "said"), [(">&-", b""), (">/dev/full", b"kdump-doctor: No space left on device\n")])
def test_output_that_goes_nowhere_costs_no_status(made, redirection, said, arguments):
    done = run(made, redirection, *arguments)
    assert (done.returncode, done.stderr) == (run(made, "", *arguments).returncode, said)


def test_a_locale_without_other_letters_gets_none(made):
    made.settings("KDUMP_COREDIR=/var/转储")
    assert run(made, "", LC_ALL="C").stdout.isascii()
    assert "转储" in run(made, "", LC_ALL="C.UTF-8").stdout.decode()
    assert "转储" in run(made, "", "--lang=zh", LC_ALL="C").stdout.decode()


@pytest.mark.parametrize("columns", range(20, 40))
def test_no_line_is_wider_than_a_narrow_terminal(made, columns):
    made.unload()
    text = doctor.as_text(doctor.Report(made.examine(), "zh"), columns, False, "sudo x")
    wide = [line for line in text.splitlines() if doctor.width(line) > columns and not line.startswith("  sudo")]
    assert wide == []


def test_a_folder_that_is_not_there_is_named(made):
    done = run(made, "", "--root", "/nowhere/at/all")
    assert done.returncode == 2
    assert b"expected a folder, found no such folder: /nowhere/at/all" in done.stderr


@pytest.mark.parametrize(
    ("folder", "unit"),
    [
        ("/var/crash", "/etc/systemd/system/var-crash.mount"),
        ("/var/crash", "/usr/lib/systemd/system/var-crash.automount"),
        ("/srv/our-dumps", r"/etc/systemd/system/srv-our\x2ddumps.mount"),
        ("/srv/转储", r"/run/systemd/system/srv-\xe8\xbd\xac\xe5\x82\xa8.mount"),
    ],
)
def test_a_folder_that_a_unit_mounts_needs_no_line_in_fstab(made, folder, unit):
    """The units' names are what ``systemd-escape --path`` prints."""
    made.path(folder).mkdir(parents=True, exist_ok=True)
    made.settings(f'KDUMP_COREDIR="{folder}"')
    made.write("/proc/self/mountinfo", made.text("/proc/self/mountinfo") + f"99 1 254:17 / {folder} rw - ext4 /dev/vdb1 rw\n")
    assert "encryption.fstab" in kinds(made.examine())
    made.write(unit, "[Mount]\n")
    assert "encryption.fstab" not in kinds(made.examine())
