"""A build that is ended or killed: no process goes on, and what it leaves is removed by the next build at the latest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from guides import ROOT, small_guide

from checks import host
from checks.model import GuideError
from checks.site import build as building


@pytest.fixture
def config(tmp_path):
    (tmp_path / "guide").mkdir()
    return small_guide(tmp_path / "guide")


def start(config, until: str) -> subprocess.Popen[bytes]:
    """./guide build, as soon as a file ``until`` is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "checks", "--config", str(config.file), "build"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    while not list(config.root.glob(until)):
        assert process.poll() is None
        time.sleep(0.02)
    return process


def leftovers(config) -> list[str]:
    return [path.name for path in config.root.glob(".build-*")]


def alive(session: int) -> list[str]:
    """The processes of a session that still run."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=,args=", "-s", str(session)], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if line.split()[1][0] != "Z"]


def wait_until_gone(session: int) -> None:
    for _ in range(600):
        if not alive(session):
            return
        time.sleep(0.1)
    raise AssertionError(alive(session))


# As soon as the build begins to write; while MkDocs is busy.
MOMENTS = [".build-*", ".build-*/new/en/assets"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_build_that_is_ended_leaves_nothing(number, moment, config):
    process = start(config, moment)
    process.send_signal(number)
    told = process.communicate(timeout=60)[0]
    assert (process.returncode, told) == (130, b"interrupted\n")
    wait_until_gone(process.pid)
    assert leftovers(config) == []
    assert not (config.root / "site").exists()


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_a_killed_build_leaves_is_removed_by_the_next(moment, config):
    process = start(config, moment)
    process.kill()
    process.communicate()
    wait_until_gone(process.pid)
    assert len(leftovers(config)) == 1
    building.build(config, config.root / "site")
    assert leftovers(config) == []
    assert (config.root / "site" / "en" / "index.html").exists()


def aside(config, owner: str, out: str = "site", marker: bool = True):
    """The folder of a build that was killed between its last two steps: the old site is aside, the new one not in place."""
    folder = config.root / f".build-{owner}-x"
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "mark").touch()
    (folder / "old" / building.MARKER).touch()
    if marker:
        (folder / building.MARKER).write_text(out)
    return folder


def test_the_site_that_a_killed_build_had_put_aside_comes_back(config):
    aside(config, "1000000-1")
    building._sweep(config.root / "site")
    assert (config.root / "site" / "mark").exists() and leftovers(config) == []


@pytest.mark.parametrize(
    "kept",
    [
        lambda config: aside(config, host.process_owner().replace(":", "-")),
        lambda config: aside(config, "1000000-1", out="other"),
        lambda config: aside(config, "1000000-1", marker=False),
        lambda config: aside(config, "notes-of-mine"),
    ],
    ids=["of a build that runs", "of another folder's build", "without our mark", "without an owner"],
)
def test_a_folder_that_no_dead_build_into_this_place_has_made_is_let_be(kept, config):
    folder = kept(config)
    building._sweep(config.root / "site")
    assert (folder / "old" / "mark").exists()


def test_a_link_in_the_place_of_the_site_is_refused(config, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (config.root / "site").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GuideError, match="site is a symbolic link"):
        building.build(config, config.root / "site")
