"""Tables of facts: what they show, when a cell counts as seen, and the error for a wrong file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from guides import evidence, small_guide

from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.pages.references import References, load_traces, stands_in
from checks.site import build as building
from checks.site.context import context_of
from checks.site.facts import tables as fact_tables

FILE = "data/facts.yml"
DEBIAN, UBUNTU = "debian-13", "ubuntu-24.04"
SOURCES = 'tool-changes: {title: {en: tool 1.2, zh: 工具 1.2}, url: "https://example.org/?a&b", read: 2026-07-21}\n'
SOURCE = '<a class="truth__source" href="https://example.org/?a&amp;b">tool 1.2, read on 2026-07-21</a>'


@pytest.fixture
def guide(tmp_path):
    """A small guide whose page deep/page has been run on debian-13: #arm printed "armed"."""
    config = small_guide(tmp_path)
    evidence(config, read_guide(config))
    return config


def write(config, cell, other=None, seen=None, **whole) -> None:
    """Write a file of one row; ``cell`` is the cell of debian-13, ``other`` that of ubuntu-24.04, ``seen`` is the row's."""
    row = {"id": "tool", "name": {"en": "the <tool>", "zh": "工具"}, "source": "tool-changes", **({"seen": seen} if seen else {})}
    row["cells"] = {DEBIAN: cell, UBUNTU: other or {"value": "1.3"}}
    data = {"columns": [DEBIAN, UBUNTU], "rows": [row], **whole}
    Path(config.root, "data/sources.yml").write_text(SOURCES)
    Path(config.root, FILE).write_text(yaml.safe_dump(data, allow_unicode=True))


def shown(config, language="en") -> str:
    context = context_of(config, read_guide(config), language)
    return fact_tables.table(replace(context, page="index", base="./"), FILE)


def test_a_value_that_was_printed_where_evidence_holds_is_seen_and_linked(guide):
    write(guide, {"value": "armed", "seen": "deep/page#arm"})
    link = '<a class="proof__run" href="./proof/debian-13/deep/page/#arm" title="What arm printed on Debian 13">ran here</a>'
    assert f'<td data-target="debian-13"><code>armed</code><br><small>{link}\n{SOURCE}' in shown(guide)


def test_what_names_no_run_is_documented_and_links_its_source_with_the_day(guide):
    write(guide, {"value": "armed"})
    link = '<a class="documented" href="https://example.org/?a&amp;b" title="tool 1.2, read on 2026-07-21">documented'
    assert shown(guide).count(f'{link}<span class="truth__source"> · tool 1.2, read on 2026-07-21</span></a>') == 2


def test_what_an_older_and_a_newer_release_printed_ran_on_those(guide):
    """debian-13 is newer than ubuntu-24.04; the older one is debian-12, of which this test makes the name only."""
    targets = guide.targets_file
    targets.write_text(targets.read_text() + targets.read_text().split("\n")[0].replace("13", "12") + "\n")
    evidence(guide, read_guide(guide), "debian-12")
    old = {"value": "armed", "seen": "deep/page#arm"}
    for value, kind in (("armed", "ran on Debian 12, 13"), ("other", "documented")):
        cells = {"debian-12": {**old}, DEBIAN: {**old}, UBUNTU: {"value": value}}
        row = {"id": "tool", "name": "tool", "source": "tool-changes", "cells": cells}
        write(guide, old, columns=[*cells], rows=[row])
        cell = shown(guide).split('<td data-target="ubuntu-24.04">')[1].split("</td>")[0]
        assert f">{kind}<" in cell


def test_a_claim_that_no_run_answers_is_not_run_and_its_source_may_be_a_text(guide):
    write(guide, {"value": "x", "source": "forums"}, {"value": "y", "source": {"text": "its page"}}, sources="claims")
    page = shown(guide)
    assert page.count("<span>not run yet</span>") == 2
    assert '<span class="truth__source">forums</span>' in page and '<span class="truth__source">its page</span>' in page


def test_each_language_has_its_own_words(guide):
    write(guide, {"value": {"en": "it is", "zh": "是的"}, "seen": "deep/page#arm", "shows": "arm"})
    page = shown(guide, "zh")
    assert '<td data-target="debian-13">是的<br>' in page and "工具" in page and ">实测</a>" in page and ">有文档<" in page
    assert "the &lt;tool&gt;" in shown(guide)


def test_words_may_have_code_and_emphasis_and_no_other_markup(guide):
    write(guide, {"value": {"en": "`a < b` and *so* <on>", "zh": "x"}, "seen": "deep/page#arm", "shows": "arm"}, {"value": "`a`"})
    page = shown(guide)
    assert "><code>a &lt; b</code> and <em>so</em> &lt;on&gt;<br>" in page
    assert "<code>`a`</code>" in page  # a value that is code is shown as it is


def test_another_value_than_the_printed_one_is_not_seen(guide):
    for value in ("arm", "armed1", "med", "armed+1"):
        write(guide, {"value": value, "seen": "deep/page#arm"})
        assert "proof__run" not in shown(guide), value


