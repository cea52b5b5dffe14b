"""A cache of its own for a measurement: images, disks and locks are those of the host, the states are nobody else's.

What others keep is then neither found, nor replaced, nor thrown away to make
room; and what the measurement keeps is gone with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checks.host import cache_dir, owned_prefix
from checks.running import cleanup

SHARED = ("disks", "locks", "logs")
FOUND_OUT = ("engine.json", "accelerator-*")  # about this host, so that it is not found out again


@contextmanager
def apart() -> Iterator[Path]:
    """The cache of this process and its children, until the end."""
    host, before = cache_dir(), os.environ.get("GUIDE_CACHE")
    folder = host / f"{owned_prefix('bench')}0"  # short: the paths of sockets below it have no more than 107 bytes
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    for name in SHARED:
        (host / name).mkdir(exist_ok=True)
        (folder / name).symlink_to(host / name)
    for pattern in FOUND_OUT:
        for file in host.glob(pattern):
            shutil.copy(file, folder)
    os.environ["GUIDE_CACHE"] = str(folder)
    try:
        yield folder
    finally:
        cleanup.clean_states()
        os.environ.pop("GUIDE_CACHE")
        if before is not None:
            os.environ["GUIDE_CACHE"] = before
        shutil.rmtree(folder, ignore_errors=True)
