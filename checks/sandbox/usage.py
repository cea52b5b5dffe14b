"""What a container takes of the host's disk, looked at from the host: its own layer, and files without a name.

The engine's own count (``inspect --size``) has no bound: it walks over all files, knows no number of files, overlooks
what is deleted and still open, and gives nothing at all for a tree deeper than a path may be long.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

MOST_DESCRIPTORS = 50_000  # that are looked at for deleted files; a container of 256 processes has some hundreds


class Uncountable(Exception):
    """What the container keeps cannot be counted within bounds; the text says why."""


@dataclass(frozen=True)
class Taken:
    """Bytes and files that a container takes on the host's disk; a count that reached its bound is not complete."""

    bytes: int = 0
    files: int = 0


def of_layer(layer: Path, most_bytes: int, most_files: int) -> Taken:
    """What the files below ``layer`` take; counting ends as soon as one of the bounds is passed. Raises Uncountable."""
    taken_bytes = files = 0
    linked: set[int] = set()
    folders = [str(layer)]
    while folders and taken_bytes <= most_bytes and files <= most_files:
        try:
            # O_NOFOLLOW: the container may replace a folder by a link into the host at any moment.
            descriptor = os.open(folder := folders.pop(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            continue  # removed meanwhile
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link by now
                continue
            raise Uncountable(f"a folder cannot be looked into: {error.strerror}") from None
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    files += 1
                    if stat.S_ISDIR(found.st_mode):
                        folders.append(f"{folder}/{entry.name}")
                    elif found.st_nlink > 1:
                        if found.st_ino in linked:
                            continue
                        linked.add(found.st_ino)
                    taken_bytes += found.st_blocks * 512
                    if taken_bytes > most_bytes or files > most_files:
                        break
        finally:
            os.close(descriptor)
    return Taken(taken_bytes, files)


def of_deleted_files(process: int, proc: Path = Path("/proc")) -> int:
    """The bytes of files without a name that the container of this process, its first one, has open. Raises Uncountable.

    A container cannot make another PID namespace, so all of its processes are in that of its first process.
    """
    try:
        namespace = os.readlink(proc / str(process) / "ns" / "pid")
    except OSError:
        return 0  # The container has ended.
    seen: dict[tuple[int, int], int] = {}
    looked_at = 0
    for name in os.listdir(proc):
        if not name.isdigit():
            continue
        try:
            if os.readlink(proc / name / "ns" / "pid") != namespace:
                continue
            descriptors = os.listdir(proc / name / "fd")
        except OSError:
            continue  # The process has ended.
        looked_at += len(descriptors)
        if looked_at > MOST_DESCRIPTORS:
            raise Uncountable(f"more than {MOST_DESCRIPTORS} files are open")
        for descriptor in descriptors:
            try:
                found = os.stat(proc / name / "fd" / descriptor)
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                seen[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(seen.values())


def free(folder: Path) -> Taken:
    """The bytes and the files that the file system of ``folder`` has left; a file system without a number of files has many."""
    left = os.statvfs(folder)
    return Taken(left.f_bavail * left.f_frsize, left.f_favail if left.f_files else 1 << 60)
