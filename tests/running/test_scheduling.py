"""Files of tests on several workers of pytest-xdist, of which one dies."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from guides import ROOT

TESTS = """
import os, signal, time
from pathlib import Path

import pytest

HERE = Path(__file__)


@pytest.mark.parametrize("number", range(4))
def test_it(number):
    with (HERE.parent / "ran").open("a") as ran:
        ran.write(f"{HERE.stem}-{number}\\n")
    if (HERE.stem, number) in DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
"""
DIES = [("test_5", 1), ("test_6", 2), ("test_7", 3)]  # the last test of all is among them


def test_a_worker_that_dies_costs_one_test_and_the_run_ends(tmp_path):
    """Each test runs once: neither the files that the dead worker had finished nor the test at which it died run again."""
    for number in range(8):
        (tmp_path / f"test_{number}.py").write_text(f"DIES = {DIES}\n{TESTS}")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    options = ["-p", "checks.pytest_plugin.plugin", "-p", "no:cacheprovider", "-n2", "--dist=loadfile", "--no-loadscope-reorder", "-q"]
    options += ["-rN"]  # no list of the failures at the end: where CI is set, it repeats each one's message whole
    command = [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{len(DIES)} failed, {8 * 4 - len(DIES)} passed" in done.stdout, done.stdout
    assert done.stdout.count("crashed while running") == len(DIES), done.stdout
    ran = Counter((tmp_path / "ran").read_text().split())
    assert len(ran) == 8 * 4 and set(ran.values()) == {1}
