"""Which change to a page ends the evidence of which snippets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from guides import guide, page, this_config

from checks.evidence.fingerprints import page_fingerprints, snippet_fingerprints
from checks.model import GuideError, Program
from checks.targets import load_targets

TARGET = load_targets(this_config())["debian-13"]


def test_a_changed_byte_unsettles_what_comes_after_it_and_nothing_else():
    target = load_targets(this_config())["debian-13"]
    a, b = page("a", "one", "two"), page("b", "three", after="a")
    before = snippet_fingerprints(guide(a, b), a, target) | snippet_fingerprints(guide(a, b), b, target)
    changed = page("a", "one", "two!")
    assert snippet_fingerprints(guide(changed, b), changed, target)["s0"] == snippet_fingerprints(guide(a, b), a, target)["s0"]
    assert snippet_fingerprints(guide(changed, b), changed, target)["s1"] != snippet_fingerprints(guide(a, b), a, target)["s1"]
    assert snippet_fingerprints(guide(changed, b), b, target)["s0"] != before["s0"]
    assert snippet_fingerprints(guide(replace(a, memory="4G"), b), b, target)["s0"] != before["s0"]
    reworded = replace(a, title="another")
    assert snippet_fingerprints(guide(reworded, b), b, target) == snippet_fingerprints(guide(a, b), b, target)
    assert snippet_fingerprints(guide(a, b), b, replace(target, pool=("other",)))["s0"] != before["s0"]


def test_a_key_is_of_all_that_made_the_state_and_of_nothing_else():
    made = guide(page("a", "one"), page("b", "two", after="a"))
    first, second = made.primary
    before = page_fingerprints(made, second, TARGET, lambda _: "base")
    assert page_fingerprints(made, second, TARGET, lambda _: "another base").begin != before.begin
    reworded = replace(second.snippets[0], path=Path("y"), line=9, timeout_s=5, id="s0")
    assert page_fingerprints(made, replace(second, snippets=(reworded,), title="x"), TARGET, lambda _: "base") == before
    twice = replace(second, snippets=(second.snippets[0], replace(second.snippets[0], id="s1", code="true")))
    assert page_fingerprints(made, twice, TARGET, lambda _: "base").after["s0"] == before.after["s0"], "what follows does not matter"
    assert page_fingerprints(made, first, TARGET, lambda _: "base").end != before.begin


def test_a_page_that_reads_dumps_stands_on_the_pages_that_crashed_and_on_the_bytes_of_its_programs():
    crashed = page("crashed", "one")
    reader = replace(page("reader", "two"), machine="container", dumps=("crashed",), programs=(Program("doctor/d.py", b"1"),))
    child = replace(page("child", "three", after="reader"), machine="container")

    def ends(crashed, reader, target=TARGET):
        made = guide(crashed, reader, child)
        return [list(snippet_fingerprints(made, made.pages["en", name], target).values()) for name in ("reader", "child")]

    before = ends(crashed, reader)
    assert ends(crashed, replace(reader, title="another")) == before
    changed = [
        ends(page("crashed", "one!"), reader),
        ends(crashed, replace(reader, dumps=())),
        ends(crashed, replace(reader, programs=(Program("doctor/d.py", b"2"),))),
        ends(crashed, replace(reader, programs=())),
        ends(crashed, reader, replace(TARGET, analysis=("gdb",))),
    ]
    for after in changed:
        assert all(old != new for old, new in zip(before, after, strict=True))
    assert snippet_fingerprints(guide(crashed), crashed, replace(TARGET, analysis=("gdb",))) == snippet_fingerprints(
        guide(crashed), crashed, TARGET
    )


def test_where_a_page_left_no_readable_dump_on_a_target_another_pages_dump_decides():
    reader = replace(page("reader", "read"), machine="container", dumps=("crashed",))

    def end(target, crashed="one", larger="two"):
        made = guide(page("crashed", crashed), page("larger", larger), reader)
        return snippet_fingerprints(made, reader, target)["s0"]

    instead = replace(TARGET, dumps_of={"crashed": "larger"})
    assert end(TARGET) == end(TARGET, larger="2") != end(TARGET, crashed="1")
    assert end(instead) == end(instead, crashed="1") != end(instead, larger="2")
    with pytest.raises(GuideError, match="debian-13: expected a page with machine: vm in dumps_of for crashed, found gone"):
        end(replace(TARGET, dumps_of={"crashed": "gone"}))
    for kind in ("container", "vm", "emulator", "analysis"):
        assert instead.recipe(kind) == TARGET.recipe(kind), "the images are the same"
