"""``./guide status``: for people, for programs, and for the summary of a workflow's job."""

from __future__ import annotations

import json

from guides import evidence, one_language

from checks.commands.job_summary import MOST_FAILURES, job_summary
from checks.commands.status import show_status
from checks.evidence.validity import PageStatus
from checks.pages.reader import read_guide

PAGE = "---\ntitle: A\nmachine: container\n---\n\n# A {#a}\n\n```bash {#one}\ntrue\n```\n"
VALID = PageStatus("debian-13", "a", "valid", "2026-01-02T03:04:05Z", 1.0, 3, 1, "current")
LABELS = {"debian-13": "Debian 13", "ubuntu-24.04": "Ubuntu 24.04 LTS"}


def failing(path, *texts):
    cases = "".join(f'<testcase classname="docs.a.md" name="s{n}"><failure>{text}</failure></testcase>' for n, text in enumerate(texts))
    path.write_text(f'<testsuites><testsuite><testcase classname="docs.a.md" name="ok"/>{cases}</testsuite></testsuites>')
    return path


def test_check_fails_unless_all_evidence_is_valid(tmp_path, capsys):
    config = one_language(tmp_path, {"a": PAGE})
    assert show_status(config, "debian-13", check=True) == 1
    assert show_status(config, "debian-13") == 0
    evidence(config, read_guide(config))
    assert show_status(config, "debian-13", check=True) == 0
    assert show_status(config, None, check=True) == 1, "another target has none"
    capsys.readouterr()
    assert show_status(config, "debian-13", "json", check=True) == 0
    assert [row["state"] for row in json.loads(capsys.readouterr().out)] == ["valid"]


def test_the_summary_is_a_table_of_pages_and_targets():
    stale = PageStatus("ubuntu-24.04", "b", "stale", "2026-01-02T03:04:05Z", 1.0, 2)
    rows = [VALID, PageStatus("debian-13", "b", "missing"), PageStatus("ubuntu-24.04", "a", "missing"), stale]
    assert job_summary(rows, LABELS, []).splitlines() == [
        "| page | Debian 13 | Ubuntu 24.04 LTS |",
        "|---|---|---|",
        "| a | valid 2026-01-02: 3 ran, 1 skipped | missing |",
        "| b | missing | stale 2026-01-02: 2 ran |",
    ]


def test_a_target_that_was_not_asked_for_has_no_column():
    assert job_summary([VALID], LABELS, []).splitlines()[0] == "| page | Debian 13 |"


def test_failures_are_shown_whole_and_cannot_end_their_block(tmp_path):
    report = failing(tmp_path / "junit.xml", "docs/a.md:3: #s0: failed\n````\n# no heading")
    shown = job_summary([VALID], LABELS, [report, tmp_path / "none.xml"])
    assert "**Failed: s0**\n\n`````text\ndocs/a.md:3: #s0: failed\n````\n# no heading\n`````" in shown
    assert "ok" not in shown


def test_many_failures_are_counted(tmp_path):
    shown = job_summary([VALID], LABELS, [failing(tmp_path / "junit.xml", *map(str, range(30)))])
    assert shown.count("**Failed:") == MOST_FAILURES
    assert f"{30 - MOST_FAILURES} more have failed" in shown
