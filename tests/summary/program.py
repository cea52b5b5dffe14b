"""The program dump_summary.py as a module, and files that look like dumps from outside."""

from __future__ import annotations

import importlib.util
import struct
import sys
from pathlib import Path

from guides import ROOT

FILE = ROOT / "summary" / "dump_summary.py"
_spec = importlib.util.spec_from_file_location("dump_summary", FILE)
assert _spec and _spec.loader
summary = importlib.util.module_from_spec(_spec)
sys.modules["dump_summary"] = summary
_spec.loader.exec_module(summary)

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
