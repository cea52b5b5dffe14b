"""An engine that is missing, hangs, fails or answers nonsense: one message that says what to do, and exit status 2."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

import pytest
from guides import ROOT

from checks.machines import engine as engines
from checks.machines.engine import Engine
from checks.model import GuideError
from checks.sandbox import calls

HANGS = "exec sleep 1000"


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A way to put a program called podman, or another, before all others: fake(SCRIPT)."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    engines._trials.cache_clear()
    engines.find.cache_clear()

    def put(script: str, name: str = "podman") -> Path:
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    put("echo no docker here >&2; exit 1", "docker")
    yield put
    engines._trials.cache_clear()
    engines.find.cache_clear()


def test_a_command_that_hangs_is_ended_with_all_that_it_has_started(fake, tmp_path):
    fake(f"echo $$ >{tmp_path}/pid; sleep 1000 & echo $! >>{tmp_path}/pid; wait")
    with pytest.raises(calls.EngineSilent, match=r"`podman image inspect` did not answer within 0.5 s\. Mend the engine"):
        calls.call("podman", "image", "inspect", "x", within_s=0.5)
    for pid in (tmp_path / "pid").read_text().split():
        for _ in range(100):
            if not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]:
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"process {pid} lives on")


@pytest.mark.parametrize("arguments", [("info",), ("image", "inspect", "x"), ("rm", "--force", "x"), ("commit", "x", "y"), ("unheard-of",)])
def test_every_command_has_a_limit(arguments):
    assert 0 < calls.timeout_s(arguments) <= 3600
    assert calls.timeout_s(("rm", "x")) <= 30 < calls.timeout_s(("info",)) <= 60 < calls.timeout_s(("commit", "x"))


def test_a_program_that_is_gone_is_told(fake, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GuideError, match="podman cannot be started: No such file or directory. Install it again"):
        calls.call("podman", "info")
    fake("exit 0").chmod(0o644)
    assert engines.answering() == []


def test_bytes_that_are_no_text_are_no_error(fake):
    fake(r"printf '\377\376 odd'")
    assert calls.call("podman", "info").stdout == "�� odd"


# What `podman` does -> what the message says.
FAULTS = {
    "fails": ("echo cannot connect >&2; exit 125", ["no container engine answers here", "`podman ps` failed: cannot connect"]),
    "is no program": ("#", ["no container engine can start a container", "expected 'guide-probe'"]),
    "answers nothing": ("exit 0", ["no container engine can start a container", "expected 'guide-probe' from the container, found ''"]),
    "answers nonsense": ("echo '<html>502</html>'", ["expected 'guide-probe' from the container, found '<html>502</html>"]),
    "answers bytes": (r"printf '\377\000\001'", ["expected 'guide-probe'"]),
    "starts nothing": ('[ "$1" = ps ] || { echo no cgroups >&2; exit 1; }', ["no container engine can start a container", "no cgroups"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_engine_that_does_not_work_is_told_in_words(fault, fake):
    script, words = FAULTS[fault]
    fake(script)
    with pytest.raises(GuideError) as told:
        engines.find("an-image")
    for word in (*words, ""):
        assert word in str(told.value)


NO_IMAGES = ["", "x", "sha256:1", "sha256:1 null", "sha256:1 []", "sha256:1 {", "<html>"]


@pytest.mark.parametrize("answer", NO_IMAGES)
def test_an_image_that_is_described_by_nonsense_is_told(answer, fake):
    fake(f"printf '%s' '{answer}'")
    with pytest.raises(GuideError, match="`podman image inspect tag`: expected an identifier and labels, found"):
        Engine("podman", ()).image_facts("tag")


def test_an_image_is_described(fake):
    fake("""printf '%s' 'sha256:12 {"guide.digest":"3"}'""")
    assert Engine("podman", ()).image_facts("tag") == ("12", {"guide.digest": "3"})


def test_what_is_kept_of_an_endless_line_has_a_bound():
    messages = deque(maxlen=50)
    with subprocess.Popen(["sh", "-c", "echo first; head -c 50M /dev/zero; echo; echo last"], stdout=subprocess.PIPE) as process:
        calls.collect(process.stdout, messages)
    assert messages[-1] == "last"
    assert sum(map(len, messages)) <= 50 * calls.LONGEST_LINE_BYTES


def test_a_removal_that_hangs_ends_nothing_else(fake, monkeypatch, caplog):
    fake(HANGS)
    monkeypatch.setitem(calls.TIMEOUTS_S, "rm", 0.3)
    Engine("podman", ()).remove("name")
    assert "the container name may be left: `podman rm` did not answer within 0.3 s" in caplog.text


def test_the_command_ends_with_status_2_and_no_traceback(fake, make_guide):
    make_guide.snippets("page", "true", machine="container")
    for script in ("echo cannot connect >&2; exit 125", "echo '<html>'"):
        fake(script)
        ran = make_guide.guide("verify", PATH=os.environ["PATH"])
        assert ran.status == 2, ran.out
        assert "Traceback" not in ran.out
        assert "container engine" in ran.out or "podman" in ran.out


def test_the_launcher_tells_of_an_engine_that_hangs(fake, tmp_path):
    """`./guide` itself asks the engine before Python runs; its limit of 60 s is shortened by a `timeout` of the test."""
    fake(HANGS)
    fake('shift 3; exec /usr/bin/timeout 0.3 "$@"', "timeout")
    done = subprocess.run([ROOT / "guide", "verify"], capture_output=True, text=True, env={**os.environ, "GUIDE_PYTHON": sys.executable})
    assert done.returncode == 2
    assert "`podman ps` did not answer within 60 s: mend the engine" in done.stderr
    assert "installing" not in done.stderr
