#!/usr/bin/env python3
"""dump-summary: what the dump of a crashed Linux kernel tells at first sight, without any package of debug symbols.

    python3 dump_summary.py DUMP            for people
    python3 dump_summary.py --json DUMP     for programs
    python3 dump_summary.py --help          the options

It needs a dump of makedumpfile or an ELF dump, of a kernel on x86-64 from Linux 6.0 on that was built with BTF (all
kernels of Debian and Ubuntu are), and drgn 0.0.31 or later: ``apt install python3-drgn`` on Debian 13 and later,
``pip install drgn`` elsewhere. It reads the dump and nothing else, writes nothing, and opens no connection.

Names, types and stacks come from the dump itself:
    names   the kernel's own table of symbols, kallsyms, which VMCOREINFO says the place of
    types   the kernel's BTF, which the class Btf turns into types of drgn
    stacks  the kernel's ORC tables, which drgn reads as soon as it knows where the kernel and its modules lie

The exit status is 0 if everything could be read, 1 if some parts could not, 2 if the file is no dump that it can read.

Where to read on:
    examine     what the file is, before drgn is asked
    Btf         types out of BTF
    prepare     gives a drgn Program names, types and stacks
    PARTS       what is read, one function for each part

SPDX-License-Identifier: MIT
Part of the guide "Kdump, proven"; its file LICENSE has the full text.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import stat
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timezone
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

try:
    import drgn
    from drgn import (
        Architecture,
        FaultError,
        FindObjectFlags,
        Object,
        Program,
        StackTrace,
        Type,
        TypeEnumerator,
        TypeKind,
        TypeKindSet,
        TypeMember,
        TypeParameter,
        offsetof,
    )
    from drgn.helpers.common.memory import identify_address
    from drgn.helpers.linux.cpumask import for_each_online_cpu
    from drgn.helpers.linux.kallsyms import load_module_kallsyms, load_vmlinux_kallsyms
    from drgn.helpers.linux.module import address_to_module, for_each_module
    from drgn.helpers.linux.percpu import percpu_counter_sum
    from drgn.helpers.linux.pid import for_each_task
    from drgn.helpers.linux.printk import get_dmesg
    from drgn.helpers.linux.sched import cpu_curr, task_cpu
    from drgn.helpers.linux.slab import for_each_slab_cache

    IMPORT_ERROR = "" if hasattr(Program, "main_module") else f"drgn {drgn.__version__} is too old"
except ImportError as _error:
    IMPORT_ERROR = str(_error)

SCHEMA = 1  # of the output of --json; a key that changes its meaning or goes away makes it one higher
MOST = 1_000_000  # members of a list that are looked at: a list of a broken kernel may have no end
STACK_BYTES = 16 << 10  # of a kernel stack on x86-64, THREAD_SIZE, at an address that is a multiple of it
SEARCHED_BYTES = 1024  # above the stack pointer, for a return address in panic()
KIB = 1024

# Bits of the taint mask, from bit 0 on: the kernel's Documentation/admin-guide/tainted-kernels.rst.
TAINTS = (
    ("P", "proprietary module"), ("F", "module was loaded by force"), ("S", "processor out of specification"),
    ("R", "module was removed by force"), ("M", "machine check"), ("B", "bad page"), ("U", "asked for by user space"),
    ("D", "oops or BUG before"), ("A", "ACPI table overridden"), ("W", "warning before"), ("C", "staging driver"),
    ("I", "workaround for firmware"), ("O", "module from outside the kernel's tree"), ("E", "unsigned module"),
    ("L", "soft lockup before"), ("K", "live patch"), ("X", "auxiliary, of the distribution"),
    ("T", "structure layout randomised"), ("N", "in-kernel test"), ("J", "firmware control was used"),
)  # fmt: skip

# What crash 8 takes as its PANIC line: the first of these that the log has (task.c, panic_msg).
PANIC_WORDS = (
    "SysRq : Crash", "SysRq : Trigger a crash", "SysRq : Netdump", "Kernel panic: ", "Kernel panic - ", "Kernel BUG at",
    "kernel BUG at", "Unable to handle kernel paging request", "Unable to handle kernel NULL pointer dereference",
    "BUG: unable to handle kernel ", "general protection fault: ", "double fault: ", "divide error: ", "stack segment: ",
    "[Hardware Error]: ", "Bad mode in ", "Oops: ",
)  # fmt: skip
# What crash does not know and older kernels say without "Oops: "; and what is better than nothing.
OTHER_PANIC_WORDS = ("general protection fault, ", "BUG: ")

# BTF has the types of per-CPU variables only. These are the others that this program and drgn's helpers ask for.
VARIABLES = {
    "__cpu_online_mask": "struct cpumask",
    "__per_cpu_offset": "unsigned long []",
    "_totalram_pages": "atomic_long_t",
    "clear_seq": "struct latched_seq",
    "crash_notes": "note_buf_t *",
    "crashing_cpu": "int",
    "init_mm": "struct mm_struct",
    "init_pid_ns": "struct pid_namespace",
    "init_task": "struct task_struct",
    "init_uts_ns": "struct uts_namespace",
    "modules": "struct list_head",
    "nr_cpu_ids": "unsigned int",
    "nr_node_ids": "unsigned int",
    "panic_cpu": "atomic_t",
    "prb": "struct printk_ringbuffer *",
    "saved_command_line": "char *",
    "shadow_timekeeper": "struct timekeeper",
    "slab_caches": "struct list_head",
    "tainted_mask": "unsigned long",
    "timekeeper_data": "struct tk_data []",
    "tk_core": "struct tk_data",
    "vm_zone_stat": "atomic_long_t []",
}


class UnreadableError(Exception):
    """The file is no dump that this program can read. The text says what it is, and what to do about it."""


# ---- the file


class Dump(NamedTuple):
    """A file that looks like a dump from outside."""

    path: str
    size_bytes: int
    form: str
    complete: bool  # what the header says; an ELF dump does not say it


FLAT, FLAT_HEADER_BYTES = b"makedumpfile\0\0\0\0", 4096
COMPRESSED, ELF = b"KDUMP   ", b"\x7fELF"
START_BYTES = 4096  # of a dump: enough for its header
STATUS_AT, INCOMPLETE = 424, 0x8  # in the header of a compressed dump; DUMP_DH_COMPRESSED_INCOMPLETE of makedumpfile
OTHERS = {
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"\xfd7zXZ": "compressed with xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it first",
    b"LZIP": "compressed with lzip; unpack it first",
    b"BZh": "compressed with bzip2; unpack it first",
    b"QEVM": "a saved state of QEMU, and no dump: virsh dump --memory-only makes one",
    b"ProblemType:": "a report of Apport: apport-unpack takes the dump out of it",
}


def examine(path: str) -> Dump:
    """What the file is. Raises UnreadableError where drgn would fail, hang, or say something that leads nowhere."""
    try:
        if stat.S_ISDIR(os.stat(path).st_mode):
            raise UnreadableError("is a folder. Name the dump in it, which is called dump.STAMP or vmcore")
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            return Dump(path, size, *_form(file, size))
    except FileNotFoundError:
        raise UnreadableError("does not exist") from None
    except PermissionError:
        raise UnreadableError("may not be read by this user. Run this program with sudo, or make a copy that belongs to you") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from None


def _form(file: BinaryIO, size: int) -> tuple[str, bool]:
    """The form in words, and whether the header calls the dump complete."""
    start = file.read(START_BYTES)
    if not size:
        raise UnreadableError("is empty: nothing was saved. The log of the crash, dmesg.STAMP, may lie beside it")
    if start.startswith(FLAT):
        start = _unflattened_start(file, size)
        if start.startswith(ELF):
            raise UnreadableError(
                "is an ELF dump in makedumpfile's flattened form, which drgn cannot read. First: makedumpfile -R NEW < DUMP"
            )
        if not start.startswith(COMPRESSED):
            raise UnreadableError(f"is in makedumpfile's flattened form, but what is in it begins with {start[:8]!r} and is no dump")
        return "kdump-compressed, flattened", _is_complete(start)
    if start.startswith(COMPRESSED):
        return "kdump-compressed", _is_complete(start)
    if start.startswith(ELF):
        if start[16:18] != b"\4\0":
            raise UnreadableError("is an ELF file, but no dump: a program, a module or a vmlinux")
        return "ELF", True
    for magic, words in OTHERS.items():
        if start.startswith(magic):
            raise UnreadableError(f"is {words}")
    if b"\0" not in start and re.match(rb"(<\d+>)?\[ *\d+\.\d+", start):
        raise UnreadableError("is the log of a kernel, a text. The dump lies beside it: dump.STAMP")
    raise UnreadableError(f"is no dump: it begins with {start[:8]!r}")


def _unflattened_start(file: BinaryIO, size: int) -> bytes:
    """The first bytes of what a flattened file stands for; UnreadableError unless the file goes on to its end mark."""
    start = bytearray(START_BYTES)
    at = FLAT_HEADER_BYTES
    while True:
        file.seek(at)
        head = file.read(16)
        if len(head) < 16:
            break
        offset, length = struct.unpack(">qq", head)
        if (offset, length) == (-1, -1):
            return bytes(start)
        if offset < 0 or length <= 0:
            raise UnreadableError(f"is damaged: no record of the flattened form begins at byte {at}")
        if offset < START_BYTES:
            data = file.read(min(length, START_BYTES - offset))
            start[offset : offset + len(data)] = data
        at += 16 + length
    raise UnreadableError(
        f"is cut off: it has {size} bytes and no end mark. The copy or the capture was interrupted; copy it again if you can"
    )


def _is_complete(start: bytes) -> bool:
    return not struct.unpack_from("<I", start, STATUS_AT)[0] & INCOMPLETE


# ---- types out of BTF: the kernel's Documentation/bpf/btf.rst

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC = range(1, 13)
FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(13, 20)
BTF_MAGIC = 0xEB9F
COMMON_BYTES = 12  # of each type: where its name is; kind and number of entries; size, or the type that it refers to
EXTRA_BYTES = {INT: 4, ARRAY: 12, VAR: 4, DECL_TAG: 4}  # of each type of this kind, behind the common part
ENTRY_BYTES = {STRUCT: 12, UNION: 12, ENUM: 8, FUNC_PROTO: 8, DATASEC: 12, ENUM64: 12}  # of each entry of such a type
SIGNED, BOOLEAN = 1, 4  # encodings of an integer


class Entry(NamedTuple):
    """One type as it stands in BTF."""

    kind: int
    name: str
    entries: int
    flag: bool
    size: int  # or the id of the type that this one refers to
    at: int  # where what belongs to this kind only begins


class Btf:
    """The types of a kernel. drgn's type of an entry is made when it is asked for.

    ``data`` is the kernel's BTF section. ValueError if it is none.
    """

    def __init__(self, prog: Program, data: bytes) -> None:
        if len(data) < 24:
            raise ValueError("the kernel's BTF is shorter than its header")
        magic, _, _, header, types, types_bytes, strings, _ = struct.unpack_from("<HBBIIIII", data)
        if magic != BTF_MAGIC:
            raise ValueError("the kernel's BTF does not begin like BTF")
        self._prog, self._data = prog, data
        self._strings = header + strings
        self._places = [0]  # of each entry, by its id; the id 0 stands for void
        self._made: dict[int, Type] = {}
        self._constants: dict[str, tuple[int, int]] | None = None
        self.ids: dict[tuple[TypeKind, str], int] = {}  # of the types that have a name
        self.variables: dict[str, int] = {}  # the id of each variable's type
        kinds = {INT: TypeKind.INT, STRUCT: TypeKind.STRUCT, UNION: TypeKind.UNION, ENUM: TypeKind.ENUM, ENUM64: TypeKind.ENUM, TYPEDEF: TypeKind.TYPEDEF}  # fmt: skip  # noqa: E501
        at, end = header + types, header + types + types_bytes
        while at < end:
            name, info, size = struct.unpack_from("<III", data, at)
            kind = info >> 24 & 31
            if kind == VAR:
                self.variables[self._string(name)] = size
            elif kind in kinds and name:
                self.ids.setdefault((kinds[kind], self._string(name)), len(self._places))
            self._places.append(at)
            at += COMMON_BYTES + EXTRA_BYTES.get(kind, 0) + ENTRY_BYTES.get(kind, 0) * (info & 0xFFFF)

    def _string(self, at: int) -> str:
        at += self._strings
        return self._data[at : self._data.index(b"\0", at)].decode()

    def _entry(self, number: int) -> Entry:
        at = self._places[number]
        name, info, size = struct.unpack_from("<III", self._data, at)
        return Entry(info >> 24 & 31, self._string(name), info & 0xFFFF, bool(info >> 31), size, at + COMMON_BYTES)

    def _rows(self, form: str, entry: Entry) -> Iterator[tuple[int, ...]]:
        each = struct.calcsize(form)
        return struct.iter_unpack(form, self._data[entry.at : entry.at + each * entry.entries])

    def find(self, kinds: TypeKindSet, name: str) -> Type | None:
        """The type of one of these kinds that has this name."""
        numbers = (self.ids.get((kind, name)) for kind in kinds)
        return next((self.type(number) for number in numbers if number is not None), None)

    def constant(self, name: str) -> tuple[Type, int] | None:
        """The enumeration that has this enumerator, and its value."""
        if self._constants is None:
            self._constants = {}
            for number in range(1, len(self._places)):
                entry = self._entry(number) if self._data[self._places[number] + 7] & 31 in (ENUM, ENUM64) else None
                for label, value in self._enumerators(entry) if entry else ():
                    self._constants.setdefault(label, (number, value))
        number, value = self._constants.get(name, (0, 0))
        return (self.type(number), value) if number else None

    def _enumerators(self, entry: Entry) -> Iterator[tuple[str, int]]:
        if entry.kind == ENUM:
            for name, value in self._rows("<Ii" if entry.flag else "<II", entry):
                yield self._string(name), value
        else:
            for name, low, high in self._rows("<IIi" if entry.flag else "<III", entry):
                yield self._string(name), high << 32 | low

    def type(self, number: int) -> Type:
        """The type of drgn for the entry with this id. LookupError if it stands for no type, such as a variable or a function."""
        if number not in self._made:
            self._made[number] = self._make(self._entry(number)) if number else self._prog.void_type()
        return self._made[number]

    def _make(self, entry: Entry) -> Type:
        prog, kind, name = self._prog, entry.kind, entry.name
        if kind == INT:
            encoding = struct.unpack_from("<I", self._data, entry.at)[0] >> 24
            return prog.bool_type(name, entry.size) if encoding & BOOLEAN else prog.int_type(name, entry.size, bool(encoding & SIGNED))
        if kind == FLOAT:
            return prog.float_type(name, entry.size)
        if kind == PTR:
            return prog.pointer_type(self.type(entry.size))
        if kind == ARRAY:
            element, _, length = struct.unpack_from("<III", self._data, entry.at)
            return prog.array_type(self.type(element), length or None)  # BTF writes [] as [0]
        if kind in (STRUCT, UNION):
            members = [self._member(entry, *row) for row in self._rows("<III", entry)]
            return (prog.struct_type if kind == STRUCT else prog.union_type)(name or None, entry.size, members)
        if kind in (ENUM, ENUM64):
            enumerators = [TypeEnumerator(*pair) for pair in self._enumerators(entry)]
            return prog.enum_type(name or None, prog.int_type("int", entry.size, entry.flag), enumerators)
        if kind == FWD:
            return (prog.union_type if entry.flag else prog.struct_type)(name)
        if kind == TYPEDEF:
            return prog.typedef_type(name, self.type(entry.size))
        if kind == FUNC_PROTO:
            return self._function(entry)
        if kind in (VOLATILE, CONST, RESTRICT, TYPE_TAG):
            return self.type(entry.size)
        raise LookupError(f"BTF entry of kind {kind} where a type belongs")

    def _member(self, entry: Entry, name: int, number: int, offset: int) -> TypeMember:
        """A member, whose type is made when it is looked at: types refer to each other in circles."""
        width = offset >> 24 if entry.flag else 0

        def made() -> Type | Object:
            return Object(self._prog, self.type(number), bit_field_size=width) if width else self.type(number)

        return TypeMember(made, self._string(name) or None, offset & 0xFFFFFF if entry.flag else offset)

    def _function(self, entry: Entry) -> Type:
        rows = list(self._rows("<II", entry))
        variadic = rows[-1:] == [(0, 0)]
        parameters = [TypeParameter(self._later(number), self._string(name) or None) for name, number in rows if number]
        return self._prog.function_type(self.type(entry.size), parameters, variadic)

    def _later(self, number: int) -> Callable[[], Type | Object]:
        return lambda: self.type(number)


# ---- the dump, opened


def prepare(prog: Program) -> dict[str, str]:
    """Give a Program names, types and stacks, all out of its own dump, and return what could not be given and why.

    Raises UnreadableError where the kernel has no names or types.
    """
    try:
        prog.register_symbol_finder("kallsyms", load_vmlinux_kallsyms(prog), enable_index=0)
        start, end = prog.symbol("__start_BTF").address, prog.symbol("__stop_BTF").address
    except (LookupError, ValueError) as error:
        raise UnreadableError(
            f"is of a kernel that does not tell its own symbols and types (older than 6.0, or without BTF): {error}"
        ) from None
    btf = Btf(prog, prog.read(start, end - start))

    def find_type(_: Program, kinds: TypeKindSet, name: str, filename: str | None) -> Type | None:
        return btf.find(kinds, name)

    def find_object(_: Program, name: str, flags: FindObjectFlags, filename: str | None) -> Object | None:
        if flags & FindObjectFlags.CONSTANT and (constant := btf.constant(name)):
            return Object(prog, *constant)
        if not flags & FindObjectFlags.VARIABLE or not (name in btf.variables or name in VARIABLES):
            return None
        try:
            kind = btf.type(btf.variables[name]) if name in btf.variables else prog.type(VARIABLES[name])
            return Object(prog, kind, address=prog.symbol(name).address)
        except LookupError:  # a variable or a type that this kernel does not have
            return None

    prog.register_type_finder("btf", find_type, enable_index=0)
    prog.register_object_finder("btf", find_object, enable_index=0)
    prog.main_module("kernel", create=True).address_range = (prog.symbol("_stext").address, prog.symbol("_end").address)
    try:
        prog.register_symbol_finder("modules", load_module_kallsyms(prog), enable_index=1)
        prog.create_loaded_modules()
    except Exception as error:  # whatever damaged data leads to; without names of modules the rest can still be read
        return {"names of modules": words(error)}
    return {}


def open_dump(path: str) -> tuple[Program, dict[str, str]]:
    """A Program for the dump, and what prepare() could not give it. Raises UnreadableError."""
    logging.getLogger("drgn").setLevel(logging.CRITICAL)  # that the dump is flattened, that symbols are missing: known here
    prog = Program()
    try:
        prog.set_core_dump(path)
        if not prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL:
            raise UnreadableError("is the core file of a program, and not the dump of a kernel")
        return prog, prepare(prog)
    except UnreadableError:
        raise
    except Exception as error:  # whatever damaged data leads to
        raise UnreadableError(f"cannot be opened. It is damaged, or it was cut off before makedumpfile -R: {words(error)}") from None


def words(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, FaultError):
        return f"memory that the dump does not have ({text})"
    return text if isinstance(error, (ValueError, OSError)) else f"{type(error).__name__}: {text}"


def clean(raw: bytes) -> str:
    """Text of the dump without characters that could drive a terminal."""
    text = raw.decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() or letter == "\t" else ascii(letter)[1:-1] for letter in text)


def limited(objects: Iterable[Object]) -> Iterator[Object]:
    """The members of a list of the kernel, which may be broken and go on for ever."""
    return islice(objects, MOST)


# ---- the parts


def kernel(prog: Program) -> dict[str, Any]:
    """Which kernel it is."""
    name = prog["init_uts_ns"].name
    return {
        "release": clean(name.release.string_()),
        "version": clean(name.version.string_()),
        "build_id": vmcoreinfo(prog).get("BUILD-ID"),
        "host": clean(name.nodename.string_()),
        "processors": sum(1 for _ in for_each_online_cpu(prog)),
        "command_line": clean(prog["saved_command_line"].string_()),
    }


def vmcoreinfo(prog: Program) -> dict[str, str]:
    """The lines KEY=VALUE that the kernel wrote for those who read its dump."""
    rows = (line.partition("=") for line in clean_lines(prog["VMCOREINFO"].string_()))
    return {key: value for key, _, value in rows}


def clean_lines(raw: bytes) -> list[str]:
    """The lines of a text of the dump, each cleaned."""
    return [clean(line) for line in raw.splitlines()]


def times(prog: Program) -> dict[str, Any]:
    """When it crashed (UTC), and how long it had run, in seconds with the time in which it slept."""
    crashed = int(vmcoreinfo(prog).get("CRASHTIME", "0"))
    keeper = _timekeeper(prog)
    return {
        "crashed_at": datetime.fromtimestamp(crashed, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if crashed else None,
        "uptime_s": int(keeper.ktime_sec) + int(keeper.offs_boot) // 10**9,
    }


def _timekeeper(prog: Program) -> Object:
    """The kernel's clock, where its type has a name: until Linux 6.12 only that of its copy has, which is as new."""
    try:
        return prog["shadow_timekeeper"]
    except LookupError:
        pass
    try:
        return prog["tk_core"].timekeeper  # since Linux 6.13
    except LookupError:
        return prog["timekeeper_data"][0].timekeeper  # since Linux 6.17


