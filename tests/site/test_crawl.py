"""The whole site of this guide: every link and anchor, the weight of every page, and every page in a browser.

In the browser each page is opened in both schemes of colours, on a phone and on a desktop: no message on the console, no
request that fails, nothing wider than the screen, no text below 12 px, and nothing that axe finds against WCAG 2.2 AA. A
request to another host fails the session (`visit` in sites.py). All pages take minutes; the quick run looks at a few.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import axe_playwright_python
import pytest
from guides import this_guide
from lxml import html
from sites import VIOLATIONS

from checks.site.build import LOCAL_URL
from checks.site.urls import TRANSCRIPTS, page_folder

pytest_plugins = ["sites"]

FIRST_LOAD_BYTES = 100_000  # gzip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
SCREENS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}
LOOKS = [(screen, scheme) for screen in SCREENS for scheme in ("light", "dark")]
# In the quick run each of these is opened in one of the looks.
SAMPLE = ["/en/", "/zh/quick-start/", "/en/failures/start/", "/zh/verified/"]

# The texts that are shown in less than 12 px, the size from which Lighthouse calls a text legible. Drawings are scaled as a whole.
SMALL = """() => {
    const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const part = walk.currentNode.parentElement, size = parseFloat(getComputedStyle(part).fontSize);
        const shown = walk.currentNode.data.trim() && !part.closest("svg, script, style") && part.getClientRects().length;
        if (shown && size < 12) found.push(`${size} px: ${part.outerHTML.slice(0, 100)}`);
    }
    return found;
}"""


@cache
def ids(file: Path) -> frozenset[str]:
    return frozenset(html.parse(str(file)).xpath("//@id | //a/@name"))


def pages(out: Path) -> list[Path]:
    return sorted(out.rglob("*.html"))


def address(out: Path, file: Path) -> str:
    """The address of a page on the site's host."""
    return "/" + file.relative_to(out).as_posix().removesuffix("index.html")


def wrong_links(out: Path, file: Path) -> Iterator[str]:
    """The links of a page that lead to no file of the site, or to no element of a page."""
    base = urljoin(LOCAL_URL, address(out, file))
    for link in dict.fromkeys(html.parse(str(file)).xpath("//a/@href | //link/@href | //script/@src | //img/@src")):
        parts = urlsplit(urljoin(base, link))
        if parts.netloc != urlsplit(LOCAL_URL).netloc:
            continue
        path = out / unquote(parts.path).lstrip("/")
        target = path / "index.html" if path.is_dir() or parts.path.endswith("/") else path
        if not target.is_file():
            yield f"{address(out, file)}: {link} leads nowhere"
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in ids(target):
            yield f"{address(out, file)}: {link} names no element"


def test_every_link_leads_to_a_file_and_every_anchor_to_an_element(whole):
    _, out = whole
    found = pages(out)
    assert len(found) > 100
    assert [problem for file in found for problem in wrong_links(out, file)] == []


def test_no_placeholder_of_markdown_is_left_in_a_page_or_in_the_search(whole):
    """What stands for a part of a page while Markdown works (``markdown.util``) is seen where a text is taken too early."""
    _, out = whole
    files = [*pages(out), *out.rglob("search_index.json")]
    left = [file.relative_to(out).as_posix() for file in files if re.search("wzxhzdk:|klzzwxh:", file.read_text(encoding="utf-8"))]
    assert left == []


@cache
def packed(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 6, mtime=0))


def test_a_content_page_is_light(whole):
    """All that a page names in its head and at its end, and the page itself, as a server sends it; the search loads more."""
    _, out = whole
    weights = {}
    for page in this_guide().pages.values():
        file = out / page.language / page_folder(page.name) / "index.html"
        named = html.parse(str(file)).xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src | //img/@src")
        loaded = {(file.parent / urlsplit(link).path).resolve() for link in named}
        weights[f"{page.language}/{page.name}"] = packed(file) + sum(map(packed, loaded))
    assert {name: weight for name, weight in weights.items() if weight > FIRST_LOAD_BYTES} == {}


