"""Evidence files: damaged ones are named, committed ones have the known keys."""

from __future__ import annotations

import json

import pytest
from guides import ROOT

from checks.evidence.files import read_evidence
from checks.model import GuideError


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
