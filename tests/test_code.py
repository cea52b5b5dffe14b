"""The gate: layers, types, style, and the sizes that keep a room readable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from guides import ROOT

MOST_LINES = 300  # of one file
MOST_MODULES = 12  # of one folder
ROOMS = ("checks", "benchmarks", "doctor", "summary", "tests")
PYTHON = [path for room in ("checks", "benchmarks", "tests") for path in sorted((ROOT / room).rglob("*.py"))]


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of this environment, in the checkout."""
    return subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports", "--no-cache"),
        ("mypy",),
        ("ruff", "check", "--no-cache", *ROOMS),
        ("ruff", "format", "--no-cache", "--check", *ROOMS),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_code_passes(command):
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_the_wrong_way_is_noticed(tmp_path):
    """The contract itself: a machine that imports a page is refused."""
    for name in ("checks", "benchmarks", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name) if name != "checks" else None
    subprocess.run(["cp", "-r", str(ROOT / "checks"), str(tmp_path / "checks")], check=True)
    file = tmp_path / "checks" / "machines" / "vm.py"
    file.write_text(file.read_text() + "\nfrom checks.pages import tree  # noqa\n")
    program = str(Path(sys.executable).with_name("lint-imports"))
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run([program, "--no-cache"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "checks.machines is not allowed to import checks.pages" in done.stdout.replace("\n", " "), done.stdout + done.stderr


def test_no_file_is_long():
    long = {str(path.relative_to(ROOT)): count for path in PYTHON if (count := len(path.read_text().splitlines())) > MOST_LINES}
    assert long == {}


def test_no_folder_has_many_modules():
    folders = {path.parent for path in PYTHON if path.is_relative_to(ROOT / "checks")}
    many = {str(folder.relative_to(ROOT)): count for folder in folders if (count := _modules(folder)) > MOST_MODULES}
    assert many == {}


def _modules(folder: Path) -> int:
    return sum(path.name != "__init__.py" for path in folder.glob("*.py"))


def test_contributing_stays_short():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 150


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an unpacked archive has no list of what belongs to the checkout")
def test_nothing_is_lying_about():
    """An empty file is what a redirection that was typed wrongly leaves; only a package may have one."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    files = [ROOT / name for name in names if name and not name.endswith(("__init__.py", "py.typed"))]
    assert [file.name for file in files if file.is_file() and not file.stat().st_size] == []
