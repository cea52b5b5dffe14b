"""A changed output names the package that has changed: what the report says beside the evidence of the page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from guides import guide, page, this_config

from checks.evidence.files import write_evidence
from checks.evidence.fingerprints import snippet_fingerprints
from checks.model import Outcome, PageRun
from checks.running.versions import SHOWN, SHOWN_CHARACTERS, since_evidence
from checks.targets import load_targets

BEFORE = {"kdump-tools": "1:1.10.6", "crash": "8.0.6-1"}


class Machine:
    """Answers as a session does, of a machine with these packages."""

    def __init__(self, packages):
        self.packages = packages

    def new_packages(self):
        return self.packages


@pytest.fixture
def run(tmp_path):
    target = load_targets(this_config())["debian-13"]
    made = guide(page("a", "true"))
    snippet = made.primary[0].snippets[0]
    outcome = Outcome(snippet.id, snippet.sha256, 0, 1.0, b"", ran_at="2026-01-02T03:04:06Z")
    run = PageRun("a", target.name, "sha256:0", "0", None, None, "6.12.1", "2026-01-02T03:04:05Z", 9.0, BEFORE, [outcome])
    run.archive = "2026-01-01"
    write_evidence(tmp_path, run, made.primary[0], snippet_fingerprints(made, made.primary[0], target), target)
    return run


SINCE = "since the evidence of 2026-01-02"
CASES = {
    "nothing": (BEFORE, {}, f"no package has changed {SINCE}"),
    "a version": ({**BEFORE, "kdump-tools": "1:1.10.7"}, {}, f"what has changed {SINCE}: kdump-tools 1:1.10.6 -> 1:1.10.7"),
    "a new and a missing package": (
        {"kdump-tools": "1:1.10.6", "less": "643-1"},
        {},
        f"what has changed {SINCE}: crash 8.0.6-1 -> absent, less absent -> 643-1",
    ),
    "the kernel": (BEFORE, {"kernel": "6.12.2"}, f"what has changed {SINCE}: the kernel 6.12.1 -> 6.12.2"),
    "packages from before the page": (
        BEFORE,
        {"archive": "2026-01-09"},
        f"what has changed {SINCE}: the day of the package lists 2026-01-01 -> 2026-01-09",
    ),
    "an unknown day": (BEFORE, {"archive": None}, f"no package has changed {SINCE}"),
}


@pytest.mark.parametrize(("packages", "others", "line"), CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("running", [True, False], ids=["the machine runs", "an outcome of an earlier run"])
def test_what_has_changed_is_named_with_both_versions(tmp_path, run, packages, others, line, running):
    now = replace(run, **others, packages=BEFORE if running else packages)
    assert since_evidence(tmp_path, now, Machine(packages) if running else None) == f"\n{line}"


def test_many_and_long_names_have_a_bound(tmp_path, run):
    many = {f"package-{number:03}": "1" for number in range(50)}
    assert since_evidence(tmp_path, run, Machine({**BEFORE, **many})).endswith(f"{50 - SHOWN} more")
    assert len(since_evidence(tmp_path, run, Machine({"x" * 9000: "1\x1b[2J"}))) == SHOWN_CHARACTERS + 1


def test_without_evidence_nothing_is_said(tmp_path, run):
    assert since_evidence(tmp_path / "none", run, Machine({})) == ""
    file = tmp_path / "debian-13" / "a.json"
    file.write_text(file.read_text().replace("6.12.1", "6.12.9"))
    assert since_evidence(tmp_path, run, Machine({})) == "", "edited by hand"
