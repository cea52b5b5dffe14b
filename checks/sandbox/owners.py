"""The owners of a saved container's files, where the container had a user namespace of its own.

podman 4 mounts the image below such a container with shifted owners, and then saves the container's own files with
the owners that they have on the host: 1900000000 instead of root. In the next container they would be nobody's.
"""

from __future__ import annotations

import os
import stat
import struct
from contextlib import suppress
from pathlib import Path

from checks.sandbox.flags import FIRST_OWNER, OWNERS

CAPABILITIES = "security.capability"
# linux/capability.h: version 3 is version 2 with the user namespace's root behind it.
VERSION_2, VERSION_3, VERSION_MASK, VERSION_3_BYTES = 0x02000000, 0x03000000, 0xFF000000, 24


def shift_back(layer: Path) -> int:
    """Give the files below ``layer``, which nothing uses yet, the owners that they had in their container; how many had others.

    The modes stay, and so do the capabilities of programs, both of which the kernel drops when an owner changes.
    """
    changed = 0
    paths = [str(layer)]
    while paths:
        path = paths.pop()
        found = os.lstat(path)
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(path) as entries:
                paths += [entry.path for entry in entries]
        user, group = _inside(found.st_uid), _inside(found.st_gid)
        if (user, group) == (found.st_uid, found.st_gid):
            continue
        capabilities = None
        if stat.S_ISREG(found.st_mode):
            with suppress(OSError):
                capabilities = os.getxattr(path, CAPABILITIES, follow_symlinks=False)
        os.chown(path, user, group, follow_symlinks=False)
        if not stat.S_ISLNK(found.st_mode):
            os.chmod(path, stat.S_IMODE(found.st_mode))
        if capabilities is not None:
            os.setxattr(path, CAPABILITIES, _of_root(capabilities), follow_symlinks=False)
        changed += 1
    return changed


def _inside(owner: int) -> int:
    return owner - FIRST_OWNER if FIRST_OWNER <= owner < FIRST_OWNER + OWNERS else owner


def _of_root(capabilities: bytes) -> bytes:
    """The capabilities of a program, valid where this host's root is root; version 3 becomes version 2."""
    (magic,) = struct.unpack_from("<I", capabilities)
    if magic & VERSION_MASK != VERSION_3 or len(capabilities) != VERSION_3_BYTES:
        return capabilities
    return struct.pack("<I", magic & ~VERSION_MASK | VERSION_2) + capabilities[4:-4]
