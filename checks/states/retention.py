"""What the states of a host take, and which of them go when it is too much."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from checks.config import StateLimits
from checks.host import owner_in_name, owner_is_alive
from checks.states.store import SavedMachine, Store, files_of

RECORD_AGE_S = 90 * 86400  # a record takes some kilobytes


@dataclass(frozen=True)
class StatesUsage:
    """How many machines can be entered, what they take together, and when the first and last were used."""

    machines: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


def usage(store: Store) -> StatesUsage:
    """What the states take now; a file that several stand on counts once."""
    found = store.machines()
    used = sorted(kept.used for kept in found)
    return StatesUsage(len(found), _bytes(found), used[0] if used else None, used[-1] if used else None)


def prune(store: Store, limits: StateLimits, remove_image: Callable[[str], bool], room_for: int = 0) -> list[str]:
    """Remove what is too old, then the longest unused, until ``room_for`` more bytes fit into the limit.

    One that is in use is never removed. ``remove_image`` removes a container's image, False if the engine would not.
    Returns the keys of what went.
    """
    now, gone = time.time(), []
    for path in (store.root / "records").glob("*.json"):
        if now - path.stat().st_mtime > RECORD_AGE_S:
            path.unlink(missing_ok=True)
    left = sorted(store.machines(), key=lambda kept: kept.used)
    while left and (now - left[0].used.timestamp() > limits.age_s or _bytes(left) + room_for > limits.bytes):
        kept = left.pop(0)
        if not store.locks.try_remove(kept.key):
            continue
        try:
            if kept.image is None or remove_image(kept.image):
                shutil.rmtree(kept.folder, ignore_errors=True)
                gone.append(kept.key)
        finally:
            store.locks.removed(kept.key)
    return gone


def sweep(store: Store) -> list[str]:
    """Remove what runs that were killed had not finished writing."""
    gone = []
    for folder in (store.root / "machines").glob(".*"):
        who = folder.name[1:].rsplit(":", 1)[0]
        if not owner_is_alive(who):
            shutil.rmtree(folder, ignore_errors=True)
            gone.append(str(folder))
    for folder in (store.root, store.root / "records"):
        for path in folder.glob(".*.json.*"):
            if not owner_is_alive(owner_in_name(path.name)):
                path.unlink(missing_ok=True)
    return gone


def _bytes(kept: list[SavedMachine]) -> int:
    """What they take together; the layers that VMs share are one file under several names."""
    files = {}
    for each in kept:
        if each.image:
            continue
        for path in files_of(each.folder):
            try:
                stat = path.stat()
            except OSError:
                continue
            files[stat.st_ino] = stat.st_blocks * 512
    return sum(files.values()) + sum(each.bytes for each in kept if each.image)
