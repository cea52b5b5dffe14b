"""Bounds of reading one page: how large its file is, and how much processor time and memory its Markdown takes.

Python-Markdown needs time that grows with the square of a paragraph's length for some texts, such as thousands of
opening brackets, and an abbreviation can make gigabytes of a page. A page of the guide takes some hundredths of a
second and some megabytes.

Time is processor time, which a busy host does not stretch. The kernel counts it and interrupts the reading, also
within a regular expression. Memory is bounded for the whole process, by what it has and what a page may take on top.
"""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from checks.model import PageErrors, Problem

MAX_BYTES = 1 << 20  # of a page's file
MAX_CPU_S = 10.0
MAX_MEMORY_BYTES = 1 << 30


class _TimeIsUp(BaseException):
    """Raised where the reading is interrupted. No Exception, since the extensions of Markdown catch those."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read one page within. Raises PageErrors that name the page, ``path``, and the bound that the reading went past."""
    try:
        with _memory(), _processor_time():
            yield
    except _TimeIsUp:
        found = f"reading it took more than {MAX_CPU_S:g} s of processor time: it has too many brackets, tags or levels of nesting"
        raise PageErrors([Problem(path, 0, found)]) from None
    except MemoryError:
        raise PageErrors([Problem(path, 0, f"reading it took more than {MAX_MEMORY_BYTES >> 20} MiB of memory")]) from None
    except RecursionError:
        raise PageErrors([Problem(path, 0, "it has too many levels of nesting")]) from None


@contextmanager
def _processor_time() -> Iterator[None]:
    """Raise _TimeIsUp in the code within after MAX_CPU_S. Only Python's main thread gets signals; in others time has no bound."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    active = True

    def interrupt(number: int, frame: FrameType | None) -> None:
        if active:
            raise _TimeIsUp

    before = signal.signal(signal.SIGPROF, interrupt)
    # Again each second, since an exception that is raised in a destructor is lost.
    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_S, 1.0)
    try:
        yield
    finally:
        active = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        # By default SIGPROF ends a process, and one may just be on its way.
        signal.signal(signal.SIGPROF, signal.SIG_IGN if before in (signal.SIG_DFL, None) else before)


@contextmanager
def _memory() -> Iterator[None]:
    """Let the process take MAX_MEMORY_BYTES more address space than it has; then Python raises MemoryError."""
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    wanted = has + MAX_MEMORY_BYTES
    limits = [limit for limit in (before, hard, wanted) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
