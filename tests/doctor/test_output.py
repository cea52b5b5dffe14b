"""What the doctor prints: languages, terminals, JSON, exit statuses; and what it says where it cannot judge."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys

import jsonschema
import pytest
from made import FILE, RELEASES, doctor, fresh, kinds

SCHEMA = json.loads((FILE.parent / "schema.json").read_text())
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


def run(root, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The program as a reader runs it, on a made-up machine."""
    words = [sys.executable, str(FILE), "--root", str(root), *arguments]
    return subprocess.run(words, capture_output=True, env=ENVIRONMENT | environment, timeout=60, stdin=subprocess.DEVNULL)


def on_terminal(root, *arguments: str, columns: int = 80, **environment: str) -> str:
    """The same on a terminal that is so many columns wide."""
    ours, theirs = pty.openpty()
    words = ["stty", "cols", str(columns)]
    subprocess.run(words, stdin=theirs, check=True)
    child = subprocess.Popen(
        [sys.executable, str(FILE), "--root", str(root), *arguments], stdin=theirs, stdout=theirs, env=ENVIRONMENT | environment
    )
    os.close(theirs)
    data = b""
    try:
        while more := os.read(ours, 65536):
            data += more
    except OSError:  # Linux says so at the end of a terminal
        pass
    child.wait(60)
    os.close(ours)
    return data.decode()


@pytest.fixture
def broken(tmp_path):
    made = fresh(tmp_path)
    made.unload()
    return made


def test_the_texts_of_both_languages_have_the_same_values():
    import string

    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for kind, entry in doctor.FINDINGS.items():
        assert names(entry.en) == names(entry.zh), kind
        assert entry.level in ("fault", "warning", "note"), kind
        assert kind.partition(".")[0] in doctor.CHECKS, kind
        assert entry.crash in doctor.OUTCOMES or (entry.level != "fault" and not entry.crash), kind
    for table in (doctor.OUTCOMES, doctor.ENDS, doctor.FINE, doctor.UNSEEN, doctor.UNABLE, doctor.SAYINGS, doctor.OPTIONS):
        for key, words in table.items():
            assert names(words.en) == names(words.zh), key


