"""How much room the states of a host take, and which states are removed when that is too much."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from checks.config import StateLimits
from checks.host import owner_in_name, owner_is_alive
from checks.states.store import SavedMachine, Store, files_of

RECORD_AGE_S = 90 * 86400  # A record takes some kilobytes, so records are kept longer than machines.


@dataclass(frozen=True)
class StatesUsage:
    """How many saved machines there are, their bytes together, and when the longest unused and the last one were used."""

    machines: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


def usage(store: Store) -> StatesUsage:
    """What the saved machines take; a file that several of them need counts once."""
    machines = store.machines()
    used = sorted(machine.used for machine in machines)
    return StatesUsage(len(machines), _bytes(machines), used[0] if used else None, used[-1] if used else None)


def prune(store: Store, limits: StateLimits, remove_image: Callable[[str], bool], room_for: int = 0) -> list[str]:
    """Remove saved machines that are too old, then the longest unused ones, until ``room_for`` more bytes fit into the limit.

    A machine that is in use is never removed. ``remove_image`` removes a container's image and returns False when
    the engine refuses. Returns the keys of the machines that were removed.
    """
    now, removed = time.time(), []
    for path in (store.root / "records").glob("*.json"):
        if now - path.stat().st_mtime > RECORD_AGE_S:
            path.unlink(missing_ok=True)
    left = sorted(store.machines(), key=lambda machine: machine.used)
    while left and (now - left[0].used.timestamp() > limits.age_s or _bytes(left) + room_for > limits.bytes):
        machine = left.pop(0)
        if not store.locks.try_remove(machine.key):
            continue
        try:
            if machine.image is None or remove_image(machine.image):
                shutil.rmtree(machine.folder, ignore_errors=True)
                removed.append(machine.key)
        finally:
            store.locks.removed(machine.key)
    return removed


def sweep(store: Store) -> list[str]:
    """Remove what killed runs had not finished writing; returns the folders."""
    removed = []
    for folder in (store.root / "machines").glob(".*"):
        owner = folder.name[1:].rsplit(":", 1)[0]
        if re.fullmatch(r"\d+:\d+", owner) and not owner_is_alive(owner):
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(str(folder))
    for folder in (store.root, store.root / "records"):
        for path in folder.glob(".aside-*-*-*"):
            owner = owner_in_name(path.name)
            if owner and not owner_is_alive(owner):
                path.unlink(missing_ok=True)
    return removed


def _bytes(machines: list[SavedMachine]) -> int:
    """The bytes that the machines take together; a disk layer that VMs share is one file under several names."""
    files = {}
    for machine in machines:
        if machine.image:
            continue
        for path in files_of(machine.folder):
            try:
                stat = path.stat()
            except OSError:
                continue
            files[stat.st_ino] = stat.st_blocks * 512
    return sum(files.values()) + sum(machine.bytes for machine in machines if machine.image)