def taint(prog: Program) -> dict[str, Any]:
    """Why the kernel was not to be trusted any more."""
    mask = int(prog["tainted_mask"])
    return {"mask": mask, "flags": letters(mask), "reasons": [text for bit, (_, text) in enumerate(TAINTS) if mask >> bit & 1]}


def letters(mask: int) -> str:
    """The letters of a taint mask, as the kernel prints them."""
    return "".join(letter for bit, (letter, _) in enumerate(TAINTS) if mask >> bit & 1)


def panic(prog: Program) -> str | None:
    """The line of the log that says why the kernel ended, chosen as crash does; of several alike the last, with which it ended."""
    return panic_line(re.sub(r"^\[ *\d+\.\d+\] ", "", line) for line in clean_lines(get_dmesg(prog)))


def panic_line(lines: Iterable[str]) -> str | None:
    """Of these lines the one that says why a kernel ended."""
    found: dict[str, str] = {}
    for line in lines:
        found |= {word: line for word in PANIC_WORDS + OTHER_PANIC_WORDS if word in line}
    return next((found[word] for word in PANIC_WORDS + OTHER_PANIC_WORDS if word in found), None)


def crashed(prog: Program) -> dict[str, Any]:
    """The task that was on the processor that crashed, and its stack."""
    task = prog.crashed_thread().object
    return {**identity(task), "cpu": task_cpu(task), "stack": functions(prog, crashed_stack(prog, task))}


