"""The digest in an evidence file: over the file's own content and the console's recording beside the file.

A digest tells of a file that was edited by hand, merged by git, or cut short, and of a recording that was exchanged. A digest is no
signature: who forges a run computes the digest, too. Who made the evidence is what the workflow attests (SECURITY.md).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

DIGEST = "digest"  # the keys of the evidence file
CONSOLE = "console_sha256"


def sealed(data: dict[str, Any], cast: bytes | None) -> bytes:
    """The bytes of the evidence file for ``data``, with the digest; ``cast`` is the compressed recording, None where there is none."""
    data = {**data, CONSOLE: hashlib.sha256(cast).hexdigest() if cast is not None else None}
    return _rendered({DIGEST: _digest(data), **data})


def broken_seal(content: bytes, data: dict[str, Any], cast: bytes | None) -> str | None:
    """What shows that the file or the recording beside it was changed since the run; None when nothing does.

    ``content`` is the file and ``data`` what JSON makes of the file.
    """
    if DIGEST not in data and CONSOLE not in data:
        return "it has no digest"
    if DIGEST not in data:
        return "the file was changed since the run: its digest was taken out, and the digest of the recording was not"
    if _digest(data) != data[DIGEST]:
        return "the file was changed since the run: its content has another digest than the one in the file"
    if _rendered(data) != content:
        return "the file was written anew since the run: its bytes are not as a run writes them"
    console = data.get(CONSOLE)
    if console is None and cast is not None:
        return "there is a recording of the console beside the file, and the run made none"
    if console is not None and cast is None:
        return "the recording of the console beside the file is missing"
    if cast is not None and hashlib.sha256(cast).hexdigest() != console:
        return "the recording of the console beside the file was changed since the run"
    return None


def _digest(data: dict[str, Any]) -> str:
    """The sha256, 64 hexadecimal digits, over the file as it would be without its digest."""
    return hashlib.sha256(_rendered({key: value for key, value in data.items() if key != DIGEST})).hexdigest()


def _rendered(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()
