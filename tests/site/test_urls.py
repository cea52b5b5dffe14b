"""The addresses on the built site."""

from __future__ import annotations

import pytest
from guides import this_config

from checks import config as configuration
from checks.model import GuideError
from checks.pages.rules import page_names
from checks.site import urls


@pytest.mark.parametrize(
    "name, folder", [("index", ""), ("quick-start", "quick-start/"), ("install/verify", "install/verify/"), ("install/index", "install/")]
)
def test_a_page_is_in_the_folder_that_mkdocs_makes(name, folder):
    assert urls.page_folder(name) == folder
    assert urls.page_url("../", name) == f"../{folder}"
    assert urls.page_url("../", name, "part") == f"../{folder}#part"


def test_no_page_may_take_the_place_of_the_transcripts():
    assert urls.TRANSCRIPTS in page_names.TAKEN


@pytest.mark.parametrize("url, base", [("", "./"), ("quick-start/", "../"), ("install/verify/", "../../")])
def test_the_base_leads_from_a_page_to_the_folder_of_its_language(url, base):
    assert urls.base_from_page(url) == base


@pytest.mark.parametrize("page, base", [("index", "../../../"), ("install/verify", "../../../../")])
def test_the_base_leads_from_a_transcript_to_the_folder_of_its_language(page, base):
    assert urls.base_from_transcript(page) == base
    assert urls.transcript_folder("debian-13", page) == f"proof/debian-13/{page}/"


def test_a_transcript_has_a_part_for_each_snippet():
    assert urls.transcript_url("../", "debian-13", "index") == "../proof/debian-13/index/"
    assert urls.transcript_url("../", "debian-13", "install/verify", "arm") == "../proof/debian-13/install/verify/#arm"


def test_a_language_without_a_tag_is_its_own_tag():
    assert [urls.hreflang({"zh": {"hreflang": "zh-Hans"}, "fr": {}}, language) for language in ("zh", "fr", "en")] == [
        "zh-Hans",
        "fr",
        "en",
    ]


def test_twins_come_from_mkdocs_yml():
    assert this_config().twins["zh"] == {"name": "中文", "hreflang": "zh-Hans"}


@pytest.mark.parametrize("twins", ["[en, zh]", "{en: English}"])
def test_twins_of_another_form_are_an_error_that_names_the_key(twins, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\nextra: {{twins: {twins}}}\n")
    with pytest.raises(GuideError, match=r"mkdocs\.yml:2: extra\.twins(\.en)?: expected `key: value` lines, found"):
        configuration.load(tmp_path / "mkdocs.yml")
