"""./guide bench states, autopkgtest, emulator: the edited copy, autopkgtest's package, the tables, the cache and the VM slots."""

from __future__ import annotations

import fcntl
import os
from types import SimpleNamespace

import pytest
from guides import ROOT, fence, this_config, two_languages

from benchmarks import autopkgtest, emulator, states, verify
from benchmarks.emulator import VariantSeconds
from benchmarks.isolation import own_cache
from benchmarks.states import StateCost
from benchmarks.typed_script import TypedCommand, TypedScript
from benchmarks.usage import CommandUsage
from benchmarks.verify import VerifyRun
from checks import config as configuration
from checks.evidence.fingerprints import page_fingerprints
from checks.host import cache_dir
from checks.images import build
from checks.lint import parity
from checks.machines import slots
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.pages.reader import read_guide
from checks.targets import choose_target, load_targets, runnable


@pytest.fixture
def copied(tmp_path):
    """A copy of a small guide in two languages, as ./guide bench states makes one of this guide."""
    head = "---\ntitle: X\nmachine: vm\n{}---\n# X {{#x}}\n\nA sentence.\n\n"
    text = {"first": head.format("") + fence("one", "true"), "second": head.format("after: first\n") + fence("two", "true")}
    text["aside"] = "---\ntitle: Y\n---\n# Y {#y}\n\nA sentence."
    (tmp_path / "guide").mkdir()
    config = two_languages(tmp_path / "guide", {"en": text, "zh": text})
    (config.root / ".git").mkdir()
    (config.root / "evidence").mkdir()
    return states.copy_guide(config, tmp_path / "copy")


@pytest.fixture
def target():
    config = this_config()
    return choose_target(load_targets(config), "debian-13")


def fingerprints(config, target):
    guide = read_guide(config)
    return {page.name: page_fingerprints(guide, page, target, lambda _: "").after for page in guide.primary}


def test_a_copy_has_the_pages_and_not_what_runs_have_written(copied):
    assert {page.name for page in read_guide(copied).primary} == {"first", "second", "aside"}
    assert not copied.evidence_dir.exists()
    assert not (copied.root / ".git").exists()


def test_the_longest_branch_has_the_most_pages_then_the_most_snippets(make_guide, target):
    make_guide.snippets("a", "true", machine="vm")
    make_guide.snippets("b", "true", machine="vm", after="a")
    make_guide.snippets("c", "true", "true", machine="vm", after="a")
    make_guide.snippets("d", *["true"] * 9, machine="vm")
    make_guide.snippets("e", "true", "false")
    guide = read_guide(configuration.load(make_guide.folder / "mkdocs.yml"))
    assert [page.name for page in states.longest_branch(guide, target)] == ["a", "c"]


def test_an_edit_changes_one_snippet_in_every_language(copied, target):
    guide = read_guide(copied)
    before, problems = fingerprints(copied, target), len(parity.check(guide, copied))
    last = states.longest_branch(guide, target)[-1]
    snippet = runnable(last, target)[-1]
    states.edit_snippet(copied, guide, snippet)
    after = fingerprints(copied, target)
    assert {name for name in before if before[name] != after[name]} == {last.name}
    changed = [name for name in before[last.name] if before[last.name][name] != after[last.name][name]]
    assert changed == [snippet.id]
    codes = {page.snippets[-1].code for page in read_guide(copied).pages.values() if page.name == last.name}
    assert codes == {f"{snippet.code}\n# edited"}
    # One problem more is expected: both texts have to be read against each other again. Snippets that differ would be another.
    assert len(parity.check(read_guide(copied), copied)) <= problems + 1


def test_a_change_of_prose_changes_no_fingerprint(copied, target):
    guide = read_guide(copied)
    before = fingerprints(copied, target)
    for page in guide.primary:
        states.edit_prose(copied, guide, page)
    assert fingerprints(copied, target) == before
    assert (copied.docs["zh"] / "aside.md").read_text().endswith("\n\nOne more sentence.\n")


def test_cached_snippets_are_counted_apart():
    junit = """<testsuites><testsuite>
        <testcase name="a"><properties><property name="ran_at" value="2026-01-01T00:00:00Z" /></properties></testcase>
        <testcase name="b"/><testcase name="c"><properties><property name="other" value="" /></properties></testcase>
    </testsuite></testsuites>"""
    assert verify.count_cases(junit) == (2, 1)
    assert VerifyRun(CommandUsage(1, 1, 1), 2, 1).ran_of_all == "2 of 3"


def test_the_description_of_a_script_is_read_as_it_was_written(tmp_path):
    pages = [[TypedCommand("true")], [TypedCommand("reboot", "reboot"), TypedCommand("sleep 9", "crash", "nmi")]]
    script = TypedScript("podman", ["--flag"], "image", "/disk", Hardware(memory="3G"), "tcg", "/state", pages)
    script.write(tmp_path / "script.json")
    assert TypedScript.read(tmp_path / "script.json") == script


def test_the_ratios_of_states_are_to_the_script_and_to_the_whole(copied, target):
    page = states.longest_branch(read_guide(copied), target)[-1]
    runs = states.BranchRuns(
        CommandUsage(90, 100, 50),
        VerifyRun(CommandUsage(99, 110, 50), 42, 0),
        VerifyRun(CommandUsage(9, 11, 50), 16, 26),
        VerifyRun(CommandUsage(1, 1.1, 50), 0, 42),
    )
    text = states.runs_table(runs, page)
    assert "x1.10 of the script" in text and "x0.10 of all" in text and "16 of 42" in text
    costs = states.costs_table([StateCost("a boot", 1.2, 0.5, 200, 3)])
    assert costs.splitlines()[-1].split() == ["a", "boot", "1.20", "0.50", "200", "3.00"]


