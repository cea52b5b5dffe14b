"""The program as a file: one, of the standard library, for Python 3.10 and later, that reads and does nothing else."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from guides import ROOT
from made import FILE, doctor, fresh, sections

TEXT = FILE.read_text()
TREE = ast.parse(TEXT, feature_version=(3, 10))


def pythons() -> list[str]:
    """The interpreters of this host, from 3.10 on: those of the path, and pyenv's."""
    names = [f"python3{minor}" for minor in ("", *(f".{number}" for number in range(10, 20)))]
    paths = [path for name in names if (path := shutil.which(name))]
    below = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    paths += [str(path) for name in names for path in sorted(below.glob(f"3.1?.*/bin/{name}"))]
    found: dict[str, str] = {}
    for path in paths:
        asked = "import sys; print(*sys.version_info[:3], sys.executable) if sys.version_info >= (3, 10) else sys.exit(1)"
        done = subprocess.run([path, "-I", "-c", asked], capture_output=True, text=True)
        if done.returncode == 0:
            found.setdefault(done.stdout, path)
    return list(found.values())


PYTHONS = pythons()


def calls() -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(TREE) if isinstance(node, ast.Call)]


def test_it_needs_the_standard_library_only():
    names = {alias.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_it_opens_nothing_for_writing():
    """Files are opened by os.open() alone, for reading; the one other descriptor is /dev/null, for output that nobody takes."""
    assert re.findall(r"os\.O_[A-Z]+", TEXT.replace("os.open(os.devnull, os.O_WRONLY)", "")) == [
        "os.O_RDONLY", "os.O_NONBLOCK", "os.O_NOCTTY", "os.O_CLOEXEC", "os.O_RDONLY", "os.O_CLOEXEC",
    ]  # fmt: skip
    writers = {"open", "os.remove", "os.unlink", "os.rename", "os.replace", "os.mkdir", "os.makedirs", "os.rmdir", "os.symlink",
               "os.link", "os.chmod", "os.chown", "os.truncate", "os.utime", "os.system", "os.popen", "eval", "exec"}  # fmt: skip
    assert not writers & set(calls())
    assert not [name for name in calls() if name.startswith("shutil.") and name != "shutil.get_terminal_size"]


def test_it_runs_these_commands_only():
    first = [node.args[0] for node in ast.walk(TREE) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".command")]
    assert sorted(ast.literal_eval(word) for word in first) == ["journalctl", "makedumpfile", "sh", "ssh", "ssh", "systemctl"]
    assert calls().count("subprocess.Popen") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_cure_is_a_section_of_the_guide(language):
    cures = {entry.cure for entry in doctor.FINDINGS.values() if entry.cure != "{page}"} | set(doctor.PAGES.values())
    cures |= {message.page for message in doctor.MESSAGES}
    assert cures - sections(language) == set()


def test_its_types_hold_for_python_3_10():
    words = [
        str(Path(sys.executable).with_name("mypy")),
        "--strict",
        "--python-version",
        "3.10",
        "--cache-dir",
        ".guide/mypy-310",
        str(FILE),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("python", PYTHONS)
def test_it_runs_with_each_python_that_is_here(tmp_path, python):
    made = fresh(tmp_path)
    made.unload()
    done = subprocess.run([python, "-I", "-X", "dev", str(FILE), "--root", str(made.root)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "kdump-config load" in done.stdout


def test_there_is_a_python_to_run_it_with():
    assert PYTHONS


def test_a_command_that_hangs_is_given_up():
    machine = doctor.Machine()
    began = time.monotonic()
    assert machine.command("sh", "-c", "trap '' TERM; echo begun; sleep 600", most=0.3) is None
    assert machine.command("sh", "-c", "sleep 600 & echo done", most=0.3) is None  # a grandchild keeps the pipe open
    assert time.monotonic() - began < 300
    assert machine.late == ["sh"]
    assert machine.command("sleep", "600", most=0.3, needed=False) is None
    assert machine.late == ["sh"]


def test_a_command_that_hung_is_among_what_was_not_seen(tmp_path):
    made = fresh(tmp_path)
    machine = made.machine()
    machine.late = ["journalctl", "systemctl"]
    assert doctor.Report(made.examine(machine), "en").unseen()[1] == ["what journalctl, systemctl would have said: no answer in time"]


def test_a_command_that_prints_without_end_is_cut_off():
    assert len(doctor.Machine().command("sh", "-c", "while :; do echo 0123456789012345678901234567890123456789; done", most=30)) < 2 * 2**20


def test_a_command_that_fails_or_is_missing_says_nothing():
    machine = doctor.Machine()
    assert machine.command("sh", "-c", "echo half; exit 3") is None
    assert machine.command("kdump-doctor-has-no-such-command") is None
    assert machine.command("sh", "-c", "echo whole") == "whole\n"
    assert machine.command("sh", "-c", "echo wrong >&2; exit 3", both=True) == "wrong\n"


def test_what_is_done_aside_may_fail():
    machine = doctor.Machine()
    assert machine.aside(lambda: {"a": [1, None]}) == {"a": [1, None]}
    assert machine.aside(lambda: 1 / 0) is None
    assert machine.aside(lambda: object()) is None
    assert machine.aside(lambda: "x" * 2_000_000) == "x" * 2_000_000


def test_all_waiting_together_has_an_end():
    machine = doctor.Machine()
    machine.ends = time.monotonic() + 0.5
    began = time.monotonic()
    for _ in range(5):
        machine.command("sleep", "600")
    assert time.monotonic() - began < 300


def test_this_machine_itself_can_be_examined(monkeypatch):
    """Whatever it is, as whoever runs the tests: there is an answer, and nothing is mistaken."""
    monkeypatch.setenv("KDUMP_DOCTOR_RAISE", "1")
    found = doctor.Doctor(doctor.Machine())
    began = time.monotonic()
    found.examine()
    assert time.monotonic() - began < 300
    assert doctor.Report(found, "en").status in (0, 1, 2)
