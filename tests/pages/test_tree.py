"""The tree that the pages make: their order, and which page each one starts from."""

from __future__ import annotations

import pytest
from guides import errors, guide, one_language, page

from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.pages.tree import find_pages, has_children, order


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


def test_pages_run_after_what_they_stand_on_and_the_longest_branch_last():
    made = guide(page("c", "1", after="b"), page("d", "1", after="a"), page("b", "1", after="a"), page("a", "1"), page("z", "1"))
    names = [each.name for each in order(made, made.primary)]
    assert names == ["z", "a", "d", "b", "c"] or names == ["a", "d", "b", "c", "z"]
    assert [each.name for each in order(made, [made.pages["en", "c"]])] == ["a", "b", "c"]


def test_what_only_a_vm_has_needs_one_and_the_first_page_of_a_tree_decides(tmp_path):
    snippet = '```bash {#a data-expect="reboot"}\nreboot\n```\n'
    pages = {
        "a": f"---\nmachine: container\nmemory: 3G\n---\n{snippet}",
        "b": "---\nmachine: vm\nmemory: 3G\n---\n",
        "c": "---\nmachine: vm\nafter: b\nmemory: 3G\n---\n",
        "d": "---\nmachine: vm\nafter: b\nfirmware: secure-boot\n---\n",
    }
    assert errors(one_language(tmp_path, pages)) == [
        "docs/a.md:3: memory: only a page with machine: vm has one, found container",
        'docs/a.md:5: data-expect="reboot": expected machine: vm in the front matter, since a container cannot restart',
        "docs/c.md:4: memory: the first page of a tree decides, and this page goes on from b: drop memory",
        "docs/d.md:4: firmware: the first page of a tree decides, and this page goes on from b: drop firmware",
    ]


def test_a_page_is_named_by_name_file_or_folder():
    made = guide(page("install/a", "1"), page("install/b", "1"), page("installed", "1"), page("c", "1"))

    def names(*given):
        return [found.name for found in find_pages(made, given)]

    assert names("install/a") == names("docs/install/a.md") == ["install/a"]
    assert names("install") == names("install/") == names("docs/install") == names("docs/install//") == ["install/a", "install/b"]
    assert names("docs") == ["install/a", "install/b", "installed", "c"] == names()
    assert names("c", "install/b", "docs/c.md") == ["c", "install/b"]
    assert names("installed") == ["installed"]
    with pytest.raises(GuideError) as error:
        names("c#s0")
    assert str(error.value) == "'c#s0' names one snippet, and a page runs as a whole: write c"
    with pytest.raises(GuideError) as error:
        names("c", "inst")
    assert str(error.value) == "there is no page 'inst'; the guide has install/a, install/b, installed, c"


def test_a_page_has_children_where_another_one_of_its_language_goes_on_from_it():
    first, second = page("a", "1"), page("b", "1", after="a")
    made = guide(first, second)
    assert has_children(made, first) and not has_children(made, second)
