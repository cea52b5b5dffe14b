"""The recording of a console: it is a text, and what is replayed of it is text, too; or it is an error of ours."""

from __future__ import annotations

import gzip
import re
import tempfile
from pathlib import Path

from checks.evidence.validity import RecordedRun
from checks.model import GuideError
from checks.site.replay.recording import recordings
from checks.terminal import is_unseen

_KEPT = tempfile.TemporaryDirectory(prefix="guide-fuzz-")
FILE = Path(_KEPT.name) / "x.cast.gz"
TEXT = b'{"version": 2, "width": 80}\n[0.1, "o", "booting\\r\\n\\u001b[31m"]\n[0.2, "i", "x"]\n'
# The run of a snippet whose panic "booting" is on the console of the first seed.
STAGES = {"panicked": 0.1, "coming back": 0.1, "back": 0.2}
CRASH = {"id": "panic", "panic": "booting", "seconds": 0.3, "ran_at": "2026-01-02T03:04:06Z", "stages": STAGES}
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
    run = RecordedRun("debian-13", "x", {"snippets": [CRASH]}, FILE)
    try:
        text = run.console()
        replayed = "".join(part for recording in recordings(run).values() for _, part in recording.pieces)
    except GuideError as error:
        str(error).encode()
        return
    assert text is not None and not any(map(is_unseen, text))
    assert not any(map(is_unseen, re.sub(r"[\r\b]", "", replayed)))
