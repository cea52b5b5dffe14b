"""Compares dump_summary.py with what debug symbols and crash say of the same dumps. It runs where all of them are.

    python3 compare.py FOLDER VMLINUX MODULE.ko...

For each ``dump.*`` below the folder it prints one line that says what agrees. What does not agree is printed as well,
and the exit status is 1 then.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dump_summary
from drgn import MissingDebugInfoError, Program, Type, TypeKind, sizeof

DIFFERENCES: list[str] = []
MADE: list[dump_summary.Btf] = []


class RecordingBtf(dump_summary.Btf):
    """BTF that is found again when the summary is done: the types that it made are those that the summary used."""

    def __init__(self, prog: Program, data: bytes) -> None:
        super().__init__(prog, data)
        MADE.append(self)


dump_summary.Btf = RecordingBtf  # type: ignore[misc]


def same(what: str, summary: Any, other: Any) -> None:
    """Note a difference between the summary and another source."""
    if summary != other:
        DIFFERENCES.append(f"{what}: the summary has {summary!r}, and it should be {other!r}")


def with_symbols(dump: Path, vmlinux: str, modules: list[str]) -> Program:
    """The dump, opened with debug symbols."""
    prog = Program()
    prog.set_core_dump(dump)
    with contextlib.suppress(MissingDebugInfoError):  # of modules that no page speaks of
        prog.load_debug_info([vmlinux, *modules])
    prog.create_loaded_modules()
    return prog


def known_functions(stack: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Names and offsets, without what compilers append; without functions of modules that have no symbols here."""
    known = [frame for frame in stack if frame["module"] in (None, "depot")]
    return [(name, 0 if name in ENTRY else frame["offset"]) for frame in known if (name := plain(frame["function"]))]


ENTRY = ("entry_SYSCALL_64",)  # the system call's entry has a label within, which kallsyms takes for a function


def plain(function: str) -> str:
    """The name of a function as it stands in the source."""
    return re.sub(r"\.(cold|constprop|isra|part)(\.\d+)*|_after_hwframe$", "", function)


def without_inlined(prog: Program, trace: Any) -> list[dict[str, Any]]:
    """What dump_summary.functions() gives, for a stack in which drgn also sees inlined functions."""
    return real_functions(prog, [frame for frame in trace if not frame.is_inline])


real_functions = dump_summary.functions


def compare_parts(summary: dict[str, Any], prog: Program) -> None:
    """The parts of the summary, against the same program with types, names and stacks out of debug symbols."""
    dump_summary.functions = without_inlined
    try:
        for name, read in dump_summary.PARTS.items():
            part, other = summary[name], read(prog)
            if name == "crashed":
                begin = next((at for at, frame in enumerate(other["stack"]) if frame["function"] in ("vpanic", "panic")), 0)
                same("stack", known_functions(part["stack"]), known_functions(other["stack"][begin:]))
                part, other = ({**one, "stack": None} for one in (part, other))
            if name == "tasks":
                pairs = list(zip(part["waiting"], other["waiting"], strict=True))
                for mine, theirs in pairs:
                    same(f"stack of {mine['pid']}", known_functions(mine["stack"]), known_functions(theirs["stack"]))
                    if mine["lock"]:
                        variable = prog[mine["lock"]["name"].partition(" ")[0]].address_of_().value_()
                        same("lock", variable, wanted_by_locals(prog, mine["pid"]))
                part, other = ({**one, "waiting": [task["pid"] for task in one["waiting"]]} for one in (part, other))
            same(name, part, other)
    finally:
        dump_summary.functions = real_functions


def wanted_by_locals(prog: Program, pid: int) -> int | None:
    """The address of the mutex that a task waits for, out of a local variable."""
    for frame in prog.stack_trace(pid):
        if frame.name == "__mutex_lock_common" and not frame["lock"].absent_:
            return int(frame["lock"])
    return None


def compare_types(btf: dump_summary.Btf, prog: Program) -> tuple[int, int]:
    """All structures and unions with a name that the summary used: how many, and how many members they have."""
    count = members = 0
    for kind in list(btf._made.values()):
        if kind.kind in (TypeKind.STRUCT, TypeKind.UNION) and kind.tag and kind.is_complete():
            other = prog.type(kind.type_name())
            same(f"size of {kind.type_name()}", kind.size, other.size)
            mine, theirs = (list(shape(one)) for one in (kind, other))
            same(f"members of {kind.type_name()}", mine, theirs)
            count, members = count + 1, members + len(mine)
    return count, members


def shape(kind: Type) -> Iterator[tuple[str | None, int, int | None, int | None]]:
    """Name, place, width of each member, and its size where it has one."""
    for member in kind.members or ():
        if member.type.is_complete():
            yield member.name, member.bit_offset, member.bit_field_size, sizeof(member.type)
        else:
            yield member.name, member.bit_offset, member.bit_field_size, None


def crash_answers(dump: Path, vmlinux: str) -> str:
    """What crash prints for sys and bt."""
    with tempfile.NamedTemporaryFile("w", suffix=".crash") as commands:
        commands.write("sys\nbt\nexit\n")
        commands.flush()
        done = subprocess.run(["crash", "-s", "-i", commands.name, vmlinux, str(dump)], capture_output=True, text=True, check=True)
    return done.stdout


def compare_crash(summary: dict[str, Any], printed: str) -> None:
    """Panic message, PID, command, processor and functions of the crashed stack."""
    panic = re.search(r'^ *PANIC: "(.*)"', printed, re.M)
    same("PANIC of crash", summary["panic"], panic and panic[1])
    task = re.search(r'^PID: (\d+) .*CPU: (\d+) +COMMAND: "(.*)"', printed, re.M)
    assert task, printed
    crashed = summary["crashed"]
    same("task of crash", (crashed["pid"], crashed["cpu"], crashed["command"]), (int(task[1]), int(task[2]), task[3]))
    after = re.split(r"\[exception RIP: (\S+?)\+\d+\]", printed)
    frames = re.findall(r"^ *#\d+ \[\w+\] (\S+) at", after[-1], re.M)
    frames = [after[1], *frames] if len(after) > 1 else frames[next(at for at, name in enumerate(frames) if name in ("vpanic", "panic")) :]
    names = [plain(frame["function"]) for frame in crashed["stack"]]
    rest = iter(names)
    missing = [name for name in map(plain, frames) if name not in rest]
    same(f"functions that crash has ({' '.join(frames)}), and the summary ({' '.join(names)}) has not in this order", missing, [])


def main(folder: str, vmlinux: str, modules: list[str]) -> int:
    """Compare all dumps; the exit status."""
    dumps = sorted(Path(folder).expanduser().glob("**/dump.*"))
    for dump in dumps:
        before = len(DIFFERENCES)
        summary = dump_summary.summarise(dump_summary.examine(str(dump)), *dump_summary.open_dump(str(dump)))
        same("errors", summary["errors"], {})
        prog = with_symbols(dump, vmlinux, modules)
        compare_parts(summary, prog)
        types, members = compare_types(MADE[-1], prog)
        if shutil.which("crash"):
            compare_crash(summary, crash_answers(dump, vmlinux))
        name = dump.parent.name
        print(f"{name}: {len(summary['crashed']['stack'])} frames, {types} structures with {members} members, "
              f"{len(DIFFERENCES) - before} differences")  # fmt: skip
    print(*DIFFERENCES, sep="\n")
    print(len(dumps), "dumps compared")
    return 1 if DIFFERENCES or not dumps else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
