"""What a crash left is a dump of that crash, and is what the page announces."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from checks.machines.guest import dumps as guest_dumps
from checks.machines.machine import MachineLost
from checks.model import Outcome
from checks.sessions.crash_dumps import CLOCK_TOLERANCE_S, RunningKernel, find_dumps, record_new_dump, running_kernel

RELEASE = "6.12.48+deb13-cloud-amd64"
INFO = {"OSRELEASE": RELEASE, "BUILD-ID": "ab12", "KERNELOFFSET": "1c400000", "CRASHTIME": "1700000030"}
KERNEL = RunningKernel(1700000000.0, 50.0, RELEASE, {key: INFO[key] for key in ("OSRELEASE", "BUILD-ID", "KERNELOFFSET")}, ((1, 2),))


def compressed(release=RELEASE, info=INFO, status=1, block_bytes=4096) -> bytes:
    """The beginning of a dump as makedumpfile writes it: diskdump's header, kdump's sub-header, VMCOREINFO."""
    names = b"".join(name.encode().ljust(65, b"\0") for name in ("Linux", "lab", release, "#1", "x86_64", ""))
    head = struct.pack("<8si390s6xqqii", b"KDUMP   ", 6, names, 0, 0, status, block_bytes).ljust(4096, b"\0")
    text = "".join(f"{key}={value}\n" for key, value in info.items()).encode()
    sub = struct.pack("<QiiQQqQ", 0, 31, 0, 0, 0, 8192, len(text)).ljust(4096, b"\0")
    return head + sub + text.ljust(4096, b"\0") + b"pages" * 1000


def flattened(dump: bytes) -> bytes:
    """The same in makedumpfile's flattened form, its pieces in no order."""
    pieces = [(at, dump[at : at + 4096]) for at in range(0, len(dump), 4096)][::-1]
    records = b"".join(struct.pack(">qq", at, len(data)) + data for at, data in pieces)
    return b"makedumpfile".ljust(4096, b"\0") + records + struct.pack(">qq", -1, -1)


def elf(info=INFO) -> bytes:
    text = "".join(f"{key}={value}\n" for key, value in info.items()).encode()
    note = struct.pack("<III", 5, 0, 0) + b"CORE\0\0\0\0" + struct.pack("<III", 11, len(text), 0) + b"VMCOREINFO\0\0" + text
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 4, 0, 120, 0, 0, len(note), 0, 0) + note


def on_this_host(*argv: str) -> tuple[int, bytes]:
    """Run the program for the machine here: it is Python, and only reads files."""
    done = subprocess.run([sys.executable, *argv[1:]], capture_output=True)
    return done.returncode, done.stdout + done.stderr


def crash_that_left(tmp_path: Path, content: bytes | None, took_s: float = 90.0) -> Outcome:
    patterns = (f"{tmp_path}/*/dump.*",)
    before = find_dumps(on_this_host, patterns)
    if content is not None:
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "dump.1").write_bytes(content)
    outcome = Outcome("a", "")
    record_new_dump(outcome, before, find_dumps(on_this_host, patterns), patterns, True, KERNEL, took_s)
    return outcome


@pytest.mark.parametrize(
    "content", [compressed(), flattened(compressed()), elf(), flattened(elf())], ids=["compressed", "flattened", "ELF", "flattened ELF"]
)
def test_a_dump_of_this_crash_is_taken_in_every_format(tmp_path, content):
    outcome = crash_that_left(tmp_path, content)
    assert outcome.failure is None
    assert outcome.dump == {
        "path": f"{tmp_path}/1/dump.1", "bytes": len(content), "magic": content[:16].hex(),
        "release": RELEASE, "crashed_at": "2023-11-14T22:13:50Z",
    }  # fmt: skip


