"""Proof pages show what was printed: markup as text, and characters that nobody can see by their numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from recorded import changed, site_with_evidence

from checks.site import transcripts

PAGE = """---
machine: vm
---

# T {#t}

```bash {#panic data-expect="crash"}
echo c | sudo tee /proc/sysrq-trigger
```
"""
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;</pre>"


@pytest.fixture
def site(tmp_path):
    return site_with_evidence(tmp_path, PAGE)[:2]


def rendered(config, guide, change) -> str:
    """The proof page of evidence that was changed, and sealed anew."""
    path: Path = config.evidence_dir / "debian-13" / "index.json"
    changed(path, change)
    (written,) = transcripts.write(config, guide, config.root / "out")
    assert (written.parent / "evidence.json").read_bytes() == path.read_bytes(), "a reader can check the bytes that were signed"
    return written.read_text()


@pytest.mark.parametrize("key", ["kernel", "image", "emulator", "accelerator"])
def test_markup_in_what_a_run_was_on_is_text(site, key):
    html = rendered(*site, lambda data: data.update({key: MARKUP}))
    assert "<script>alert" not in html
    assert MARKUP in "".join(etree.HTML(html).itertext()) or MARKUP.upper() in "".join(etree.HTML(html).itertext())


@pytest.mark.parametrize("key", ["output", "panic", "boot_id_before", "boot_id_after"])
def test_markup_in_what_a_snippet_did_is_text(site, key):
    html = rendered(*site, lambda data: data["snippets"][0].update({key: MARKUP}))
    assert "<script>alert" not in html
    assert MARKUP in "".join(etree.HTML(html).itertext())


def test_markup_in_packages_stages_and_dumps_is_text(site):
    def change(data):
        data["packages"] = {MARKUP: MARKUP}
        data["snippets"][0]["stages"] = {MARKUP: 0.1}
        data["snippets"][0]["dump"]["path"] = MARKUP

    html = rendered(*site, change)
    assert "<script>alert" not in html
    assert "".join(etree.HTML(html).itertext()).count(MARKUP) == 4


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\u202e", "<U+202E>"), ("\u2066", "<U+2066>"), ("\x9b", "<U+009B>"), ("\x85", "<U+0085>"), ("\u200b", "<U+200B>"),
        ("\u00ad", "<U+00AD>"), ("\u2028", "<U+2028>"), ("\ufeff", "<U+FEFF>"), ("\U000e0041", "<U+E0041>"), ("\ue000", "<U+E000>"),
        ("\x1b", "\u241b"), ("\x00", "\u2400"), ("\x08", "\u2408"), ("\x0b", "\u240b"), ("\x7f", "\u2421"),
    ],
)  # fmt: skip
def test_what_nobody_can_see_in_an_output_is_made_visible(site, character, shown):
    html = rendered(*site, lambda data: data["snippets"][0].update(output=f"a{character}b\tc\nd"))
    assert character not in html
    assert f"a{shown}b\tc\nd" in "".join(etree.HTML(html).itertext())


def test_words_of_any_language_stay_as_they_were_printed(site):
    text = "内核 Kernelpanik größer \N{CHECK MARK} a\u0301"
    assert text in rendered(*site, lambda data: data["snippets"][0].update(output=text))
