"""The program as a file: one, of the standard library and drgn, for Python 3.10 and later, that reads and does nothing else."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from guides import ROOT
from program import COMPRESSED_HEADER, FILE, flattened, saved

TEXT = FILE.read_text()
TREE = ast.parse(TEXT, feature_version=(3, 10))
WITHOUT_DRGN = "import runpy, sys; sys.modules['drgn'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The program, where drgn is not installed."""
    return subprocess.run([sys.executable, "-I", "-X", "dev", "-c", WITHOUT_DRGN, str(FILE), *arguments], capture_output=True, text=True)


def test_it_needs_the_standard_library_and_drgn_only():
    names = {alias.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} - {"drgn"} <= sys.stdlib_module_names


def test_it_opens_nothing_for_writing_and_starts_nothing():
    calls = {ast.unparse(node.func) for node in ast.walk(TREE) if isinstance(node, ast.Call)}
    assert re.findall(r"\bopen\([^)]*\)", TEXT) == ['open(path, "rb")', "open(os.devnull, os.O_WRONLY)"]
    assert not [name for name in calls if name.partition(".")[0] in ("subprocess", "socket", "shutil", "eval", "exec")]
    assert {name for name in calls if name.startswith("os.")} == {"os.stat", "os.dup2", "os.open", "os.fsencode"}


def test_its_head_names_the_licence():
    assert "SPDX-License-Identifier: MIT" in (ast.get_docstring(TREE) or "")


def test_every_part_is_explained_in_the_readme():
    from program import summary

    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "summary" / "README.md").read_text(), re.M)
    assert table == list(summary.PARTS)


def test_its_types_hold_for_python_3_10():
    words = [str(Path(sys.executable).with_name("mypy")), "--python-version", "3.10", "--cache-dir", ".guide/mypy-310", str(FILE)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("data, words", [(b"", "is empty"), (b"abcdefgh", "is no dump"), (flattened(end=False), "is cut off")])
def test_a_file_that_is_no_dump_is_a_message_and_status_2(tmp_path, data, words):
    path = saved(tmp_path, data)
    done = run(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dump_summary.py: {path} {words}")
    assert done.stderr.count("\n") == 1


def test_without_drgn_it_says_how_to_get_it(tmp_path):
    done = run(saved(tmp_path, COMPRESSED_HEADER))
    assert (done.returncode, done.stdout) == (2, "")
    assert "apt install python3-drgn, or pip install drgn" in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_and_wrong_options():
    assert run("--help").returncode == 0
    for wrong in ([], ["--top", "-1", "x"], ["--lines", "many", "x"], ["--nonsense", "x"], ["a", "b"]):
        done = run(*wrong)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_a_dump_of_nothing_is_a_message(tmp_path):
    """A header and nothing behind it, given to the drgn that is installed here."""
    pytest.importorskip("drgn")
    done = subprocess.run([sys.executable, str(FILE), "--json", saved(tmp_path, COMPRESSED_HEADER)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be opened" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_output_of_json_is_json():
    """The parts are values that JSON has; what a dump gives is tried in test_dumps.py."""
    from program import summary

    found = summary.summarise(summary.Dump("dump", 1, "ELF", True), None, {})  # no Program: every part fails
    assert json.loads(json.dumps(found)) == found
    assert set(found["errors"]) == set(summary.PARTS)


def test_frame_pointers_are_followed_as_they_are():
    """On a kernel without ORC, as Ubuntu 26.04's. In a process of its own: a debugger's library reads memory that the test makes up."""
    pytest.importorskip("drgn")
    script = Path(__file__).with_name("frame_pointers.py")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ["__crash_kexec", "vpanic", "panic", "sysrq_handle_crash"]
