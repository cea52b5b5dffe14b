"""The folder of caches: only one of our own is used, and nothing is removed from it that a run has not made."""

from __future__ import annotations

import pytest

from checks import host
from checks.model import GuideError
from checks.running import cleanup


def test_a_new_and_an_empty_folder_are_tagged_and_found_again(tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty", "new"):
        monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / name))
        assert host.cache_dir() == tmp_path / name
        assert (tmp_path / name / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_folder_with_files_of_others_is_refused_and_left_alone(tmp_path, monkeypatch):
    for name in ("root-backup", "disk-images", "bench-2025"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    with pytest.raises(
        GuideError, match=r"GUIDE_CACHE: .* holds files that ./guide did not write \(bench-2025\): name a new or an empty folder"
    ):
        cleanup.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bench-2025", "disk-images", "root-backup"]


@pytest.mark.container
def test_a_sweep_removes_only_what_a_run_that_has_ended_has_made(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    host.cache_dir()
    kept = ["root-backup", "disk-images", "bench-2025", "machines/my-old-vm", "states/machines/.notes", f"{host.owned_prefix('disk')}x"]
    gone = ["disk-1000000-1-x", "machines/vm-1000000-1-y", "states/machines/.1000000:1:z"]
    for name in (*kept, *gone):
        (tmp_path / name).mkdir(parents=True)
    cleanup.sweep()
    assert [name for name in (*kept, *gone) if not (tmp_path / name).exists()] == gone


def test_a_folder_that_cannot_be_made_is_an_error_that_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(GuideError, match="Not a directory: GUIDE_CACHE=FOLDER names another folder"):
        host.cache_dir()
