"""A step that failed for the reader: where the link below it leads, and the report that they can copy."""

from __future__ import annotations

import pytest
import yaml
from guides import ROOT, evidence, small_guide, this_guide

from checks.model import PageErrors
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.aids import failed_steps

pytest_plugins = ["sites"]

STEPS = {
    "events": {"crash": "deep/page#after"},
    "pages": {"index": "index#bytes", "deep/page": "index#bytes"},
    "snippets": {},
}


def write(config, **changed) -> None:
    (config.root / failed_steps.FILE).write_text(yaml.safe_dump({**STEPS, **changed}))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The small guide with such links, run on debian-13, built."""
    folder = tmp_path_factory.mktemp("failed")
    config = small_guide(folder)
    write(config)
    evidence(config, read_guide(config))
    building.build(config, folder / "out")
    return folder / "out"


def test_each_page_of_the_guide_with_snippets_has_an_answer_that_exists_in_each_language():
    guide = this_guide()
    steps = failed_steps.load(ROOT, guide)
    assert steps is not None
    for page in guide.pages.values():
        for snippet in page.snippets:
            name, _, section = steps.place(snippet).partition("#")
            assert section in {heading.id for heading in guide.pages[page.language, name].outline.headings}, snippet.id


def test_the_nearest_entry_counts(tmp_path):
    config = small_guide(tmp_path)
    guide = read_guide(config)
    snippets = {snippet.id: snippet for snippet in guide.pages["en", "deep/page"].snippets}
    write(config)
    steps = failed_steps.load(config.root, guide)
    assert steps and [steps.place(snippets[name]) for name in ("arm", "panic")] == ["index#bytes", "deep/page#after"]
    write(config, snippets={"deep/page#panic": "index#bytes"})
    steps = failed_steps.load(config.root, guide)
    assert steps and steps.place(snippets["panic"]) == "index#bytes"


WRONG = {
    "a page without an answer": (
        {"pages": {"index": "index#bytes"}},
        "pages: expected an entry for deep/page, which has snippets, found none",
    ),
    "unknown page": ({"pages": {**STEPS["pages"], "nope": "index#bytes"}}, "pages.nope: there is no page nope with snippets"),
    "unknown section": ({"events": {"crash": "index#nope"}}, "events.crash: there is no section index#nope"),
    "unknown snippet": ({"snippets": {"index#nope": "index#bytes"}}, "there is no snippet index#nope"),
    "unknown event": ({"events": {"fire": "index#bytes"}}, "events.fire: expected one of reboot, kexec, crash, panic, found 'fire'"),
    "no section": ({"events": {"crash": "index"}}, "events.crash: expected PAGE#SECTION, such as grub#lost, found 'index'"),
}


@pytest.mark.parametrize("changed, message", WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_an_error_with_its_line(changed, message, tmp_path):
    config = small_guide(tmp_path)
    write(config, **changed)
    with pytest.raises(PageErrors) as error:
        failed_steps.load(config.root, read_guide(config))
    assert str(error.value).startswith("data/failed-steps.yml:") and message in str(error.value)


def test_a_guide_without_the_file_has_no_such_links(small):
    page = (small[1] / "en/deep/page/index.html").read_text()
    assert 'class="failed"' not in page and "__report" not in page and "report.js" not in page


def test_the_text_of_the_report_is_on_the_page_once(site):
    page = (site / "en/deep/page/index.html").read_text()
    assert page.count("What was printed:") == 1 and page.count('class="failed"') == 2


@pytest.mark.browser
def test_without_scripts_the_link_to_the_section_is_there(site, visit):
    page = visit(site, "/en/deep/page/", java_script_enabled=False)
    page.click(".failed summary >> nth=0")
    page.click(".failed a:visible")
    assert page.url.endswith("/en/#bytes")
    page.context.close()


@pytest.mark.browser
def test_a_report_names_page_snippet_release_and_versions_and_can_be_copied(site, visit):
    page = visit(site, "/en/deep/page/?x")
    page.focus(".failed summary >> nth=1")
    page.keyboard.press("Enter")
    report = page.locator("#__report-text")
    assert "Page: Crash, http://127.0.0.1:" in report.input_value() and "Snippet: #panic" in report.input_value()
    assert "Release chosen on the page: –\n" in report.input_value()
    page.select_option("#__release", "debian-13")
    assert "Release chosen on the page: Debian 13\nThe page ran there: 2026-01-02, Linux 6.12" in report.input_value()
    assert "kdump-tools 1.10" in report.input_value()
    page.fill("#__report-text", report.input_value() + "nothing\n")
    page.click(".report button")
    page.wait_for_function("document.querySelector('.report [role=status]').textContent === 'copied'")
    assert page.evaluate("navigator.clipboard.readText()").endswith("What was printed:\nnothing\n")
    page.click(".failed summary >> nth=0")
    assert "Snippet: #arm" in report.input_value() and page.locator(".failed[open]").count() == 1
    page.context.close()


@pytest.mark.browser
def test_a_release_on_which_nothing_ran_is_named_without_versions(site, visit):
    page = visit(site, "/zh/deep/page/")
    page.select_option("#__release", "ubuntu-24.04")
    page.click(".failed summary >> nth=0")
    assert "页面上选定的版本：Ubuntu 24.04 LTS\n本页在该版本上的运行：–\n" in page.locator("#__report-text").input_value()
    page.context.close()
