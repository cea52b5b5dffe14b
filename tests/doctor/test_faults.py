"""Everything that the doctor can find, each on a machine that has just that: it is named first, and nothing else is named."""

from __future__ import annotations

import json

import jsonschema
import pytest
from all_cases import CASES
from made import FILE, Machine, doctor, fresh, kinds

SCHEMA = json.loads((FILE.parent / "schema.json").read_text())


@pytest.mark.parametrize("name", CASES)
def test_it_is_named_first_and_nothing_else_is(tmp_path, monkeypatch, name):
    monkeypatch.setenv("KDUMP_DOCTOR_RAISE", "1")
    if "hangs" in CASES[name].options:
        monkeypatch.setattr(doctor, "FOLDER_S", 0.3)
    kind, release, also, options, change = CASES[name]
    made = fresh(tmp_path, release)
    change(made)
    machine = Machine(made.root, made.commands, free=options.get("free", 8 * 2**30))
    machine.space = options.get("space", machine.space)
    machine.hangs = options.get("hangs", set())
    machine.unreachable = options.get("unreachable")
    found = made.examine(machine, options.get("remote", False))
    assert kinds(found)[:1] == [kind], [(each.kind, each.values) for each in found.findings]
    assert set(kinds(found)) == {kind, *also}
    for language in ("en", "zh"):
        report = doctor.Report(found, language)
        assert report.status == (1 if "fault" in {doctor.FINDINGS[each].level for each in kinds(found)} else 0)
        jsonschema.validate(json.loads(doctor.as_json(report, "sudo x")), SCHEMA)
        assert "{" not in doctor.as_text(report, 80, False, "sudo x")


NOTES = {
    "cmdline.several", "reservation.shrunk", "panic.stays", "boot.other", "makedumpfile.free",
    "makedumpfile.old", "panic.capture", "panic.notifiers", "locks.disabled", "encryption.root-key", "dumps.readable",
    "dumps.symbols", "dumps.crash", "dumps.drgn", "dumps.pstore",
}  # fmt: skip


def test_every_fault_and_every_warning_has_a_machine():
    """But a login that fails, which takes a server (test_output.py has one)."""
    wanted = {kind for kind, entry in doctor.FINDINGS.items() if entry.level != "note"}
    assert {each.kind for each in CASES.values()} == wanted - {"remote.login"}
    assert set(doctor.FINDINGS) - wanted == NOTES