def test_the_language_is_that_of_the_locale_or_the_option(broken):
    english, chinese = "NOT READY.", "未就绪。"
    assert english in run(broken.root).stdout.decode()
    assert chinese in run(broken.root, LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8", PYTHONUTF8="1").stdout.decode()
    assert chinese in run(broken.root, "--lang", "zh").stdout.decode()
    assert english in run(broken.root, "--lang=en", LC_ALL="zh_CN.UTF-8", PYTHONUTF8="1").stdout.decode()
    assert doctor.language_of({"LC_ALL": "", "LANG": "zh_TW.UTF-8"}, [], "UTF-8") == "zh"
    assert doctor.language_of({"LC_ALL": "C", "LANG": "zh_TW.UTF-8"}, [], "UTF-8") == "en"


@pytest.mark.parametrize("arguments", [(), ("--lang", "zh"), ("--json",), ("--lang", "zh", "--json")])
def test_it_prints_in_the_locale_c_without_utf8(broken, arguments):
    done = run(broken.root, *arguments, LANG="C", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr
    assert done.stderr == b""


@pytest.mark.parametrize("columns", [1, 20, 40, 79, 200])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_fit_the_terminal(broken, columns, language):
    broken.settings("NFS=x", "SSH=y", "KDUMP_COREDIRR=1")
    text = on_terminal(broken.root, "--lang", language, columns=columns, NO_COLOR="1")
    assert max(map(doctor.width, text.splitlines())) <= max(columns, 20) or "sudo" in text
    wide = [line for line in text.splitlines() if doctor.width(line) > max(columns, 20)]
    assert all("sudo" in line or "python3" in line for line in wide), wide


def test_colours_are_for_terminals_that_want_them(broken):
    assert "\033[31;1m" in on_terminal(broken.root, TERM="xterm")
    assert "\033" not in on_terminal(broken.root, TERM="xterm", NO_COLOR="1")
    assert "\033" not in on_terminal(broken.root, TERM="dumb")
    assert b"\033" not in run(broken.root, TERM="xterm").stdout


def test_the_exit_status_says_what_was_found(tmp_path, broken):
    assert run(broken.root).returncode == 1
    assert run(fresh(tmp_path).root).returncode == 0
    other = fresh(tmp_path)
    other.write("/etc/os-release", 'PRETTY_NAME="Fedora Linux 45"\nID=fedora\n')
    done = run(other.root)
    assert done.returncode == 2
    assert b"Fedora Linux 45, and not this tool's system" in done.stdout
    assert len(done.stdout.splitlines()) < 10


@pytest.mark.parametrize("like", ["debian", "ubuntu debian"])
def test_a_relative_of_debian_is_examined(tmp_path, like):
    made = fresh(tmp_path)
    made.write("/etc/os-release", f'PRETTY_NAME="Another 1"\nID=another\nID_LIKE="{like}"\n')
    assert made.examine().unable is None


def test_in_the_capture_kernel_it_says_so(tmp_path):
    made = fresh(tmp_path)
    made.write("/proc/vmcore", "x")
    report = doctor.Report(made.examine(), "en")
    assert "capture kernel" in doctor.as_text(report, 80, False, "")
    assert report.status == 2


def test_who_is_not_root_is_told_what_root_would_see(tmp_path):
    made = fresh(tmp_path)
    machine = made.machine(uid=1000)
    machine.denied = {"/boot/grub/grub.cfg", "/var/crash/202611291115", "/var/crash/202611291115/dump.202611291115"}
    text = doctor.as_text(doctor.Report(made.examine(machine), "en"), 80, False, "sudo python3 kdump_doctor.py")
    assert "the boot menu" in text
    assert "  sudo python3 kdump_doctor.py\n" in text
    assert doctor.Report(made.examine(machine), "en").status == 0


def test_a_pipe_that_closes_early_is_no_error(broken):
    words = f"{sys.executable} {FILE} --root {broken.root} --lang zh | head -n 1"
    done = subprocess.run(["sh", "-c", words], capture_output=True, env=ENVIRONMENT, timeout=60)
    assert done.stderr == b""
    assert done.stdout.startswith(b"kdump-doctor")


def test_the_addresses_of_cures_can_be_whole(broken):
    text = run(broken.root, "--guide", "https://example.org/guide/").stdout.decode()
    assert "cure: https://example.org/guide/en/kdump-config/#load" in text


def test_a_login_that_fails_is_a_fault(tmp_path, monkeypatch):
    from cases_storage import over_ssh

    made = fresh(tmp_path)
    over_ssh(made)
    machine = made.machine()
    machine.real = True
    monkeypatch.setattr(type(machine), "_place", lambda self, path: str(self.root) + (self.final(path) or path))
    monkeypatch.setattr(type(machine), "_outside", lambda self, path: str(self.root) + path)
    assert kinds(made.examine(machine, remote=True)) == ["remote.login"]
    asked, ssh = (words for words in machine.ran if words[0] == "ssh")
    assert "-G" in asked
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes"} <= set(ssh)


def test_help_is_in_both_languages(capsys):
    for language, word in (("en", "Exit status"), ("zh", "退出状态")):
        with pytest.raises(SystemExit):
            doctor.main(["--lang", language, "--help"])
        assert word in capsys.readouterr().out


def test_every_release_has_a_json(tmp_path):
    for name in RELEASES:
        done = run(fresh(tmp_path, name).root, "--json")
        jsonschema.validate(json.loads(done.stdout), SCHEMA)
        assert done.returncode == 0, done.stdout


def test_a_mistake_of_the_program_ends_one_check_only(tmp_path, monkeypatch):
    made = fresh(tmp_path)
    monkeypatch.delenv("KDUMP_DOCTOR_RAISE", raising=False)
    monkeypatch.setitem(doctor.EXAMINATIONS, "panic", lambda found: 1 / 0)
    found = made.examine()
    assert [what for what, _, _ in found.unseen] == ["check"]
    assert "ZeroDivisionError" in doctor.as_text(doctor.Report(found, "en"), 80, False, "")
    assert kinds(found) == []


def test_output_that_cannot_be_encoded_is_replaced(tmp_path, monkeypatch):
    made = fresh(tmp_path)
    made.settings("KDUMP_COREDIR=/var/转储")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert doctor.main(["--lang", "en"], made.machine()) in (0, 1)
