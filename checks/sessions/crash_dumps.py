"""What a crash left on the machine, whether it is a dump of this crash, and whether the page announces that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from checks.machines import guest
from checks.machines.machine import MachineLost
from checks.model import Dump, Outcome

# Runs in the machine, as root, beside the reader's shell.
_PROGRAM = (Path(guest.__file__).parent / "dumps.py").read_text()
CLOCK_TOLERANCE_S = 120  # between the clock of an emulated machine, which drifts, and this host's
Execute = Callable[..., tuple[int, bytes]]
_CRASH_TIME = re.compile(r"[0-9]{1,11}")  # seconds since 1970
_Told = TypeVar("_Told")


class _Part(BaseModel):
    """What the program prints. Root in a machine can have another program print anything, so types are checked."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Kernel(_Part):
    clock: float
    uptime_s: float
    release: str
    vmcoreinfo: dict[str, str]
    reserved: list[tuple[int, int]]


class _Header(_Part):
    release: str
    vmcoreinfo: dict[str, str]
    complete: bool


class _Found(_Part):
    path: str
    bytes: int
    magic: str
    header: _Header | None = None
    unreadable: str | None = None


_KERNEL, _FOUND = TypeAdapter(_Kernel), TypeAdapter(list[_Found])


@dataclass(frozen=True)
class RunningKernel:
    """The kernel before a crash: what the dump of that crash has to match.

    ``vmcoreinfo`` has OSRELEASE, BUILD-ID and KERNELOFFSET (which is random for each boot), as far as /proc/kcore shows
    them. ``reserved`` are the physical addresses, first and last, of the memory that is reserved for a capture kernel.
    """

    clock_s: float  # the machine's, in seconds since 1970
    uptime_s: float
    release: str
    vmcoreinfo: dict[str, str]
    reserved: tuple[tuple[int, int], ...]

    def reserves(self, address: int) -> bool:
        """Whether this physical address is reserved for a capture kernel."""
        return any(first <= address <= last for first, last in self.reserved)


def _run(execute: Execute, doing: str, expected: TypeAdapter[_Told], *arguments: str) -> _Told:
    status, output = execute("python3", "-c", _PROGRAM, *arguments)
    try:
        if status == 0:
            return expected.validate_json(output)
    except ValidationError:
        pass
    raise MachineLost(f"{doing}: {output.decode(errors='replace')[-2000:]}")


def running_kernel(execute: Execute) -> RunningKernel:
    """Ask the machine for its kernel. ``execute`` runs a command as root on the machine; MachineLost when that fails."""
    told = _run(execute, "looking at the kernel", _KERNEL, "kernel")
    return RunningKernel(told.clock, told.uptime_s, told.release, told.vmcoreinfo, tuple(told.reserved))


def find_dumps(execute: Execute, patterns: tuple[str, ...]) -> list[Dump]:
    """The dumps that match the globs. ``execute`` runs a command as root on the machine; MachineLost when that fails."""
    if not patterns:
        return []
    found = _run(execute, "looking for dumps", _FOUND, "list", *patterns)
    return [Dump(**dump.model_dump(exclude_none=True)) for dump in found]  # type: ignore[typeddict-item]


def record_new_dump(
    outcome: Outcome, before: list[Dump], after: list[Dump], patterns: tuple[str, ...], expected: bool, kernel: RunningKernel, took_s: float
) -> None:
    """Put the dump that a crash left into ``outcome``, or a failure: it is missing, was not ``expected``, or is of another crash.

    Where none is expected, a file that is no dump of this crash, such as one that was cut off, is none.

    ``kernel`` is the kernel that crashed, ``took_s`` the seconds from then until the machine was back.
    """
    known = [_place(dump) for dump in before]
    new = [dump for dump in after if _place(dump) not in known]
    if not expected:
        if whole := [dump["path"] for dump in new if _wrong_dump(dump, kernel, took_s) is None]:
            outcome.failure = f'the machine crashed and left a dump, {whole[0]}; the page says data-dump="none"'
    elif patterns and not new:
        outcome.failure = f"the machine crashed and came back, but left no dump at {' '.join(patterns)}"
    elif new:
        dump = max(new, key=lambda dump: dump["path"])
        wrong = _wrong_dump(dump, kernel, took_s)
        outcome.failure = f"{dump['path']} is no dump of this crash: {wrong}" if wrong else None
        header = dump.pop("header", None)
        crashed_at = header["vmcoreinfo"].get("CRASHTIME", "") if header else ""
        if header and _CRASH_TIME.fullmatch(crashed_at):
            time = datetime.fromtimestamp(int(crashed_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            dump |= {"release": header["release"], "crashed_at": time}
        outcome.dump = dump


def _wrong_dump(dump: Dump, kernel: RunningKernel, took_s: float) -> str | None:
    """Why the file is no dump of this kernel's crash, in words; None when it is one."""
    header = dump.get("header")
    if header is None:
        return dump.get("unreadable", "it has no header")
    if not header["complete"]:
        return "its header says that it could not be written to its end"
    if header["release"] != kernel.release:
        return f"it is of the kernel {header['release'] or 'without a name'}, and {kernel.release} crashed"
    info = header["vmcoreinfo"]
    for key, value in kernel.vmcoreinfo.items():
        if info.get(key) != value:
            return f"its {key} is {info.get(key)}, and that of the boot that crashed is {value}"
    crash_time = info.get("CRASHTIME", "")
    if not _CRASH_TIME.fullmatch(crash_time):
        return "it does not say when the kernel crashed (CRASHTIME)"
    after_s = int(crash_time) - kernel.clock_s
    if not -CLOCK_TOLERANCE_S <= after_s <= took_s + CLOCK_TOLERANCE_S:
        return f"its crash was {after_s:.0f} s after this snippet began, and the machine was back after {took_s:.0f} s"
    return None


def _place(dump: Dump) -> tuple[str | None, str]:
    return dump.get("on"), dump["path"]