def problems(page, path: str, base: str) -> list[str]:
    """What is wrong with a page that is opened at ``base + path``."""
    told: list[str] = []
    listeners = {
        "console": lambda message: told.append(f"console: {message.text}") if message.type in ("error", "warning") else None,
        "pageerror": lambda error: told.append(f"error: {error}"),
        # What the page before had not loaded yet is given up when this one is opened.
        "requestfailed": lambda request: told.append(f"{request.failure}: {request.url}") if "ERR_ABORTED" not in request.failure else None,
        "response": lambda response: told.append(f"{response.status}: {response.url}") if response.status >= 400 else None,
    }
    page.goto("about:blank")
    for event, listener in listeners.items():
        page.on(event, listener)
    page.goto(base + path)
    page.wait_for_timeout(50)
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    # What is open only on request has to be as good.
    page.evaluate("document.querySelectorAll('.chart__numbers, details.failed:first-of-type').forEach(each => { each.open = true; })")
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if width[0] > width[1]:
        told.append(f"{width[0]} px wide on a screen of {width[1]} px")
    told += page.evaluate(SMALL)
    page.evaluate(AXE.read_text())
    return [f"{path}: {problem}" for problem in [*told, *map(str, page.evaluate(VIOLATIONS, TAGS))]]


@pytest.mark.browser
@pytest.mark.parametrize("path, look", list(zip(SAMPLE, LOOKS, strict=True)), ids=str)
def test_a_page_is_fit_for_every_reader(path, look, whole, visit):
    screen, scheme = look
    page = visit(whole[1], "/en/", viewport=SCREENS[screen], color_scheme=scheme, bypass_csp=True)
    found = problems(page, path, page.evaluate("location.origin"))
    page.context.close()
    assert found == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("screen, scheme", LOOKS)
def test_every_page_is_fit_for_every_reader(screen, scheme, whole, visit):
    _, out = whole
    page = visit(out, "/en/", viewport=SCREENS[screen], color_scheme=scheme, bypass_csp=True)
    base = page.evaluate("location.origin")
    addresses = [address(out, file) for file in pages(out) if file.name != "404.html"]
    transcripts = [path for path in addresses if f"/{TRANSCRIPTS}/" in path]
    # Transcripts are of two templates: each is opened in one of the looks.
    chosen = [path for path in addresses if path not in transcripts] + transcripts[LOOKS.index((screen, scheme)) :: len(LOOKS)]
    found = [problem for path in chosen for problem in problems(page, path, base)]
    page.context.close()
    assert found == []


# The row of pixels above the text of a block, from the first to the last: is one of them in another colour?
EDGES = """async ([picture]) => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, 1), drawn = canvas.getContext("2d");
    drawn.drawImage(image, 0, 4, image.width, 1, 0, 0, image.width, 1);
    const pixel = x => [...drawn.getImageData(x, 0, 1, 1).data].join();
    return [pixel(6), pixel(Math.floor(image.width / 2)), pixel(image.width - 3)];
}"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_line_that_goes_on_beyond_the_edge_is_seen_to_do_so_on_a_phone(scheme, small, visit):
    """A shadow is at the right edge of a block with a long line, until the end of the line is in view; and then at the left one."""
    page = visit(small[1], "/en/", viewport=SCREENS["phone"], color_scheme=scheme, has_touch=True, is_mobile=True)
    block = page.locator("#special pre > code")

    def edges():
        return page.evaluate(EDGES, [base64.b64encode(block.screenshot()).decode()])

    assert block.evaluate("code => code.scrollWidth > code.clientWidth")
    _, middle, right = edges()
    assert right != middle
    block.evaluate("code => { code.scrollLeft = code.scrollWidth; }")
    page.wait_for_timeout(100)
    left, middle, right = edges()
    assert right == middle != left
    page.context.close()


@pytest.mark.browser
def test_the_keyboard_does_not_enter_the_closed_drawer_of_a_phone(small, visit):
    page = visit(small[1], "/en/", viewport=SCREENS["phone"])
    inside = "document.activeElement.closest('.md-sidebar--primary') !== null"
    for _ in range(40):
        page.keyboard.press("Tab")
        assert not page.evaluate(inside)
    page.locator("label.md-header__button[for=__drawer]").click()
    link = page.locator(".md-sidebar--primary a.md-nav__link:visible").first
    link.focus()
    assert page.evaluate(inside)
    page.context.close()


@pytest.mark.browser
def test_latin_words_have_no_emphasis_dots_in_chinese_and_han_characters_do(whole, visit):
    page = visit(whole[1], "/zh/quick-start/")
    style = "each => getComputedStyle(each).textEmphasisStyle"
    latin = page.locator(".md-content em .latin")
    assert latin.count() > 0
    assert {latin.nth(number).evaluate(style) for number in range(latin.count())} == {"none"}
    assert (
        page.evaluate("""() => [...document.querySelectorAll('.md-content em')].flatMap(em => [...em.childNodes])
        .filter(node => node.nodeType === 3 && /[A-Za-z]/.test(node.data)).length""")
        == 0
    )
    page.context.close()
