"""Healthy machines, of each release that the doctor is for: nothing is wrong, and all that is said fits a screen."""

from __future__ import annotations

import pytest
from made import RELEASES, Machine, Made, doctor, dump, fresh, kinds, stanza

SCREEN = (80, 24)  # columns, lines


@pytest.fixture(params=RELEASES)
def made(request, tmp_path, monkeypatch) -> Made:
    monkeypatch.setenv("KDUMP_DOCTOR_RAISE", "1")
    return fresh(tmp_path, request.param)


@pytest.fixture
def one(tmp_path, monkeypatch) -> Made:
    """A machine for what is the same on all releases."""
    monkeypatch.setenv("KDUMP_DOCTOR_RAISE", "1")
    return fresh(tmp_path)


def test_nothing_is_wrong(made):
    found = made.examine()
    assert kinds(found) == []
    assert doctor.Report(found, "en").status == 0
    assert found.unseen == []


def test_a_user_without_rights_sees_that_it_is_ready(made):
    found = made.examine(made.machine(uid=1000))
    assert kinds(found) == []
    assert doctor.Report(found, "en").status == 0


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_is_said_on_one_screen(made, language, uid):
    report = doctor.Report(made.examine(made.machine(uid=uid)), language)
    lines = doctor.as_text(report, SCREEN[0], False, "sudo python3 kdump_doctor.py").splitlines()
    assert len(lines) <= SCREEN[1], "\n".join(lines)
    assert max(map(doctor.width, lines)) <= SCREEN[0]


def test_the_last_sentence_says_what_a_crash_would_do(made):
    report = doctor.Report(made.examine(), "en")
    kernel = made.release.kernel
    assert report.crash() == (
        f"A crash now would start {kernel} in {made.release.reserved_mib} MiB, save a dump to /var/crash, and restart the machine."
    )


def test_notes_are_no_faults(made):
    """What is worth knowing on a healthy machine, and nothing that only a broken one has."""
    assert set(kinds(made.examine(), "note")) <= {"panic.stays", "makedumpfile.free", "makedumpfile.old"}


@pytest.mark.parametrize("file", ["/.dockerenv", "/run/.containerenv"])
def test_a_container_is_no_machine_to_judge(made, file):
    made.write(file, "")
    found = made.examine()
    assert found.unable[0] == "container"
    assert kinds(found) == []
    assert doctor.Report(found, "en").status == 2


def test_in_a_container_the_settings_are_looked_at(one):
    one.write("/run/.containerenv", "")
    one.settings('KDUMP_CMDLINE_APPEND+=" panic=10"')
    assert kinds(one.examine()) == ["settings.plus"]


def test_a_dump_that_everybody_can_read_is_a_note(one):
    one.path("/var/crash/202611291115/dump.202611291115").chmod(0o644)
    found = one.examine()
    assert kinds(found) == []
    assert "dumps.readable" in kinds(found, "note")


def test_a_panic_timeout_for_the_capture_kernel_silences_the_note(one):
    one.settings(f'KDUMP_CMDLINE_APPEND="{one.release.append} panic=10"')
    one.change("/var/crash/kexec_cmd", one.release.append, f"{one.release.append} panic=10")
    assert "panic.stays" not in kinds(one.examine(), "fault", "warning", "note")


NOTES = {
    "cmdline.several": lambda one: one.change("/proc/cmdline", "crashkernel=", "crashkernel=64M crashkernel="),
    "reservation.shrunk": lambda one: one.reserve(one.release.reserved_mib - 8),
    "boot.other": lambda one: one.change("/proc/cmdline", f"crashkernel={one.release.crashkernel}", "crashkernel=1G"),
    "panic.capture": lambda one: one.write("/etc/sysctl.d/60-panic.conf", "kernel.hung_task_panic = 1\nvm.panic_on_oom=1\n"),
    "panic.notifiers": lambda one: one.write("/sys/module/kernel/parameters/crash_kexec_post_notifiers", "Y\n"),
    "locks.disabled": lambda one: one.write("/proc/sys/kernel/kexec_load_disabled", "1\n"),
    "dumps.pstore": lambda one: one.write("/sys/fs/pstore/dmesg-efi-1", "Panic#1"),
}


@pytest.mark.parametrize("kind", NOTES)
def test_what_is_worth_knowing_does_not_make_it_unready(one, kind):
    NOTES[kind](one)
    found = one.examine()
    assert kind in kinds(found, "note")
    assert doctor.Report(found, "en").status == 0


def test_a_root_that_unlocks_itself_is_a_note(one):
    one.remove("/sys/dev/block/254:2")
    one.write("/sys/dev/block/254:2/dm/uuid", "CRYPT-LUKS2-1-root\n")
    one.write("/sys/dev/block/254:2/dm/name", "root\n")
    one.write("/etc/crypttab", "root UUID=1 none luks,tpm2-device=auto\n")
    found = one.examine()
    assert "encryption.root-key" in kinds(found, "note")
    assert kinds(found) == []


