"""The tree that the pages make: their order, what each goes on from, and that their heads alone tell the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from guides import errors, one_language, small_guide

from checks.model import Guide, Page, PageErrors, Snippet
from checks.pages.reader import read_guide, read_heads
from checks.pages.tree import order


def test_pages_come_in_the_order_of_the_navigation_then_of_their_names(tmp_path):
    config = one_language(tmp_path, {"b": "# B", "a": "# A", "c/d": "# D"})
    text = config.file.read_text().replace("nav: null", "nav: [b.md]")
    config.file.write_text(text)
    assert [name for _, name in read_guide(config).pages] == ["b", "a", "c/d"]


def test_a_circle_and_a_change_of_machine(tmp_path):
    pages = {
        "a": "---\nmachine: vm\nafter: b\n---\n",
        "b": "---\nmachine: vm\nafter: a\n---\n",
        "c": "---\nmachine: container\nafter: a\n---\n",
    }
    assert errors(one_language(tmp_path, pages)) == [
        "docs/a.md:3: after: goes in a circle: a -> b -> a",
        "docs/b.md:3: after: goes in a circle: b -> a -> b",
        "docs/c.md:3: after: a runs on vm, this page on container; a machine cannot change its kind",
    ]


def test_a_second_machine_is_there_from_the_root_of_the_tree_on(tmp_path):
    pages = {
        "a": "---\nmachine: vm\n---\n",
        "b": "---\nmachine: vm\nafter: a\npeer: true\n---\n",
        "c": "---\nmachine: vm\npeer: true\n---\n",
        "d": "---\nmachine: vm\nafter: c\n---\n",
        "e": "---\nmachine: vm\nafter: c\npeer: true\n---\n",
    }
    assert errors(one_language(tmp_path, pages)) == [
        "docs/b.md:4: peer: a has no second machine: drop peer",
        "docs/d.md:3: peer: c has a second machine, so this page has one: write peer: true",
    ]


def test_the_heads_alone_name_the_same_pages_in_the_same_order(tmp_path):
    config = small_guide(tmp_path)
    whole, heads = read_guide(config), read_heads(config)
    assert list(heads.pages) == list(whole.pages)
    for key, page in heads.pages.items():
        assert (page.path, page.machine, page.after) == (whole.pages[key].path, whole.pages[key].machine, whole.pages[key].after)
    assert [page.name for page in order(heads, heads.primary)] == [page.name for page in order(whole, whole.primary)]


@pytest.mark.parametrize("text", ["---\nmachine: vms\n---\n", "---\nmachine: vm\nafter: x\n---\n", "---\nmachine: vm\nafter: nope\n---\n"])
def test_heads_that_are_not_in_order_are_told_as_always(tmp_path, text):
    config = one_language(tmp_path, {"x": text})
    with pytest.raises(PageErrors) as told:
        read_heads(config)
    assert [str(problem) for problem in told.value.problems] == errors(config)


def page(name: str, *codes: str, after: str | None = None, **more) -> Page:
    path = Path(f"docs/{name}.md")
    snippets = tuple(Snippet(name, f"s{n}", "bash", code, path, n, n) for n, code in enumerate(codes))
    return Page(name, "en", path, name, machine="vm", after=after, snippets=snippets, **more)


def guide(*pages: Page) -> Guide:
    return Guide(("en",), {("en", each.name): each for each in pages})


def test_pages_run_after_what_they_stand_on_and_the_longest_branch_last():
    made = guide(page("c", "1", after="b"), page("d", "1", after="a"), page("b", "1", after="a"), page("a", "1"), page("z", "1"))
    names = [each.name for each in order(made, made.primary)]
    assert names == ["z", "a", "d", "b", "c"] or names == ["a", "d", "b", "c", "z"]
    assert [each.name for each in order(made, [made.pages["en", "c"]])] == ["a", "b", "c"]
