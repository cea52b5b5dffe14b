"""What the kernel makes of crashkernel=: kernel/crash_reserve.c of Linux 6.12, line by line, for values without a suffix.

A pointer into the command line is an index here, and -EINVAL is None. The messages are the kernel's.
"""

from __future__ import annotations

SZ_128M = 128 << 20
ULLONG_MAX = (1 << 64) - 1
SHIFTS = {unit: 10 * (place + 1) for place, unit in enumerate("KMGTPE")}
Told = list[str]


def memparse(text: str, at: int) -> tuple[int, int]:
    """lib/cmdline.c, for decimal numbers without leading zeros: the number, and where it ends; ``at`` if there is none."""
    end = at
    while end < len(text) and text[end] in "0123456789":
        end += 1
    if end == at:
        return 0, at
    number = int(text[at:end])
    unit = text[end : end + 1].upper()
    return (number << SHIFTS[unit], end + 1) if unit in SHIFTS else (number, end)


def parse_crashkernel_mem(text: str, system_ram: int, told: Told) -> int | None:
    total_mem = -(-system_ram // SZ_128M) * SZ_128M
    at, crash_size = 0, 0
    text += "\0"
    while True:
        start, tmp = memparse(text, at)
        if at == tmp:
            return told.append("Memory value expected")
        at = tmp
        if text[at] != "-":
            return told.append("'-' expected")
        at += 1
        end = ULLONG_MAX
        if text[at] != ":":
            end, tmp = memparse(text, at)
            if at == tmp:
                return told.append("Memory value expected")
            at = tmp
            if end <= start:
                return told.append("end <= start")
        if text[at] != ":":
            return told.append("':' expected")
        at += 1
        size, tmp = memparse(text, at)
        if at == tmp:
            return told.append("Memory value expected")
        at = tmp
        if size >= total_mem:
            return told.append("invalid size")
        if start <= total_mem < end:
            crash_size = size
            break
        at += 1
        if text[at - 1] != ",":
            break
    if not crash_size:
        told.append("crashkernel size resulted in zero bytes")
        return crash_size
    while text[at] not in "\0 @":
        at += 1
    if text[at] == "@" and memparse(text, at + 1)[1] == at + 1:
        return told.append("Memory value expected after '@'")
    return crash_size


def parse_crashkernel_simple(text: str, told: Told) -> int | None:
    crash_size, at = memparse(text, 0)
    if at == 0:
        return told.append("memory value expected")
    if text[at : at + 1] not in ("", " ", "@"):
        return told.append(f"unrecognized char: {text[at]}")
    return crash_size


def reserved(value: str, system_ram: int) -> tuple[int, Told]:
    """parse_crashkernel(): the bytes that are reserved, and what the kernel says."""
    told: Told = []
    size = parse_crashkernel_mem(value, system_ram, told) if ":" in value else parse_crashkernel_simple(value, told)
    return (size if size and size < system_ram else 0), told
