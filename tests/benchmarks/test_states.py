"""./guide bench states, autopkgtest: the copy that is edited, the peer's package, a cache and a host of one's own."""

from __future__ import annotations

import fcntl
import os
from types import SimpleNamespace

import pytest
from guides import ROOT

from benchmarks import autopkgtest, branch, peer, states, verify
from benchmarks.isolation import apart
from benchmarks.stored import Stored
from benchmarks.stored import table as stored_table
from benchmarks.typed_script import Typing
from benchmarks.usage import CommandUsage
from benchmarks.verify import Verified
from checks import config as configuration
from checks.evidence.fingerprints import page_fingerprints
from checks.host import cache_dir
from checks.lint import parity
from checks.machines import slots
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.pages.reader import read_guide
from checks.targets import choose_target, load_targets, runnable


@pytest.fixture
def copied(tmp_path):
    """A copy of this guide, as it is measured on."""
    return branch.copy(configuration.load(ROOT / "mkdocs.yml"), tmp_path / "guide")


@pytest.fixture
def target():
    config = configuration.load(ROOT / "mkdocs.yml")
    return choose_target(load_targets(config), "debian-13")


def keys(config, target):
    guide = read_guide(config)
    return {page.name: page_fingerprints(guide, page, target, "").after for page in guide.primary}


def test_a_copy_has_the_pages_and_not_what_runs_have_written(copied):
    assert {page.name for page in read_guide(copied).primary} >= {"quick-start", "concepts"}
    assert not copied.evidence_dir.exists()
    assert not (copied.root / ".git").exists()


def test_the_longest_branch_has_the_most_pages_then_the_most_snippets(make_guide, target):
    make_guide.snippets("a", "true", machine="vm")
    make_guide.snippets("b", "true", machine="vm", after="a")
    make_guide.snippets("c", "true", "true", machine="vm", after="a")
    make_guide.snippets("d", *["true"] * 9, machine="vm")
    make_guide.snippets("e", "true", "false")
    guide = read_guide(configuration.load(make_guide.folder / "mkdocs.yml"))
    assert [page.name for page in branch.longest(guide, target)] == ["a", "c"]


def test_an_edit_changes_one_snippet_in_every_language(copied, target):
    guide = read_guide(copied)
    before, problems = keys(copied, target), len(parity.check(guide, copied))
    last = branch.longest(guide, target)[-1]
    snippet = runnable(last, target)[-1]
    branch.edit(copied, guide, snippet)
    after = keys(copied, target)
    assert {name for name in before if before[name] != after[name]} == {last.name}
    changed = [each for each in before[last.name] if before[last.name][each] != after[last.name][each]]
    assert changed == [snippet.id]
    codes = {page.snippets[-1].code for page in read_guide(copied).pages.values() if page.name == last.name}
    assert codes == {f"{snippet.code}\n# edited"}
    # that the texts are to be read against each other again is no matter here; that the snippets differ would be one
    assert len(parity.check(read_guide(copied), copied)) <= problems + 1


def test_a_change_of_prose_changes_no_key(copied, target):
    guide = read_guide(copied)
    before = keys(copied, target)
    for page in guide.primary:
        branch.reword(copied, guide, page)
    assert keys(copied, target) == before
    assert (copied.docs["zh"] / "concepts.md").read_text().endswith("\n\nOne more sentence.\n")


def test_what_was_recalled_is_told_apart():
    junit = """<testsuites><testsuite>
        <testcase name="a"><properties><property name="ran_at" value="2026-01-01T00:00:00Z" /></properties></testcase>
        <testcase name="b"/><testcase name="c"><properties><property name="other" value="" /></properties></testcase>
    </testsuite></testsuites>"""
    assert verify.counts(junit) == (2, 1)
    assert Verified(CommandUsage(1, 1, 1), 2, 1).of == "2 of 3"


def test_the_script_is_told_the_same_machine(tmp_path):
    pages = [[["true", None, None]], [["reboot", "reboot", None]]]
    typing = Typing("podman", ["--flag"], "image", "/disk", vars(Hardware(memory="3G")), "tcg", "/state", pages)
    typing.write(tmp_path / "typing.json")
    assert Typing.read(tmp_path / "typing.json") == typing
    assert Hardware(**typing.hardware) == Hardware(memory="3G")


