"""What a crash left on the machine, and whether the page announces that."""

from __future__ import annotations

import json
from collections.abc import Callable

from checks.machines.machine import MachineLost
from checks.model import Dump, Outcome

# A program for the machine: the files that match the globs in its arguments, as JSON.
_LIST_DUMPS = """
import glob, json, os, sys
found = []
for pattern in sys.argv[1:]:
    for path in glob.glob(pattern):
        with open(path, "rb") as file:
            found.append({"path": path, "bytes": os.path.getsize(path), "magic": file.read(16).hex()})
print(json.dumps(found))
"""


def find_dumps(execute: Callable[..., tuple[int, bytes]], patterns: tuple[str, ...]) -> list[Dump]:
    """The dumps that match the globs. ``execute`` runs a command as root on the machine; MachineLost when that fails."""
    if not patterns:
        return []
    status, output = execute("python3", "-c", _LIST_DUMPS, *patterns)
    if status:
        raise MachineLost(f"looking for dumps: {output.decode(errors='replace')}")
    dumps: list[Dump] = json.loads(output)
    return dumps


def record_new_dump(outcome: Outcome, before: list[Dump], after: list[Dump], patterns: tuple[str, ...], expected: bool) -> None:
    """Put the dump that a crash left into ``outcome``, or a failure when the dump is missing or was not ``expected``."""
    known = [_place(dump) for dump in before]
    new = [dump for dump in after if _place(dump) not in known]
    if new and not expected:
        outcome.failure = f'the machine crashed and left a dump, {new[0]["path"]}; the page says data-dump="none"'
    elif expected and patterns and not new:
        outcome.failure = f"the machine crashed and came back, but left no dump at {' '.join(patterns)}"
    elif new:
        outcome.dump = max(new, key=lambda dump: dump["path"])


def _place(dump: Dump) -> tuple[str | None, str]:
    return dump.get("on"), dump["path"]
