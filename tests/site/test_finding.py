"""The catalogue of messages on a page, and the names by which the search knows sections."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from guides import evidence, small_guide

from checks.model import GuideError, PageErrors
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.context import context_of
from checks.site.finding import catalogue, messages, names

MESSAGES = """\
speakers:
  tool: {en: the tool, zh: 工具}
places:
  terminal: {en: the `terminal`, zh: 终端}
messages:
  - id: armed
    group: good
    text: "arm…"
    by: tool
    where: [terminal]
    means: {en: "All is <well>: `x`.", zh: 一切正常。}
    see: deep/page#after
    source: tool 1.2
    seen: deep/page#arm
  - id: never
    group: bad
    text: "tool: … nev%d: 0x… times"
    by: tool
    where: [terminal]
    means: {en: Bad., zh: 坏。}
    see: index#bytes
    source: tool 1.2
"""


@pytest.fixture
def guide(tmp_path):
    """A small guide whose page deep/page has been run on debian-13: #arm printed "armed"."""
    config = small_guide(tmp_path)
    evidence(config, read_guide(config))
    (config.root / catalogue.FILE).write_text(MESSAGES)
    return config


def context(config, language="en"):
    return replace(context_of(config, read_guide(config), language), page="index", base="./")


def headings(config):
    page = read_guide(config).pages["en", "deep/page"]
    return [heading.id for heading in page.outline.headings]


def test_a_message_has_an_anchor_its_meaning_and_a_link_to_the_section_and_to_the_recording(guide):
    shown = messages.messages(context(guide), "good")
    assert '<h3 class="message__text" id="message-armed"><code>arm…</code>' in shown
    assert "All is &lt;well&gt;: <code>x</code>." in shown
    assert re.search(r'<a href="./deep/page/#after">See [^<]+\.</a>', shown)
    assert '<a class="proof__run" href="./proof/debian-13/deep/page/#arm">seen on Debian 13</a>' in shown
    assert "the tool · the <code>terminal</code> · " in shown and shown.count("tool 1.2") == 1


def test_each_language_has_its_own_words(guide):
    shown = messages.messages(context(guide, "zh"), "good")
    assert "一切正常。" in shown and "工具" in shown and "在 Debian 13 上见过" in shown


@pytest.mark.parametrize(("old", "new"), [("    seen: deep/page#arm\n", ""), ('"arm…"', '"harm…"')])
def test_what_no_run_has_printed_is_not_shown_as_seen(guide, old, new):
    file = guide.root / catalogue.FILE
    file.write_text(file.read_text().replace(old, new))
    assert "seen on" not in messages.messages(context(guide), "good")


def test_evidence_of_earlier_code_does_not_count(guide):
    for language in ("en", "zh"):
        page = guide.docs[language] / "deep/page.md"
        page.write_text(page.read_text().replace("echo armed", "echo  armed"))
    assert "seen on" not in messages.messages(context(guide), "good")


def test_a_group_that_no_message_has_is_an_error(guide):
    with pytest.raises(GuideError, match=r"data/messages.yml has no group other \(known: good, bad\)"):
        messages.messages(context(guide), "other")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("see: index#bytes", "see: index#nowhere", "there is no section index#nowhere"),
        ("seen: deep/page#arm", "seen: deep/page#leg", "there is no snippet deep/page#leg"),
        ("{en: Bad., zh: 坏。}", "{en: Bad.}", "expected text in zh, found none"),
        ("{en: Bad., zh: 坏。}", "{en: Bad., zh: 坏。, fr: Mal.}", "expected a language of the guide (en, zh)"),
        ("    group: bad\n", "", "expected the key group"),
    ],
)
def test_a_mistake_is_named_with_its_line(guide, old, new, problem):
    assert old in MESSAGES
    (guide.root / catalogue.FILE).write_text(MESSAGES.replace(old, new, 1))
    with pytest.raises(PageErrors, match=re.escape(problem)) as raised:
        messages.messages(context(guide), "good")
    assert re.match(r"data/messages\.yml:[0-9]+: ", str(raised.value))


@pytest.mark.parametrize(
    ("message", "line", "found"),
    [
        ("tool: … failed", "x tool: it failed y", True),
        ("tool: … failed", "failed tool: it", False),
        ("tool", "a tool", True),
        ("…tool…", "tool", True),
    ],
)
def test_a_line_has_a_message_when_its_pieces_come_in_order(message, line, found):
    assert catalogue.in_line(message, line) is found


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("no such file", "no such file"),
        ("tool: … nev%d: 0x… times", "tool: … nev%d: … times"),
        ("stuck for …s! […]", "stuck for"),
        ("CPU#… up", "CPU# … up"),
    ],
)
def test_a_word_that_a_gap_touches_is_no_part_of_a_name(message, name):
    assert names.whole_words(message) == name


def test_the_index_of_the_search_has_the_names_of_each_section(guide, tmp_path):
    first = headings(guide)[0]
    (guide.root / names.FILE).write_text(f"- see: deep/page#{first}\n  words: [deeply, 深处]\n")
    building.build(guide, tmp_path / "out")
    for language in ("en", "zh"):
        index = json.loads(Path(tmp_path, "out", language, names.INDEX).read_text())
        tags = {section["location"]: section.get("tags") for section in index["docs"]}
        assert {"deeply", "深处"} <= set(tags["deep/page/"])
        assert "tool: … nev%d: … times" in tags["#bytes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- see: deep/page#x\n  word: [x]\n",
            ["1: 1: expected the key words, found no such key", "2: 1.word: unknown key (known: see, words, same)"],
        ),
        ("- words: [x]\n", ["1: 1: expected the key see, found no such key"]),
        ("- same: [x]\n", ["1: 1.same: expected a list of at least 2, found a list"]),
        ("- same: [x, y]\n  see: deep/page#x\n", ["2: 1.see: unknown key (known: see, words, same)"]),
    ],
)
def test_a_wrong_entry_of_the_words_is_told_as_the_one_kind_that_it_is(guide, text, expected):
    (guide.root / names.FILE).write_text(text)
    with pytest.raises(PageErrors) as raised:
        names.load_names(context(guide))
    assert str(raised.value).split("\n") == [f"{names.FILE}:{line}" for line in expected]


def test_a_section_of_the_words_has_to_exist(guide):
    (guide.root / names.FILE).write_text("- see: deep/page#nowhere\n  words: [x]\n")
    with pytest.raises(PageErrors, match=r"data/search.yml:1: .*there is no section deep/page#nowhere"):
        names.load_names(context(guide))


def test_a_section_that_one_language_lacks_is_told(guide):
    file = guide.root / "docs/zh/deep/page.md"
    file.write_text(file.read_text().replace("{#after}", "{#later}"))
    told = r"data/messages.yml:\d+: messages.\w+.see: there is no section deep/page#after in every language"
    with pytest.raises(GuideError, match=told):
        catalogue.load(guide.root, read_guide(guide))
