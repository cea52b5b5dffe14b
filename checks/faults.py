"""What went wrong, in one message for the person at the terminal: what a disk or a permission did, or a mistake of this program.

No traceback is printed. That of a mistake is kept in a file, which the message names.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path

from checks.files.plain import make_folder, open_for_writing
from checks.model import GuideError, printable

INTERRUPTED = 130  # the exit status of ./guide after Ctrl-C or SIGTERM, and of the pytest that it starts

_ROOM = "make room there. Of the caches ./guide clean --states removes all states, and GUIDE_CACHE=FOLDER names a larger disk"
_WRITABLE = "./guide has to write there"
# What to do about an error of the operating system that is no mistake of this program.
_ADVICE = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EROFS: _WRITABLE,
    errno.EACCES: f"{_WRITABLE}, or read it",
    errno.EPERM: f"{_WRITABLE}, or read it",
    errno.ENAMETOOLONG: "give the page, the snippet or the folder a shorter name",
    errno.ENOTDIR: "expected a folder, found a file",
    errno.EEXIST: "expected a folder, found a file",
    errno.EISDIR: "expected a file, found a folder",
    errno.ENOTEMPTY: "another program writes there",
    errno.ELOOP: "expected a file or a folder, found a symbolic link",
    errno.ENXIO: "expected a file, found a pipe or a socket",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "this host has too many files open",
    errno.ENOMEM: "this host has too little memory free",
    errno.EAGAIN: "this host has too many processes (ulimit -u), or too little memory free",
    errno.EIO: "the disk does not answer as it should",
    errno.EBADF: "it is closed",
}


def message(error: BaseException, work_dir: Path | None) -> str:
    """The message of an error of any kind, of one line where the error is no GuideError.

    The traceback of an error that nobody expected goes into a file in ``work_dir``, or in the folder of temporary files
    where that folder is None or cannot be written to.
    """
    if isinstance(error, GuideError):
        return str(error)
    if isinstance(error, MemoryError):
        return "there is too little memory: end other programs, or let fewer pages run at a time (--jobs 1)"
    if isinstance(error, OSError) and error.errno in _ADVICE:
        names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, (str, bytes, os.PathLike))]
        where = printable(" -> ".join(names)).replace("\n", "\\n") or "standard output, or a file that was open"
        return f"{where}: {os.strerror(error.errno)}: {_ADVICE[error.errno]}"
    if isinstance(error, FileNotFoundError) and error.filename is None:  # of tempfile, which tries to write before it believes
        return printable(f"{error.strerror}: make room in one of these folders, or name another one: TMPDIR=FOLDER")
    text = printable(f"{type(error).__name__}: {error}").splitlines()[0]
    return f"an error that ./guide did not expect: {text[:500]}; where it happened stands in {_keep_trace(error, work_dir)}"


def _keep_trace(error: BaseException, work_dir: Path | None) -> str:
    """Write the traceback into a file; returns the file's name, or words where no folder takes the file."""
    data = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace")
    with suppress(OSError, GuideError):
        if work_dir:
            file = make_folder(work_dir, work_dir.parent) / f"trace-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
            with open_for_writing(file) as stream:
                stream.write(data)
            return str(file)
    with suppress(OSError):
        descriptor, path = tempfile.mkstemp(prefix="guide-trace-", suffix=".txt")
        with open(descriptor, "wb") as stream:
            stream.write(data)
        return path
    return "no file, since no folder can be written to"


def prepare_streams() -> None:
    """Make the standard streams safe to use.

    A character that the locale does not have is written as an escape. A stream that is closed is opened on /dev/null,
    since the next file that is opened would get its number and everything that is printed. Raises GuideError where
    that is standard output.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)  # the lowest free number
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None or 1 in closed:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise GuideError("standard output is closed: ./guide writes there what it finds")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def tell(text: str) -> None:
    """Print a message on standard error; a standard error that takes nothing is no further error."""
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def drop_output() -> None:
    """Forget what standard output did not take, so that Python does not try once more, and complain, when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
