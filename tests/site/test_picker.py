"""The choice of a release, in a browser: what is shown for each, with mouse and keyboard, over pages and languages, and without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import axe_playwright_python
import pytest
from guides import evidence, small_guide
from sites import VIOLATIONS

from checks.pages.reader import read_guide
from checks.pages.references import load_traces, own_words
from checks.site import build as building
from checks.targets import load_targets

pytest_plugins = ["sites"]
pytestmark = pytest.mark.browser

EXTRA = """
## More {#more}

A sentence. [[[ documented("page") ]]]

<div data-target="ubuntu-24.04" markdown>

Only there.

```bash {#only data-target="ubuntu-24.04"}
true
```

</div>

[[[ by_release("size") ]]]

[[[ facts("data/releases.yml") ]]]
"""
SOURCES = "page: {title: a page, url: https://example.org/, read: 2026-07-21}\n"
RELEASES = """\
columns: [debian-13, ubuntu-24.04]
rows:
  - id: size
    name: {en: size, zh: 大小}
    source: page
    cells:
      debian-13: {value: 192M}
      ubuntu-24.04: {value: 320M}
"""
# The texts of the elements that a reader sees.
SEEN = "(all) => all.filter((each) => each.checkVisibility()).map((each) => each.textContent.trim())"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The small guide, run on debian-13, with a page that has everything that is for some releases."""
    folder = tmp_path_factory.mktemp("picker")
    config = small_guide(folder)
    (folder / "data" / "sources.yml").write_text(SOURCES)
    (folder / "data" / "releases.yml").write_text(RELEASES)
    for language in ("en", "zh"):
        page = folder / f"docs/{language}/deep/page.md"
        page.write_text(page.read_text() + EXTRA)
    evidence(config, read_guide(config))
    building.build(config, folder / "out")
    return folder / "out"


def seen(page, selector: str) -> list[str]:
    return page.eval_on_selector_all(f".md-content {selector}", SEEN)


def state(page) -> dict[str, list[str]]:
    selectors = {
        "captions": ".expected__on span", "outputs": ".expected code", "blocks": ".release__label", "values": ".by-release dt",
        "columns": ".facts thead th", "note": ".picker__note span", "runs": ".proof__run",
    }  # fmt: skip
    return {name: seen(page, selector) for name, selector in selectors.items()}


ALL = {
    "captions": ["what you should see on Debian 13", "what you should see on Ubuntu 24.04"],
    "outputs": ["armed"],  # the other one is folded
    "blocks": ["Ubuntu 24.04"],
    "values": ["Debian 13", "Ubuntu 24.04"],
    "columns": ["Debian 13", "Ubuntu 24.04"],
    "note": [],
}


def test_each_release_sees_its_own_and_all_sees_all_with_names(site, visit):
    page = visit(site, "/en/deep/page/")
    assert {**state(page), **ALL} == state(page)
    page.select_option("#__release", "debian-13")
    found = state(page)
    assert (found["captions"], found["outputs"]) == (["what you should see on Debian 13"], ["armed"])
    assert (found["blocks"], found["values"], found["columns"]) == ([], ["Debian 13"], ["Debian 13"])
    assert found["note"] == ["All of this page ran on Debian 13."]
    page.select_option("#__release", "ubuntu-24.04")
    found = state(page)
    assert (found["captions"], found["outputs"]) == (["what you should see on Ubuntu 24.04"], ["armed elsewhere"])
    assert (found["blocks"], found["values"], found["columns"]) == (["Ubuntu 24.04"], ["Ubuntu 24.04"], ["Ubuntu 24.04"])
    assert found["note"] == ["Nothing on this page has run on Ubuntu 24.04. Outputs are those of Debian 13, and say so."]
    page.select_option("#__release", "")
    assert {**state(page), **ALL} == state(page)
    page.click("details.expected summary")
    assert seen(page, ".expected code") == ["armed", "armed elsewhere"]
    page.context.close()


def test_what_others_printed_is_shown_with_their_names(site, visit):
    page = visit(site, "/en/")
    page.select_option("#__release", "ubuntu-24.04")
    assert set(seen(page, ".expected__on span")) == {"Debian 13 printed"}
    assert len(seen(page, ".expected code")) == page.locator(".expected code").count()
    page.context.close()


def test_the_choice_lasts_over_pages_and_languages_and_is_there_before_the_page_is_drawn(site, visit):
    page = visit(site, "/en/deep/page/")
    page.select_option("#__release", "ubuntu-24.04")
    page.goto(page.url.replace("/deep/page/", "/"))
    assert page.input_value("#__release") == "ubuntu-24.04"
    page.click("a[data-keep-anchor]")
    page.wait_for_url("**/zh/")
    page.goto(page.url + "deep/page/")
    assert page.input_value("#__release") == "ubuntu-24.04"
    assert seen(page, ".by-release dt") == ["Ubuntu 24.04"]
    assert page.evaluate("document.documentElement.dataset.release") == "ubuntu-24.04"
    # The script stands in the head and is not deferred: it has run before the first element of the page is there.
    assert page.eval_on_selector("head script[src$='release.js']", "each => !each.defer && !each.async")
    page.context.close()


