"""The site of ./guide serve after an edit: what is shown at once, what only with the whole site, and what errors there are."""

from __future__ import annotations

import pytest
from guides import evidence, small_guide

from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.rendering.served import Site

# What stands in the place of a letter of the code, once the file `wrong` is there: an extension could do that.
HOOK = """
from pathlib import Path

def on_page_content(html, **_):
    return html.replace("sysrq-trigger", "sysrq-trigge") if Path(__file__).with_name("wrong").exists() else html
"""


class Served:
    """A small guide that is served, with evidence of debian-13."""

    def __init__(self, folder):
        (folder / "guide").mkdir()
        self.config = small_guide(folder / "guide")
        evidence(self.config, read_guide(self.config))
        (self.config.root / "hook.py").write_text(HOOK)
        for file in self.config.languages.values():
            file.write_text(file.read_text() + "\nhooks: [hook.py]\n")
        self.site = Site(self.config, building.MkDocsProcesses(self.config), folder / "site", building.LOCAL_URL)
        assert self.site.build() and self.site.error is None

    def edit(self, name, old, new):
        """Replace a text that a file of the guide has once."""
        file = self.config.root / name
        assert file.read_text().count(old) == 1
        file.write_text(file.read_text().replace(old, new))

    def shown(self, path):
        return (self.site.root / path).read_text()


@pytest.fixture
def served(tmp_path):
    return Served(tmp_path)


def test_an_edit_of_prose_shows_by_itself_and_the_search_finds_it_after_the_whole_build(served):
    pages = {path: path.stat().st_ino for path in served.site.root.rglob("*.html")}
    assert served.site.is_current()
    served.edit("docs/en/index.md", "Search for", "Look for quickly, search for")
    assert not served.site.is_current()
    assert served.site.build_pages() and served.site.error is None
    assert "Look for quickly" in served.shown("en/index.html")
    assert [path for path, inode in pages.items() if path.stat().st_ino != inode] == [served.site.root / "en/index.html"]
    assert "quickly" not in served.shown("en/search/search_index.json")
    assert not served.site.is_current(), "the whole site has to follow"
    at_once = served.shown("en/index.html")
    assert served.site.build() and served.site.error is None
    assert served.shown("en/index.html") == at_once
    assert "quickly" in served.shown("en/search/search_index.json")
    assert served.site.is_current()


def test_pages_of_both_languages_are_shown_at_once(served):
    served.edit("docs/en/deep/page.md", "[Home]", "One more. [Home]")
    served.edit("docs/zh/index.md", "\n# ", "\n再来一句。\n\n# ")
    assert served.site.build_pages() and served.site.error is None
    assert "One more." in served.shown("en/deep/page/index.html") and "再来一句。" in served.shown("zh/index.html")


def test_a_whole_build_that_is_superseded_changes_nothing(served):
    served.edit("docs/en/index.md", "Search for", "Look for quickly, search for")
    assert served.site.build_pages()
    folder = served.site.root.resolve()
    asked = []
    assert not served.site.build(lambda: bool(asked) or asked.append("once"))
    assert served.site.root.resolve() == folder and served.site.error is None and not served.site.is_current()
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(("site-", "pages"))] == [folder.name]
    served.edit("docs/en/index.md", "quickly", "at once")
    assert served.site.build_pages() and "Look for at once" in served.shown("en/index.html")
    assert served.site.build() and "Look for at once" in served.shown("en/search/search_index.json")


BROKEN = {  # what a page is edited to have, and what is said of it
    "a fence": ("```bash foo\nx\n```\n\nSearch for", "docs/en/index.md:8: `bash foo` after the fence"),
    "a macro": ('[[[ diagram("nothing") ]]]\n\nSearch for', "docs/en/index.md:8: "),
    "a link": ("[there](#nowhere), search for", "docs/en/index.md:8: Doc file 'index.md' contains a link '#nowhere'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_page_is_an_error_until_it_is_mended(case, served):
    text, error = BROKEN[case]
    served.edit("docs/en/index.md", "Search for", text)
    before = served.shown("en/index.html")
    assert served.site.build_pages()
    assert served.site.error.startswith(error)
    assert served.shown("en/index.html") == before
    assert served.site.is_current(), "the whole site would have the same error"
    served.edit("docs/en/index.md", text, "Mended: search for")
    assert served.site.build_pages() and served.site.error is None
    assert "Mended" in served.shown("en/index.html")
    assert served.site.build() and served.site.error is None


def test_a_heading_to_which_another_page_links_is_missed_at_once(served):
    served.edit("docs/zh/index.md", "{#bytes}", "{#octets}")
    assert served.site.build_pages()
    assert "'../index.md#bytes'" in served.site.error


WHOLE = {  # a change of the guide after which no page is built by itself
    "a new page": lambda served: (served.config.root / "docs/en/new.md").write_text("# New\n"),
    "a page that is gone": lambda served: (served.config.root / "docs/en/deep/page.md").unlink(),
    "a title": lambda served: served.edit("docs/en/index.md", "title: Home", "title: At home"),
    "front matter": lambda served: served.edit("docs/en/index.md", "title: Home", "title: Home\ndescription: Words"),
    "data": lambda served: served.edit("data/targets.yml", "label: Debian 13", "label: Debian thirteen"),
    "settings": lambda served: served.edit("mkdocs.en.yml", "hooks: [hook.py]", "hooks: [hook.py]\ncopyright: mine"),
    "the theme": lambda served: (served.config.root / "theme/diagrams/more.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "evidence": lambda served: next(served.config.evidence_dir.rglob("*.json")).unlink(),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_other_pages_show_is_built_with_the_whole_site(case, served):
    served.edit("docs/en/index.md", "Search for", "Look for quickly, search for")
    WHOLE[case](served)
    assert not served.site.is_current()
    assert not served.site.build_pages()
    assert "quickly" not in served.shown("en/index.html")


def test_after_a_build_that_failed_the_whole_site_is_built(served):
    served.edit("data/targets.yml", "label: Debian 13", "lable: Debian 13")
    assert served.site.build() and "data/targets.yml:1" in served.site.error
    served.edit("data/targets.yml", "lable: Debian 13", "label: Debian 13")
    served.edit("docs/en/index.md", "Search for", "Look for quickly, search for")
    assert not served.site.build_pages() and served.site.build() and served.site.error is None


def test_what_an_editor_keeps_beside_a_page_builds_nothing(served):
    for name in (".index.md.swp", "index.md~", "#index.md#", "4913"):
        (served.config.root / "docs/en" / name).write_text("x")
    assert served.site.is_current()


def test_code_that_is_shown_otherwise_than_it_runs_is_not_served(served):
    (served.config.root / "wrong").touch()
    served.edit("docs/en/deep/page.md", "[Home]", "Prose. [Home]")
    before = served.shown("en/deep/page/index.html")
    assert served.site.build_pages()
    assert served.site.error.startswith("docs/en/deep/page.md:") and "the site shows" in served.site.error
    assert served.shown("en/deep/page/index.html") == before


def test_the_badges_of_an_edited_snippet_end_at_once(served):
    assert 'href="./proof/debian-13/index/#special">Debian 13' in served.shown("en/index.html")
    served.edit("docs/en/index.md", "*a* _b_", "*a* _c_")
    assert served.site.build_pages() and served.site.error is None
    assert "*a* _c_" in served.shown("en/index.html")
    at_once = served.shown("en/index.html")
    assert at_once.count("proof__run") == 0
    assert served.site.build() and served.shown("en/index.html") == at_once
