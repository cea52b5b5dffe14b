"""The table of what the guide's own program said of the failures that the pages bring about."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from guides import ROOT, evidence, small_guide

from checks.evidence.digest import sealed
from checks.model import GuideError, PageErrors
from checks.pages.reader import read_guide
from checks.site.context import context_of
from checks.site.finding import diagnoses

FILE = """\
stages:
  armed: {en: not on, zh: 没开}
failures:
  - {stage: armed, row: 1, see: "deep/page#after", shown: "deep/page#arm", doctor: [switch.off], en: "it says `no`", zh: "它说 `no`"}
  - {stage: armed, see: "deep/page#after", doctor: [never.shown], en: never shown, zh: 没有演示}
"""


@pytest.fixture
def guide(tmp_path):
    config = small_guide(tmp_path)
    evidence(config, read_guide(config))
    (config.root / diagnoses.FILE).write_text(FILE)
    return config


def answered(config, *ids, level="fault"):
    """Put the program's answer, with findings of these names, into the evidence of deep/page#arm."""
    file = config.evidence_dir / "debian-13" / "deep" / "page.json"
    data = json.loads(file.read_text())
    findings = [{"id": "a.note", "level": "note"}, *({"id": name, "level": level} for name in ids)]
    answer = {"command": ["doctor.py"], "sha256": "0" * 64, "status": 1, "output": json.dumps({"findings": findings})}
    next(entry for entry in data["snippets"] if entry["id"] == "arm")["examined"] = answer
    recording = file.with_suffix(".cast.gz")
    file.write_bytes(sealed({key: value for key, value in data.items() if key not in ("digest", "console_sha256")}, recording.read_bytes()))


def shown(config, language="en"):
    return diagnoses.diagnoses(replace(context_of(config, read_guide(config), language), page="index", base="./"))


def test_a_failure_that_is_named_first_counts_and_links_the_run(guide):
    answered(guide, "switch.off", "something.else")
    html = shown(guide)
    assert "Of 1 failures on the pages, it named 1 first." in html
    assert '<a href="./deep/page/#after">it says <code>no</code></a>' in html
    assert '<a class="proof__run" href="./proof/debian-13/deep/page/#arm"><code>switch.off</code></a></td>' in html
    assert "它说 <code>no</code>" in shown(guide, "zh")


OTHERS = [(["other.thing", "switch.off"], "<code>other.thing</code></a>"), ([], "<code>a.note</code></a>")]


@pytest.mark.parametrize(("ids", "text"), OTHERS)
def test_another_finding_first_does_not_count(guide, ids, text):
    answered(guide, *ids)
    assert "Of 1 failures on the pages, it named 0 first." in shown(guide)
    assert f"{text} (another cause)" in shown(guide)


def test_a_note_counts_where_nothing_is_wrong_and_no_other_note_is_before_it(guide):
    answered(guide, "switch.off", level="note")
    assert "it named 0 first" in shown(guide)
    findings = [{"id": "switch.off", "level": "note"}, {"id": "a.note", "level": "note"}]
    assert diagnoses.first_finding({"command": ["doctor.py"], "output": json.dumps({"findings": findings})}) == "switch.off"
    assert diagnoses.first_finding({"command": ["doctor.py"], "output": json.dumps({"findings": []})}) == ""


def test_without_an_answer_the_table_says_so(guide):
    assert "<td>not asked yet</td>" in shown(guide)
    assert "never shown" not in shown(guide)


def test_an_answer_of_earlier_code_does_not_count(guide):
    answered(guide, "switch.off")
    for language in ("en", "zh"):
        page = guide.docs[language] / "deep/page.md"
        page.write_text(page.read_text().replace("echo armed", "echo  armed"))
    assert "<td>not asked yet</td>" in shown(guide)


def test_mistakes_in_the_file_are_named(guide):
    (guide.root / diagnoses.FILE).write_text(FILE.replace("deep/page#arm", "deep/page#leg"))
    with pytest.raises(GuideError, match=r"data/failures.yml: there is no snippet deep/page#leg"):
        shown(guide)
    (guide.root / diagnoses.FILE).write_text(FILE.replace("stage: armed", "step: armed"))
    with pytest.raises(PageErrors, match=r"data/failures.yml:4: "):
        shown(guide)


def test_the_failures_of_this_guide_can_be_read():
    assert len(diagnoses.read(ROOT).failures) > 50
