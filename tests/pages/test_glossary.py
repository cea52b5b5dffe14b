"""The glossary: what its file may say, what a page shows of it, and that pages use its words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from guides import ROOT, this_config, this_guide, two_languages

from checks.config import Config
from checks.model import GuideError
from checks.pages import glossary
from checks.pages.glossary import avoided_names, load_terms
from checks.pages.reader import read_guide
from checks.site import build as building

TERMS = """\
# A comment, so that lines count.
- id: mill
  group: water
  see: deep/page.md#wheel
  en: {term: mill, also: [water mill, works], avoid: [millhouse], text: It grinds & sings.}
  zh: {term: 磨坊, avoid: [碾房], text: 它碾磨谷物。}
- id: weir
  group: water
  see: index.md#home
  en: {term: weir, text: A low dam.}
  zh: {term: 堰, text: 低矮的水坝。}
- id: loaf
  group: bread
  see: null
  en: {term: loaf, text: What comes of it.}
  zh: {term: 面包, text: 最后得到的东西。}
"""
INDEX = {"en": "# Home {#home}\n\n[[[ glossary() ]]]\n", "zh": "# 首页 {#home}\n\n[[[ glossary() ]]]\n"}
PAGE = {"en": "# Deep {#deep}\n\n## The wheel {#wheel}\n\nText.\n", "zh": "# 深处 {#deep}\n\n## 轮子 {#wheel}\n\n文字。\n"}


def guide_of(folder: Path, file: str = TERMS, index: dict[str, str] = INDEX, page: dict[str, str] = PAGE) -> Config:
    config = two_languages(folder, {language: {"index": index[language], "deep/page": page[language]} for language in ("en", "zh")})
    (folder / glossary.FILE).write_text(file)
    return config


def shown(folder: Path, **parts) -> dict[str, str]:
    """The home page of either language, as the site has it."""
    building.build(guide_of(folder, **parts), folder / "out")
    return {language: (folder / "out" / language / "index.html").read_text() for language in ("en", "zh")}


def refusal(folder: Path, old: str, new: str) -> str:
    """What a guide is told whose glossary has ``new`` in the place of ``old``."""
    config = guide_of(folder, TERMS.replace(old, new))
    with pytest.raises(GuideError) as told:
        load_terms(config, read_guide(config))
    return str(told.value)


def test_a_term_shows_its_other_names_its_sentence_its_twin_and_where_it_is_explained(tmp_path):
    pages = shown(tmp_path)
    for language, parts in {
        "en": ('id="term-mill"', "<dt>mill<", '<span class="glossary__other" lang="zh-Hans">磨坊</span>', "It grinds &amp; sings.",
               "also: water mill, works", '<a href="./deep/page/#wheel">see Deep: The wheel</a>'),
        "zh": ('id="term-mill"', "<dt>磨坊<", '<span class="glossary__other" lang="en">mill</span>', "它碾磨谷物。",
               '<a href="./deep/page/#wheel">详见深处：轮子</a>'),
    }.items():  # fmt: skip
        assert [part for part in parts if part not in pages[language]] == []
    assert "又称" not in pages["zh"]


def test_a_term_that_a_page_s_first_heading_explains_names_the_page_once(tmp_path):
    assert '<a href="./#home">see Home</a>' in shown(tmp_path)["en"]


def test_the_order_is_that_of_the_file(tmp_path):
    page = shown(tmp_path)["en"]
    assert page.index('"term-mill"') < page.index('"term-weir"') < page.index('"term-loaf"')


def test_a_page_shows_the_groups_that_it_names_and_links_from_where_it_is(tmp_path):
    page = {language: f'{text}\n[[[ glossary("water") ]]]\n' for language, text in PAGE.items()}
    index = {language: text.replace("glossary()", 'glossary("bread")') for language, text in INDEX.items()}
    home = shown(tmp_path, index=index, page=page)["en"]
    deep = (tmp_path / "out/en/deep/page/index.html").read_text()
    assert ["term-mill" in home, "term-loaf" in home] == [False, True]
    assert ["term-mill" in deep, "term-loaf" in deep] == [True, False]
    assert 'href="../../#home"' in deep


def test_a_link_to_a_term_is_known_to_the_site(tmp_path):
    shown(tmp_path, page={language: f"{text}\n[x](../index.md#term-mill)\n" for language, text in PAGE.items()})


def test_a_link_to_a_term_that_is_not_there_fails_the_build(tmp_path):
    with pytest.raises(GuideError, match="does not contain an anchor '#term-bill'"):
        shown(tmp_path, page={language: f"{text}\n[x](../index.md#term-bill)\n" for language, text in PAGE.items()})


@pytest.mark.parametrize(
    "old, new, expected",
    [
        ("deep/page.md#wheel", "deep/pond.md#wheel", [f"4: mill.see: there is no page deep/pond.md in {of}" for of in ("en", "zh")]),
        ("deep/page.md#wheel", "deep/page.md#keel", [f"4: mill.see: docs/{of}/deep/page.md has no heading #keel" for of in ("en", "zh")]),
        ("deep/page.md#wheel", "deep/page.md", ["4: mill.see: expected PAGE.md#HEADING, found 'deep/page.md'"]),
        ("  zh: {term: 磨坊, avoid: [碾房], text: 它碾磨谷物。}\n", "", ["2: mill: expected the key zh, found no such key"]),
        ("also: [water mill, works]", "alias: x", ["5: mill.en.alias: unknown key (known: term, text, also, avoid)"]),
        ("group: water\n  see: deep", "grupp: water\n  see: deep", ["3: mill.grupp: unknown key (known: id, group, see, en, zh)"]),
    ],
    ids=["page", "heading", "no heading", "language", "key of a language", "key"],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_line_and_id(old, new, expected, tmp_path):
    assert refusal(tmp_path, old, new).split("\n") == [f"data/glossary.yml:{text}" for text in expected]


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    assert refusal(tmp_path, "- id: weir\n  group: water\n  see: index.md#home", "- id: mill\n  see: null\n- id: Loaf!").split("\n") == [
        "data/glossary.yml:7: mill: expected the key en, found no such key",
        "data/glossary.yml:7: mill: expected the key zh, found no such key",
        "data/glossary.yml:9: Loaf!.id: expected an id of lower-case letters, digits and single hyphens, found 'Loaf!'",
    ]


def test_no_two_terms_have_one_id(tmp_path):
    assert (
        refusal(tmp_path, "- id: weir", "- id: mill") == "data/glossary.yml:7: mill.id: expected an id of its own, found the one of line 2"
    )


def test_a_wrong_term_fails_the_build_at_the_page_that_shows_it(tmp_path):
    config = guide_of(tmp_path, TERMS.replace("#wheel", "#keel"))
    with pytest.raises(GuideError) as told:
        building.build(config, tmp_path / "out")
    expected = "data/glossary.yml:4: mill.see: docs/en/deep/page.md has no heading #keel\ndata/glossary.yml:4: mill.see: "
    assert str(told.value).startswith(f"docs/en/index.md:3: {expected}")


def test_a_group_without_terms_fails_the_build(tmp_path):
    with pytest.raises(GuideError, match="glossary: data/glossary.yml has no term of the group wine"):
        shown(tmp_path, index={language: text.replace("glossary()", 'glossary("wine")') for language, text in INDEX.items()})


def test_names_to_avoid_are_found_in_prose_and_only_there(tmp_path):
    page = {
        "en": "# Deep {#deep}\n\nThe Millhouse.\n\n`millhouse` and [it](https://example.org/millhouse); the millhouses.\n\n"
        "## The wheel {#wheel}\n\n```text\nmillhouse\n```\n",
        "zh": "# 深处 {#deep}\n\n## 轮子 {#wheel}\n\n旧碾房旁边。\n",
    }
    config = guide_of(tmp_path, page=page)
    assert list(map(str, avoided_names(config, read_guide(config)))) == [
        "docs/en/deep/page.md:3: `millhouse`: expected mill, as data/glossary.yml:2 has it",
        "docs/zh/deep/page.md:5: `碾房`: expected 磨坊, as data/glossary.yml:2 has it",
    ]


# ---- this guide's own


@pytest.fixture(scope="module")
def own():
    config, guide = this_config(), this_guide()
    return config, guide, load_terms(config, guide)


def test_the_pages_use_none_of_the_names_that_the_glossary_avoids(own):
    config, guide, _ = own
    assert list(map(str, avoided_names(config, guide))) == []


def test_the_glossary_page_shows_every_group(own):
    config, _, loaded = own
    for language in config.languages:
        page = (config.docs[language] / "glossary.md").read_text()
        assert [group for group in dict.fromkeys(term.group for term in loaded) if f'glossary("{group}")' not in page] == []


def test_no_two_terms_of_a_language_are_alike(own):
    config, _, loaded = own
    for language in config.languages:
        named = [term.words[language].term.casefold() for term in loaded]
        assert [name for name in set(named) if named.count(name) > 1] == []


def test_every_entry_of_the_file_is_loaded(own):
    assert [term.id for term in own[2]] == [entry["id"] for entry in yaml.safe_load((ROOT / glossary.FILE).read_text())]
