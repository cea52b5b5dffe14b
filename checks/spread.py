"""One function over many items on all processors: the same results, and the same error, as in one process.

Processes are forked, so they have all that the function refers to and nothing
is sent to them. Each takes what is next until nothing is left, for neither
items nor processors are equally fast. What does not come back, for whatever
reason, is done here: a child that meets an error just stops, and the error is
raised at the first item that has one.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

PORTIONS = 512  # at most: their numbers have to fit into the smallest pipe, of one page of memory
_NUMBER_BYTES = 4


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def spread(do: Callable[[Any], Any], items: Sequence[Any], processes: int) -> list[Any]:
    """``[do(item) for item in items]``; the results of children come through pickle."""
    done: dict[int, Any] = {}
    # A fork takes only this thread along, and every lock as it is.
    if processes > 1 and threading.active_count() == 1:
        done = _shared(do, items, processes)
    return [done[number] if number in done else do(item) for number, item in enumerate(items)]


def _shared(do: Callable[[Any], Any], items: Sequence[Any], processes: int) -> dict[int, Any]:
    portions = _portions(len(items))
    children = [_start(do, items, portions) for _ in range(processes - 1)]
    try:
        done = _work(do, items, portions)
        for child in filter(None, children):
            done |= _receive(child[1])
    finally:
        os.close(portions)
        for pid, _ in filter(None, children):
            os.kill(pid, signal.SIGKILL)  # what has sent its results has nothing left to do
            os.waitpid(pid, 0)
    return done


def _portions(count: int) -> int:
    """A pipe with the numbers of the first items of all portions; each process reads one at a time."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(start.to_bytes(_NUMBER_BYTES, "big") for start in range(0, count, _size(count))))
    os.close(writing)
    return reading


def _size(count: int) -> int:
    """How many items make a portion."""
    return max(1, -(-count // PORTIONS))


def _work(do: Callable[[Any], Any], items: Sequence[Any], portions: int) -> dict[int, Any]:
    """What this process gets to do, until nothing is left or something goes wrong; by number."""
    done: dict[int, Any] = {}
    try:
        while portion := os.read(portions, _NUMBER_BYTES):
            start = int.from_bytes(portion, "big")
            for number, item in enumerate(items[start : start + _size(len(items))], start):
                done[number] = do(item)
    except Exception:
        pass  # raised once more when it is its turn
    return done


def _start(do: Callable[[Any], Any], items: Sequence[Any], portions: int) -> tuple[int, int] | None:
    """(process, its pipe); None where the system allows no further process."""
    reading, writing = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        return None
    if pid:
        os.close(writing)
        return pid, reading
    try:
        gc.disable()  # it ends before there is much to collect, and a collection copies every page of memory
        done = _work(do, items, portions)
        with open(writing, "wb") as pipe:
            pickle.dump(done, pipe, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)  # nothing of the parent's is to be closed, flushed or told twice


def _receive(pipe: int) -> dict[int, Any]:
    with open(pipe, "rb") as file:
        try:
            return pickle.load(file)
        except (EOFError, pickle.UnpicklingError):
            return {}