@pytest.mark.parametrize(
    "value, printed, found",
    [
        ("1:1.10.7", "Setting up tool (1:1.10.7) ...", True),
        ("1:1.10.7", "tool 1:1.10.7ubuntu3", False),
        ("1.7", "1.7.6", False),
        ("1.7", "It is 1.7.", True),
        ("512M-:192M", "crashkernel=512M-:192M", True),
        ("2.0", "12.0", False),
    ],
)
def test_a_value_has_to_stand_alone(value, printed, found):
    assert stands_in(value, printed) is found


def test_evidence_of_another_target_or_of_earlier_code_does_not_count(guide):
    write(guide, {"value": "x"}, {"value": "armed", "seen": "deep/page#arm"})
    assert "proof__run" not in shown(guide)
    write(guide, {"value": "armed", "seen": "deep/page#arm"})
    assert "proof__run" in shown(guide)
    for language in ("en", "zh"):
        page = guide.docs[language] / "deep/page.md"
        page.write_text(page.read_text().replace("echo armed", "echo  armed"))
    assert "proof__run" not in shown(guide)


def test_a_row_says_for_its_cells_where_they_are_seen_and_a_cell_may_say_otherwise(guide):
    write(guide, {"value": "armed"}, {"value": "armed", "seen": None}, seen="deep/page#arm")
    assert shown(guide).count('class="proof__run"') == 1


def test_the_source_of_a_claim_may_be_a_link(guide):
    write(guide, {"value": "x", "source": {"text": "its page", "url": "https://example.org/?a&b"}}, sources="claims")
    assert '<a class="truth__source" href="https://example.org/?a&amp;b">its page</a>' in shown(guide)


WRONG = {
    "unknown snippet": ({"value": "x", "seen": "deep/page#nope"}, "rows.tool.cells.debian-13.seen: there is no snippet deep/page#nope"),
    "unknown page": ({"value": "x", "seen": "nope#arm"}, "rows.tool.cells.debian-13.seen: there is no snippet nope#arm"),
    "number": ({"value": 1.1}, "rows.tool.cells.debian-13.value: expected text, found the number 1.1: put it in quotes"),
    "other language": ({"value": {"zh": "是"}}, "rows.tool.cells.debian-13.value: expected text in en, found none"),
    "misspelt": ({"value": "x", "sawn": "y"}, "rows.tool.cells.debian-13.sawn: unknown key (known: source, seen, shows, value, traces)"),
    "unknown source": (
        {"value": "x", "source": "tool"},
        "rows.tool.cells.debian-13.source: expected a key of data/sources.yml, found 'tool'",
    ),
    "words without shows": (
        {"value": {"en": "yes", "zh": "是"}, "seen": "deep/page#arm"},
        "rows.tool.cells.debian-13.shows: expected what deep/page#arm prints, since the value is in words, found none",
    ),
}


@pytest.mark.parametrize("cell, message", WRONG.values(), ids=WRONG)
def test_a_wrong_cell_is_an_error_with_its_row_and_column(cell, message, guide):
    write(guide, cell)
    with pytest.raises(GuideError) as error:
        shown(guide)
    key = message.split(":")[0].rsplit(".", 1)[1]
    lines = [line.strip() for line in Path(guide.root, FILE).read_text().split("\n")]
    first, end = lines.index("debian-13:"), lines.index("ubuntu-24.04:")
    line = next((number for number in range(first, end) if lines[number].startswith(f"{key}:")), first)
    assert str(error.value) == f"{FILE}:{line + 1}: {message}"


def test_a_row_needs_a_cell_for_each_column_and_a_column_is_a_target(guide):
    write(guide, {"value": "x"}, columns=[DEBIAN])
    with pytest.raises(GuideError, match=r"rows.tool.cells.ubuntu-24.04: expected one of the columns \(debian-13\), found 'ubuntu-24.04'"):
        shown(guide)
    write(guide, {"value": "x"}, columns=[DEBIAN, "plan-9"])
    with pytest.raises(GuideError, match=r"columns.2: expected a target \(debian-13, ubuntu-24.04\), found 'plan-9'"):
        shown(guide)


def test_a_page_shows_the_table_with_links_from_where_it_is(guide, tmp_path):
    write(guide, {"value": "armed", "seen": "deep/page#arm"})
    for language in ("en", "zh"):
        page = guide.docs[language] / "deep/page.md"
        page.write_text(page.read_text() + f'\n[[[ facts("{FILE}") ]]]\n')
    building.build(guide, tmp_path / "out")
    html = (tmp_path / "out/en/deep/page/index.html").read_text()
    assert 'href="../../proof/debian-13/deep/page/#arm"' in html.split('class="facts ')[1]
    assert '>documented<span class="truth__source">' in html


@pytest.mark.parametrize(
    "text",
    [
        "rows: 5\n", "columns: []\n", "[1]\n", "rows: [{id: a, cells: {debian-13: 5}}]\n", "rows: [{id: a, cells: [1]}]\n",
        "rows: [{id: a, cells: {debian-13: {value: x, traces: 5}}}]\n",
    ],
)  # fmt: skip
def test_a_table_of_releases_that_is_none_breaks_no_other_page(text, tmp_path):
    """The line of what is wrong is told where the table is shown."""
    config = small_guide(tmp_path)
    (tmp_path / "data/releases.yml").write_text(text)
    assert load_traces(config) in ([], [{}], [{"debian-13": frozenset({"x"})}])
    assert References.load(config).rows <= {"a"}