def identity(task: Object) -> dict[str, Any]:
    """How people call a task."""
    return {"pid": int(task.pid), "command": clean(task.comm.string_())}


def crashed_stack(prog: Program, task: Object) -> StackTrace:
    """The stack of the task that crashed.

    panic() saves the registers within __crash_kexec(), at an instruction for which ORC has no row or a wrong one. So in
    that case the stack is read from the caller on: from the first return address on the stack that is in panic(). A kernel
    that was built with frame pointers has no ORC, and its frame pointers lead from __crash_kexec() to panic() by themselves.
    """
    trace = prog.stack_trace(task)
    first = functions(prog, trace)[:1]
    if not first or first[0]["function"] != "__crash_kexec" or not has_orc(prog):
        return trace
    registers = trace[0].registers()
    kept = {name: registers[f"r{name}"] for name in ("bp", "bx") if f"r{name}" in registers}
    kept |= {name: registers[name] for name in ("r12", "r13", "r14", "r15") if name in registers}
    for place in range(registers["rsp"], registers["rsp"] + SEARCHED_BYTES, 8):
        address = prog.read_u64(place)
        if any(symbol.name in ("vpanic", "panic") for symbol in prog.symbols(address)):
            return prog.stack_trace(Object(prog, "struct pt_regs", {"ip": address, "sp": place + 8, "cs": 0x10, **kept}))
    return trace