WRONG = {
    "nothing": (None, "left no dump at"),
    "an empty file": (b"", "begins with b''"),
    "random bytes": (bytes(range(256)) * 4000, "neither an ELF file nor a dump of makedumpfile"),
    "the magic alone": (b"KDUMP   " + b"\0" * 100000, "its header names blocks of 0 bytes"),
    "the magic, cut off": (b"KDUMP   ", "unpack_from requires"),
    "the flattened magic alone": (b"makedumpfile".ljust(9000, b"\0"), "neither an ELF file nor"),
    "text that looks like VMCOREINFO": (b"KDUMP   OSRELEASE=" + RELEASE.encode() + b"\nCRASHTIME=1700000030\n", "unpack_from requires"),
    "an ELF program": (Path(sys.executable).resolve().read_bytes()[:200000], "it is of the kernel without a name"),
    "another release": (compressed(release="6.1.0-1"), "it is of the kernel 6.1.0-1, and 6.12.48+deb13-cloud-amd64 crashed"),
    "another boot": (compressed(info=INFO | {"KERNELOFFSET": "2a000000"}), "its KERNELOFFSET is 2a000000, and that of the boot"),
    "another build": (compressed(info=INFO | {"BUILD-ID": "cd34"}), "its BUILD-ID is cd34"),
    "an earlier crash": (compressed(info=INFO | {"CRASHTIME": "1699990000"}), "its crash was -10000 s after this snippet began"),
    "a crash to come": (compressed(info=INFO | {"CRASHTIME": "1700090000"}), "its crash was 90000 s after"),
    "no crash at all": (compressed(info={key: INFO[key] for key in KERNEL.vmcoreinfo}), "does not say when the kernel crashed"),
    "a time in words": (compressed(info=INFO | {"CRASHTIME": "today"}), "does not say when the kernel crashed"),
    "a time with a strange digit": (compressed(info=INFO | {"CRASHTIME": "17000000\u00b2"}), "does not say when the kernel crashed"),
    "a time of 3000 digits": (compressed(info=INFO | {"CRASHTIME": "1" * 3000}), "does not say when the kernel crashed"),
    "a time after all calendars": (compressed(info=INFO | {"CRASHTIME": "9" * 12}), "does not say when the kernel crashed"),
    "a dump that was cut off": (compressed(status=1 | 8), "could not be written to its end"),
    "a stream without its end mark": (flattened(compressed())[:-16], "could not be written to its end"),
    "an ELF stream without its end mark": (flattened(elf())[:-16], "could not be written to its end"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_dump_of_this_crash_is_a_failure_with_its_reason(tmp_path, name):
    content, reason = WRONG[name]
    assert reason in crash_that_left(tmp_path, content).failure


WHOLE = {"header": {"release": RELEASE, "vmcoreinfo": INFO, "complete": True}}
CUT_OFF = {"header": {"release": RELEASE, "vmcoreinfo": INFO, "complete": False}}


@pytest.mark.parametrize(
    "expected, after, failure",
    [
        (True, [{"path": "/d/1"}], "left no dump at /d/*"),
        (False, [{"path": "/d/1"}], None),
        (False, [{"path": "/d/1"}, {"path": "/d/2"} | WHOLE], "left a dump, /d/2; the page says data-dump"),
        (False, [{"path": "/d/1"}, {"path": "/d/1", "on": "peer"} | WHOLE], "left a dump, /d/1; the page says data-dump"),
        (False, [{"path": "/d/1"}, {"path": "/d/2"} | CUT_OFF], None),
        (False, [{"path": "/d/1"}, {"path": "/d/2", "unreadable": "begins with b'makedumpfile Failed.'"}], None),
    ],
)
def test_a_crash_leaves_what_it_was_announced_to_leave(expected, after, failure):
    outcome = Outcome("a", "")
    record_new_dump(outcome, [{"path": "/d/1"}], after, ("/d/*",), expected, KERNEL, 90.0)
    assert (outcome.failure is None) == (failure is None) and (failure or "") in (outcome.failure or "")


def test_a_kernel_tells_what_its_dump_will_have_to_match():
    """/proc/kcore of the host may be closed; what else there is must be there."""
    kernel = running_kernel(on_this_host)
    assert kernel.uptime_s > 0 and kernel.release and kernel.clock_s > 1.7e9


def test_the_notes_of_kcore_are_read():
    assert guest_dumps.vmcoreinfo(guest_dumps.elf_notes(io.BytesIO(elf()))) == INFO


# What a program that root in the machine has put in place of Python may print.
FORGED = [
    "not JSON", "", "null", "{}", "[]", "[1]",
    '[{"path": 1}]', '[{"path": "/d/1"}]', '[{"path": "/d/1", "bytes": 1, "magic": "", "header": 5}]',
    '[{"path": "\\ud800", "bytes": 1, "magic": ""}]', '{"clock": 1, "uptime_s": 1, "release": "6", "vmcoreinfo": {}, "reserved": [[1]]}',
    '{"clock": 1e999, "uptime_s": 1, "release": "6", "vmcoreinfo": {}, "reserved": []}', "[" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("answer", [(1, b"python3: not found"), *((0, text.encode()) for text in FORGED)])
def test_a_machine_that_cannot_tell_is_lost_in_words(answer):
    if answer != (0, b"[]"):
        with pytest.raises(MachineLost, match="looking for dumps: "):
            find_dumps(lambda *_: answer, ("/d/*",))
    with pytest.raises(MachineLost, match="looking at the kernel: "):
        running_kernel(lambda *_: answer)


def test_the_first_and_the_last_address_are_reserved():
    kernel = RunningKernel(0.0, 0.0, "6.12", {}, ((10, 20), (40, 40)))
    assert [address for address in (9, 10, 15, 20, 21, 39, 40, 41) if kernel.reserves(address)] == [10, 15, 20, 40]


def test_what_a_kernel_tells_is_kept():
    told = b'{"clock": 5.5, "uptime_s": 1, "release": "6", "vmcoreinfo": {"BUILD-ID": "ab"}, "reserved": [[1, 2], [3, 4]]}'
    assert running_kernel(lambda *_: (0, told)) == RunningKernel(5.5, 1.0, "6", {"BUILD-ID": "ab"}, ((1, 2), (3, 4)))


def listed(path: str = "/d/1", *, complete: bool = True, release: str = RELEASE, **info: str) -> dict[str, object]:
    """A dump as the machine lists it."""
    return {"path": path, "bytes": 9, "magic": "00", "header": {"release": release, "vmcoreinfo": {**INFO, **info}, "complete": complete}}


def recorded(*after: dict[str, object], took_s: float = 90.0, expected: bool = True, before: tuple[dict[str, object], ...] = ()) -> Outcome:
    outcome = Outcome("a", "")
    record_new_dump(outcome, list(before), list(after), ("/d/*", "/e/*"), expected, KERNEL, took_s)
    return outcome


@pytest.mark.parametrize(
    ("after_s", "took_s", "taken"),
    [
        (0, 0.0, True), (-CLOCK_TOLERANCE_S, 0.0, True), (-CLOCK_TOLERANCE_S - 1, 0.0, False), (CLOCK_TOLERANCE_S, 0.0, True),
        (CLOCK_TOLERANCE_S + 1, 0.0, False), (90 + CLOCK_TOLERANCE_S, 90.0, True), (91 + CLOCK_TOLERANCE_S, 90.0, False),
    ],
)  # fmt: skip
def test_a_crash_lies_between_the_snippets_start_and_the_machines_return_as_clocks_go(after_s, took_s, taken):
    outcome = recorded(listed(CRASHTIME=str(1700000000 + after_s)), took_s=took_s)
    said = f"its crash was {after_s} s after this snippet began, and the machine was back after {took_s:.0f} s"
    assert outcome.failure == (None if taken else f"/d/1 is no dump of this crash: {said}")


def test_what_is_kept_of_a_dump():
    dump = listed(CRASHTIME="1700000030")
    assert recorded(dump).dump == {"path": "/d/1", "bytes": 9, "magic": "00", "release": RELEASE, "crashed_at": "2023-11-14T22:13:50Z"}
    wrong = recorded({"path": "/d/1", "bytes": 9, "magic": "00", "unreadable": "it is empty"})
    assert (wrong.failure, wrong.dump["path"]) == ("/d/1 is no dump of this crash: it is empty", "/d/1")
    assert recorded({"path": "/d/1", "bytes": 9, "magic": "00"}).failure == "/d/1 is no dump of this crash: it has no header"
    no_time = listed()
    no_time["header"]["vmcoreinfo"].pop("CRASHTIME")
    assert recorded(no_time).dump == {"path": "/d/1", "bytes": 9, "magic": "00"}


def test_the_last_new_dump_is_the_one_that_counts():
    old, other = listed("/d/1"), listed("/d/2", release="6.1")
    assert recorded(old, listed("/d/3"), listed("/d/2"), before=(old,)).dump["path"] == "/d/3"
    assert recorded(listed("/d/1"), {**other, "path": "/d/2"}).failure.startswith(
        "/d/2 is no dump of this crash: it is of the kernel 6.1, and"
    )
    peer = {**listed("/d/1"), "on": "peer"}
    assert recorded(old, peer, before=(old,)).dump["on"] == "peer", "the same path on the other machine is another dump"
    assert recorded(old, before=(old,)).failure == "the machine crashed and came back, but left no dump at /d/* /e/*"
    assert recorded(old, before=(old,)).dump is None


def test_what_is_wrong_first_is_told():
    """In this order: not whole, another kernel, another boot, no time, another time."""
    late = {"CRASHTIME": "1"}
    said = [
        (listed(complete=False, release="x", KERNELOFFSET="y", **late), "its header says that it could not be written to its end"),
        (listed(release="x", KERNELOFFSET="y", **late), f"it is of the kernel x, and {RELEASE} crashed"),
        (listed(release="", **late), f"it is of the kernel without a name, and {RELEASE} crashed"),
        (listed(KERNELOFFSET="y", **late), "its KERNELOFFSET is y, and that of the boot that crashed is 1c400000"),
        (listed(CRASHTIME=""), "it does not say when the kernel crashed (CRASHTIME)"),
    ]
    for dump, words in said:
        assert recorded(dump).failure == f"/d/1 is no dump of this crash: {words}"


def test_an_unannounced_dump_is_told_and_not_kept():
    outcome = recorded(listed(), expected=False)
    assert (outcome.failure, outcome.dump) == ('the machine crashed and left a dump, /d/1; the page says data-dump="none"', None)
    assert recorded(expected=False).failure is None
    nothing_looked_for = Outcome("a", "")
    record_new_dump(nothing_looked_for, [], [], (), True, KERNEL, 1.0)
    assert (nothing_looked_for.failure, nothing_looked_for.dump) == (None, None)


def test_the_machine_is_asked_by_pythons_words_and_told_in_ours():
    asked = []

    def execute(*argv: str) -> tuple[int, bytes]:
        asked.append(argv)
        return 0, b'[{"path": "/d/1", "bytes": 1, "magic": "", "unreadable": "x"}, {"path": "/d/2", "bytes": 2, "magic": "00"}]'

    assert find_dumps(execute, ("/d/*", "/e/*")) == [
        {"path": "/d/1", "bytes": 1, "magic": "", "unreadable": "x"}, {"path": "/d/2", "bytes": 2, "magic": "00"},
    ]  # fmt: skip
    assert [(*argv[:2], *argv[3:]) for argv in asked] == [("python3", "-c", "list", "/d/*", "/e/*")]
    assert "def vmcoreinfo(" in asked[0][2]
    assert find_dumps(lambda *argv: 1 / 0, ()) == []
    with pytest.raises(MachineLost) as lost:
        find_dumps(lambda *argv: (1, b"x" * 3000 + b"the end \xff"), ("/d/*",))
    assert str(lost.value) == "looking for dumps: " + ("x" * 3000 + "the end \ufffd")[-2000:]
