"""Reading and writing files where a stranger may have put a link, a pipe or a device in the place of a file or folder."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

from checks.model import GuideError

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFREG: "a file",
}


def kind_of(mode: int) -> str:
    """What lstat's ``st_mode`` says that there is: "a file", "a symbolic link"."""
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def read_file(path: Path, shown_as: Path, max_bytes: int, what: str) -> bytes:
    """The content of a regular file of at most ``max_bytes``; ``what`` is its content, for a message: "YAML", "a page".

    Raises a GuideError that names the file ``shown_as`` where there is no such file, where there is something else,
    or where the file is larger. A pipe is not waited for.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise GuideError(f"{shown_as}: there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        raise GuideError(f"{shown_as}: {_refusal(error)}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise GuideError(f"{shown_as}: expected a file, found {kind_of(mode)}")
    with open(descriptor, "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise GuideError(f"{shown_as}: expected at most {max_bytes >> 20} MiB of {what}")
    return data


def _refusal(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "expected a file, found a symbolic link"
    if isinstance(error, OSError) and error.errno == errno.ENXIO:
        return "expected a file, found a socket"
    return str(getattr(error, "strerror", None) or error)


def open_for_writing(path: Path) -> IO[bytes]:
    """Open a file to write it anew. Raises OSError (ELOOP) where a symbolic link stands, and where a pipe has no reader."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return open(os.open(path, flags, 0o666), "wb")


def make_folder(folder: Path, base: Path) -> Path:
    """Make the folder and those above it that are missing, down from ``base``, which exists. Returns ``folder``.

    Raises a GuideError where something else than a folder stands in the way: a link would lead out of ``base``.
    """
    place = base
    for part in folder.relative_to(base).parts:
        place /= part
        try:
            place.mkdir()
        except FileExistsError:
            mode = place.lstat().st_mode
            if not stat.S_ISDIR(mode):
                raise GuideError(f"{place}: expected a folder, found {kind_of(mode)}: remove it") from None
    return folder
