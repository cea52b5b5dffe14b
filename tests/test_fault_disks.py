"""Disks that are full or read-only, streams that take nothing, locales, signals: one message, status 2, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guides import ROOT, GuideFolder

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
    done = site_below.guide("verify", GUIDE_CACHE=str(folder))
    told = done.out
    assert done.status == 2 and "Traceback" not in told and "INTERNALERROR" not in told
    assert ROOM in told or "MiB are free" in told, told


@pytest.mark.container
def test_evidence_that_cannot_be_written_is_told_and_the_other_pages_run(site_below, mount):
    """A disk that is full takes neither the session nor the report of what passed along."""
    site_below.snippets("index", "true")
    site_below.snippets("other", "echo other")
    folder = mount("proofs", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    fill(folder)
    for jobs in ("1", "2"):
        done = site_below.guide("verify", "--jobs", jobs, "--evidence", str(folder))
        told = done.out
        assert done.status == 2, told
        assert "2 passed" in told and ROOM in told and "make room there" in told, told
        assert "Traceback" not in told and "INTERNALERROR" not in told, told


@pytest.mark.container
def test_a_work_folder_that_is_full_hides_no_failure(site_below, mount):
    """The place where failed output and the JUnit report are kept is full: the failure itself is reported."""
    site_below.snippets("index", "echo said; false", "echo never")
    site_below.snippets("other", "echo other")
    folder = mount("site/.guide", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
    fill(folder)
    done = site_below.guide("verify", "--jobs", "1")
    told = done.out
    assert "docs/index.md:8: #s1: " in told and "all that it printed: not kept, since" in told, told
    assert "Traceback" not in told and "INTERNALERROR" not in told, told
    assert done.status == 2 and "2 failed, 1 passed" in told


def test_a_read_only_checkout_is_told(site_below, mount):
    site_below.snippets("index", "true")
    mount("site", "--bind", str(site_below.folder))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(site_below.folder)], check=True)
    for command in (["verify"], ["verify", "--update"], ["test"], ["build"], ["parity", "--accept", "index"]):
        done = site_below.guide(*command)
        told = done.out
        assert done.status == 2, told
        assert "Read-only file system: ./guide has to write there" in told or "no twin" in told, told
        assert "Traceback" not in told and "INTERNALERROR" not in told
    assert site_below.guide("list").status == 0  # what only reads works


def test_a_full_disk_of_the_checkout_is_told(tmp_path, mount):
    folder = mount("site", "-t", "tmpfs", "-o", "size=256k", "tmpfs")
    site = GuideFolder(folder)
    site.page("index", "Words.\n")
    fill(folder)
    done = site.guide("build")
    assert done.status == 2 and ROOM in done.out and "Traceback" not in done.out


# ---- standard streams


@pytest.mark.parametrize(
    ("redirection", "status", "expected"),
    [
        (">/dev/full", 2, ROOM),
        (">&-", 2, "standard output is closed"),
        (">/dev/full 2>&1", 2, ""),
        (">&- 2>&-", 2, ""),
        ("<&-", 0, ""),
        ("2>&-", 0, ""),
        ("--json >/dev/full", 2, ROOM),
        ("--help >/dev/full", 2, ROOM),
        ("| true; exit ${PIPESTATUS[0]}", (0, 141), ""),
    ],
)
@pytest.mark.parametrize("command", ["list"])
def test_streams_that_take_nothing_are_told(command, redirection, status, expected, site_below):
    script = f'"{sys.executable}" -m checks --config mkdocs.yml {command} {redirection}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=site_below.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode in (status if isinstance(status, tuple) else (status,))
    assert expected in done.stderr and "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "zh_CN.GBK"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_a_locale_that_lacks_the_characters_is_no_error(env, site_below):
    (site_below.folder / "docs" / "内核.md").write_text("# 内核 {#n}\n", encoding="utf-8")
    site_below.page("index", "Words.\n", machine="飞")
    done = site_below.guide("list", **env)
    assert done.status == 2 and "docs/index.md:3: machine: expected container or vm" in done.out
    (site_below.folder / "docs" / "index.md").unlink()
    assert site_below.guide("list", **env).status == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_command_as_ctrl_c_does(number, site_below):
    process = subprocess.Popen(
        [sys.executable, "-m", "checks", "--config", "mkdocs.yml", "serve", "--port", "0"],
        cwd=site_below.folder, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # nohup, below which the tests may run, ignores it
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if "shows the guide" in line:
            break
    process.send_signal(number)
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in process.stdout.read()
    process.stdout.close()
