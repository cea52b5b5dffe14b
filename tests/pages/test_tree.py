"""The tree that the pages make: their order, and which page each one starts from."""

# ruff: noqa: E501  a case stands in one line

from __future__ import annotations

from dataclasses import replace

import pytest
from guides import errors, guide, one_language, page

from checks import config as configuration
from checks.model import GuideError, Page
from checks.pages.reader import read_guide
from checks.pages.tree import ancestors, find_pages, has_children, needed_before, order, wrong_order


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


def test_a_page_reads_dumps_of_vms_in_a_container_whose_first_page_has_some_too(tmp_path):
    pages = {
        "vm": "---\nmachine: vm\n---\n",
        "box": "---\nmachine: container\n---\n",
        "a": "---\nmachine: container\ndumps: [vm]\n---\n",
        "b": "---\nmachine: container\nafter: a\ndumps: [vm, nowhere, box]\n---\n",
        "c": "---\nmachine: container\nafter: box\ndumps: [vm]\n---\n",
        "d": "---\nmachine: vm\ndumps: [vm]\n---\n",
        "e": "---\nmachine: container\ndumps: vm\n---\n",
    }
    first = "expected dumps: on box, the first page of this chain of after:, whose image has the tools and symbols"
    assert errors(one_language(tmp_path, pages)) == [
        "docs/b.md:4: dumps: expected a page with machine: vm, found box with container",
        "docs/b.md:4: dumps: there is no page nowhere in en",
        f"docs/c.md:4: dumps: {first}, found none there",
        "docs/d.md:3: dumps: only a page with machine: container has one, found vm",
        "docs/e.md:3: dumps: expected a list, found 'vm'",
    ]


def test_what_has_to_run_before_a_page_that_reads_dumps():
    box = {"machine": "container"}
    pages = [page("read", "1", dumps=("crash",)), page("more", "1", after="read", dumps=("other",))]
    pages = [replace(each, **box) for each in pages] + [page("crash", "1", after="a"), page("a", "1"), page("other", "1"), page("z", "1")]
    made = guide(*pages)
    assert [each.name for each in needed_before(made, made.pages["en", "more"])] == ["a", "crash", "read", "other"]
    names = [each.name for each in order(made, made.primary)]
    assert names[-2:] == ["read", "more"]
    assert set(names) == {"a", "crash", "other", "z", "read", "more"}
    assert [each.name for each in order(made, [made.pages["en", "read"]])] == ["a", "crash", "read"]


def test_programs_of_a_page_are_listed_and_there(tmp_path):
    (tmp_path / "own.py").write_text("print()\n")
    pages = {
        "a": "---\nmachine: container\nprograms: [own.py]\n---\n",
        "b": "---\nmachine: container\nprograms: [../../etc/passwd]\n---\n",
        "c": "---\nprograms: [own.py]\n---\n",
    }
    config = one_language(tmp_path, pages)
    config.file.write_text(config.file.read_text().replace("programs: []", "programs: [own.py]"))
    config = configuration.load(config.file)
    assert errors(config) == [
        "docs/b.md:3: programs: '../../etc/passwd' is not listed under extra: checks: programs in mkdocs.yml, which has own.py",
        "docs/c.md:2: programs: only a page with machine: container or vm has some, found none",
    ]
    (tmp_path / "own.py").unlink()
    assert errors(config)[0] == "docs/a.md:3: programs: own.py: there is no such file"


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


def after(name: str | None, lines: dict[str, int] | None = None, **more: object) -> Page:
    return replace(page("x", "1", after=name), meta_lines=lines or {}, **more)


