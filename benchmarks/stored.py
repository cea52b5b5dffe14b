"""What one state takes: seconds to enter and to save, MiB on the disk; by the machinery's own steps, each done once more."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.table import number
from benchmarks.table import table as columns
from checks.machines import snapshot
from checks.model import Page
from checks.running.provision import Provisioner


@dataclass(frozen=True)
class Stored:
    """``enter_s`` from nothing to a machine that answers; ``save_s`` while the machine stands still."""

    name: str
    enter_s: float
    save_s: float
    memory_mib: float  # its memory, packed
    disk_mib: float  # what was written to the disk since the state before it


def stored(standing: Provisioner, pages: list[Page]) -> list[Stored]:
    """Each state along a branch of VM pages that there is, in its order."""
    found = []
    for page in pages:
        keys = standing.keys(page)
        places = {keys.begin: "a boot"} if page is pages[0] else {}
        places |= {key: f"{page.name}#{snippet_id}" for snippet_id, key in keys.after.items()}
        for key, name in places.items():
            if each := _again(standing, page, key, name):
                found.append(each)
    return found


def _again(standing: Provisioner, page: Page, key: str, name: str) -> Stored | None:
    record, kept = standing.store.record(key, page.name), standing.store.machine(key)
    if record is None or kept is None:
        return None
    memory, disk = _mib(kept.folder / snapshot.MEMORY), _mib(kept.folder / (kept.folder / snapshot.ORDER).read_text().split()[-1])
    began = time.monotonic()
    session = standing.enter(page, record)
    if session is None:
        return None
    enter_s = time.monotonic() - began
    aside = standing.store.aside()
    try:
        began = time.monotonic()
        session.machine.save(aside)
        return Stored(name, enter_s, time.monotonic() - began, memory, disk)
    finally:
        standing.end(session)
        shutil.rmtree(aside)


def _mib(path: Path) -> float:
    return path.stat().st_blocks * 512 / (1 << 20)


def table(found: list[Stored]) -> str:
    """One row a state."""
    rows = [[each.name, *(number(value) for value in (each.enter_s, each.save_s, each.memory_mib, each.disk_mib))] for each in found]
    return columns(["the state after", "enter s", "save s", "memory MiB", "disk MiB"], rows)
