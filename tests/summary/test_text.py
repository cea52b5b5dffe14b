"""What the program makes of values that it has read: texts, flags, times, circles, the rows that people see."""

from __future__ import annotations

import pytest
from program import summary

LOG = [
    "[   10.000000] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "[   10.000001] RIP: 0010:fault_null+0x5/0x20 [fault]",
    "[   20.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010",
    "[   20.000001] Oops: Oops: 0000 [#2] PREEMPT SMP NOPTI",
]


@pytest.mark.parametrize(
    "lines, found",
    [
        (LOG, LOG[3]),  # of two alike the last: with it the kernel ended
        ([*LOG, "kernel BUG at lib/list_debug.c:32!", "Oops: invalid opcode: 0000 [#3]"], "kernel BUG at lib/list_debug.c:32!"),
        (["Kernel panic - not syncing: hung_task: blocked tasks", *LOG], "Kernel panic - not syncing: hung_task: blocked tasks"),
        (["once", "general protection fault, probably for …: 0000 [#1]"], "general protection fault, probably for …: 0000 [#1]"),  # 6.1
        (["all is well"], None),
        ([], None),
    ],
)
def test_the_panic_message_is_chosen_as_crash_chooses_it(lines, found):
    assert summary.panic_line(lines) == found


@pytest.mark.parametrize("mask, letters", [(0, ""), (1, "P"), (4096 + 8192, "OE"), (1 << 7 | 1 << 9, "DW"), (1 << 60, "")])
def test_taint_flags_are_the_letters_of_the_kernel(mask, letters):
    assert summary.letters(mask) == letters


@pytest.mark.parametrize(
    "seconds, text", [(0, "0 s"), (91, "1 min 31 s"), (3600, "1 h 0 min 0 s"), (90061, "1 d 1 h 1 min 1 s"), (59, "59 s")]
)
def test_times_are_for_people(seconds, text):
    assert summary.duration(seconds) == text


@pytest.mark.parametrize(
    "waits_for, circles",
    [
        ({503: 505, 505: 503}, [[503, 505]]),
        ({1: 2, 2: 3, 3: 1, 4: 1, 5: 6}, [[1, 2, 3]]),
        ({9: 9}, [[9]]),
        ({3: 4, 4: 3, 1: 2, 2: 1}, [[1, 2], [3, 4]]),
        ({1: 2, 2: 3}, []),
        ({}, []),
    ],
)
def test_circles_of_waiting_tasks(waits_for, circles):
    assert summary.circles(waits_for) == circles


def test_no_text_of_a_dump_can_drive_a_terminal():
    assert summary.clean(b"tee\x1b[2J\x07\n\xff\xc3\xa4\t") == "tee\\x1b[2J\\x07\\n\\xffä\t"
    assert summary.clean("a\u202eb\x85".encode()) == "a\\u202eb\\x85"


UNKNOWN = {"function": "0xffffffffc0000000", "offset": None, "size": None, "module": None}
FRAME = {"function": "bill", "offset": 7, "size": 16, "module": "depot"}
SUMMARY = {
    "dump": {"path": "dump.1", "bytes": 5, "form": "kdump-compressed", "complete": False},
    "errors": {"memory": "memory that the dump does not have (0x1000)"},
    "kernel": {"release": "6.12.1", "version": "#1", "build_id": None, "host": "lab", "processors": 1, "command_line": "quiet"},
    "times": {"crashed_at": "2026-11-29T12:00:00Z", "uptime_s": 91},
    "taint": {"mask": 12288, "flags": "OE", "reasons": ["module from outside the kernel's tree", "unsigned module"]},
    "panic": LOG[3],
    "crashed": {"pid": 492, "command": "tee", "cpu": 0, "stack": [FRAME, UNKNOWN]},
    "running": [],
    "tasks": {
        "count": 3,
        "states": {"D": 1, "S": 2},
        "waiting": [{"pid": 503, "command": "tee", "stack": [FRAME],
                     "lock": {"kind": "mutex", "name": "ledger_lock [depot]", "owner": {"pid": 505, "command": "tee"}}}],
        "deadlocks": [[503, 505]],
    },
    "modules": [{"name": "depot", "taint": "OE", "build_id": "ab12"}, {"name": "ext4", "taint": "", "build_id": None}],
    "memory": None,
    "log": ["one", "two", "three"],
}  # fmt: skip


def rows(**changed: object) -> list[tuple[str, str]]:
    return list(summary.lines_of(SUMMARY | changed, 2, 2))


def test_the_rows_for_people():
    assert rows() == [
        ("dump", "dump.1 (kdump-compressed)"),
        ("warning", "makedumpfile could not write everything: the disk was full, or memory could not be read"),
        ("release", "6.12.1"),
        ("version", "#1"),
        ("build id", "not in the dump"),
        ("host", "lab, processors: 1"),
        ("started with", "quiet"),
        ("crashed", "2026-11-29T12:00:00Z, up 1 min 31 s"),
        ("taint", "12288 OE: module from outside the kernel's tree, unsigned module"),
        ("panic", LOG[3]),
        ("task", "PID 492, tee, on CPU 0"),
        ("stack", "bill+0x7/0x10 [depot]"),
        ("", "0xffffffffc0000000"),
        ("tasks", "3: 1 D, 2 S"),
        ("state D", "PID 503, tee, waits for mutex ledger_lock [depot], held by PID 505, tee"),
        ("", "  bill+0x7/0x10 [depot]"),
        ("deadlock", "PID 503 waits for PID 505 waits for PID 503"),
        ("modules", "depot (OE) ab12"),
        ("", "ext4"),
        ("log", "two"),
        ("", "three"),
        ("unreadable", "memory: memory that the dump does not have (0x1000)"),
    ]


def test_what_could_not_be_read_is_left_out_and_said():
    nothing = dict.fromkeys(summary.PARTS)
    errors = dict.fromkeys(summary.PARTS, "gone")
    assert [label for label, _ in rows(errors=errors, **nothing)] == ["dump", "warning"] + ["unreadable"] * len(summary.PARTS)


def test_the_largest_caches_and_processes_are_shown():
    caches = [{"name": f"cache-{size}", "kib": size, "objects": 3, "object_bytes": 64} for size in (30, 20, 10)]
    processes = [{"pid": 1, "command": "systemd", "kib": 4096}]
    memory = {"total_kib": 2048 * 1024, "free_kib": 1024, "slab_kib": 60, "caches": caches, "processes": processes}
    assert [row for row in rows(memory=memory) if row[0] in ("memory", "slab caches", "processes") or "cache-" in row[1]] == [
        ("memory", "2048 MiB in all, 1 MiB free, 0 MiB in slab caches"),
        ("slab caches", "        30 KiB  cache-30, 3 objects of 64 bytes"),
        ("", "        20 KiB  cache-20, 3 objects of 64 bytes"),
        ("processes", "      4096 KiB  systemd, PID 1"),
    ]
