"""Evidence that was edited by hand is invalid, says what shows that, and stops no command but the build of the site."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from guides import this_evidence
from recorded import PAGE, reseal, site_with_evidence, status

from checks.cli import main
from checks.evidence import digest
from checks.evidence.validity import RecordedEvidence
from checks.pages.reader import read_guide
from checks.site.check import check_evidence


@pytest.fixture
def site(tmp_path):
    return site_with_evidence(tmp_path)


def test_evidence_of_a_run_is_valid_and_has_a_digest(site):
    config, guide, path = site
    row = status(config, guide)
    assert (row.state, row.problem) == ("valid", None)
    assert check_evidence(config, guide) == []
    assert RecordedEvidence(config, guide).of("debian-13", "index").console() == "booting"


def test_the_digest_is_of_the_file_without_it(site):
    """The digest in the words of another program: sha256sum of the file without its second line."""
    import hashlib

    lines = site[2].read_bytes().splitlines(keepends=True)
    assert json.loads(b"{" + lines[1].strip().rstrip(b",") + b"}") == {
        "digest": hashlib.sha256(b"".join([lines[0], *lines[2:]])).hexdigest()
    }


# What a person or git does to the file, and what the message says of it.
EDITED: dict[str, tuple[Callable[[str], str], str]] = {
    "output changed": (lambda text: text.replace('"output": "before"', '"output": "after"'), "changed since the run"),
    "exit status changed": (lambda text: text.replace('"exit_status": 3', '"exit_status": 0'), "changed since the run"),
    "a package added": (lambda text: text.replace('"kdump-tools": "1.10"', '"kdump-tools": "1.10", "x": "1"'), "changed since the run"),
    "kernel changed": (lambda text: text.replace('"kernel": "6.12"', '"kernel": "7.0"'), "changed since the run"),
    "date changed": (lambda text: text.replace("2026-01-02T03:04:05Z", "2026-01-01T03:04:05Z"), "changed since the run"),
    "digest of another file": (lambda text: text.replace('"digest": "', '"digest": "0'), "changed since the run"),
    "digest under another name": (lambda text: text.replace('"digest": "', '"Digest": "'), "its digest was taken out"),
    "digest is a number": (lambda text: text.replace('"digest": "', '"digest": 5, "was": "'), "changed since the run"),
    "an unknown key added": (lambda text: text.replace('"page"', '"note": "x",\n "page"', 1), "changed since the run"),
    "written without line breaks": (lambda text: json.dumps(json.loads(text)), "written anew"),
    "a key twice": (lambda text: text.replace('"output": "before"', '"output": "never shown",\n   "output": "before"'), "written anew"),
    "a blank at the end": (lambda text: text + " ", "written anew"),
    "carriage returns": (lambda text: text.replace("\n", "\r\n"), "written anew"),
    "half a surrogate": (lambda text: text.replace('"output": "before"', '"output": "\\ud800"'), "not evidence"),
    "infinite seconds": (lambda text: text.replace('"seconds": 12.5', '"seconds": Infinity'), "not evidence: seconds"),
    "no number of seconds": (lambda text: text.replace('"seconds": 12.5', '"seconds": NaN'), "not evidence: seconds"),
    "negative seconds": (lambda text: text.replace('"seconds": 0.25', '"seconds": -0.25'), "not evidence: snippets.0.seconds"),
    "seconds as text": (lambda text: text.replace('"seconds": 12.5', '"seconds": "12.5"'), "not evidence: seconds"),
    "exit status as text": (lambda text: text.replace('"exit_status": 3', '"exit_status": "3"'), "not evidence: snippets.1.exit_status"),
    "exit status 256": (lambda text: text.replace('"exit_status": 3', '"exit_status": 256'), "not evidence: snippets.1.exit_status"),
    "cut off": (lambda text: text[: len(text) // 2], "not evidence"),
    "empty": (lambda text: "", "not evidence"),
    "of git's conflict": (lambda text: text.replace(' "page"', "<<<<<<< HEAD\n" + ' "page"', 1), "not evidence"),
    "a list": (lambda text: "[]", "not evidence"),
    "snippets that are numbers": (lambda text: '{"snippets": [1]}', "not evidence"),
    "nested too deep": (lambda text: "[" * 200_000, "not evidence"),
    "a number of 5000 digits": (lambda text: text.replace('"exit_status": 3', '"exit_status": 1' + "0" * 5000), "not evidence"),
    "no UTF-8": (lambda text: text.replace('"kernel": "6.12"', '"kernel": "\udcff"'), "not evidence"),
}


@pytest.mark.parametrize("name", EDITED)
def test_evidence_that_was_edited_is_invalid(site, name):
    config, guide, path = site
    edit, words = EDITED[name]
    before = path.read_text()
    after = edit(before)
    assert after != before
    path.write_bytes(after.encode(errors="surrogateescape"))
    row = status(config, guide)
    assert row.state == "invalid"
    assert words in row.problem
    (problem,) = check_evidence(config, guide)
    assert str(problem).startswith(f"evidence/debian-13/index.json: invalid evidence: {row.problem}")
    assert str(problem).endswith("./guide verify --target debian-13 index renews it")


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode())


RECORDINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda cast: cast.write_bytes(gzipped('[0.1, "o", "x"]\n')), "recording of the console beside the file was changed"),
    "cut off": (lambda cast: cast.write_bytes(cast.read_bytes()[:10]), "recording of the console beside the file was changed"),
    "removed": (lambda cast: cast.unlink(), "recording of the console beside the file is missing"),
    "a link": (lambda cast: (cast.unlink(), cast.symlink_to("/etc/hostname")), "recording of the console beside the file: "),
    "a folder": (lambda cast: (cast.unlink(), cast.mkdir()), "recording of the console beside the file: "),
    "a FIFO": (lambda cast: (cast.unlink(), os.mkfifo(cast)), "expected a file, found a folder, a device or a FIFO"),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDINGS)
def test_another_recording_beside_the_evidence_is_noticed(site, name):
    config, guide, path = site
    change, words = RECORDINGS[name]
    change(path.with_suffix(".cast.gz"))
    row = status(config, guide)
    assert row.state == "invalid"
    assert words in row.problem


def test_a_recording_beside_evidence_of_a_run_without_one_is_noticed(site):
    config, guide, path = site
    cast = path.with_suffix(".cast.gz")
    content = cast.read_bytes()
    cast.unlink()
    reseal(path, json.loads(path.read_text()))
    assert status(config, guide).state == "valid"
    cast.write_bytes(content)
    assert "the run made none" in status(config, guide).problem


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path), lambda path: os.symlink(path, path)])
def test_what_is_no_regular_file_is_no_evidence_and_is_not_waited_for(site, make):
    config, guide, path = site
    path.unlink()
    make(path)
    assert status(config, guide).state == "invalid"


def test_a_changed_page_makes_evidence_stale_and_not_invalid(site):
    config, guide, path = site
    page = config.root / "docs" / "index.md"
    page.write_text(PAGE.replace("(exit 3)", "(exit 4)").replace('data-exit="3"', 'data-exit="4"'))
    assert status(config, read_guide(config)).state == "stale"
    page.write_text(PAGE.replace("{#fails ", "{#another "))
    assert status(config, read_guide(config)).state == "stale"


def test_evidence_without_a_digest_is_invalid(site):
    """A forger can leave the digest out."""
    config, guide, path = site
    data = json.loads(path.read_text())
    del data[digest.DIGEST], data[digest.CONSOLE]
    path.write_text(json.dumps(data))
    row = status(config, guide)
    assert (row.state, row.problem) == ("invalid", "it has no digest")


def test_status_shows_it_and_the_site_is_not_built(site, capsys):
    config, guide, path = site
    path.write_text(path.read_text().replace('"output": "before"', '"output": "after"'))
    options = ["--config", str(config.file)]
    assert main([*options, "status", "--target", "debian-13"]) == 0
    assert "invalid  the file was changed since the run" in capsys.readouterr().out
    assert main([*options, "build"]) == 2
    assert "evidence/debian-13/index.json: invalid evidence: the file was changed" in capsys.readouterr().err
    assert not (config.root / "site").exists()


def test_nothing_of_invalid_evidence_is_shown(site):
    config, guide, path = site
    path.write_text(path.read_text().replace('"output": "before"', '"output": "after"'))
    recorded = RecordedEvidence(config, guide)
    page = guide.primary[0]
    assert recorded.of("debian-13", "index") is None
    assert recorded.runs("debian-13") == []
    assert {recorded.state("debian-13", page, snippet) for snippet in page.snippets} == {"invalid"}


def test_a_full_disk_leaves_the_old_evidence_and_its_recording(site, monkeypatch):
    """Whichever of the two files the disk does not take: the old pair stays, and nothing beside it."""
    from checks.evidence import files

    config, guide, path = site
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    whole = files.write_whole
    for failing in (".index.cast.gz.new", "index.json"):

        def full(target: Path, content: bytes, failing: str = failing, **more) -> None:
            if target.name == failing:
                raise OSError(28, "No space left on device")
            whole(target, content)

        monkeypatch.setattr(files, "write_whole", full)
        with pytest.raises(OSError, match="No space"):
            files._write_both(config.evidence_dir, path, b"new", b"new")
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_the_committed_evidence_contradicts_nothing():
    assert this_evidence().invalid == {}
