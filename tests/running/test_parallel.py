"""What a page stands on, which comes first, and how many run at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from guides import this_config

from checks.evidence.files import write_evidence
from checks.evidence.fingerprints import page_fingerprints
from checks.model import Guide, Page, PageRun, Snippet
from checks.pages.tree import order
from checks.pytest_plugin import parallel
from checks.targets import load_targets

TARGET = load_targets(this_config())["debian-13"]


def pages(*rows) -> Guide:
    made = [
        Page(name, "en", Path(f"docs/{name}.md"), name, machine, after,
             snippets=(Snippet(name, "s1", "bash", f"echo {name}", Path("x"), 1, 3),))
        for name, machine, after in rows
    ]  # fmt: skip
    return Guide(("en",), {("en", page.name): page for page in made})


def test_a_second_machine_and_where_a_snippet_runs_are_in_the_key():
    guide = pages(("a", "vm", None))
    page = guide.primary[0]
    before = page_fingerprints(guide, page, TARGET, lambda _: "base")
    assert page_fingerprints(guide, replace(page, peer=True), TARGET, lambda _: "base").begin != before.begin
    there = replace(page, snippets=(replace(page.snippets[0], on="peer"),))
    assert page_fingerprints(guide, there, TARGET, lambda _: "base").end != before.end
    assert parallel.jobs(guide, TARGET, [page, replace(page, peer=True)], 2, 1024 + 3328 * 3) == 1, "two VMs take twice the memory"


def test_as_many_side_by_side_as_cores_memory_and_branches_carry():
    guide = pages(("root", "vm", None), ("one", "vm", "root"), ("two", "vm", "root"), ("three", "vm", "root"), ("box", "container", None))
    everything = guide.primary

    def number(pages, cores=8, available_mib=1 << 20):
        return parallel.jobs(guide, TARGET, pages, cores, available_mib)

    assert number(everything) == 3, "the root first, then its three branches"
    assert number(everything, cores=2) == 2
    assert number(everything, available_mib=1024 + 3328 * 2) == 2
    assert number(everything, available_mib=100) == 1
    assert number(everything[1:3]) == 2, "where the root is cached its branches are ready at once"
    assert number([everything[0]]) == 1


def test_a_chain_of_pages_may_be_long():
    chain = pages(("p0", "vm", None), *((f"p{number}", "vm", f"p{number - 1}") for number in range(1, 2000)))
    assert [page.name for page in order(chain, [chain.primary[-1]])] == [f"p{number}" for number in range(2000)]


def test_the_longest_way_ahead_comes_first_and_parents_before_children():
    tree = ("long", "vm", None), ("leaf", "vm", "long"), ("deep", "vm", "long"), ("end", "vm", "deep"), ("box", "container", None)
    guide = pages(*tree)
    seconds = {"long": 10, "leaf": 90, "deep": 50, "end": 45, "box": 60}
    first = parallel.longest_first(order(guide, guide.primary), lambda page: seconds[page.name])
    assert [page.name for page in first] == ["long", "deep", "leaf", "box", "end"]


def test_how_long_a_page_takes_is_known_from_evidence_and_guessed_without(tmp_path):
    page = pages(("a", "vm", None)).primary[0]
    assert parallel.expected_s(tmp_path, TARGET, page) == len(page.snippets) * 5
    run = PageRun("a", TARGET.name, "sha256:0", "0", None, None, "6.12", "2026-01-02T03:04:05Z", 77.5, {}, [])
    file = write_evidence(tmp_path, run, replace(page, snippets=()), {}, TARGET)
    assert parallel.expected_s(tmp_path, TARGET, page) == 77.5
    file.write_text("{")
    assert parallel.expected_s(tmp_path, TARGET, page) == len(page.snippets) * 5
