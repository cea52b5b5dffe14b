"""What the program says of a file before drgn is asked: each kind of file that lies beside a dump, or was once a dump."""

from __future__ import annotations

import os
import struct

import pytest
from program import COMPRESSED_HEADER, ELF_CORE, flattened, saved, summary

INCOMPLETE_HEADER = bytearray(COMPRESSED_HEADER)
struct.pack_into("<I", INCOMPLETE_HEADER, summary.STATUS_AT, summary.INCOMPLETE | 1)


@pytest.mark.parametrize(
    "data, form, complete",
    [
        (COMPRESSED_HEADER, "kdump-compressed", True),
        (bytes(INCOMPLETE_HEADER), "kdump-compressed", False),
        (flattened((0, COMPRESSED_HEADER)), "kdump-compressed, flattened", True),
        (ELF_CORE, "ELF", True),
    ],
)
def test_dumps_are_known(tmp_path, data, form, complete):
    dump = summary.examine(saved(tmp_path, data))
    assert (dump.size_bytes, dump.form, dump.complete) == (len(data), form, complete)


def test_the_header_may_come_in_pieces_and_be_written_again(tmp_path):
    """Makedumpfile writes the header once more at its end, when it knows whether everything could be written."""
    data = flattened(
        (512, COMPRESSED_HEADER[512:]), (0, COMPRESSED_HEADER[:512]), (10**12, b"far away"), (0, bytes(INCOMPLETE_HEADER)[:512])
    )
    assert not summary.examine(saved(tmp_path, data)).complete


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "is empty"),
        (b"\xc6\xa02\xde random bytes", "is no dump: it begins with b'\\xc6\\xa02\\xde ran'"),
        (flattened((0, COMPRESSED_HEADER), end=False), "is cut off: it has 8540 bytes and no end mark"),
        (flattened((0, COMPRESSED_HEADER))[:-16], "is cut off"),
        (flattened((0, COMPRESSED_HEADER))[:6000], "is cut off"),
        (flattened()[:100], "is cut off"),
        (flattened((0, COMPRESSED_HEADER), (-5, b"x")), "is damaged: no record of the flattened form begins at byte 8540"),
        (flattened((0, COMPRESSED_HEADER), (5, b"")), "is damaged"),
        (flattened((0, ELF_CORE)), "is an ELF dump in makedumpfile's flattened form"),
        (flattened((0, b"something")), "what is in it begins with b'somethin'"),
        (flattened(), "is in makedumpfile's flattened form, but"),
        (ELF_CORE[:16] + b"\2\0" + bytes(100), "is an ELF file, but no dump: a program, a module or a vmlinux"),
        (b"\x1f\x8b\x08", "is compressed with gzip; unpack it first"),
        (b"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it first"),
        (b"[    0.000000] Linux version 6.12", "is the log of a kernel, a text"),
        (b"<5>[   12.345678] Linux version 6.12", "is the log of a kernel, a text"),
        (b"ProblemType: KernelCrash\n", "is a report of Apport"),
    ],
)
def test_what_is_no_dump_is_called_by_its_name(tmp_path, data, words):
    with pytest.raises(summary.UnreadableError) as error:
        summary.examine(saved(tmp_path, data))
    assert words in str(error.value)


def test_a_folder_is_no_dump(tmp_path):
    with pytest.raises(summary.UnreadableError, match="is a folder"):
        summary.examine(str(tmp_path))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(summary.UnreadableError, match="does not exist"):
        summary.examine(str(tmp_path / "none"))


def test_a_file_without_permission(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = saved(tmp_path, ELF_CORE)
    monkeypatch.setattr("builtins.open", refuse)  # root, as which tests may run, has every permission
    with pytest.raises(summary.UnreadableError, match="Run this program with sudo"):
        summary.examine(path)


def test_a_pipe_is_no_dump():
    reading, writing = os.pipe()
    try:
        with pytest.raises(summary.UnreadableError, match="cannot be read: .*not seekable"):
            summary.examine(f"/dev/fd/{reading}")
    finally:
        os.close(reading)
        os.close(writing)