def test_the_ratios_of_states_are_to_the_script_and_to_the_whole(copied, target):
    page = branch.longest(read_guide(copied), target)[-1]
    found = states.Measured(
        CommandUsage(90, 100, 50),
        Verified(CommandUsage(99, 110, 50), 42, 0),
        Verified(CommandUsage(9, 11, 50), 16, 26),
        Verified(CommandUsage(1, 1.1, 50), 0, 42),
        [],
    )
    text = states.rows(found, page)
    assert "x1.10 the script" in text and "x0.10 all" in text and "16 of 42" in text
    assert stored_table([Stored("a boot", 1.2, 0.5, 200, 3)]).splitlines()[-1].split() == ["a", "boot", "1.20", "0.50", "200", "3.00"]


def test_the_host_is_had_alone_and_given_back(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    monkeypatch.setenv("GUIDE_VMS", "2")

    def is_free(place):
        with (tmp_path / "locks" / f"vm-{place}").open("w") as slot:
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with slots.every(print):
        assert not is_free(0) and not is_free(1)
        slots.take(print).close()  # at once: this process and its children have them
        assert not is_free(0) and not is_free(1)
    assert is_free(0) and is_free(1)
    slots.take(print).close()


def test_a_cache_apart_shares_the_disks_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    (tmp_path / "disks").mkdir()
    (tmp_path / "disks" / "one").touch()
    (tmp_path / "engine.json").write_text("{}")
    with apart() as folder:
        assert cache_dir() == folder != tmp_path
        assert (folder / "disks" / "one").exists() and (folder / "engine.json").exists()
        (folder / "states").mkdir(exist_ok=True)
    assert cache_dir() == tmp_path
    assert (tmp_path / "disks" / "one").exists()
    assert not list(tmp_path.glob("bench-*"))


def test_the_peer_has_the_same_machine_and_is_as_confined(tmp_path, target):
    image = SimpleNamespace(tag="peer")
    builder = SimpleNamespace(engine=lambda: Engine("podman", ()), peer=lambda target: image)
    peer.package(tmp_path / "package", "#!/bin/sh\ntrue\n")
    assert os.access(tmp_path / "package" / "debian" / "tests" / "story", os.X_OK)
    words = peer.command(builder, target, "tcg", tmp_path)
    ours = Hardware(memory=target.memory).arguments("tcg", "", "", "")
    assert f"--qemu-options=-accel {ours[ours.index('-accel') + 1]} -cpu qemu64,svm=off" in words
    assert {"--cpus=1", "--ram-size=2048", "--boot=efi"} <= set(words)
    assert {"--network=none", "--cap-drop=ALL", "--read-only", "--security-opt=no-new-privileges"} <= set(words)


def test_the_story_is_a_guide_that_crashes_once(tmp_path, target):
    targets = load_targets(configuration.load(ROOT / "mkdocs.yml"))
    general = peer.target_for(target)
    targets[general.name] = general
    story = (ROOT / "data" / "bench" / "story.md").read_text()
    config = configuration.load(autopkgtest.site(tmp_path / "guide", story, general, targets))
    page = read_guide(config).primary[0]
    assert [snippet.expect for snippet in page.snippets if snippet.expect] == ["reboot", "crash"]
    assert load_targets(config)[general.name] == general
    ours = [
        Verified(CommandUsage(150, 160, 50), 5, 0),
        Verified(CommandUsage(140, 150, 50), 5, 0),
        Verified(CommandUsage(50, 60, 50), 3, 2, {"crash": 40}),
    ]
    rows = autopkgtest.rows(autopkgtest.Measured(CommandUsage(180, 200, 50), *ours, "crash")).splitlines()[2:]
    assert [row.split()[-2:] for row in rows[1::2]] == [["x0.80", "x1.00"], ["x0.30", "x0.33"]]
    assert [row.split()[-1] for row in rows[2::2]] == ["x0.75", "x0.20"]
