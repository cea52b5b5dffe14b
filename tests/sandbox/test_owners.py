"""The owners of a saved container's files."""

from __future__ import annotations

import os
import struct

import pytest

from checks.sandbox.flags import FIRST_OWNER, OWNERS
from checks.sandbox.owners import CAPABILITIES, _of_root, shift_back

NET_RAW = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)
IN_A_NAMESPACE = struct.pack("<6I", 0x03000001, 1 << 13, 0, 0, 0, FIRST_OWNER)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_each_file_gets_its_owner_back_and_keeps_its_mode(tmp_path):
    rows = {
        "root": (FIRST_OWNER, FIRST_OWNER, 0o644, 0, 0),
        "setuid": (FIRST_OWNER, FIRST_OWNER + 42, 0o4755, 0, 42),
        "setgid": (FIRST_OWNER + 1000, FIRST_OWNER + 1000, 0o2711, 1000, 1000),
        "last": (FIRST_OWNER + OWNERS - 1, 7, 0o600, OWNERS - 1, 7),
        "of the host": (1000, 0, 0o4711, 1000, 0),
        "beyond": (FIRST_OWNER + OWNERS, 0, 0o644, FIRST_OWNER + OWNERS, 0),
    }
    layer = tmp_path / "layer"
    (layer / "deep").mkdir(parents=True)
    for name, (user, group, mode, _, _) in rows.items():
        file = layer / "deep" / name
        file.touch()
        os.chown(file, user, group)
        file.chmod(mode)
    outside = tmp_path / "outside"
    outside.touch()
    os.chown(outside, FIRST_OWNER, FIRST_OWNER)
    (layer / "link").symlink_to(outside)
    os.chown(layer / "link", FIRST_OWNER, FIRST_OWNER, follow_symlinks=False)
    assert shift_back(layer) == 5
    for name, (_, _, mode, user, group) in rows.items():
        found = (layer / "deep" / name).lstat()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (user, group, mode), name
    assert (layer / "link").lstat().st_uid == 0
    assert outside.stat().st_uid == FIRST_OWNER, "a link is not followed"
    assert shift_back(layer) == 0


def test_capabilities_of_a_namespace_become_those_of_root():
    assert _of_root(IN_A_NAMESPACE) == NET_RAW
    assert _of_root(NET_RAW) == NET_RAW
    assert _of_root(b"\1\0\0\0") == b"\1\0\0\0"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_programs_capabilities_stay(tmp_path):
    program = tmp_path / "program"
    program.touch()
    os.chown(program, FIRST_OWNER, FIRST_OWNER)
    os.setxattr(program, CAPABILITIES, NET_RAW)
    assert shift_back(tmp_path) == 1
    assert os.getxattr(program, CAPABILITIES) == NET_RAW
