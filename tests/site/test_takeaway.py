"""What ``./guide build --all`` adds: Markdown, llms.txt, the zip, and the links to all of them."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from lxml import etree
from sites import TAKEAWAY_URL, take_along

from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.check import check_site
from checks.site.takeaway import book, offline
from checks.site.takeaway.articles import as_markdown, as_plain_text
from checks.site.takeaway.comments import WIDTH, comment, width
from checks.site.takeaway.pdf_text import once, without_radicals
from checks.site.urls import page_folder

pytest_plugins = ["sites"]


def unpacked(site: Path, folder: Path) -> Path:
    with zipfile.ZipFile(site / offline.ZIP) as archive:
        archive.extractall(folder)
    return folder / offline.FOLDER


def addresses(file: Path) -> list[str]:
    root = etree.fromstring(file.read_bytes(), etree.HTMLParser(encoding="utf-8"))
    return [str(address) for address in root.xpath("//@href | //@src")]


def broken_links(folder: Path) -> list[tuple[str, str]]:
    """The addresses on the pages below a folder that name no file there, or an anchor that the file does not have."""
    broken = []
    for file in folder.rglob("*.html"):
        for address in addresses(file):
            place, anchor = urldefrag(urljoin(file.as_uri(), address))
            named = Path(unquote(urlsplit(place).path))
            if not place.startswith("file:"):
                continue
            if not named.is_file() or (anchor and named.suffix == ".html" and f'id="{unquote(anchor)}"' not in named.read_text()):
                broken.append((str(file.relative_to(folder)), address))
    return broken


def test_a_page_links_its_script_and_its_markdown_and_the_whole_guide_with_sizes(takeaway):
    _, site = takeaway
    for language, label, whole in (("en", "Take it along", "The whole guide: "), ("zh", "带走", "整份指南：")):
        page = (site / language / "deep" / "page" / "index.html").read_text()
        section = page.partition(f'<section class="takeaway" aria-label="{label}">')[2].partition("</section>")[0]
        links = dict(re.findall(r'<a href="([^"]+)"(?: download)?>([^<]+)</a>', section))
        assert list(links) == ["page.sh", "index.html.md", "../../guide.pdf", "../../../guide.zip", "../../../llms.txt"]
        assert all(re.search(r"[(（]\d+ [kM]B[)）]$", text) for text in links.values()), links
        assert whole in section
        for address in links:
            assert (site / language / "deep" / "page" / address).resolve().is_file()


def test_a_plain_build_links_nothing_of_it(small):
    _, out = small
    assert "takeaway" not in (out / "en" / "index.html").read_text()
    assert [*out.glob("**/*.sh"), *out.glob("**/*.md"), *out.glob("*.zip")] == []


def test_the_site_still_shows_and_copies_what_runs_and_so_does_the_zip(takeaway, tmp_path):
    config, site = takeaway
    guide = read_guide(config)
    assert check_site(guide, site) == []
    assert check_site(guide, unpacked(site, tmp_path)) == []


def test_every_link_of_the_zip_names_a_file_of_the_zip(takeaway, tmp_path):
    assert broken_links(unpacked(takeaway[1], tmp_path)) == []


def test_the_zip_of_the_same_site_has_the_same_bytes(takeaway, small, tmp_path):
    config, site = takeaway
    building.build(config, tmp_path / "again")
    take_along(config, tmp_path / "again")
    assert (tmp_path / "again" / offline.ZIP).read_bytes() == (site / offline.ZIP).read_bytes()


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("", ""),
        ("#here", "#here"),
        (".", "./index.html"),
        ("..", "../index.html"),
        ("../a/", "../a/index.html"),
        ("a/#x/", "a/index.html#x/"),
        ("a/?q=/#x", "a/index.html?q=/#x"),
        ("a/b.css", "a/b.css"),
        ("https://a.example/b/", "https://a.example/b/"),
        ("//a.example/b/", "//a.example/b/"),
        ("mailto:a/", "mailto:a/"),
    ],
)
def test_an_address_of_a_folder_becomes_that_of_its_file(address, file):
    assert offline.to_file(address) == file


def test_only_addresses_of_elements_are_changed():
    text = """<p title='href="a/"' data-x="src='b/'">href="c/" <a class="d/" href="e/?f=1&amp;g/#h">x</a><!-- <a href="i/"> --><br/></p>"""
    assert offline.without_server(text, Path("en", "index.html")) == text.replace('"e/?f', '"e/index.html?f')


def test_markdown_has_every_block_verbatim_and_names_the_releases_of_outputs(takeaway):
    config, site = takeaway
    for (language, name), page in read_guide(config).pages.items():
        text = (site / language / page_folder(name) / "index.html.md").read_text()
        for snippet in page.snippets:
            lead = re.search(rf"^([ >]*)`+{snippet.language}\n\1{re.escape(snippet.code.split(chr(10))[0])}", text, re.MULTILINE)
            assert lead, (name, snippet.id)
            shown = "\n".join(f"{lead[1]}{line}" if line else lead[1].rstrip() for line in snippet.code.split("\n"))
            assert f"\n{shown}\n" in text, (name, snippet.id)
    text = (site / "en" / "deep" / "page" / "index.html.md").read_text()
    assert text.startswith("# Crash\n")
    assert "what you should see on Debian 13\n\n```text\narmed\n```" in text
    assert f"[Home]({TAKEAWAY_URL}en/#bytes)" in text
    home = (site / "en" / "index.html.md").read_text()
    assert "> **Careful**" in home and "**One**" in home and "[[[" not in home
    assert "not run: needs a disk" in home and "__release" not in home


def test_llms_txt_lists_every_page_of_both_languages_as_llmstxt_org_has_it(takeaway):
    config, site = takeaway
    lines = (site / "llms.txt").read_text().splitlines()
    assert re.match(r"# \S", lines[0]) and lines[1] == "" and re.match(r"> \S", lines[2])
    assert [line for line in lines if line.startswith("## ")] == ["## English", "## 中文"]
    links = re.findall(r"^- \[[^]]+\]\((\S+)\)(?:: .+)?$", "\n".join(lines), re.MULTILINE)
    assert len(links) == len(read_guide(config).pages)
    assert all((site / link.removeprefix(TAKEAWAY_URL)).is_file() for link in links), links


def test_the_book_has_all_pages_once_and_its_links_stay_within(takeaway):
    config, site = takeaway
    text = (site / "en" / book.PDF).read_text()  # the HTML that would be printed
    root = etree.fromstring(text.encode(), etree.HTMLParser(encoding="utf-8"))
    ids = [str(name) for name in root.xpath("//@id[not(ancestor::svg)]")]
    assert len(ids) == len(set(ids))
    pages = [page.name for page in read_guide(config).of("en")]
    assert [str(name) for name in root.xpath("//body/section/@id")] == [f"_{name.replace('/', '_')}__" for name in pages]
    within = [str(address)[1:] for address in root.xpath("//a/@href[starts-with(., '#')]")]
    assert "_index__bytes" in within and set(within) <= set(ids)
    assert all(str(address).startswith(("#", "https://")) for address in root.xpath("//a/@href"))
    assert root.xpath("//script | //form | //iframe") == []


def test_no_glyph_of_a_pdf_stands_for_a_radical_that_is_also_a_character():
    before = "begincmap\n2 beginbfchar\n<01> <2F00>\n<02> <0041>\nendbfchar\n1 beginbfrange\n<10> <12> <2ED9>\nendbfrange\nendcmap\n"
    after = "begincmap\n5 beginbfchar\n<01> <4E00>\n<02> <0041>\n<10> <97E6>\n<11> <9875>\n<12> <98CE>\nendbfchar\nendcmap\n"
    assert without_radicals(before) == after
    assert without_radicals(after) == after


@pytest.mark.parametrize(
    ("title", "shown"), [("Quick startQuick start", "Quick start"), ("概念概念", "概念"), ("Concepts", "Concepts"), ("", "")]
)
def test_a_title_that_chromium_wrote_twice_is_a_bookmark_once(title, shown):
    assert once(title) == shown


def test_what_a_recording_shows_stays_a_block_of_markdown_and_out_of_scripts():
    shown = '<div class="replays"><pre class="replay__screen"><samp>*panic*\n```\n# [x](y)</samp></pre></div><p>end</p>'
    found = BeautifulSoup(f"<article>{shown}</article>", "lxml").article
    assert as_markdown(found, TAKEAWAY_URL) == "````text\n*panic*\n```\n# [x](y)\n````\n\nend\n"
    assert [line for line, _ in as_plain_text(found).parts()] == ["end"]


@pytest.mark.parametrize("text", ["- 一二三四五六七八，九十。" * 9, "> a word " * 40, "  1. one (two) " * 20, "長（短）“引”" * 20])
def test_comments_fit_a_terminal_and_lose_nothing(text):
    lines = comment(text.strip()).split("\n")
    assert all(line.startswith("#") and width(line) <= WIDTH for line in lines)
    assert all(line.strip("#> ")[0] not in "，。）”" for line in lines)

    def letters(text: str) -> str:
        return re.sub(r"[\s#>]", "", text)

    assert letters("".join(lines)) == letters(text)


def test_a_build_that_cannot_print_leaves_the_old_site(small, tmp_path, monkeypatch):
    config, out = small
    shutil.copytree(out, tmp_path / "out")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(book, "find_chromium", lambda languages: "/bin/false")
    with pytest.raises(GuideError, match="/bin/false could not print the PDFs"):
        building.build(config, tmp_path / "out", everything=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_without_chromium_nothing_is_built_and_the_message_says_what_to_install(small, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GuideError, match="apt-get install chromium"):
        building.build(small[0], tmp_path / "out", everything=True)
    assert not (tmp_path / "out").exists()