def has_orc(prog: Program) -> bool:
    """Whether the kernel has ORC tables, as the linker script of x86-64 (ORC_UNWIND_TABLE in vmlinux.lds.h) names them."""
    try:
        prog.symbol("__start_orc_unwind_ip")
    except LookupError:
        return False
    return prog.platform is not None and prog.platform.arch == Architecture.X86_64


def functions(prog: Program, trace: StackTrace) -> list[dict[str, Any]]:
    """The functions of a stack, the innermost first, without what user space had called before."""
    found = []
    for frame in trace:
        try:
            symbol = frame.symbol()
        except LookupError:
            if frame.pc >> 63:
                found.append({"function": hex(frame.pc), "offset": None, "size": None, "module": module_at(prog, frame.pc)})
            continue
        offset = frame.pc - symbol.address
        found.append({"function": symbol.name, "offset": offset, "size": symbol.size, "module": module_at(prog, frame.pc)})
    return found


def module_at(prog: Program, address: int) -> str | None:
    """The module that has this address; None for the kernel itself and for what is in none."""
    try:
        name = prog.module(address).name
    except LookupError:
        return None
    return None if name == "kernel" else name


def running(prog: Program) -> list[dict[str, Any]]:
    """What each processor was doing."""
    return [{"cpu": cpu, **identity(cpu_curr(prog, cpu))} for cpu in for_each_online_cpu(prog)]


