"""What a machine tells of its kernel and its crash dumps: a program of its own, run by Python inside the machine.

``python3 dumps.py kernel`` prints what a dump of the running kernel will have to match; ``python3 dumps.py list
GLOB...`` prints the dumps that are there. Both print JSON.

The formats: makedumpfile's compressed dumps begin with the header of the diskdump format (makedumpfile's
diskdump_mod.h), ELF dumps with an ELF header. makedumpfile writes either of them to a pipe in its flattened form, which
is a sequence of (offset, size, data) after a header of 4096 bytes and ends with -1, -1. All of them carry the kernel's
VMCOREINFO: lines of KEY=VALUE, to which the kernel adds CRASHTIME when it panics (kernel/vmcore_info.c).
"""

from __future__ import annotations

import glob
import io
import json
import os
import struct
import sys
import time
from typing import IO, Any

FLAT = b"makedumpfile\0"
COMPRESSED = b"KDUMP   "
ELF = b"\x7fELF"
END_MARK = b"\xff" * 16  # offset and size -1, with which a flattened dump ends
FLAT_HEADER_BYTES = 4096
MOST_PIECES = 1 << 20  # of a flattened dump that are looked at
HEADER_BYTES = 1 << 20  # how far into a dump its headers and its VMCOREINFO may lie
INCOMPLETE = 0x8  # makedumpfile's DUMP_DH_COMPRESSED_INCOMPLETE: it could not write everything
RELEASE = slice(8 + 4 + 2 * 65, 8 + 4 + 3 * 65)  # utsname.release, behind the signature and the version


class NoDump(Exception):
    """The file is no crash dump; the text says what was found instead."""


def vmcoreinfo(text: bytes) -> dict[str, str]:
    """The lines KEY=VALUE that say which kernel, which boot and when; {} when there are none."""
    rows = (line.partition("=") for line in text.rstrip(b"\0").decode(errors="replace").splitlines())
    return {key: value for key, _, value in rows if key in ("OSRELEASE", "BUILD-ID", "KERNELOFFSET", "CRASHTIME")}


def elf_notes(file: IO[bytes]) -> bytes:
    """The description of the VMCOREINFO note of an ELF file of 64 bits, which may be /proc/kcore; b"" when it has none."""
    file.seek(0)
    header = file.read(64)
    if len(header) < 64 or header[4] != 2:
        raise NoDump("not an ELF file of 64 bits")
    table, size, count = *struct.unpack_from("<Q", header, 32), *struct.unpack_from("<HH", header, 54)
    for number in range(min(count, 1000)):
        file.seek(table + number * size)
        kind, _, offset, _, _, length = struct.unpack("<IIQQQQ", file.read(40))
        if kind == 4:  # PT_NOTE
            file.seek(offset)
            notes = file.read(min(length, HEADER_BYTES))
            at = 0
            while at + 12 <= len(notes):
                name_bytes, text_bytes, _ = struct.unpack_from("<III", notes, at)
                begin = at + 12 + (name_bytes + 3) // 4 * 4
                if notes[at + 12 : at + 12 + name_bytes].rstrip(b"\0") == b"VMCOREINFO":
                    return notes[begin : begin + text_bytes]
                at = begin + (text_bytes + 3) // 4 * 4
    return b""


def unflattened(file: IO[bytes]) -> bytes:
    """The first ``HEADER_BYTES`` of the dump that a flattened file stands for.

    All pieces are looked at: makedumpfile writes the headers of an ELF dump last, and those of a compressed dump twice.
    """
    start = bytearray(HEADER_BYTES)
    file.seek(FLAT_HEADER_BYTES)
    for _ in range(MOST_PIECES):
        head = file.read(16)
        if len(head) < 16:
            break
        offset, size = struct.unpack(">qq", head)
        if offset < 0 or size < 0:  # the end mark is -1, -1
            break
        if offset < HEADER_BYTES:
            data = file.read(min(size, HEADER_BYTES - offset))
            start[offset : offset + len(data)] = data
            file.seek(size - len(data), os.SEEK_CUR)
        else:
            file.seek(size, os.SEEK_CUR)
    return bytes(start)


def header(path: str) -> dict[str, Any]:
    """Release, VMCOREINFO and completeness of one dump; NoDump when the file is none."""
    with open(path, "rb") as file:
        magic = file.read(16)
        if magic.startswith(ELF):
            known = vmcoreinfo(elf_notes(file))
            return {"release": known.get("OSRELEASE", ""), "vmcoreinfo": known, "complete": True}
        if magic.startswith(FLAT):
            start = unflattened(file)
            file.seek(-len(END_MARK), os.SEEK_END)
            ended = file.read() == END_MARK
        else:
            file.seek(0)
            start, ended = file.read(HEADER_BYTES), True
    if start.startswith(ELF):
        known = vmcoreinfo(elf_notes(io.BytesIO(start)))
        return {"release": known.get("OSRELEASE", ""), "vmcoreinfo": known, "complete": ended}
    if not start.startswith(COMPRESSED):
        raise NoDump(f"begins with {magic!r}, which is neither an ELF file nor a dump of makedumpfile")
    # behind utsname: padding, timestamp (two longs), status, block size
    status, block_bytes = struct.unpack_from("<ii", start, 8 + 4 + 6 * 65 + 6 + 16)
    if not 512 <= block_bytes <= 1 << 16:
        raise NoDump(f"its header names blocks of {block_bytes} bytes")
    # kdump_sub_header: phys_base, dump_level, split, start_pfn, end_pfn, offset_vmcoreinfo, size_vmcoreinfo
    offset, length = struct.unpack_from("<qQ", start, block_bytes + 32)
    known = vmcoreinfo(start[offset : offset + length]) if 0 < offset < HEADER_BYTES and length < HEADER_BYTES else {}
    release = start[RELEASE].split(b"\0")[0].decode(errors="replace")
    return {"release": release, "vmcoreinfo": known, "complete": ended and not status & INCOMPLETE}


def dumps(patterns: list[str]) -> list[dict[str, Any]]:
    """The files that match the globs: path, bytes, the first 16 bytes in hexadecimal digits, and what the header tells."""
    found = []
    for path in sorted({path for pattern in patterns for path in glob.glob(pattern)}):
        with open(path, "rb") as file:
            dump: dict[str, Any] = {"path": path, "bytes": os.path.getsize(path), "magic": file.read(16).hex()}
        try:
            dump["header"] = header(path)
        except (NoDump, OSError, struct.error) as error:
            dump["unreadable"] = str(error)
        found.append(dump)
    return found


def kernel() -> dict[str, Any]:
    """The running kernel: clock (seconds since 1970), uptime in seconds, VMCOREINFO, and where memory is reserved."""
    try:
        with open("/proc/kcore", "rb") as file:
            known = vmcoreinfo(elf_notes(file))
    except (NoDump, OSError, struct.error):
        known = {}
    with open("/proc/iomem") as lines:
        rows = [line.strip().partition(" : ") for line in lines]
    reserved = [[int(end, 16) for end in place.split("-")] for place, _, name in rows if name == "Crash kernel"]
    with open("/proc/uptime") as uptime:
        uptime_s = float(uptime.read().split()[0])
    return {"clock": time.time(), "uptime_s": uptime_s, "release": os.uname().release, "vmcoreinfo": known, "reserved": reserved}


if __name__ == "__main__":
    print(json.dumps(kernel() if sys.argv[1] == "kernel" else dumps(sys.argv[2:])))
