"""How many VMs run on this host at a time, over all runs: more than it has processors would only make each other late.

Emulated, a guest that gets too little of a processor misses its timers and
never comes up. So a VM takes a slot before it starts; who comes too late waits.
A page with two VMs takes two slots at once: nobody holds one and waits for the
other while somebody else does the same.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from checks.host import cache_dir

LOOK_S = 0.1
HELD = "GUIDE_VMS_HELD"  # in the environment of a process whose parent has every slot: it need not ask


def number() -> int:
    """$GUIDE_VMS, else two a processor: each waits for something much of its time."""
    named = os.environ.get("GUIDE_VMS", "")
    return int(named) if named.isdigit() and int(named) else 2 * len(os.sched_getaffinity(0))


def take(say: Callable[[str], None], count: int = 1) -> ExitStack:
    """So many free slots, all there are if those are fewer, after waiting for them.

    Closing what is returned gives them back, and so does the end of the process.
    """
    if HELD in os.environ:
        return ExitStack()
    folder = cache_dir() / "locks"
    folder.mkdir(exist_ok=True)
    places = range(number())
    told = False
    taken: dict[int, IO] = {}
    # Only one waits for slots, the others for their turn: else two free slots at once might never come.
    with (folder / "vm-turn").open("w") as turn:
        while not _locked(turn) or not _taken(folder, places, taken, min(count, len(places))):
            if not told:
                say(f"{number()} VMs run on this host already (GUIDE_VMS sets how many may): waiting for one to end")
                told = True
            time.sleep(LOOK_S)
    stack = ExitStack()
    for slot in taken.values():
        stack.enter_context(slot)
    return stack


@contextmanager
def every(say: Callable[[str], None]) -> Iterator[None]:
    """Have no VM run on this host but those of this process and its children, after waiting for the others to end."""
    with take(say, number()):
        os.environ[HELD] = "1"
        try:
            yield
        finally:
            os.environ.pop(HELD)


def _taken(folder: Path, places: range, taken: dict[int, IO], count: int) -> bool:
    """Whether ``taken`` has ``count`` slots, after adding those that are free now."""
    for place in places:
        if len(taken) == count:
            break
        if place in taken:
            continue
        slot = (folder / f"vm-{place}").open("w")
        if _locked(slot):
            taken[place] = slot
        else:
            slot.close()
    return len(taken) == count


def _locked(file: IO) -> bool:
    """Whether this process has the lock on the file now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
