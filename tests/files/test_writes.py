"""Nothing is written through a link: what a stranger's link points to stays as it was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from guides import GuideFolder, page

from checks import config as configuration
from checks import host
from checks.commands.verify import new_report
from checks.lint.cache import PassedTexts
from checks.model import GuideError, Outcome
from checks.running.failures import FailedPages, keep_output

SNIPPET = page("index", "true").snippets[0]
PRINTED = Outcome("s0", "", output=b"* * * * * root id\n")

# What writes, and the file that it writes: a link stands in the file's place, or in that of its folder.
WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "any file": ("evidence/debian-13/x.json", lambda root: host.write_whole(root / "evidence/debian-13/x.json", b"x", base=root)),
    "output of a failure": (
        ".guide/failed/index/s0.txt",
        lambda root: keep_output(root / ".guide/failed/index", root, SNIPPET, PRINTED, ""),
    ),
    "console of a failure": (
        ".guide/failed/index/console.txt",
        lambda root: keep_output(root / ".guide/failed/index", root, SNIPPET, PRINTED, "console"),
    ),
    "what linted clean": (".guide/lint/passed.new", lambda root: PassedTexts(root / ".guide/lint/passed", root).save(["a"])),
    "failed pages": (
        f".guide/broken/{hashlib.sha256(b'index').hexdigest()}",
        lambda root: FailedPages(root / ".guide/broken", root).add("index", "place"),
    ),
    "report": (".guide/junit.xml", lambda root: new_report(configuration.load(root / "mkdocs.yml"), "junit.xml").write_text("report")),
}


@pytest.fixture
def root(make_guide: GuideFolder) -> Path:
    make_guide.page("index", "Words.\n")
    return make_guide.folder


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("folder", [False, True], ids=["the file is a link", "its folder is a link"])
def test_what_a_link_points_to_stays_as_it_was(writer, folder, root, tmp_path):
    name, write = WRITERS[writer]
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / Path(name).name).write_text("before")
    place = (root / name).parent if folder else root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(victim if folder else victim / Path(name).name)
    try:
        write(root)
    except (GuideError, OSError) as refused:
        assert "symbolic link" in str(refused) or "symbolic links" in str(refused)
    assert [(path.name, path.read_text()) for path in victim.iterdir()] == [(Path(name).name, "before")]


def test_a_link_a_pipe_and_a_longest_name_are_replaced_by_the_file(tmp_path):
    (tmp_path / "link").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "x" * 255):
        host.write_whole(tmp_path / name, b"content")
        assert (tmp_path / name).read_bytes() == b"content" and not (tmp_path / name).is_symlink()


def test_what_a_killed_run_left_beside_a_file_is_removed_by_the_next_write(tmp_path):
    dead, alive = tmp_path / ".aside-1000000-1-7", tmp_path / f".{host.owned_prefix('aside')}7"
    for path in (dead, alive, tmp_path / ".aside-notes"):
        path.touch()
    host.write_whole(tmp_path / "x", b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive.name, ".aside-notes", "x"])


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(GuideError, match="a: expected a folder, found a file: remove it"):
        host.write_whole(tmp_path / "a" / "b", b"", base=tmp_path)
    with pytest.raises(NotADirectoryError):
        host.write_whole(tmp_path / "a" / "b" / "c", b"")
