"""What a crash left on the machine, whether it is a dump of this crash, and whether the page announces that."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.machines import guest
from checks.machines.machine import MachineLost
from checks.model import Dump, Outcome

# Runs in the machine, as root, beside the reader's shell.
_PROGRAM = (Path(guest.__file__).parent / "dumps.py").read_text()
CLOCK_TOLERANCE_S = 120  # between the clock of an emulated machine, which drifts, and this host's
Execute = Callable[..., tuple[int, bytes]]


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


def _run(execute: Execute, doing: str, *arguments: str) -> Any:
    status, output = execute("python3", "-c", _PROGRAM, *arguments)
    try:
        if status == 0:
            return json.loads(output)
    except ValueError:
        pass
    raise MachineLost(f"{doing}: {output.decode(errors='replace')[-2000:]}")


def running_kernel(execute: Execute) -> RunningKernel:
    """Ask the machine for its kernel. ``execute`` runs a command as root on the machine; MachineLost when that fails."""
    told = _run(execute, "looking at the kernel", "kernel")
    reserved = tuple((first, last) for first, last in told["reserved"])
    return RunningKernel(told["clock"], told["uptime_s"], told["release"], told["vmcoreinfo"], reserved)


def find_dumps(execute: Execute, patterns: tuple[str, ...]) -> list[Dump]:
    """The dumps that match the globs. ``execute`` runs a command as root on the machine; MachineLost when that fails."""
    if not patterns:
        return []
    dumps: list[Dump] = _run(execute, "looking for dumps", "list", *patterns)
    return dumps


def record_new_dump(
    outcome: Outcome, before: list[Dump], after: list[Dump], patterns: tuple[str, ...], expected: bool, kernel: RunningKernel, took_s: float
) -> None:
    """Put the dump that a crash left into ``outcome``, or a failure: it is missing, was not ``expected``, or is of another crash.

    ``kernel`` is the kernel that crashed, ``took_s`` the seconds from then until the machine was back.
    """
    known = [_place(dump) for dump in before]
    new = [dump for dump in after if _place(dump) not in known]
    if new and not expected:
        outcome.failure = f'the machine crashed and left a dump, {new[0]["path"]}; the page says data-dump="none"'
    elif expected and patterns and not new:
        outcome.failure = f"the machine crashed and came back, but left no dump at {' '.join(patterns)}"
    elif new:
        dump = max(new, key=lambda dump: dump["path"])
        wrong = _wrong_dump(dump, kernel, took_s)
        outcome.failure = f"{dump['path']} is no dump of this crash: {wrong}" if wrong else None
        header = dump.pop("header", None)
        crashed_at = header["vmcoreinfo"].get("CRASHTIME") if header else None
        if header and crashed_at:
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
    if not crash_time.isdigit():
        return "it does not say when the kernel crashed (CRASHTIME)"
    after_s = int(crash_time) - kernel.clock_s
    if not -CLOCK_TOLERANCE_S <= after_s <= took_s + CLOCK_TOLERANCE_S:
        return f"its crash was {after_s:.0f} s after this snippet began, and the machine was back after {took_s:.0f} s"
    return None


def _place(dump: Dump) -> tuple[str | None, str]:
    return dump.get("on"), dump["path"]
