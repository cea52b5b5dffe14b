"""The table of pages and releases: states, days, kernels and versions, each leading to its run; and emphasis in Chinese."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from guides import evidence, small_guide
from markdown import Markdown

from checks.evidence.validity import RecordedEvidence
from checks.pages.reader import read_guide
from checks.site import panels
from checks.site.aids.emphasis import LatinInEmphasis
from checks.site.aids.table_heads import EmptyHeads
from checks.site.context import context_of


@pytest.fixture
def guide(tmp_path):
    config = small_guide(tmp_path)
    evidence(config, read_guide(config))
    return config


def cells(config, language="en") -> tuple[str, list[str]]:
    """The text of the head, and of each row, of the table."""
    context = replace(context_of(config, read_guide(config), language), page="index", base="./")
    table = panels.verified(context)
    rows = [re.sub(r"<[^>]*>", " ", row).split() for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)]
    return table, [" ".join(row) for row in rows]


def test_a_column_has_the_kernel_and_the_packages_of_its_runs_and_a_cell_leads_to_the_run(guide):
    table, (head, *rows) = cells(guide)
    assert head == "page Debian 13 Linux 6.12 kdump-tools 1.10"
    assert any(row.startswith("Crash proven 2026-01-02 · 12 s 2 ran") for row in rows)
    assert 'class="verified__valid"><a href="./proof/debian-13/deep/page/">proven</a>' in table
    assert "Ubuntu 24.04: not run yet." in table


def test_a_run_with_another_version_or_in_a_container_says_so(guide, monkeypatch):
    read = RecordedEvidence.of

    def other(self, target, page):
        run = read(self, target, page)
        if run is not None and page == "deep/page":
            return replace(run, data={**run.data, "packages": {"kdump-tools": "1.8"}})
        return replace(run, data={**run.data, "emulator": None}) if run is not None else None

    monkeypatch.setattr(RecordedEvidence, "of", other)
    _, (_, *rows) = cells(guide)
    assert [row for row in rows if "kdump-tools 1.8" in row and row.startswith("Crash")]
    assert [row for row in rows if "in a container" in row and "Linux" not in row]


@pytest.mark.parametrize(
    "text, shown",
    [
        ("*Ready*", '<em><span class="latin">Ready</span></em>'),
        ("*就绪*", "<em>就绪</em>"),
        ("*slab 缓存 a b*", '<em><span class="latin">slab</span> 缓存 <span class="latin">a b</span></em>'),
        ("*看 `x` 吧*", "<em>看 <code>x</code> 吧</em>"),
        ("*a &amp; b*", "<em>a &amp; b</em>"),
        ("**Ready**", "<strong>Ready</strong>"),
    ],
)
def test_latin_words_within_emphasis_have_an_element_of_their_own(text, shown):
    assert Markdown(extensions=[LatinInEmphasis()]).convert(text) == f"<p>{shown}</p>"


def test_an_empty_corner_of_a_table_is_a_cell_and_no_head():
    table = Markdown(extensions=["tables", EmptyHeads()]).convert("| | gdb | `x` |\n|---|---|---|\n| a | b | |\n")
    assert table.count("<th>") == 2 and "<td></td>\n<th>gdb</th>\n<th><code>x</code></th>" in table
