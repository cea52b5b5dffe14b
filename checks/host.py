"""This host: where caches are kept, writing a file whole or not at all, locks, and whose leftovers a sweep may remove."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checks.files.plain import make_folder, open_for_writing
from checks.model import GuideError

CACHE_TAG = "CACHEDIR.TAG"
# The environment variable by which ./guide tells pytest the folder of the progress display.
PROGRESS_VARIABLE = "GUIDE_PROGRESS"


def cache_dir() -> Path:
    """The folder for disks, states and what was found out about this host: $GUIDE_CACHE or ~/.cache/guide-checks.

    Each file in the folder is named by the hash of what made it, or is tried before it is believed. Runs remove what
    is old from the folder, so a folder that $GUIDE_CACHE names must be new, empty, or bear the tag of ``tag_cache``.
    Raises GuideError for any other folder, and for one that cannot be written to.
    """
    named = os.environ.get("GUIDE_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named) if named else home / "guide-checks"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / CACHE_TAG).exists():
            others = [path.name for path in folder.iterdir() if not path.name.startswith(f".{CACHE_TAG}")]
            if named and others:
                raise GuideError(
                    f"GUIDE_CACHE: {folder} holds files that ./guide did not write ({sorted(others)[0]}): name a new or an empty folder"
                )
            tag_cache(folder)
    except OSError as error:
        raise GuideError(f"{folder}: {error.strerror}: GUIDE_CACHE=FOLDER names another folder for caches") from None
    return folder


def tag_cache(folder: Path) -> None:
    """Mark a folder as a cache of ./guide, by the file of the Cache Directory Tagging Specification, which backups know."""
    write_whole(folder / CACHE_TAG, b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache of ./guide, which removes files from it.\n")


# ---- owners: which process a container, a folder or a file belongs to


def process_owner(pid: int | None = None) -> str:
    """A process (this one by default) as "PID:START", which no later process with the same number has.

    START is the start time in /proc/PID/stat (proc(5), field 22), in clock ticks since the boot. A process that
    does not exist, or is a zombie, is "PID:gone".
    """
    pid = pid or os.getpid()
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return f"{pid}:gone"
    # A killed process stays a zombie for ever where its parent never waits for it.
    return f"{pid}:{'gone' if state in 'ZX' else fields[18]}"


def owner_is_alive(owner: str) -> bool:
    """Whether the process that ``process_owner`` described as ``owner`` still runs."""
    pid = owner.split(":")[0]
    return pid.isdigit() and process_owner(int(pid)) == owner


def owned_prefix(kind: str) -> str:
    """The beginning of a file's name that tells a sweep which process made the file: "KIND-PID-START-"."""
    return f"{kind}-{process_owner().replace(':', '-')}-"


def owner_in_name(name: str) -> str:
    """The owner in a name that begins as ``owned_prefix`` has it; "" for a name without an owner."""
    found = re.search(r"-(\d+)-(\d+)-", name)
    return f"{found[1]}:{found[2]}" if found else ""


# ---- files


def write_whole(path: Path, data: bytes, base: Path | None = None) -> None:
    """Write a file so that a reader sees the old content or the new one: write aside, sync, rename.

    A file that has this content already is left alone. A link, a pipe or a device in the place of the file is replaced
    and not written to. The folders between ``base`` and the file are made; where one of them is a link, a GuideError is
    raised, since what is written would lie elsewhere. Without ``base`` the folders are not looked at. Raises OSError
    where the disk does not take the file; the old file then stays as it was.
    """
    if base is None:
        path.parent.mkdir(parents=True, exist_ok=True)
    else:
        make_folder(path.parent, base)
    if _has_content(path, data):
        return
    _sweep_asides(path.parent)
    # The file's own name may be as long as a name may be.
    aside = path.with_name(f".{owned_prefix('aside')}{threading.get_ident()}")
    try:
        with open_for_writing(aside) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _has_content(path: Path, data: bytes) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode) and path.read_bytes() == data
    except OSError:
        return False


def _sweep_asides(folder: Path) -> None:
    """Remove what a run that was killed has left of ``write_whole`` in the folder."""
    for path in folder.glob(".aside-*-*-*"):
        if not owner_is_alive(owner_in_name(path.name)):
            path.unlink(missing_ok=True)


def sync_to_disk(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_free_space(folder: Path, needed_bytes: int, what: str) -> None:
    """Raise a GuideError when the disk under ``folder`` has less room than ``what`` may write.

    Called before anything is started, so that a full disk costs no half-done run.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise GuideError(
            f"{folder}: {free >> 20} MiB are free, and {what} may write {needed_bytes >> 20} MiB. "
            "Make room (./guide clean --states removes all states), or name a folder on a larger disk: GUIDE_CACHE=FOLDER"
        )


@contextmanager
def host_lock(name: str) -> Iterator[None]:
    """Hold a lock that all runs on this host share; a second process that asks for ``name`` waits."""
    folder = cache_dir() / "locks"
    folder.mkdir(exist_ok=True)
    with open_for_writing(folder / name) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