UNINTERRUPTIBLE, NOLOAD = 0x2, 0x400  # bits of a task's state; both together are an idle kernel thread, which waits for work
LETTERS = {0: "R", 1: "S", 2: "D", 4: "T", 8: "t", 16: "X", 32: "Z", 64: "P"}  # the state as ps shows it, by its lowest bit


def state(task: Object) -> str:
    """The state of a task as ps shows it."""
    try:
        number = int(task.member_("__state"))
    except LookupError:  # before Linux 5.14
        number = int(task.member_("state"))
    if number & UNINTERRUPTIBLE and number & NOLOAD:
        return "I"
    number |= int(task.exit_state)
    return LETTERS.get(number & -number, "?")


def tasks(prog: Program) -> dict[str, Any]:
    """How many tasks are in which state, those in state D with what they wait for, and who waits for whom in a circle."""
    everyone = list(limited(for_each_task(prog)))
    states = [state(task) for task in everyone]
    known = {int(task): task for task in everyone}
    waiting = [waiter(prog, task, known) for task, letter in zip(everyone, states, strict=True) if letter == "D"]
    return {
        "count": len(everyone),
        "states": {letter: states.count(letter) for letter in sorted(set(states))},
        "waiting": waiting,
        "deadlocks": circles({one["pid"]: one["lock"]["owner"]["pid"] for one in waiting if one["lock"] and one["lock"]["owner"]}),
    }


