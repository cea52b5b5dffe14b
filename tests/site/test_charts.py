"""Charts: drawn from valid evidence alone, each number in the drawing and in the table, and a sentence where nothing has been measured."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml
from guides import ROOT, evidence, small_guide, this_context

from checks.evidence.validity import RecordedEvidence
from checks.mkdocs_yml import read_yaml
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.charts import drawing, files
from checks.site.charts.rows import rows
from checks.site.context import context_of

CRASHES = {"title": {"en": "The <way> back", "zh": "回来的路"}, "crashes": ["deep/*"]}
SIZES = {"title": "Sizes", "unit": "KiB", "bars": [{"name": "armed", "parts": [{"seen": "deep/page#arm", "line": "armed"}]}]}
CASES = {
    "title": "Cases",
    "cases": [{"name": "arm", "seen": "deep/page#arm"}, {"name": {"en": "crash", "zh": "崩溃"}, "seen": "deep/page#panic"}],
}


@pytest.fixture
def guide(tmp_path):
    """A small guide whose page deep/page printed three sizes on debian-13, and crashed."""
    config = small_guide(tmp_path)
    for language in ("en", "zh"):
        page = config.docs[language] / "deep/page.md"
        page.write_text(
            page.read_text().replace("echo armed\n", "echo armed <1>\n", 1).replace("\narmed\n", "\nMem:   2048 kB\nMem: 512 kB\n1536\n", 1)
        )
    evidence(config, read_guide(config))
    return config


def write(config, **chart) -> None:
    Path(config.root, files.FILE).write_text(yaml.safe_dump({"it": chart}, allow_unicode=True))


def shown(config, language="en", name="it") -> str:
    context = context_of(config, read_guide(config), language)
    return drawing.chart(replace(context, page="index", base="./"), name)


def numbers(*each: dict) -> dict:
    parts = ["a", "b"] if len(each) == 2 else []
    return {"title": "Sizes", "unit": "KiB", "parts": parts, "bars": [{"name": "one", "parts": list(each)}]}


def test_a_crash_is_a_bar_of_three_parts_with_the_release_and_the_day(guide):
    write(guide, **CRASHES)
    page = shown(guide)
    assert "<figcaption>The &lt;way&gt; back</figcaption>" in page and '<p class="chart__run">Debian 13 · 2026-01-02 · TCG</p>' in page
    assert re.findall(r'x="([\d.]+)%" y="1.5em" width="([\d.]+)%"', page) == [("0.00", "33.33"), ("33.33", "33.33"), ("66.67", "33.33")]
    cells = "<td>0.1 s</td><td>0.1 s</td><td>0.1 s</td><td>0.1 s</td>"
    assert re.sub(r"0\.\d s", "0.1 s", page).count(cells) == 1
    assert '<td><a href="./proof/debian-13/deep/page/#panic">Debian 13 · 2026-01-02</a></td>' in page
    assert "回来的路" in shown(guide, "zh") and "0.1 秒" in shown(guide, "zh")


def test_numbers_come_from_whole_lines_in_their_units(guide):
    first, second = {"seen": "deep/page#arm", "line": "Mem: * kB"}, {"seen": "deep/page#arm", "line": "Mem: * kB", "which": 2}
    write(guide, **numbers(first, {"seen": "deep/page#arm", "line": "*", "unit": "bytes"}))
    assert "<td>2048 KiB</td><td>1.5 KiB</td><td>2050 KiB</td>" in shown(guide)
    write(guide, **numbers(first, second))
    assert "<td>2048 KiB</td><td>512 KiB</td><td>2560 KiB</td>" in shown(guide)
    for line in ("em: * kB", "Mem: * k", "Mem: *"):
        write(guide, **numbers({"seen": "deep/page#arm", "line": line}))
        assert "<svg" not in shown(guide), line


def test_a_case_goes_as_far_as_its_evidence_goes(guide):
    write(guide, **CASES)
    page = shown(guide)
    assert len(re.findall("<rect ", page)) == 4
    assert '<th scope="row">arm</th><td>the kernel goes on</td><td></td>' in page
    assert '<th scope="row">crash</th><td>panic, dump</td><td>Kernel panic - not syncing: sysrq triggered crash</td>' in page


def test_without_evidence_that_holds_there_is_a_sentence_and_the_site_is_built(guide, tmp_path):
    write(guide, **CRASHES)
    for language in ("en", "zh"):
        page = guide.docs[language] / "deep/page.md"
        page.write_text(page.read_text().replace("echo armed", "echo  armed") + '\n[[[ chart("it") ]]]\n')
    assert (
        shown(guide).strip() == '<p class="chart chart--none" data-search-exclude>The &lt;way&gt; back: no run has measured this yet.</p>'
    )
    building.build(guide, tmp_path / "out")
    assert "chart--none" in (tmp_path / "out/en/deep/page/index.html").read_text()


def test_a_page_shows_a_chart_and_nobody_finds_its_numbers_by_search(guide, tmp_path):
    write(guide, **CASES)
    for language in ("en", "zh"):
        page = guide.docs[language] / "deep/page.md"
        page.write_text(page.read_text() + '\n[[[ chart("it") ]]]\n')
    building.build(guide, tmp_path / "out")
    html = (tmp_path / "out/en/deep/page/index.html").read_text()
    assert 'href="../../proof/debian-13/deep/page/#panic"' in html.split('class="chart__table"')[1]
    assert "the kernel goes on" not in (tmp_path / "out/en/search/search_index.json").read_text()


def test_what_a_machine_said_is_text(guide, monkeypatch):
    write(guide, **CASES)
    read = RecordedEvidence.of

    def hostile(self, target, page):
        run = read(self, target, page)
        if run is not None and page == "deep/page":
            run.entries["panic"]["panic"] = "<script>alert(1)</script>\u202e"
        return run

    monkeypatch.setattr(RecordedEvidence, "of", hostile)
    assert "<td>&lt;script&gt;alert(1)&lt;/script&gt;&lt;U+202E&gt;</td>" in shown(guide)


WRONG = {
    "unknown snippet": (
        {**CASES, "cases": [{"name": "x", "seen": "deep/page#nope"}]},
        "it.cases.1.seen: there is no snippet deep/page#nope",
    ),
    "no star": (
        numbers({"seen": "deep/page#arm", "line": "Mem"}),
        "expected a line with one * for the number, such as MemTotal: * kB, found 'Mem'",
    ),
    "unit": ({**numbers({"seen": "deep/page#arm", "line": "*"}), "unit": "MB"}, "expected bytes or KiB or MiB or GiB, found 'MB'"),
    "two kinds": ({**CASES, "crashes": ["*"]}, "it: expected one of bars, cases and crashes, found cases and crashes"),
    "no kind": ({"title": "x"}, "it: expected one of bars, cases and crashes, found none"),
    "language": ({**CASES, "title": {"zh": "是"}}, "it.title: expected text in en, found none"),
    "parts": (
        {**numbers({"seen": "deep/page#arm", "line": "*"}), "parts": ["a", "b"]},
        "expected 2 numbers, one for each of the chart's parts, found 1",
    ),
}


@pytest.mark.parametrize("chart, message", WRONG.values(), ids=WRONG)
def test_a_wrong_chart_is_an_error_with_its_line(chart, message, guide):
    write(guide, **chart)
    with pytest.raises(GuideError) as error:
        shown(guide)
    assert re.match(r"data/charts\.yml:\d+: ", str(error.value)) and message in str(error.value)


def test_a_name_that_the_file_does_not_have_is_an_error_on_its_line_of_the_page(guide, tmp_path):
    write(guide, **CASES)
    page = guide.docs["en"] / "deep/page.md"
    page.write_text(page.read_text() + '\n[[[ chart("other") ]]]\n')
    line = page.read_text().count("\n")
    with pytest.raises(GuideError, match=rf"docs/en/deep/page.md:{line}: chart: data/charts.yml has no chart other \(known: it\)"):
        building.build(guide, tmp_path / "out")


# ---- this guide's own charts
def test_each_chart_of_the_guide_stands_on_a_page_of_each_language():
    for language in ("en", "zh"):
        text = "".join(path.read_text() for path in (ROOT / "docs" / language).rglob("*.md"))
        assert {name for name in read_yaml(ROOT / files.FILE) if f'chart("{name}")' not in text} == set(), language


@pytest.mark.parametrize("name", read_yaml(ROOT / files.FILE))
def test_each_chart_of_the_guide_has_all_its_bars_as_long_as_the_evidence_holds(name):
    context = this_context("en")
    chart = files.load(context, name)
    seen = [part.seen for bar in chart.bars for part in bar.parts] + [case.seen for case in chart.cases]
    pages = {page.name: page for page in context.guide.of("en")}
    named = {place.partition("#")[0] for place in seen} or {
        page for page in pages if any(fnmatchcase(f"{page}#{each.id}", glob) for each in pages[page].snippets for glob in chart.crashes)
    }
    found = rows(context, chart, "debian-13")
    if all(context.evidence.page_state("debian-13", pages[page]) == "valid" for page in named):
        assert len(found) == len(chart.bars) + len(chart.cases) or (chart.crashes and found)
    assert all(sum(row.parts) > 0 for row in found)
