"""The search box leads from a symptom to the page that explains it: first or second, in both languages, whatever characters are in it."""

from __future__ import annotations

import pytest
from guides import ROOT
from searching import Search

from checks.mkdocs_yml import read_yaml

pytest_plugins = ["sites"]
pytestmark = pytest.mark.browser

QUERIES = read_yaml(ROOT / "tests" / "site" / "symptoms.yml")


def test_there_are_enough_queries_in_each_language():
    assert len(QUERIES) >= 300
    assert min(sum(query["language"] == language for query in QUERIES) for language in ("en", "zh")) >= 140


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_symptom_finds_the_page_that_explains_it(language, step, whole, visit):
    """One page is opened for all queries of a language. At least 95 in 100 have their page first or second, and none is invalid.

    All of them take more than a minute, so ``./guide test`` asks every fourth, and ``./guide test --all`` each.
    """
    page = visit(whole[1], f"/{language}/")
    search = Search(page)
    missed = []
    queries = [query for query in QUERIES if query["language"] == language][::step]
    assert len(queries) >= 60
    for query in queries:
        found = search.paste(query["query"])
        assert search.told == [], query
        if not set(found[:2]) & set(query["pages"].split()):
            missed.append((query["query"], query["pages"], found[:5]))
    page.context.close()
    assert len(missed) <= 0.05 * len(queries), missed


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_message_can_be_read_on_a_narrow_screen(language, whole, visit):
    page = visit(whole[1], f"/{language}/messages/#message-no-crashkernel", viewport={"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cut_off = "code => code.getBoundingClientRect().right > innerWidth || code.getBoundingClientRect().left < 0"
    assert page.evaluate(f"[...document.querySelectorAll('.message__text code')].filter({cut_off}).map(code => code.textContent)") == []
    page.wait_for_function("Math.abs(document.getElementById('message-no-crashkernel').getBoundingClientRect().top) < innerHeight")
    page.context.close()
