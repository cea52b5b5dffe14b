"""The built site in a browser. A request to another host fails the session: see `visit` in sites.py."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
import pytest
from sites import VIOLATIONS

from checks.mkdocs_yml import site_settings
from checks.pages.fences import Reader
from checks.pages.frontmatter import read as read_front_matter
from checks.pages.reader import read_guide
from checks.site.urls import page_folder

pytest_plugins = ["sites"]
pytestmark = pytest.mark.browser


# Also presses a button in a tab that is not open.
PRESS = """button => {
    button.closest('.tabbed-block')?.style.setProperty('display', 'block');
    button.scrollIntoView({block: 'center'});
    button.click();
}"""


def copied(page, button) -> str:
    page.evaluate("navigator.clipboard.writeText('nothing was copied')")
    button.evaluate(PRESS)
    for _ in range(400):
        text = page.evaluate("navigator.clipboard.readText()")
        if text != "nothing was copied":
            return text
        page.wait_for_timeout(25)
    return text


def press_every_button(config, out, visit):
    """Press every copy button of every page, and compare what it yields with what was extracted. Returns the number of buttons."""
    pressed = 0
    for (language, name), meant in read_guide(config).pages.items():
        fences = (
            Reader(site_settings(config.languages[language])).read(read_front_matter((config.root / meant.path).read_text()).body).fences
        )
        expected = [fence.code.rstrip() for fence in fences if "output" not in fence.classes]
        page = visit(out, f"/{language}/{page_folder(name)}")
        if expected:
            page.wait_for_selector("button[data-md-type=copy]", state="attached")
        assert [copied(page, button) for button in page.query_selector_all("button[data-md-type=copy]")] == expected, meant.path
        pressed += len(expected)
        page.context.close()
    return pressed


def test_every_copy_button_yields_what_was_extracted(small, visit):
    assert press_every_button(*small, visit) == 22


@pytest.mark.slow
def test_every_copy_button_of_the_whole_guide_yields_what_ran(whole, visit):
    assert press_every_button(*whole, visit) > 0


def test_a_change_of_language_keeps_page_and_anchor(small, visit):
    page = visit(small[1], "/en/deep/page/#after")
    for language, heading in (("zh", "之后"), ("en", "After")):
        page.click("a[data-keep-anchor]")
        page.wait_for_url(f"**/{language}/deep/page/#after")
        assert page.inner_text("h2#after").startswith(heading)
    page.context.close()


def test_the_policy_lets_only_files_of_the_site_run(small, visit):
    """No script of the theme is refused; a script within the page is, and so is the code of an attribute."""
    page = visit(small[1], "/en/deep/page/")
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.reload()
    page.wait_for_selector("button[data-md-type=copy]", state="attached")
    assert told == []
    assert page.evaluate("[typeof __md_get, __md_scope.pathname]") == ["function", "/en/"]
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.within = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<p id=p onclick='window.attribute = true'>x</p>");
        document.getElementById("p").click();
    }""")
    assert page.evaluate("[window.within, window.attribute]") == [None, None]
    assert len([text for text in told if "Content Security Policy" in text]) == 2
    page.context.close()


def test_the_colours_that_a_reader_chose_stay(small, visit):
    page = visit(small[1], "/en/", color_scheme="light")
    before = page.get_attribute("body", "data-md-color-scheme")
    page.click("label[for=__palette_1]:visible, label[for=__palette_0]:visible")
    page.wait_for_function("before => document.body.dataset.mdColorScheme !== before", arg=before)
    chosen = page.get_attribute("body", "data-md-color-scheme")
    page.goto(page.url + "deep/page/", wait_until="commit")
    page.wait_for_selector("h1")
    assert page.get_attribute("body", "data-md-color-scheme") == chosen != before
    page.context.close()


@pytest.mark.parametrize("query", ["崩溃转储", "预留内存", "512M", "sysrq"])
def test_search_finds(query, small, visit):
    page = visit(small[1], "/zh/")
    page.keyboard.press("/")
    page.fill(".md-search__input", query)
    page.keyboard.press("Shift")  # the theme looks when a key is let go
    page.wait_for_selector(".md-search-result__item", timeout=120_000)
    assert page.locator(".md-search-result__item").count() >= 1
    page.context.close()


def test_the_root_lets_choose_a_language_without_scripts(small, visit):
    page = visit(small[1], "/", java_script_enabled=False)
    page.click("text=阅读中文版")
    assert page.url.endswith("/zh/")
    assert page.inner_text("h1").startswith("小指南")
    page.click("a[data-keep-anchor]")
    assert page.url.endswith("/en/")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/en/", "/zh/deep/page/", "/en/proof/debian-13/deep/page/", "/"])
def test_accessibility(path, scheme, small, visit):
    """axe-core finds nothing against WCAG 2.2 A and AA, nor against its own best practice."""
    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js")
    page = visit(small[1], path, color_scheme=scheme, bypass_csp=True)
    page.add_script_tag(path=axe)
    page.wait_for_timeout(400)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate(VIOLATIONS, tags)
    page.context.close()
    assert found == []
