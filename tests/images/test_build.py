"""What is built before the first page: side by side, each thing once, and a failure is told."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from checks.images import bootstrap
from checks.images.build import Builder
from checks.machines.engine import Engine
from checks.model import GuideError
from checks.targets import Target


class Watched(Builder):
    """A builder whose two builds wait until both are under way; ``broken`` names one that fails then."""

    def __init__(self, broken: str = ""):
        super().__init__({})
        self.broken = broken
        self.both = threading.Barrier(2, timeout=300)
        self.made: list[str] = []

    def container(self, target):
        return self._make("container")

    def disk(self, target):
        return self._make("vm")

    def _make(self, kind: str):
        self.both.wait()
        if kind == self.broken:
            raise GuideError(f"mmdebstrap of {kind} failed")
        self.made.append(kind)


def test_what_two_kinds_of_machines_need_is_built_side_by_side_and_once():
    builder = Watched()
    builder.build_ahead(None, ["vm", "container", "vm"])  # in turn, each would wait for the other until its time is up
    assert sorted(builder.made) == ["container", "vm"]


@pytest.mark.parametrize("broken", ["container", "vm"])
def test_a_build_that_fails_is_told_when_the_other_has_ended(broken):
    builder = Watched(broken)
    with pytest.raises(GuideError, match=f"{broken} failed"):
        builder.build_ahead(None, ["container", "vm"])
    assert builder.made == [kind for kind in ("container", "vm") if kind != broken]


def test_nothing_is_built_for_pages_without_machines():
    Watched().build_ahead(None, [])


DIGEST = "debian@sha256:" + "0" * 64


@pytest.mark.parametrize(("named", "image"), [("", "debian:trixie"), (DIGEST, DIGEST)])
def test_the_official_image_has_no_more_rights_than_mmdebstrap_needs(named, image, monkeypatch, tmp_path, caplog):
    caplog.set_level("INFO", "guide")
    commands = []
    monkeypatch.setattr(bootstrap.engines, "find", lambda probe: Engine("podman", ("--flag",)) if probe == image else None)
    monkeypatch.setattr(bootstrap, "run_logged", lambda command, *more: commands.append(command))
    target = Target("debian-13", "debian", "trixie", "Debian 13", "linux", "debian-13", "2G", "8G", image=named)
    bootstrap._bootstrap_inside(bootstrap.Root(target, "container", ()), ["--option"], tmp_path / "root.tar", {})
    (command,) = commands
    assert "--privileged" not in command and "--cap-drop=ALL" in command and "--security-opt=no-new-privileges" in command
    assert not [word for word in command if "SYS_ADMIN" in word]
    assert image in command and "--flag" in command
    assert ("which its owner may move" in caplog.text) == (not named)


def test_an_image_by_digest_changes_no_recipe():
    target = Target("debian-13", "debian", "trixie", "Debian 13", "linux", "debian-13", "2G", "8G")
    for kind in ("container", "vm", "emulator"):
        assert replace(target, image=DIGEST).recipe(kind) == target.recipe(kind)


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ("Date: Sat, 28 Nov 2026 23:21:33 UTC\nDate: Sat, 14 Nov 2026 10:00:00 UTC\n", "2026-11-28"),
        ("Date: Sun, 29 Nov 2026 01:00:00 +0200\nDate: soon\n", "2026-11-28"),
        ("", None),
    ],
)
def test_the_day_of_the_packages_is_that_of_the_newest_list(dates, day):
    assert bootstrap.newest_day(dates) == day


def test_a_build_that_hangs_or_cannot_be_started_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bootstrap, "BUILD_TIMEOUT_S", 0.3)
    with pytest.raises(GuideError, match=r"(?s)a build did not end within 0.3 s:\nhalf\nall of it: .*a-build.log"):
        bootstrap.run_logged(["sh", "-c", "echo half; exec sleep 1000"], tmp_path, {}, "a build")
    with pytest.raises(GuideError, match="a build failed: no-such-program cannot be started: No such file or directory"):
        bootstrap.run_logged(["no-such-program"], tmp_path, {}, "a build")


@pytest.mark.parametrize(
    ("programs", "ranges", "missing"),
    [
        ((), "", "the program newuidmap (package uidmap), the program newgidmap (package uidmap), a range of ids of nobody in SUBUID"),
        (("newuidmap", "newgidmap"), "somebody:100000:65536\n", "a range of ids of nobody in SUBUID"),
        (("newuidmap",), "nobody:100000:65536\n", "the program newgidmap (package uidmap)"),
        (("newuidmap", "newgidmap"), "65534:100000:65536\n", None),
    ],
)
def test_who_is_not_root_is_told_what_is_missing(programs, ranges, missing, tmp_path, monkeypatch):
    (tmp_path / "SUBUID").write_text(ranges)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 65534)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.setattr(bootstrap, "ID_RANGES", (str(tmp_path / "SUBUID"),))
    if missing is None:
        bootstrap.require_root_or_id_ranges()
        return
    with pytest.raises(GuideError) as error:
        bootstrap.require_root_or_id_ranges()
    assert str(error.value).startswith(
        f"nobody is not root and cannot make machines: missing are {missing}".replace("SUBUID", f"{tmp_path}/SUBUID")
    )
    assert "\n" not in str(error.value) and "Run ./guide as root, or type: sudo apt-get install uidmap" in str(error.value)
