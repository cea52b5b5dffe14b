"""How many VMs run on this host at a time, over all runs.

An emulated guest that gets too little of a processor misses its timers and never comes up. So a VM takes a slot
before it starts, and waits while all slots are taken. A page with two VMs takes two slots at once: no process may
hold one slot and wait for a second while another process does the same.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from checks.files.plain import open_for_writing
from checks.host import cache_dir

log = logging.getLogger("guide")

POLL_S = 0.1
HELD = "GUIDE_VMS_HELD"  # an environment variable of processes whose parent holds every slot: they take none


def number() -> int:
    """How many slots this host has: $GUIDE_VMS, else two a processor, since a VM waits for something much of its time."""
    wanted = os.environ.get("GUIDE_VMS", "")
    return int(wanted) if re.fullmatch(r"[0-9]{1,4}", wanted) and int(wanted) else 2 * len(os.sched_getaffinity(0))


def take(count: int = 1) -> ExitStack:
    """Wait for ``count`` free slots (all slots, where the host has fewer) and take them at once.

    Closing the returned stack frees the slots, and so does the end of the process.
    """
    if HELD in os.environ:
        return ExitStack()
    folder = cache_dir() / "locks"
    folder.mkdir(exist_ok=True)
    places = range(number())
    announced = False
    taken: dict[int, IO[bytes]] = {}
    # One process at a time collects slots. Otherwise two processes could each hold one slot and wait for a second for ever.
    with open_for_writing(folder / "vm-turn") as turn:
        while not _locked(turn) or not _taken(folder, places, taken, min(count, len(places))):
            if not announced:
                log.info(f"{number()} VMs run on this host already (GUIDE_VMS sets how many may): waiting for one to end")
                announced = True
            time.sleep(POLL_S)
    stack = ExitStack()
    for slot in taken.values():
        stack.enter_context(slot)
    return stack


@contextmanager
def every() -> Iterator[None]:
    """Wait for all other VMs on this host to end, then let only this process and its children start VMs."""
    with take(number()):
        os.environ[HELD] = "1"
        try:
            yield
        finally:
            os.environ.pop(HELD)


def _taken(folder: Path, places: range, taken: dict[int, IO[bytes]], count: int) -> bool:
    """Add free slots to ``taken``, up to ``count``; whether ``taken`` has that many then."""
    for place in places:
        if len(taken) == count:
            break
        if place in taken:
            continue
        slot = open_for_writing(folder / f"vm-{place}")
        if _locked(slot):
            taken[place] = slot
        else:
            slot.close()
    return len(taken) == count


def _locked(file: IO[bytes]) -> bool:
    """Try to lock the file; whether this process holds the lock then."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