def waiter(prog: Program, task: Object, known: dict[int, Object]) -> dict[str, Any]:
    """A task in state D: its stack without the scheduler, and the lock that it waits for, if it is one of LOCKS."""
    trace = prog.stack_trace(task)
    stack = functions(prog, trace)
    while stack and re.match(r"(__|io_|preempt_)?schedule", stack[0]["function"]):
        stack.pop(0)
    names = " ".join(frame["function"] for frame in stack)
    lock = next((found for form in LOCKS if form.function in names and (found := wanted_lock(prog, task, trace, form, known))), None)
    return {**identity(task), "stack": stack, "lock": lock}


class LockForm(NamedTuple):
    """A kind of lock whose waiters stand in a list, each with an entry on its own stack."""

    name: str
    function: str  # a part of the name of a function that waits for it
    waiter: str  # the type of an entry
    type: str


LOCKS = (
    LockForm("mutex", "mutex_lock", "struct mutex_waiter", "struct mutex"),
    LockForm("rw_semaphore", "rwsem_down", "struct rwsem_waiter", "struct rw_semaphore"),
)
OWNER_FLAGS = 7  # bits of a lock's owner that are no part of the pointer to the task


def wanted_lock(prog: Program, task: Object, trace: StackTrace, form: LockForm, known: dict[int, Object]) -> dict[str, Any] | None:
    """The lock that a task waits for, found without knowing its local variables; None if it is not found."""
    for address in lock_addresses(prog, task, trace, form, known):
        try:
            owner = known.get(int(Object(prog, form.type, address=address).owner.counter) & 2**64 - 1 & ~OWNER_FLAGS)
        except FaultError:
            continue
        if owner is not None or form.name != "mutex":
            return {"kind": form.name, "name": name_of(prog, address), "owner": identity(owner) if owner is not None else None}
    return None


def lock_addresses(prog: Program, task: Object, trace: StackTrace, form: LockForm, known: dict[int, Object]) -> Iterator[int]:
    """Where the lock may be that the task waits for.

    The entry of a waiter is on the waiter's stack and has the task's own address in it. From the entry the list goes
    over the entries of other waiters, on their stacks, to the one member that is on no stack: the list's head, in the lock.
    """
    try:
        behind, within = offsetof(prog.type(form.waiter), "task"), offsetof(prog.type(form.type), "wait_list")
    except LookupError:
        yield from noted_locks(task)
        return
    stacks = {int(one.stack) for one in known.values()}
    low = trace[0].sp
    stack = prog.read(low, (low | STACK_BYTES - 1) + 1 - low)
    for place in range(0, len(stack) - 7, 8):
        if int.from_bytes(stack[place : place + 8], "little") != int(task):
            continue
        node = low + place - behind
        try:
            for _ in known:
                before, node = node, prog.read_u64(node)
                if node & -STACK_BYTES not in stacks or prog.read_u64(node + 8) != before:
                    break
            if prog.read_u64(node + 8) == before:  # else it is something else on the stack that has this value
                yield node - within
        except FaultError:
            continue


def noted_locks(task: Object) -> Iterator[int]:
    """The locks that the kernel itself has noted in a task: where it watches for hung tasks, and where a mutex may lend its owner.

    In Linux 7.2 a lock points to its first waiter and is no member of the list any more. The watch for hung tasks
    (include/linux/hung_task.h) writes the kind of the lock into the lowest two bits of the address.
    """
    for member in ("blocker", "blocked_on"):
        try:
            address = int(task.member_(member)) & ~3
        except LookupError:
            continue
        if address:
            yield address


