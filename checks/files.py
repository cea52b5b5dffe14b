"""Files that are whole or not there."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from checks.machines.engine import mark


def replace(path: Path, data: bytes) -> None:
    """Write aside, sync, rename: whoever reads sees the old file or the new one. An equal file is left alone."""
    try:
        if path.read_bytes() == data:
            return
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{mark('aside')}{threading.get_ident()}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def synced(path: Path) -> None:
    """Have a file, or a folder's names, on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