def test_the_least_of_all_rounds_is_compared_with_the_unchanged_machine():
    results = {
        emulator.UNCHANGED: [VariantSeconds(30, 8), VariantSeconds(40, 4)],
        "other": [VariantSeconds(60, 2)],
        "broken": [],
    }
    rows = [row.split() for row in emulator.variants_table("reboot", results).splitlines()[2:]]
    assert rows[1][2:] == ["60.0", "s", "x2.00", "2.00", "s", "x0.50"]
    assert rows[2] == ["reboot:", "broken", "did", "not", "come", "up"]


def test_a_variant_of_the_hardware_differs_in_one_word():
    plain = Hardware().arguments("tcg", "d", "v", "f")
    for name, variant in emulator.OUTSIDE.items():
        varied = emulator.VariedHardware(memory=variant.memory or "2G", replaced=variant.replaced).arguments("tcg", "d", "v", "f")
        changed = [word for word, before in zip(varied, plain, strict=True) if word != before]
        assert len(changed) == (name != emulator.UNCHANGED), name


def test_all_vm_slots_are_taken_and_freed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    monkeypatch.setenv("GUIDE_VMS", "2")

    def is_free(place):
        with (tmp_path / "locks" / f"vm-{place}").open("w") as slot:
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with slots.every():
        assert not is_free(0) and not is_free(1)
        slots.take().close()  # Returns at once, since this process and its children have all slots.
        assert not is_free(0) and not is_free(1)
    assert is_free(0) and is_free(1)
    slots.take().close()


def test_an_own_cache_shares_the_disks_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    (tmp_path / "disks").mkdir()
    (tmp_path / "disks" / "one").touch()
    (tmp_path / "engine.json").write_text("{}")
    with own_cache() as folder:
        assert cache_dir() == folder != tmp_path
        assert (folder / "disks" / "one").exists() and (folder / "engine.json").exists()
        (folder / "states").mkdir(exist_ok=True)
    assert cache_dir() == tmp_path
    assert (tmp_path / "disks" / "one").exists()
    assert not list(tmp_path.glob("bench-*"))


def test_autopkgtest_has_the_same_machine_and_is_as_confined(tmp_path, target):
    images = {("autopkgtest",): SimpleNamespace(tag="with-autopkgtest"), (): SimpleNamespace(tag="emulator")}
    builder = SimpleNamespace(engine=lambda: Engine("podman", ()), emulator=lambda target, extra=(): images[extra])
    autopkgtest.make_package(tmp_path / "package", "#!/bin/sh\ntrue\n")
    assert os.access(tmp_path / "package" / "debian" / "tests" / "story", os.X_OK)
    words = autopkgtest.command(builder, target, "tcg", tmp_path)
    ours = Hardware(memory=target.memory).arguments("tcg", "", "", "")
    assert f"--qemu-options=-accel {ours[ours.index('-accel') + 1]} -cpu qemu64,svm=off" in words
    assert "with-autopkgtest" in words
    assert {"--cpus=1", "--ram-size=2048", "--boot=efi"} <= set(words)
    assert {"--network=none", "--cap-drop=ALL", "--read-only", "--security-opt=no-new-privileges"} <= set(words)


def test_extra_packages_make_another_image_and_leave_the_emulator_alone(tmp_path, monkeypatch, target):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    monkeypatch.setattr(build.engines, "answering", lambda: ["podman"])
    monkeypatch.setattr(build.engines, "find", lambda tag: SimpleNamespace(image_facts=lambda tag: ("sha256:0", {"guide.digest": "0"})))
    monkeypatch.setattr(build.Engine, "has_image", lambda engine, tag: True)
    builder = build.Builder({target.emulator: target})
    plain, extended = builder.emulator(target), builder.emulator(target, ("autopkgtest",))
    assert plain.recipe == target.recipe("emulator") != extended.recipe
    assert plain.tag != extended.tag
    assert builder.emulator(target) is plain and builder.emulator(target, ("autopkgtest",)) is extended


def test_the_story_is_a_guide_that_crashes_once(tmp_path, target):
    targets = load_targets(this_config())
    general = autopkgtest.with_general_kernel(target)
    targets[general.name] = general
    story = (ROOT / "data" / "bench" / "story.md").read_text()
    config = configuration.load(autopkgtest.make_site(tmp_path / "guide", story, general, targets))
    page = read_guide(config).primary[0]
    assert [snippet.expect for snippet in page.snippets if snippet.expect] == ["reboot", "crash"]
    assert load_targets(config)[general.name] == general
    runs = [
        VerifyRun(CommandUsage(150, 160, 50), 5, 0),
        VerifyRun(CommandUsage(140, 150, 50), 5, 0),
        VerifyRun(CommandUsage(50, 60, 50), 3, 2, {"crash": 40}),
    ]
    rows = autopkgtest.runs_table(autopkgtest.StoryRuns(CommandUsage(180, 200, 50), *runs, "crash")).splitlines()[2:]
    assert [row.split()[-2:] for row in rows[1::2]] == [["x0.80", "x1.00"], ["x0.30", "x0.33"]]
    assert [row.split()[-1] for row in rows[2::2]] == ["x0.75", "x0.20"]