def name_of(prog: Program, address: int) -> str:
    """What stands at this address: a variable, or the slab cache that the object is of; else the address itself."""
    try:
        symbol = prog.symbol(address)
        offset = address - symbol.address
        module = address_to_module(prog, address)
        return f"{symbol.name}{f'+{offset:#x}' if offset else ''}{module_text(clean(module.name.string_()) if module else None)}"
    except LookupError:
        pass
    try:
        return str(identify_address(prog, address) or hex(address))
    except Exception:  # drgn asks for more than is known here
        return hex(address)


def circles(waits_for: dict[int, int]) -> list[list[int]]:
    """The circles of a relation, each once, beginning with its smallest member."""
    found: dict[int, list[int]] = {}
    for first in waits_for:
        path = [first]
        while (following := waits_for.get(path[-1])) is not None and following not in path:
            path.append(following)
        if following == first:
            begin = path.index(min(path))
            found[min(path)] = path[begin:] + path[:begin]
    return [found[first] for first in sorted(found)]


def modules(prog: Program) -> list[dict[str, Any]]:
    """The modules that were loaded: taint, and the build id by which a .ko file is known to be this one."""
    found = []
    for module in limited(for_each_module(prog)):
        name = clean(module.name.string_())
        try:
            build_id = prog.module(name).build_id
        except LookupError:
            build_id = None
        found.append({"name": name, "taint": letters(int(module.taints)), "build_id": build_id.hex() if build_id else None})
    return sorted(found, key=lambda module: str(module["name"]))


def memory(prog: Program) -> dict[str, Any]:
    """Sizes in KiB: all memory, free memory, what slab caches take, and the largest of them; then the largest processes."""
    page_kib = int(prog["PAGE_SIZE"]) // KIB
    caches = [slab(prog, cache) for cache in limited(for_each_slab_cache(prog))]
    everyone = [task for task in limited(for_each_task(prog)) if int(task.pid) == int(task.tgid) and task.mm]
    processes = [{**identity(task), "kib": resident_pages(prog, task) * page_kib} for task in everyone]
    return {
        "total_kib": int(prog["_totalram_pages"].counter) * page_kib,
        "free_kib": int(prog["vm_zone_stat"][prog.constant("NR_FREE_PAGES")].counter) * page_kib,
        "slab_kib": sum(cache["kib"] for cache in caches),
        "caches": sorted(caches, key=lambda cache: (-cache["kib"], cache["name"])),
        "processes": sorted(processes, key=lambda process: (-process["kib"], process["pid"])),
    }


def slab(prog: Program, cache: Object) -> dict[str, Any]:
    """What one slab cache takes. A slab has 2**order pages; the upper half of ``oo`` is the order."""
    numbers = range(int(prog["nr_node_ids"]))
    try:
        places = [cache.node[number] for number in numbers]
    except AttributeError:  # Linux 7.1 and later, since commit 5ba6bc27b1f9
        places = [cache.per_node[number].node for number in numbers]
    nodes = [node for node in places if node]
    slab_kib = int(prog["PAGE_SIZE"]) // KIB << (int(cache.oo.x) >> 16)
    return {
        "name": clean(cache.name.string_()),
        "kib": sum(int(node.nr_slabs.counter) for node in nodes) * slab_kib,
        "objects": sum(int(node.total_objects.counter) for node in nodes),
        "object_bytes": int(cache.object_size),
    }


def resident_pages(prog: Program, task: Object) -> int:
    """How many pages of memory a process has: its files', its own, and shared ones."""
    kinds = [prog.constant(name) for name in ("MM_FILEPAGES", "MM_ANONPAGES", "MM_SHMEMPAGES")]
    counters = task.mm.rss_stat
    try:
        counts = [int(counters.count[kind].counter) for kind in kinds]
    except AttributeError:  # since Linux 6.2
        counts = [percpu_counter_sum(counters[kind]) for kind in kinds]
    return sum(max(count, 0) for count in counts)


def log(prog: Program) -> list[str]:
    """The kernel's log."""
    return clean_lines(get_dmesg(prog))


PARTS: dict[str, Callable[[Program], Any]] = {
    "kernel": kernel, "times": times, "taint": taint, "panic": panic, "crashed": crashed, "running": running, "tasks": tasks,
    "modules": modules, "memory": memory, "log": log,
}  # fmt: skip


def summarise(dump: Dump, prog: Program, missing: dict[str, str]) -> dict[str, Any]:
    """All parts. One that cannot be read is None, and ``errors`` says why: a dump may lack just that memory.

    ``missing`` is what ``prepare`` could not give the Program.
    """
    errors = dict(missing)
    summary: dict[str, Any] = {
        "schema": SCHEMA,
        "dump": {"path": dump.path, "bytes": dump.size_bytes, "form": dump.form, "complete": dump.complete},
        "errors": errors,
    }
    for name, read in PARTS.items():
        try:
            summary[name] = read(prog)
        except Exception as error:  # whatever damaged data leads to; the other parts may be whole
            summary[name], errors[name] = None, words(error)
    return summary


# ---- for people


def frame_text(frame: dict[str, Any]) -> str:
    """A frame as the kernel prints it: function+0xoffset/0xsize [module]."""
    place = "" if frame["offset"] is None else f"+{frame['offset']:#x}/{frame['size']:#x}"
    return f"{frame['function']}{place}{module_text(frame['module'])}"


