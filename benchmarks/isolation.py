"""A cache folder of its own for a measurement.

Images, disks and locks are shared with the host's cache folder; the saved states are not. So a measurement neither
restores, replaces nor removes a state of another run, and its own states are removed at the end.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checks.host import cache_dir, owned_prefix, tag_cache
from checks.running import cleanup

SHARED_FOLDERS = ("disks", "locks", "logs")
HOST_FACTS = ("engine.json", "accelerator-*")  # Files that say what works on this host: copied, so that nothing is probed again.


@contextmanager
def own_cache() -> Iterator[Path]:
    """Until the end of the block, $GUIDE_CACHE of this process and its children names a new folder, which is yielded."""
    host_folder, value_before = cache_dir(), os.environ.get("GUIDE_CACHE")
    # The name is short, since the path of a Unix socket below the folder may have 107 bytes at most (unix(7)).
    folder = host_folder / f"{owned_prefix('bench')}0"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    tag_cache(folder)
    for name in SHARED_FOLDERS:
        (host_folder / name).mkdir(exist_ok=True)
        (folder / name).symlink_to(host_folder / name)
    for pattern in HOST_FACTS:
        for file in host_folder.glob(pattern):
            shutil.copy(file, folder)
    os.environ["GUIDE_CACHE"] = str(folder)
    try:
        yield folder
    finally:
        cleanup.clean_states()
        os.environ.pop("GUIDE_CACHE")
        if value_before is not None:
            os.environ["GUIDE_CACHE"] = value_before
        shutil.rmtree(folder, ignore_errors=True)
