"""Whatever pages go on from each other: each runs once, after what it stands on, and is proven anew exactly when that changes."""

# ruff: noqa: E501  tables of pieces, which are read by column and not by line

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from examples import examples
from guides import guide, page, this_config
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence.fingerprints import snippet_fingerprints
from checks.model import Guide, Output, Page, Varies
from checks.pages.tree import ancestors, find_pages, order, wrong_order
from checks.targets import Target, load_targets


@cache
def target() -> Target:
    return load_targets(this_config())["debian-13"]


@st.composite
def forests(draw: st.DrawFn) -> Guide:
    """Pages that go on from pages before them, in any order in the guide."""
    pages: list[Page] = []
    for number in range(draw(st.integers(1, 12))):
        after = draw(st.none() | st.sampled_from([other.name for other in pages])) if pages else None
        pages.append(page(f"p{number}", *draw(st.lists(st.sampled_from(["true", "echo 1"]), max_size=3)), after=after))
    return guide(*draw(st.permutations(pages)))


@given(forests(), st.data())
@examples(200)
def test_pages_run_once_after_what_they_stand_on_and_each_branch_to_its_end(made, data):
    wanted = data.draw(st.lists(st.sampled_from(made.primary), max_size=4))
    ordered = order(made, wanted)
    names = [each.name for each in ordered]
    needed = {each.name for one in wanted for each in (*ancestors(made, one), one)}
    assert sorted(names) == sorted(needed)
    for place, each in enumerate(ordered):
        assert each.after is None or each.after in names[:place]
        # All that stands on a page follows it at once.
        below = {other.name for other in ordered if each in ancestors(made, other)}
        assert set(names[place + 1 : place + 1 + len(below)]) == below

    def depth(name: str) -> int:
        return 1 + max((depth(other.name) for other in ordered if other.after == name), default=0)

    for parent in {each.after for each in ordered}:
        depths = [depth(each.name) for each in ordered if each.after == parent]
        assert depths[-1] == max(depths), "the longest branch comes last"


@given(st.dictionaries(st.sampled_from("abcdefg"), st.none() | st.sampled_from("abcdefgx"), max_size=7))
@examples(200)
def test_pages_that_cannot_be_brought_into_an_order_are_told(parents):
    pages = {name: page(name, "true", after=after) for name, after in parents.items()}
    told = {problem.path.stem: problem.text for problem in wrong_order(pages, list(pages))}
    for name, after in parents.items():
        trail = [name]
        while (before := parents.get(trail[-1])) and before not in trail:
            trail.append(before)
        assert ("circle" in told.get(name, "")) == (before == name)
        assert ("there is no page" in told.get(name, "")) == (after is not None and after not in parents)
    if not told:
        names = [each.name for each in order(guide(*pages.values()), list(pages.values()))]
        assert sorted(names) == sorted(parents)


# What of a snippet decides about the machine, and what does not.
HASHED = {
    "code": "false", "language": "python", "exit_status": 7, "expect": "reboot", "file": "x.py", "skip": "why", "dump": False, "host": "nmi",
    "on": "peer", "targets": ("ubuntu-*",),
}  # fmt: skip
NOT_HASHED = {
    "line": 77, "end_line": 78, "path": Path("docs/other.md"), "timeout_s": 5.0, "outputs": (Output("x", 1, 2, varies=(Varies("size"),)),),
    "targets": ("debian-*",),
}  # fmt: skip


@given(forests(), st.data())
@examples(200)
def test_evidence_ends_with_what_decides_and_with_all_after_it_and_with_nothing_else(made, data):
    named = data.draw(st.sampled_from(made.primary))
    chain = [*ancestors(made, named), named]
    places = [(each.name, place) for each in chain for place in range(len(each.snippets))]
    if not places:
        return
    where = data.draw(st.sampled_from(places))
    decides = data.draw(st.booleans())
    key, value = data.draw(st.sampled_from(sorted((HASHED if decides else NOT_HASHED).items(), key=lambda item: item[0])))
    changed_page = made.pages["en", where[0]]
    snippets = list(changed_page.snippets)
    snippets[where[1]] = replace(snippets[where[1]], **{key: value})
    other = Guide(made.languages, {**made.pages, ("en", where[0]): replace(changed_page, snippets=tuple(snippets))})
    for each in made.primary:
        before = snippet_fingerprints(made, each, target())
        after = snippet_fingerprints(other, other.pages["en", each.name], target())
        own = [*ancestors(made, each), each]
        for place, name in enumerate(before):
            touched = decides and changed_page in own and (each is not changed_page or place >= where[1])
            assert (before[name] != after[name]) == touched, (each.name, name, key)


@given(forests(), st.sampled_from([{"memory": "4G"}, {"firmware": "secure-boot"}, {"peer": True}, {"machine": "container"}]))
@examples(60)
def test_another_machine_ends_all_evidence_that_stands_on_it(made, change):
    root = made.primary[0]
    other = Guide(made.languages, {**made.pages, ("en", root.name): replace(root, **change)})
    for each in made.primary:
        before = snippet_fingerprints(made, each, target())
        after = snippet_fingerprints(other, other.pages["en", each.name], target())
        stands_on_it = root in (*ancestors(made, each), each)
        assert all((before[name] != after[name]) == stands_on_it for name in before)


@given(forests(), st.data())
@examples(60)
def test_a_page_is_found_by_its_name_and_by_its_path(made, data):
    wanted = data.draw(st.lists(st.sampled_from(made.primary), min_size=1, max_size=4))
    names = [data.draw(st.sampled_from([each.name, str(each.path)])) for each in wanted]
    assert find_pages(made, names) == list(dict.fromkeys(wanted))
    assert find_pages(made, []) == made.primary