def module_text(module: str | None) -> str:
    """The end of a name that is in a module."""
    return f" [{module}]" if module else ""


def lines_of(summary: dict[str, Any], top: int, lines: int) -> Iterator[tuple[str, str]]:
    """The summary as rows of a label and a text. ``top`` caches and processes are shown, and ``lines`` lines of the log."""
    dump, errors = summary["dump"], summary["errors"]
    yield "dump", f"{dump['path']} ({dump['form']})"
    if not dump["complete"]:
        yield "warning", "makedumpfile could not write everything: the disk was full, or memory could not be read"
    if kernel := summary["kernel"]:
        yield "release", kernel["release"]
        yield "version", kernel["version"]
        yield "build id", kernel["build_id"] or "not in the dump"
        yield "host", f"{kernel['host']}, processors: {kernel['processors']}"
        yield "started with", kernel["command_line"]
    if times := summary["times"]:
        yield "crashed", f"{times['crashed_at'] or 'at a time that is not in the dump'}, up {duration(times['uptime_s'])}"
    if taint := summary["taint"]:
        yield "taint", f"{taint['mask']} {taint['flags']}: {', '.join(taint['reasons'])}" if taint["mask"] else "0"
    if "panic" not in errors:
        yield "panic", summary["panic"] or "no message in the log"
    if task := summary["crashed"]:
        yield "task", f"PID {task['pid']}, {task['command']}, on CPU {task['cpu']}"
        yield from named("stack", map(frame_text, task["stack"]))
    if tasks := summary["tasks"]:
        yield "tasks", f"{tasks['count']}: " + ", ".join(f"{count} {letter}" for letter, count in tasks["states"].items())
        for one in tasks["waiting"]:
            yield "state D", f"PID {one['pid']}, {one['command']}{lock_text(one['lock'])}"
            yield from (("", f"  {frame_text(frame)}") for frame in one["stack"])
        for circle in tasks["deadlocks"]:
            yield "deadlock", " waits for ".join(f"PID {pid}" for pid in [*circle, circle[0]])
    if modules := summary["modules"]:
        tainted = [module for module in modules if module["taint"]]
        yield from named("modules", (f"{module['name']} ({module['taint']}) {module['build_id'] or ''}" for module in tainted))
        others = " ".join(module["name"] for module in modules if not module["taint"])
        yield "" if tainted else "modules", others
    if memory := summary["memory"]:
        yield "memory", ", ".join(f"{memory[key + '_kib'] // KIB} MiB {word}" for key, word in MEMORY_WORDS.items())
        sizes = [
            f"{cache['kib']:10} KiB  {cache['name']}, {cache['objects']} objects of {cache['object_bytes']} bytes"
            for cache in memory["caches"]
        ]
        yield from named("slab caches", sizes[:top])
        sizes = [f"{process['kib']:10} KiB  {process['command']}, PID {process['pid']}" for process in memory["processes"]]
        yield from named("processes", sizes[:top])
    if lines and summary["log"]:
        yield from named("log", summary["log"][-lines:])
    for name, error in errors.items():
        yield "unreadable", f"{name}: {error}"


MEMORY_WORDS = {"total": "in all", "free": "free", "slab": "in slab caches"}


def named(label: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Rows of which only the first has the label."""
    for text in texts:
        yield label, text
        label = ""


def lock_text(lock: dict[str, Any] | None) -> str:
    """What a task waits for, as the end of a sentence."""
    if not lock:
        return ""
    owner = lock["owner"]
    return f", waits for {lock['kind']} {lock['name']}" + (f", held by PID {owner['pid']}, {owner['command']}" if owner else "")


def duration(seconds: int) -> str:
    """A time in days, hours, minutes and seconds, as far as they are needed."""
    units = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s")]
    first = next((number for number, (count, _) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {unit}" for count, unit in units[first:])


def arguments(given: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="dump_summary.py", description="What the dump of a crashed kernel tells at first sight, without debug symbols."
    )
    parser.add_argument("dump", metavar="DUMP", help="the file, such as /var/crash/STAMP/dump.STAMP")
    parser.add_argument("--json", action="store_true", help="everything, for programs")
    parser.add_argument("--top", type=natural, default=5, metavar="N", help="how many slab caches and processes are shown (default 5)")
    parser.add_argument("--lines", type=natural, default=10, metavar="N", help="how many lines of the log are shown (default 10)")
    return parser.parse_args(given)


def natural(text: str) -> int:
    """A number from 0 on; argparse turns the ValueError into a message."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def main(given: list[str]) -> int:
    """Print the summary; the exit status is in the head of this file."""
    options = arguments(given)
    try:
        dump = examine(options.dump)
        if IMPORT_ERROR:
            raise UnreadableError(
                f"was not opened: {IMPORT_ERROR}. This program needs drgn 0.0.31 or later: apt install python3-drgn, or pip install drgn"
            )
        summary = summarise(dump, *open_dump(options.dump))
    except UnreadableError as error:
        print(f"dump_summary.py: {clean(os.fsencode(options.dump))} {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(summary, indent=2))
    else:
        for label, text in lines_of(summary, options.top, options.lines):
            print(f"{label:12} {text}".rstrip())
    return 1 if summary["errors"] else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 0
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
