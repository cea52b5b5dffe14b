"""The program dump_summary.py as a module, and files that look like dumps from outside."""

from __future__ import annotations

import struct
from pathlib import Path

from guides import ROOT, load_program

FILE = ROOT / "summary" / "dump_summary.py"
summary = load_program("summary/dump_summary.py")

COMPRESSED_HEADER = b"KDUMP   ".ljust(summary.STATUS_AT, b"\0") + struct.pack("<I", 0) + bytes(4000)
ELF_CORE = b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\4\0" + bytes(100)


def flattened(*records: tuple[int, bytes], end: bool = True) -> bytes:
    """A file in makedumpfile's flattened form: pairs of an offset and the data that belong there, and the end mark."""
    head = (summary.FLAT + struct.pack(">qq", 1, 1)).ljust(summary.FLAT_HEADER_BYTES, b"\0")
    body = b"".join(struct.pack(">qq", offset, len(data)) + data for offset, data in records)
    return head + body + (struct.pack(">qq", -1, -1) if end else b"")


def saved(folder: Path, data: bytes) -> str:
    """The path of a new file with these bytes."""
    path = folder / "dump.202611291200"
    path.write_bytes(data)
    return str(path)
