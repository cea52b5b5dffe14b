"""What kdump-doctor said at the end of each page with a VM, as the evidence has it, against the answers that are expected there."""

from __future__ import annotations

import json

import pytest
from guides import ROOT, this_evidence, this_guide

from checks.mkdocs_yml import read_yaml

# page -> the ids of the faults and warnings that the doctor has to find there, and no others; the empty list: ready.
EXPECTED: dict[str, list[str] | dict[str, list[str]]] = read_yaml(ROOT / "tests" / "doctor" / "page_ends.yml")


def vm_pages() -> list[str]:
    return [page.name for page in this_guide().primary if page.machine == "vm"]


def test_every_page_with_a_vm_has_an_expected_answer():
    assert sorted(EXPECTED) == sorted(vm_pages())


@pytest.mark.parametrize("name", EXPECTED)
def test_the_doctor_says_at_the_end_of_a_page_what_is_expected(name):
    """Evidence of runs from before the doctor was asked has no answer; ./guide test --all renews all evidence."""
    for target in this_evidence().targets():
        run = this_evidence().of(target, name)
        if run is None or "at_end" not in run.data:
            continue
        found = json.loads(run.data["at_end"]["output"])
        wrong = [finding["id"] for finding in found["findings"] if finding["level"] in ("fault", "warning")]
        expected = EXPECTED[name]
        if isinstance(expected, dict):
            expected = expected.get(target, expected["others"])
        assert sorted(wrong) == sorted(expected), f"{name} on {target}: {found['crash']}"
        assert run.data["at_end"]["status"] == found["status"], f"{name} on {target}"


def test_a_run_asks_the_doctor_at_the_end_of_a_page():
    run = this_evidence().of("debian-13", "doctor")
    assert run is not None and run.data["at_end"]["command"][0] == "doctor/kdump_doctor.py"
