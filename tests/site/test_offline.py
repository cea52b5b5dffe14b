"""The zip, unpacked and opened from file:// in a browser: pages, languages, search, the choice of a release."""

from __future__ import annotations

import zipfile

import pytest
from searching import FIELD, Search

from checks.site.takeaway import offline

pytest_plugins = ["sites"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(takeaway, tmp_path_factory):
    """The unpacked zip of the small guide. Its name is one that an address cannot have as it is."""
    place = tmp_path_factory.mktemp("read me, 内核")
    with zipfile.ZipFile(takeaway[1] / offline.ZIP) as archive:
        archive.extractall(place)
    return place / offline.FOLDER


@pytest.fixture
def read(browser, folder):
    """A function that opens a file of the folder. Messages in the console, failed requests and requests to a network fail the test."""
    told, asked, contexts = [], [], []

    def open_file(*path):
        contexts.append(browser.new_context(offline=True))
        page = contexts[-1].new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: told.append(f"{request.url}: {request.failure}"))
        page.goto(folder.joinpath(*path).as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert told == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []


def test_from_the_root_to_a_page_and_to_the_other_language(read):
    page = read("index.html")
    page.click("text=Read in English")
    page.wait_for_url("**/en/index.html")
    page.wait_for_load_state("networkidle")  # A page that is left earlier aborts the request for its icon.
    page.goto(page.evaluate("document.querySelector('a[href*=\"deep/page\"]').href"))
    assert page.inner_text("h1").startswith("Crash")
    page.goto(f"{page.url}#after")
    page.click("a[data-keep-anchor]")
    page.wait_for_url("**/zh/deep/page/index.html#after")
    assert page.inner_text("h2#after").startswith("之后")


@pytest.mark.parametrize(
    ("language", "query", "result"),
    [("en", "sysrq", "index.html"), ("en", "Crash", "deep/page/index.html"), ("zh", "预留内存", "index.html")],
)
def test_the_search_finds_and_its_results_open(read, language, query, result):
    page = read(language, "index.html")
    assert result in Search(page).paste(query)
    page.click(f'.md-search-result__item > a[href*="/{language}/{result}"] >> nth=0')
    page.wait_for_url(f"**/{language}/{result}*")


def test_the_search_goes_on_after_a_query_that_finds_nothing(read):
    page = read("en", "index.html")
    search = Search(page)
    assert search.paste("zzzzqqqq") == []
    assert search.paste("sysrq") != []
    assert page.input_value(FIELD) == "sysrq"


def test_a_release_that_was_chosen_hides_what_is_for_others_and_is_remembered(read):
    page = read("en", "deep", "page", "index.html")
    outputs = page.locator(".expected")
    assert outputs.nth(1).is_visible()
    page.select_option("#__release", "debian-13")
    assert outputs.nth(0).is_visible() and not outputs.nth(1).is_visible()
    page.reload()
    assert page.input_value("#__release") == "debian-13"


def test_a_copy_button_yields_the_snippet(read, browser):
    page = read("en", "deep", "page", "index.html")
    page.wait_for_selector("button[data-md-type=copy]", state="attached")
    assert page.get_attribute("#arm", "data-copy") == "echo armed"
