"""What is counted of a container's files, and what cannot hide from it."""

from __future__ import annotations

import os
import subprocess

import pytest

from checks.sandbox import usage

MANY = 1 << 60


def taken(folder, most_bytes=MANY, most_files=MANY):
    return usage.of_layer(folder, most_bytes, most_files)


def test_files_folders_and_links_are_counted_and_a_hard_link_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"x" * 100_000)
    alone = taken(tmp_path)
    assert 100_000 <= alone.bytes < 140_000 and alone.files == 2
    os.link(tmp_path / "a" / "b", tmp_path / "again")
    (tmp_path / "link").symlink_to("/usr")
    os.mkfifo(tmp_path / "pipe")
    again = taken(tmp_path)
    assert again.files == 5
    assert again.bytes - alone.bytes < 20_000, "the bytes of a hard link are there once"


def test_a_hole_takes_nothing(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert taken(tmp_path).bytes < 1 << 20


def test_counting_ends_at_its_bounds(tmp_path):
    for number in range(100):
        (tmp_path / str(number)).write_bytes(b"x" * 10_000)
    assert taken(tmp_path, most_files=10).files == 11
    assert taken(tmp_path, most_bytes=100_000).files < 100


def test_a_link_into_the_host_is_not_followed(tmp_path):
    (tmp_path / "host").mkdir()
    for number in range(50):
        (tmp_path / "host" / str(number)).touch()
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "out").symlink_to(tmp_path / "host")
    assert taken(tmp_path / "layer").files == 1
    assert taken(tmp_path / "layer" / "out").files == 0, "also where a folder has become a link meanwhile"


def test_a_tree_deeper_than_a_path_may_be_long_is_told(tmp_path):
    subprocess.run(["python3", "-c", "import os\nfor _ in range(30):\n os.mkdir('d' * 200); os.chdir('d' * 200)"], cwd=tmp_path, check=True)
    with pytest.raises(usage.Uncountable, match="File name too long"):
        taken(tmp_path)
    subprocess.run(["rm", "-rf", tmp_path / ("d" * 200)], check=True)


def test_a_deleted_file_that_is_still_open_is_counted_once(tmp_path):
    file = tmp_path / "big"
    script = f"exec 5>{file} 6>&5; rm {file}; head -c 3000000 /dev/zero >&5; echo ready; read x"
    with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        before = usage.of_deleted_files(process.pid)
        process.stdin.close()
    assert before >= 3_000_000
    assert usage.of_deleted_files(process.pid) == 0, "a container that has ended has none"


def test_more_open_files_than_can_be_looked_at_are_told(monkeypatch):
    monkeypatch.setattr(usage, "MOST_DESCRIPTORS", 2)
    with pytest.raises(usage.Uncountable, match="more than 2 files are open"):
        usage.of_deleted_files(os.getpid())


def test_what_is_left_of_a_disk(tmp_path):
    left = usage.free(tmp_path)
    assert left.bytes > 0 and left.files > 0
