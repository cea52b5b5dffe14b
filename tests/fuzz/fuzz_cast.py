"""The recording of a console: it is a text, or it is an error of ours."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from checks.evidence.validity import RecordedRun
from checks.model import GuideError
from checks.terminal import is_unseen

_KEPT = tempfile.TemporaryDirectory(prefix="guide-fuzz-")
FILE = Path(_KEPT.name) / "x.cast.gz"
TEXT = b'{"version": 2, "width": 80}\n[0.1, "o", "booting\\r\\n\\u001b[31m"]\n[0.2, "i", "x"]\n'
SEEDS = [
    b"t" + TEXT,
    b"t[1]\n",
    b't[1, "o", "\\ud800"]',
    b"t" + b"[" * 5000,
    b"z" + gzip.compress(TEXT),
    b"z" + gzip.compress(TEXT)[:20],
    b"z",
]


def one(data: bytes) -> None:
    """After a "z" stands the file itself, else what is compressed in it."""
    FILE.write_bytes(data[1:] if data[:1] == b"z" else gzip.compress(data[1:], 1))
    try:
        text = RecordedRun("debian-13", "x", {}, FILE).console()
    except GuideError as error:
        str(error).encode()
        return
    assert text is not None and not any(map(is_unseen, text))
