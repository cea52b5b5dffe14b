"""What the guide has to cover, and that it does: every row of data/topics.yml names sections that exist, in both languages."""

from __future__ import annotations

from collections import defaultdict

import pytest
from guides import ROOT, this_guide

from checks.mkdocs_yml import read_yaml
from checks.targets import skip_reason

TOPICS = read_yaml(ROOT / "data" / "topics.yml")
ROWS = set(range(1, 47))


@pytest.fixture(scope="module")
def guide():
    return this_guide()


@pytest.fixture(scope="module")
def places(guide):
    """language -> its sections, as "page#heading"."""
    found = defaultdict(set)
    for page in guide.pages.values():
        found[page.language] |= {f"{page.name}#{heading.id}" for heading in page.outline.headings if heading.id}
    return found


def test_no_row_of_the_table_is_left_out():
    assert set(TOPICS) == ROWS


@pytest.mark.parametrize("row", sorted(TOPICS))
def test_every_topic_has_a_section_in_both_languages(places, row):
    assert TOPICS[row]["at"]
    for language, there in places.items():
        assert set(TOPICS[row]["at"]) <= there, f"{language}: {set(TOPICS[row]['at']) - there}"


def test_every_claim_is_answered_by_a_snippet_that_runs_and_shows_it(guide):
    snippets = {f"{each.page}#{each.id}": each for page in guide.primary for each in page.snippets}
    rows = read_yaml(ROOT / "data" / "claims.yml")["rows"]
    assert len(rows) >= 20
    for row in rows:
        for target, cell in row["cells"].items():
            snippet = snippets[cell["seen"]]
            assert skip_reason(snippet, target) is None, row["id"]
            assert cell["shows"] in " ".join(snippet.output_for(target).text.split()), row["id"]


def test_the_guide_is_as_large_as_it_says(guide):
    for language in guide.languages:
        pages = guide.of(language)
        assert len(pages) >= 20
        assert sum(len(page.snippets) for page in pages) >= 150


def test_at_most_one_snippet_in_ten_is_not_run(guide):
    snippets = [snippet for page in guide.primary for snippet in page.snippets]
    left_out = [f"{each.page}#{each.id}" for each in snippets if skip_reason(each, "debian-13")]
    assert 10 * len(left_out) <= len(snippets), left_out