@pytest.mark.parametrize(
    "messages",
    [
        ("Journal stopped",),
        ("Received SIGTERM from PID 1 (systemd-shutdow).", "x"),
        ("The system will reboot now!", "Stopping a service"),
        ("Reached target shutdown.target - System Shutdown.",),
        (),
    ],
)
def test_a_boot_that_was_shut_down_left_no_dump_and_needs_none(one, messages):
    from cases_capture import previous_boot

    previous_boot(one, *messages)
    assert kinds(one.examine()) == []


def test_the_boot_before_was_the_capture_boot(one):
    """It ends with reboot -f, without a shutdown."""
    from cases_capture import capture_journal, previous_boot

    capture_journal(one, "Starting kdump-tools:", "saved vmcore in /var/crash/202611291115")
    previous_boot(one, "saved vmcore in /var/crash/202611291115", boot="b")
    assert kinds(one.examine()) == []


@pytest.mark.parametrize(
    ("package", "release", "kind"),
    [
        (("crash", "8.0.2-1"), "6.12.118", "dumps.crash"),
        (("crash", "8.0.4-1ubuntu2.1"), "7.0.0-43-generic", "dumps.crash"),
        (("python3-drgn", "0.0.22-1"), "6.1.0", "dumps.drgn"),
        (("crash", "8.0.6-1"), "6.12.118", "dumps.symbols"),
    ],
)
def test_tools_that_cannot_read_the_dump_are_a_note(one, package, release, kind):
    one.write("/var/crash/202611291115/dump.202611291115", dump(release), mode=0o600)
    one.write("/var/lib/dpkg/status", one.text("/var/lib/dpkg/status") + stanza(*package))
    if kind != "dumps.symbols":
        one.write(f"/usr/lib/debug/boot/vmlinux-{release}", "x")
    found = one.examine()
    assert kinds(found) == []
    assert [each for each in kinds(found, "note") if each.startswith("dumps.")] == [kind]


def test_a_journal_that_may_not_be_read_is_named(one):
    one.write("/var/log/journal/0123/system.journal", "x")
    machine = one.machine(uid=1000)
    machine.denied = {"/var/log/journal/0123/system.journal"}
    assert ("journal", True) in [(what, root) for what, root, _ in one.examine(machine).unseen]
    assert "journal" not in [what for what, _, _ in one.examine(one.machine(uid=1000)).unseen]


def test_secure_boot_with_a_signed_kernel_is_fine(one):
    from cases_capture import signed_kernel

    one.write("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
    one.write(f"/boot/vmlinuz-{one.release.kernel}", signed_kernel(True), size=12 * 2**20)
    for name, byte in (("SecureBoot", 1), ("SetupMode", 0)):
        one.write(f"/sys/firmware/efi/efivars/{name}-8be4df61-93ca-11d2-aa0d-00e098032b8c", bytes([6, 0, 0, 0, byte]))
    found = one.examine()
    assert kinds(found) == []
    assert found.secure_boot is True


def test_firmware_assisted_dump_counts_as_loaded(one):
    one.write("/sys/kernel/fadump_enabled", "1\n")
    one.write("/sys/kernel/fadump_registered", "1\n")
    one.write("/sys/kernel/kexec_crash_loaded", "0\n")
    found = one.examine()
    assert found.loaded
    assert kinds(found) == []


def test_dumps_over_ssh_need_a_key_and_a_known_host(one):
    from cases_storage import over_ssh

    over_ssh(one)
    assert kinds(one.examine()) == []
    machine = Machine(one.root, one.commands)
    found = one.examine(machine, remote=True)
    assert kinds(found) == ["remote.login"] if machine.real else kinds(found) == []


def test_a_user_without_the_journal_is_told_of_no_crash_that_left_nothing(one):
    """Such a user sees entries of their own alone: the boot before seems to have ended without a shutdown."""
    from cases_capture import previous_boot

    one.write("/var/log/journal/0123/system.journal", "x")
    previous_boot(one, "Started a program of the user.")
    machine = one.machine(uid=1000)
    machine.denied = {"/var/log/journal/0123/system.journal"}
    assert kinds(one.examine(machine)) == []
    assert kinds(one.examine()) == ["service.vanished"]


@pytest.mark.parametrize(("later_s", "found"), [(-3600, ["service.vanished"]), (40, [])])
def test_a_crash_that_left_a_dump_is_no_boot_that_vanished(later_s, found, one):
    """The boot before is the one that crashed, where the journal of the capture boot did not reach the disk."""
    from cases_capture import previous_boot

    previous_boot(one, "Started a service.", "sysrq: Trigger a crash")
    one.write("/var/crash/202611291115/dump.202611291115", dump(), mode=0o600, at=1780000000 + later_s)
    assert kinds(one.examine()) == found


def test_nothing_is_said_of_a_dump_that_would_lie_on_a_server(one):
    from cases_capture import previous_boot

    previous_boot(one, "Started a service.", "sysrq: Trigger a crash")
    one.settings('NFS="vault:/srv/crash"')
    assert "service.vanished" not in kinds(one.examine())


def test_options_that_kdump_config_adds_itself_are_no_change_of_settings(one):
    one.change("/var/crash/kexec_cmd", "/sbin/kexec -p ", "/sbin/kexec -p -s ")
    assert kinds(one.examine()) == []