LINES = {"after": 3, "peer": 4, "memory": 5, "firmware": 6}
DECIDES = "the first page of a tree decides, and this page goes on from a: drop"
# A page x, which goes on from a or not, and what is wrong with it: (line, text).
ORDERS = {
    "the first page": (after(None, peer=True, memory="3G"), None),
    "a page that goes on": (after("a"), None),
    "a page that there is not": (after("b", LINES), (3, "after: there is no page b in en")),
    "a page that there is not, on no line": (after("b"), (1, "after: there is no page b in en")),
    "a page that cannot be read": (after("unreadable"), None),
    "another kind": (after("a", LINES, machine="container"), (3, "after: a runs on vm, this page on container; a machine cannot change its kind")),
    "none": (after("a", LINES, machine=None), (3, "after: a runs on vm, this page on nothing; a machine cannot change its kind")),
    "after none": (after("prose", LINES), (3, "after: prose runs on nothing, this page on vm; a machine cannot change its kind")),
    "a peer too many": (after("a", LINES, peer=True), (4, "peer: a has no second machine: drop peer")),
    "a peer too few": (after("pair", LINES), (4, "peer: pair has a second machine, so this page has one: write peer: true")),
    "a peer too few, on no line": (after("pair", {"after": 3}), (3, "peer: pair has a second machine, so this page has one: write peer: true")),
    "memory": (after("a", LINES, memory="3G"), (5, f"memory: {DECIDES} memory")),
    "firmware": (after("a", LINES, firmware="secure-boot"), (6, f"firmware: {DECIDES} firmware")),
    "both": (after("a", LINES, firmware="secure-boot", memory="3G"), (5, f"memory: {DECIDES} memory")),
    "memory on no line": (after("a", {"after": 3}, memory="3G"), (3, f"memory: {DECIDES} memory")),
    "itself": (after("x", LINES), (3, "after: goes in a circle: x -> x")),
    "a page that goes on from this one": (after("child", LINES), (3, "after: goes in a circle: x -> child -> x")),
    "a page in a circle without this one": (after("one", LINES), None),
}  # fmt: skip


@pytest.mark.parametrize("case", ORDERS)
def test_what_a_page_may_go_on_from(case):
    made, expected = ORDERS[case]
    pages = {
        "a": page("a", "1"), "pair": page("pair", "1", peer=True), "prose": replace(page("prose"), machine=None),
        "child": page("child", "1", after="x"), "one": page("one", "1", after="two"), "two": page("two", "1", after="one"), "x": made,
    }  # fmt: skip
    found = [(problem.line, problem.text) for problem in wrong_order(pages, [*pages, "unreadable"]) if problem.path == made.path]
    assert found == ([expected] if expected else [])


def test_what_a_page_stands_on_comes_first():
    made = guide(page("c", "1", after="b"), page("b", "1", after="a"), page("a", "1"))
    assert [each.name for each in ancestors(made, made.pages["en", "c"])] == ["a", "b"]
    assert ancestors(made, made.pages["en", "a"]) == []


def test_the_longest_branch_comes_last_at_each_fork_and_pages_without_a_machine_do_not_run():
    names = [("root", None), ("a", "root"), ("a1", "a"), ("b", "root"), ("b1", "b"), ("b2", "b1"), ("c", "root"), ("other", None)]
    made = guide(*(page(name, "1", after=before) for name, before in names), replace(page("prose"), machine=None))
    assert [each.name for each in order(made, made.primary)] == ["other", "root", "c", "a", "a1", "b", "b1", "b2"]
    wanted = [made.pages["en", name] for name in ("b1", "a", "prose")]
    assert [each.name for each in order(made, wanted)] == ["root", "a", "b", "b1"]


def test_a_page_is_named_with_or_without_slashes_and_in_any_language():
    primary, twin = page("install/a", "1"), replace(page("install/a", "1"), language="zh")
    twin = replace(twin, path=twin.path.parent.parent / "zh" / "a.md")
    made = replace(guide(primary), languages=("en", "zh"), pages={("en", "install/a"): primary, ("zh", "install/a"): twin})
    for name in ("install/a", "install/a/", "install", "install//", str(primary.path), str(twin.path), "docs/zh", "docs"):
        assert find_pages(made, [name]) == [primary]
    for name in ("inst", "install/aX", "/install", "docs/e"):
        with pytest.raises(GuideError, match="there is no page"):
            find_pages(made, [name])
    for name in ("install/a#s0", "install/a::s0"):
        with pytest.raises(GuideError, match="names one snippet, and a page runs as a whole: write install/a$"):
            find_pages(made, [name])
