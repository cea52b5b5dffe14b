"""What a crash left behind, and whether that is what the snippet announces."""

from __future__ import annotations

import json
from collections.abc import Callable

from checks.machines.machine import MachineLost

_LOOK = """
import glob, json, os, sys
found = []
for pattern in sys.argv[1:]:
    for path in glob.glob(pattern):
        with open(path, "rb") as file:
            found.append({"path": path, "bytes": os.path.getsize(path), "magic": file.read(16).hex()})
print(json.dumps(found))
"""


def find_dumps(execute: Callable[..., tuple[int, bytes]], patterns: tuple[str, ...]) -> list[dict]:
    """The dumps that match on one machine, where ``execute`` runs a command as root; Lost if it could not look."""
    if not patterns:
        return []
    status, out = execute("python3", "-c", _LOOK, *patterns)
    if status:
        raise MachineLost(f"looking for dumps: {out.decode(errors='replace')}")
    return json.loads(out)


def record_new_dump(outcome, before: list[dict], after: list[dict], patterns: tuple[str, ...], expected: bool) -> None:
    """Put the new dump into the outcome, or say there what is wrong with what came."""
    known = [_place(dump) for dump in before]
    new = [dump for dump in after if _place(dump) not in known]
    if new and not expected:
        outcome.failure = f'the machine crashed and left a dump, {new[0]["path"]}; the page says data-dump="none"'
    elif expected and patterns and not new:
        outcome.failure = f"the machine crashed and came back, but left no dump at {' '.join(patterns)}"
    elif new:
        outcome.dump = max(new, key=lambda dump: dump["path"])


def _place(dump: dict) -> tuple[str | None, str]:
    return dump.get("on"), dump["path"]
