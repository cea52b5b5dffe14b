"""The whole guide with all that ``./guide build --all`` makes, its PDFs printed by Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile

import pytest
from pypdf import PdfReader
from replaying import arrives_at, opened
from searching import Search
from sites import TAKEAWAY_URL

from checks.lint.program import tool
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site.takeaway import book, make, offline

pytest_plugins = ["sites"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def printed(whole, tmp_path_factory):
    """The guide, and its site with everything."""
    config, out = whole
    guide = read_guide(config)
    site = tmp_path_factory.mktemp("printed") / "out"
    shutil.copytree(out, site)
    try:
        chromium = book.find_chromium(guide.languages)
    except GuideError as missing:
        pytest.skip(str(missing))
    make.add(config, guide, site, TAKEAWAY_URL, chromium)
    return guide, site


def test_every_page_with_one_machine_has_a_script_that_shellcheck_passes(printed):
    guide, site = printed
    files = sorted(path for language in guide.languages for path in (site / language).rglob("*.sh"))
    assert len(files) == sum(bool(page.snippets) and not page.peer for page in guide.pages.values())
    done = subprocess.run([tool("shellcheck"), "--norc", *files], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pdf_has_a_bookmark_for_each_page_in_order_and_text_that_can_be_copied(printed, language):
    guide, site = printed
    pdf = PdfReader(site / language / book.PDF)
    pages = guide.of(language)
    marks = [str(mark.title) for mark in pdf.outline if not isinstance(mark, list)]
    assert marks == [page.outline.headings[0].text for page in pages]
    text = re.sub(r"\s+", "", "".join(sheet.extract_text() for sheet in pdf.pages))
    written = "".join(file.read_text(encoding="utf-8") for file in (site / language).rglob("*.html"))
    assert set(re.findall("[\u2e80-\u9fff]", text)) - set(written) == set(), "what nobody who looks for a word types"
    for page in pages:
        for heading in page.outline.headings:
            if "\x02" in heading.text:  # stands for code within a heading
                continue
            assert re.sub(r"\s+", "", heading.text) in text, (page.name, heading.text)
    assert {"en": "Nowpanic.", "zh": "不经复位"}[language] in text
    assert pdf.trailer["/Root"]["/Lang"] == {"en": "en", "zh": "zh-Hans"}[language]
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_links_between_pages_stay_in_the_pdf(printed):
    pdf = PdfReader(printed[1] / "en" / book.PDF)
    links = [note.get_object() for sheet in pdf.pages for note in sheet.get("/Annots", ())]
    within = [link for link in links if "/Dest" in link or link.get("/A", {}).get("/S") == "/GoTo"]
    addresses = [str(link["/A"]["/URI"]) for link in links if link.get("/A", {}).get("/S") == "/URI"]
    assert len(within) > 100
    assert [address for address in addresses if address.startswith("file:")] == []


@pytest.fixture(scope="module")
def unpacked(printed, tmp_path_factory):
    """The zip of the whole guide, unpacked."""
    place = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(printed[1] / offline.ZIP) as archive:
        archive.extractall(place)
    return place / offline.FOLDER


def test_the_zip_of_the_whole_guide_is_searched_without_a_server(unpacked, browser):
    for language, query in (("en", "no crashkernel= parameter in the kernel cmdline"), ("zh", "崩溃转储")):
        page = browser.new_page()
        page.goto((unpacked / language / "index.html").as_uri())
        search = Search(page)
        assert search.paste(query)
        assert search.told == []
        page.close()


def test_a_crash_is_replayed_without_a_server(unpacked, browser):
    page = browser.new_page()
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto((unpacked / "en" / "quick-start" / "index.html").as_uri())
    frame = opened(page)
    frame.click("[data-at]:has-text('reboot')")
    arrives_at(frame, "login")
    assert told == []
    page.close()
