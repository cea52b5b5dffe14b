"""Disks that are full, or cannot be written: one message that says what to do, status 2, and nothing lost.

Each disk is a small file system of its own, which the test mounts.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guides import GuideFolder, run_guide

from checks import host


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """A function that mounts something below the test's folder; all is unmounted at the end."""
    mounted: list[Path] = []

    def do(name: str, *options: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"this user cannot mount: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield do
    for folder in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take all the room that there is."""
    with (folder / "filler").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"\0" * 4096)


ROOM = "No space left on device"


def test_a_full_cache_is_told(site_below, mount):
    folder = mount("full", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    site_below.snippets("index", "true")
    host.tag_cache(folder)
    fill(folder)
    done = run_guide(site_below, "verify", GUIDE_CACHE=str(folder))
    told = done.stdout + done.stderr
    assert done.returncode == 2 and "Traceback" not in told and "INTERNALERROR" not in told
    assert ROOM in told or "MiB are free" in told, told


@pytest.mark.container
def test_evidence_that_cannot_be_written_is_told_and_the_other_pages_run(site_below, mount):
    """A disk that is full takes neither the session nor the report of what passed along."""
    site_below.snippets("index", "true")
    site_below.snippets("other", "echo other")
    folder = mount("proofs", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    fill(folder)
    for jobs in ("1", "2"):
        done = run_guide(site_below, "verify", "--no-reuse", "--jobs", jobs, "--evidence", str(folder))
        told = done.stdout + done.stderr
        assert done.returncode == 2, told
        assert "2 passed" in told and ROOM in told and "make room there" in told, told
        assert "Traceback" not in told and "INTERNALERROR" not in told, told


@pytest.mark.container
def test_a_work_folder_that_is_full_hides_no_failure(site_below, mount):
    """The place where failed output and the JUnit report are kept is full: the failure itself is reported."""
    site_below.snippets("index", "echo said; false", "echo never")
    site_below.snippets("other", "echo other")
    folder = mount("site/.guide", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    fill(folder)
    done = run_guide(site_below, "verify", "--no-reuse", "--jobs", "1")
    told = done.stdout + done.stderr
    assert "docs/index.md:8: #s1: " in told and "all that it printed: not kept, since" in told, told
    assert "Traceback" not in told and "INTERNALERROR" not in told, told
    assert done.returncode == 2 and "2 failed, 1 passed" in told


def test_a_read_only_checkout_is_told(site_below, mount):
    site_below.snippets("index", "true")
    mount("site", "--bind", str(site_below.folder))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(site_below.folder)], check=True)
    for command in (["verify"], ["verify", "--update"], ["test"], ["build"], ["parity", "--accept", "index"]):
        done = run_guide(site_below, *command)
        told = done.stdout + done.stderr
        assert done.returncode == 2, told
        assert "Read-only file system: ./guide has to write there" in told or "no twin" in told, told
        assert "Traceback" not in told and "INTERNALERROR" not in told
    assert run_guide(site_below, "list").returncode == 0  # what only reads works


def test_a_full_disk_of_the_checkout_is_told(tmp_path, mount):
    folder = mount("site", "-t", "tmpfs", "-o", "size=256k", "tmpfs")
    site = GuideFolder(folder)
    site.page("index", "Words.\n")
    fill(folder)
    done = run_guide(site, "build")
    assert done.returncode == 2 and ROOM in done.stderr and "Traceback" not in done.stderr


# ---- standard streams
