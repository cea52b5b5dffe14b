"""An evidence file: it is evidence, or there is a reason why it is none."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from checks.evidence import digest
from checks.evidence.files import evidence_file, read_evidence_file

_KEPT = tempfile.TemporaryDirectory(prefix="guide-fuzz-")
FOLDER = Path(_KEPT.name)
FILE = evidence_file(FOLDER, "debian-13", "x")
FILE.parent.mkdir()
RAN = {
    "id": "a", "sha256": "0" * 64, "chain": "1" * 64, "ran_at": "2026-01-02T03:04:06Z", "exit_status": 0, "seconds": 0.25, "output": "x",
    "boot_id_before": "a", "boot_id_after": "b", "panic": "why", "stages": {"panicked": 0.1}, "on": "peer",
    "dump": {"path": "/var/crash/1/dump.1", "bytes": 1, "magic": "4b44554d50"},
}  # fmt: skip
DATA = {
    "page": "x", "target": "debian-13", "image": "sha256:0", "recipe": "0", "emulator": None, "accelerator": "tcg", "kernel": "6.12",
    "started": "2026-01-02T03:04:05Z", "seconds": 12.5, "packages": {"a": "1"}, "machinery": "0",
    "snippets": [RAN, {"id": "b", "sha256": "0" * 64, "chain": "1" * 64, "skip": "why"}],
}  # fmt: skip
SEEDS = [digest.sealed(DATA, None), json.dumps(DATA).encode(), b"[]", b"[" * 5000, b'{"snippets": [1], "page": "\\ud800"}']


def one(data: bytes) -> None:
    FILE.write_bytes(data)
    file = read_evidence_file(FOLDER, "debian-13", "x")
    assert file is not None
    if file.fault is None:
        assert file.data["page"] == "x" and file.data["target"] == "debian-13"
        assert digest.sealed({key: value for key, value in file.data.items() if key not in ("digest", "console_sha256")}, None) == data
    else:
        file.fault.encode()