def test_a_release_that_the_guide_has_no_more_counts_as_none(site, visit):
    page = visit(site, "/en/deep/page/")
    for stored in ("plan-9", '"] * {display: none} ['):
        page.evaluate("stored => localStorage.setItem('guide.release', stored)", stored)
        page.reload()
        assert page.input_value("#__release") == ""
        assert {**state(page), **ALL} == state(page)
    page.context.close()


def test_it_works_from_the_keyboard(site, visit):
    page = visit(site, "/en/deep/page/")
    page.focus("h1 a.headerlink")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "__release"
    page.keyboard.press("ArrowDown")
    assert page.input_value("#__release") == "debian-13"
    assert seen(page, ".by-release dt") == ["Debian 13"]
    page.keyboard.press("ArrowDown")
    assert seen(page, ".by-release dt") == ["Ubuntu 24.04"]
    page.context.close()


def test_it_has_a_name_and_the_note_is_announced(site, visit):
    for language, name in (("en", "Your release"), ("zh", "你的版本")):
        page = visit(site, f"/{language}/deep/page/")
        assert page.get_by_label(name).evaluate("each => each.tagName") == "SELECT"
        assert page.get_attribute(".picker__note", "role") == "status"
        page.context.close()


def test_without_scripts_all_stands_there_with_names_and_there_is_no_choice(site, visit):
    page = visit(site, "/en/deep/page/", java_script_enabled=False)
    for selector, count in ((".expected", 2), (".release", 1), (".by-release > div", 2), (".facts thead th", 2)):
        assert page.locator(f"{selector} >> visible=true").count() == count
    assert not page.is_visible("#__release") and not page.is_visible(".picker__note")
    assert page.locator(".expected__on span:visible").all_inner_texts() == ALL["captions"]
    assert [code.strip() for code in page.locator(".expected code:visible").all_inner_texts()] == ["armed", "armed elsewhere"]
    assert page.locator("[data-only]:visible").count() == 0
    page.context.close()


def test_a_link_to_what_is_for_another_release_shows_it(site, visit):
    page = visit(site, "/en/deep/page/")
    page.select_option("#__release", "debian-13")
    page.goto(page.url + "#only")
    page.reload()
    assert page.is_visible("#only")
    assert page.evaluate("localStorage.getItem('guide.release')") == "debian-13"
    page.goto(page.url.partition("#")[0])
    assert page.input_value("#__release") == "debian-13"
    page.context.close()


@pytest.mark.parametrize("release", ["", "debian-13", "ubuntu-24.04"])
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_accessibility(release, language, scheme, site, visit):
    page = visit(site, f"/{language}/deep/page/", color_scheme=scheme, bypass_csp=True)
    page.select_option("#__release", release)
    page.add_script_tag(path=Path(axe_playwright_python.__file__).with_name("axe.min.js"))
    page.wait_for_timeout(400)
    found = page.evaluate(VIOLATIONS, ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    page.context.close()
    assert found == []


# Words that many sentences have for another reason than a release, such as "6.12" and "y", say nothing here.
TELLING = re.compile(r"(?=.*\d).{6,}")
# What is visible of the article, without outputs that say whose they are, and without the head's note.
FREE_TEXT = """() => {
    const others = (span) => span.getClientRects().length && /printed|输出/.test(span.textContent);
    const named = (each) => [...each.querySelectorAll('.expected__on span')].some(others);
    const walker = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
    const found = [], known = new Map();
    // The same for all texts of one output or value, for which the browser has to lay the page out.
    const once = (each, ask) => {
        if (!known.has(each)) known.set(each, ask(each));
        return known.get(each);
    };
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        const output = parent.closest('.expected');
        // A value from an output has the names of its releases in it.
        const value = parent.closest('.value');
        const whose = value && once(value, (each) => /Debian|Ubuntu/.test(each.innerText));
        if (parent.getClientRects().length && !parent.closest('.picker') && !(output && once(output, named)) && !whose) {
            found.push(walker.currentNode.textContent);
        }
    }
    return found.join('');
}"""
PAGES = ("quick-start", "crashkernel", "releases", "install")


def test_no_number_of_another_release_is_visible_where_it_matters_most(whole, visit):
    """Of each page, language and release: the texts by which data/releases.yml knows the values of the others."""
    config, out = whole
    traces, targets = load_traces(config), load_targets(config)
    wrong = []
    for language in config.languages:
        for name in PAGES:
            page = visit(out, f"/{language}/{name}/")
            for target in targets:
                page.select_option("#__release", target)
                text = page.evaluate(FREE_TEXT)
                words = own_words(traces, target, [other for other in targets if other != target], text)
                wrong += [f"{language}/{name} for {target}: {word}" for word in sorted(words) if TELLING.fullmatch(word)]
            page.context.close()
    assert wrong == [], "\n".join(wrong)
