"""Evidence files: damaged ones are named, committed ones have the known keys."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from guides import ROOT, guide, page, this_config

from checks.evidence.files import read_evidence, write_evidence
from checks.evidence.fingerprints import snippet_fingerprints
from checks.model import GuideError, Outcome, PageRun
from checks.targets import load_targets


def test_evidence_that_is_damaged_is_named(tmp_path):
    path = tmp_path / "debian-13" / "a.json"
    path.parent.mkdir()
    path.write_text('{"half": ')
    with pytest.raises(GuideError, match=r"a.json: not evidence: .*guide verify a renews it"):
        read_evidence(tmp_path, "debian-13", "a")


def test_the_committed_evidence_is_json_of_known_keys():
    for path in (ROOT / "evidence").glob("*/**/*.json"):
        data = json.loads(path.read_text())
        assert {"target", "image", "emulator", "accelerator", "packages", "kernel", "started", "snippets"} <= data.keys(), path
        for entry in data["snippets"]:
            assert {"id", "sha256", "chain"} <= entry.keys(), path
            if "skip" not in entry:
                assert {"exit_status", "seconds", "output", "boot_id_before", "boot_id_after"} <= entry.keys(), path


HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202e\udcff"
ESCAPED = r"\x1b]52;c;aGk=\x07\x1b[2J\u009b31m\u202e\udcff"


def test_nothing_that_a_terminal_obeys_gets_into_evidence(tmp_path):
    """Root in a machine names its kernel, its packages, its dumps, and the reason of a panic."""
    target = load_targets(this_config())["debian-13"]
    made = guide(page("a", "true"))
    snippet = replace(made.primary[0].snippets[0], expect="crash")
    crashed = replace(made.primary[0], snippets=(snippet,))
    outcome = Outcome(snippet.id, snippet.sha256, 0, 1.0, HOSTILE.encode(errors="replace"), ran_at="2026-01-02T03:04:06Z")
    outcome.panic, outcome.boot_id_before, outcome.stages = HOSTILE, HOSTILE, {HOSTILE: 0.5}
    outcome.dump = {"path": f"/var/crash/{HOSTILE}", "bytes": 1, "magic": "4b44554d50"}
    run = PageRun("a", target.name, "sha256:0", "0", HOSTILE, None, HOSTILE, "2026-01-02T03:04:05Z", 9.0, {HOSTILE: HOSTILE}, [outcome])
    file = write_evidence(tmp_path, run, crashed, snippet_fingerprints(made, made.primary[0], target), target)
    assert not set(file.read_text()) & {"\x1b", "\x07", "\x9b", "\u202e"} and "\\u001b" not in file.read_text()
    data = read_evidence(tmp_path, target.name, "a")
    entry = data["snippets"][0]
    assert (entry["panic"], entry["boot_id_before"], entry["stages"]) == (ESCAPED, ESCAPED, {ESCAPED: 0.5})
    assert entry["dump"]["path"] == f"/var/crash/{ESCAPED}"
    assert (data["kernel"], data["emulator"], data["packages"]) == (ESCAPED, ESCAPED, {ESCAPED: ESCAPED})
