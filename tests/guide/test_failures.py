"""data/failures.yml: each failure has a section, a snippet that shows it or a source, a finding of the doctor, and its row on the page."""

from __future__ import annotations

import re

import pytest
from guides import ROOT, this_guide

from checks.mkdocs_yml import read_yaml
from checks.targets import skip_reason
from doctor.kdump_doctor import FINDINGS

DATA = read_yaml(ROOT / "data" / "failures.yml")
FAILURES = DATA["failures"]
PAGE = "failures/start"
HEADS = {
    "en": "| what you see | where it is shown | finding of the doctor |",
    "zh": "| 现象 | 在哪里演示 | doctor 的结论 |",
}
TOLD = {"en": " (described only)", "zh": "（只有说明）"}


def name(failure: dict) -> str:
    return f"{failure['see']}: {failure['en']}"


@pytest.fixture(scope="module")
def guide():
    return this_guide()


@pytest.fixture(scope="module")
def snippets(guide):
    """Those that run on Debian 13, as "page#snippet"."""
    return {f"{each.page}#{each.id}" for page in guide.primary for each in page.snippets if skip_reason(each, "debian-13") is None}


def test_each_row_of_the_list_is_there():
    assert {failure["row"] for failure in FAILURES if "row" in failure} == set(range(1, 27))


@pytest.mark.parametrize("failure", FAILURES, ids=name)
def test_each_has_a_section_in_both_languages(guide, failure):
    page, _, heading = failure["see"].partition("#")
    for language in guide.languages:
        assert heading in {each.id for each in guide.pages[language, page].outline.headings}


@pytest.mark.parametrize("failure", [failure for failure in FAILURES if "shown" in failure], ids=name)
def test_what_is_marked_as_reproduced_is_a_snippet_that_runs(snippets, failure):
    assert failure["shown"] in snippets
    assert failure["shown"].partition("#")[0] == failure["see"].partition("#")[0], "the section and the snippet are on one page"


def test_enough_are_reproduced():
    assert sum("shown" in failure for failure in FAILURES) >= 26


@pytest.mark.parametrize("failure", FAILURES, ids=name)
def test_the_doctor_names_it_or_cannot_see_it(failure):
    assert ("doctor" in failure) != ("unseen" in failure)
    for kind in failure.get("doctor", []):
        assert kind in FINDINGS, kind


def test_few_are_unseen():
    assert sum("unseen" in failure for failure in FAILURES) <= 4


def address(place: str) -> str:
    """PAGE#SECTION as a link from the page of failures."""
    page, _, heading = place.partition("#")
    near = page.removeprefix("failures/")
    return f"{near}.md#{heading}" if near != page else f"../{page}.md#{heading}"


def tables(language: str, titles: dict[str, str]) -> str:
    """What the page should have in this language. ``titles`` are the texts of links to sections, by PAGE#SECTION."""
    lines = []
    comma = {"en": ", ", "zh": "、"}[language]
    for stage, words in DATA["stages"].items():
        lines += [f"### {words[language]} {{#stage-{stage}}}", "", HEADS[language], "|---|---|---|"]
        for failure in FAILURES:
            if failure["stage"] == stage:
                where = f"[{titles[failure['see']]}]({address(failure['see'])})" + ("" if "shown" in failure else TOLD[language])
                found = comma.join(f"`{kind}`" for kind in failure.get("doctor", [])) or failure["unseen"][language]
                lines.append(f"| {failure[language]} | {where} | {found} |")
        lines.append("")
    return "\n".join(lines)


def without_link_texts(text: str) -> str:
    return re.sub(r"\[[^]]*\]\(", "[](", text)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_has_the_tables(guide, language):
    titles = {f"{page.name}#{each.id}": each.text for page in guide.of(language) for each in page.outline.headings}
    wanted = tables(language, titles)
    page = "\n".join(guide.pages[language, PAGE].prose_lines)
    assert without_link_texts(wanted) in without_link_texts(page), f"write this into {guide.pages[language, PAGE].path}:\n{wanted}"
