"""How many VMs run on this host at a time, over all runs: more than it has processors would only make each other late.

Emulated, a guest that gets too little of a processor misses its timers and
never comes up. So a VM takes a slot before it starts; who comes too late waits.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from checks.machines.engine import cache_dir

LOOK_S = 0.5


def number() -> int:
    """$GUIDE_VMS, else one a processor."""
    named = os.environ.get("GUIDE_VMS", "")
    return int(named) if named.isdigit() and int(named) else len(os.sched_getaffinity(0))


def take(say: Callable[[str], None], of: int | None = None) -> IO:
    """A free slot, after waiting for one; closing what is returned gives it back, and so does the end of the process."""
    folder = cache_dir() / "locks"
    folder.mkdir(exist_ok=True)
    told = False
    while True:
        for place in range(of or number()):
            slot = (folder / f"vm-{place}").open("w")
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return slot
            except BlockingIOError:
                slot.close()
        if not told:
            say(f"{number()} VMs run on this host already (GUIDE_VMS sets how many may): waiting for one to end")
            told = True
        time.sleep(LOOK_S)


@contextmanager
def every(say: Callable[[str], None]) -> Iterator[None]:
    """Have no VM run on this host but those of this process and its children, after waiting for the others to end."""
    count, before = number(), os.environ.get("GUIDE_VMS")
    with ExitStack() as held:
        # One process at a time collects them: two that each have some would wait for ever.
        folder = cache_dir() / "locks"
        folder.mkdir(exist_ok=True)
        gate = held.enter_context((folder / "vm-every").open("w"))
        fcntl.flock(gate, fcntl.LOCK_EX)
        for _ in range(count):
            held.enter_context(take(say, of=count))
        os.environ["GUIDE_VMS"] = str(count + 1)  # one more, of which the others do not know
        try:
            yield
        finally:
            os.environ.pop("GUIDE_VMS")
            if before is not None:
                os.environ["GUIDE_VMS"] = before
