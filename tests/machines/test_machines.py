"""The pure parts under the machines: terminals, consoles, targets, mirrors, plans, evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from guides import ROOT

from checks import config as configuration
from checks.evidence.files import read_evidence
from checks.evidence.fingerprints import snippet_fingerprints
from checks.machines.console import Console
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm
from checks.model import Guide, GuideError, Outcome, Page, Snippet
from checks.pages.tree import order
from checks.sessions.crash_dumps import record_new_dump
from checks.sessions.restarts import RestartWatch
from checks.sessions.session import shell_command
from checks.targets import load_targets
from checks.terminal import plain


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"plain\n", "plain"),
        (b"\x1b[1;32mgreen\x1b[0m", "green"),
        (b"\x1b]0;title\x07text", "text"),
        (b"0%\r50%\r100%\n", "100%"),
        (b"long line\rshort", "shortline"),
        (b"dos\r\nlines\r\n", "dos\nlines"),
        (b"ab\bc", "ac"),
        (b"one\n\x1b7\x1b[40;0f\x1b[42mProgress: [ 20%]\x1b[49m [##..] \x1b8two\n", "one\ntwo"),
        (b"tail  \n\n", "tail"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        ("内核\n".encode(), "内核"),
    ],
)
def test_what_a_terminal_would_still_show(printed, shown):
    assert plain(printed) == shown


def console(text: str) -> Console:
    made = Console(Path("/nonexistent"))
    made.data = text.encode()
    return made


def test_a_panic_that_nobody_takes_over_is_dead():
    boot = "[    9.000000] ready\n[   10.000001] Kernel panic - not syncing: sysrq triggered crash\n"
    assert console(boot).panics() == ["sysrq triggered crash"]
    assert not console(boot).dead()
    stands = console(boot + "[   10.500000] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---\n")
    assert stands.dead()
    assert stands.panics() == ["sysrq triggered crash"], "its last line is not another panic"


def test_a_new_kernel_is_known_by_its_clock():
    panicked = "[   10.000001] Kernel panic - not syncing: x\n[   10.100000] Rebooting\n"
    assert not console(panicked).new_kernel()
    assert console(panicked + "[    1.000000] kdump-tools: running\n").new_kernel()
    until = len(panicked)
    assert not console(panicked + "[    1.000000] next\n").new_kernel(0, until)


TWICE = """[   10.000001] Kernel panic - not syncing: sysrq triggered crash
[   10.000002] CPU: 0 UID: 0 PID: 500 Comm: tee
[    0.500000] Kernel panic - not syncing: System is deadlocked on memory
"""


def crash(text: str, **settings) -> Outcome:
    """What a watch makes of a crash whose console is this, and after which the machine restarts."""
    outcome = Outcome("panic", "")
    machine = SimpleNamespace(console=console(text), resets=[len(text)])
    RestartWatch("crash", machine, 0, outcome, 0, lambda stage: None, **settings).arrived()
    return outcome


def test_a_capture_kernel_that_dies_is_a_failure_unless_it_is_announced():
    with pytest.raises(MachineLost, match="the capture kernel died: System is deadlocked on memory"):
        crash(TWICE)
    outcome = crash(TWICE, capture_dies=True)
    assert list(outcome.stages) == ["panicked", "capturing", "the capture kernel died", "coming back", "back"]
    assert outcome.panic == "sysrq triggered crash; in the capture kernel: System is deadlocked on memory"


def test_a_crash_that_leaves_no_dump_must_still_have_had_a_capture_kernel():
    with pytest.raises(MachineLost, match="no capture kernel ran in between"):
        crash(TWICE.split("[    0.5")[0], capture_dies=True)


def test_a_capture_kernel_that_stands_still_is_a_failure_even_if_announced():
    with pytest.raises(MachineLost, match="stands still: with panic=10 it would restart the machine"):
        crash(TWICE + "[    0.600000] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---\n", capture_dies=True)


def test_qemu_gets_no_kernel_and_no_command_line():
    for firmware in (None, "secure-boot"):
        for accelerator in ("tcg", "kvm"):
            words = Hardware(firmware=firmware).arguments(accelerator, "d", "v", "/m")
            assert not {"-kernel", "-initrd", "-append", "-no-reboot", "-nic", "-netdev"} & set(words)
            assert "crashkernel" not in " ".join(words)


def test_firmware_that_checks_what_it_starts_is_given_longer():
    waits = []
    for firmware in (None, "secure-boot"):
        vm = object.__new__(Vm)
        vm.hardware, vm.power_on, vm.await_boot = Hardware(firmware=firmware), lambda: None, waits.append
        vm.start()
    plain_s, secure_s = waits
    assert secure_s > 2 * plain_s


def test_two_machines_are_joined_by_two_sockets():
    one, two = (" ".join(Hardware(lan=place).arguments("tcg", "d", "v", "/m")) for place in (1, 2))
    assert "local.path=/lan/1.sock,remote.type=unix,remote.path=/lan/2.sock" in one
    assert "local.path=/lan/2.sock,remote.type=unix,remote.path=/lan/1.sock" in two
    assert "mac=02:00:c0:00:02:01" in one and "mac=02:00:c0:00:02:02" in two


class Machine:
    """A console and its resets, as a Watch sees them."""

    def __init__(self, *parts):
        self.console, self.resets = console(""), []
        for part in parts:
            if part is RESET:
                self.resets.append(len(self.console.data))
            else:
                self.console.data += part.encode()


RESET = object()
PANIC = "[   10.000000] Kernel panic - not syncing: x\n[   10.100000] CPU: 0\n"
OOPS = "[    9.000000] BUG: kernel NULL pointer dereference\n[    9.100000] Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
CAPTURE = "[    1.000000] kdump-tools: running\n"
BOOT = "[    0.500000] Linux version\n"


def test_a_panic_that_the_console_is_not_told_of_is_known_by_the_capture_kernel():
    """In an NMI a kernel's last words are put off, and it jumps before they are said."""
    for parts, said in (
        ((CAPTURE, RESET, BOOT), None),
        (("login:\n", RESET, BOOT), "restarted without a kernel panic"),
        ((CAPTURE, PANIC, RESET, BOOT), "the capture kernel died: x"),
    ):
        outcome = Outcome("a", "")
        watch = RestartWatch("crash", Machine(*parts), 0, outcome, 0.0, lambda stage: None, uptime_s=80.1)
        if said is None:
            watch.arrived()
            assert outcome.panic == "not told on the console"
            assert list(outcome.stages) == ["panicked", "capturing", "coming back", "back"]
        else:
            with pytest.raises(MachineLost, match=said):
                watch.arrived()


@pytest.mark.parametrize(
    "expect, parts, said",
    [
        ("crash", (PANIC, CAPTURE, RESET, BOOT), None),
        ("crash", (PANIC, RESET, BOOT), "no capture kernel ran in between"),
        ("crash", (OOPS, CAPTURE, RESET, BOOT), None),
        ("crash", (OOPS, PANIC, CAPTURE, RESET, BOOT), None),
        ("crash", (OOPS, RESET, BOOT), "no capture kernel ran in between"),
        ("crash", (OOPS, CAPTURE, PANIC, RESET, BOOT), "the capture kernel died: x"),
        ("reboot", (OOPS, RESET, BOOT), None),
        ("panic", (PANIC, RESET, BOOT), None),
        ("panic", (RESET, BOOT, PANIC, RESET, BOOT), None),
        ("panic", (PANIC, CAPTURE, RESET, BOOT), "a capture kernel ran before the restart"),
        ("panic", (RESET, BOOT), "restarted without a kernel panic"),
        ("panic", (PANIC, "---[ end Kernel panic - not syncing: x ]---\n"), "nobody restarts it"),
        ("panic", (PANIC, RESET, BOOT, PANIC, RESET, BOOT), "the kernel that came back panicked, too: x"),
        ("reboot", (RESET, BOOT), None),
        ("reboot", (PANIC, RESET, BOOT), "the kernel panicked instead of restarting"),
    ],
)
def test_the_console_tells_whether_a_machine_went_as_announced(expect, parts, said):
    outcome = Outcome("a", "")
    watch = RestartWatch(expect, Machine(*parts), 0, outcome, 0.0, lambda stage: None)
    if said is None:
        watch.arrived()
        return
    with pytest.raises(MachineLost, match=said):
        watch.arrived()


@pytest.mark.parametrize(
    "expected, after, failure, dump",
    [
        (True, [{"path": "/d/1"}, {"path": "/d/2"}], None, {"path": "/d/2"}),
        (True, [{"path": "/d/1"}], "left no dump at /d/*", None),
        (True, [{"path": "/d/1"}, {"path": "/d/1", "on": "peer"}], None, {"path": "/d/1", "on": "peer"}),
        (False, [{"path": "/d/1"}], None, None),
        (False, [{"path": "/d/1"}, {"path": "/d/2"}], "left a dump, /d/2; the page says data-dump", None),
    ],
)
def test_a_crash_leaves_what_it_was_announced_to_leave(expected, after, failure, dump):
    outcome = Outcome("a", "")
    record_new_dump(outcome, [{"path": "/d/1"}], after, ("/d/*",), expected)
    assert outcome.dump == dump
    assert (outcome.failure is None) == (failure is None) and (failure or "") in (outcome.failure or "")


def page(name: str, *codes: str, after: str | None = None, **more) -> Page:
    path = Path(f"docs/{name}.md")
    snippets = tuple(Snippet(name, f"s{n}", "bash", code, path, n, n) for n, code in enumerate(codes))
    return Page(name, "en", path, name, machine="vm", after=after, snippets=snippets, **more)


def guide(*pages: Page) -> Guide:
    return Guide(("en",), {("en", each.name): each for each in pages})


def test_pages_run_after_what_they_stand_on_and_the_longest_branch_last():
    made = guide(page("c", "1", after="b"), page("d", "1", after="a"), page("b", "1", after="a"), page("a", "1"), page("z", "1"))
    names = [each.name for each in order(made, made.primary)]
    assert names == ["z", "a", "d", "b", "c"] or names == ["a", "d", "b", "c", "z"]
    assert [each.name for each in order(made, [made.pages["en", "c"]])] == ["a", "b", "c"]


def test_a_changed_byte_unsettles_what_comes_after_it_and_nothing_else():
    target = load_targets(configuration.load(ROOT / "mkdocs.yml"))["debian-13"]
    a, b = page("a", "one", "two"), page("b", "three", after="a")
    before = snippet_fingerprints(guide(a, b), a, target) | snippet_fingerprints(guide(a, b), b, target)
    changed = page("a", "one", "two!")
    assert snippet_fingerprints(guide(changed, b), changed, target)["s0"] == snippet_fingerprints(guide(a, b), a, target)["s0"]
    assert snippet_fingerprints(guide(changed, b), changed, target)["s1"] != snippet_fingerprints(guide(a, b), a, target)["s1"]
    assert snippet_fingerprints(guide(changed, b), b, target)["s0"] != before["s0"]
    assert snippet_fingerprints(guide(replace(a, memory="4G"), b), b, target)["s0"] != before["s0"]
    reworded = replace(a, title="another")
    assert snippet_fingerprints(guide(reworded, b), b, target) == snippet_fingerprints(guide(a, b), b, target)
    assert snippet_fingerprints(guide(a, b), b, replace(target, pool=("other",)))["s0"] != before["s0"]


def test_evidence_that_is_damaged_is_named(tmp_path):
    path = tmp_path / "debian-13" / "a.json"
    path.parent.mkdir()
    path.write_text('{"half": ')
    with pytest.raises(GuideError, match=r"a.json: not evidence: .*guide verify a makes it anew"):
        read_evidence(tmp_path, "debian-13", "a")


def test_python_is_started_as_a_reader_would(tmp_path):
    import subprocess

    code = 'import sys\nprint(\'it\'\'s\', len(sys.argv))\ntext = """GUIDE-END\n"""'
    made = Snippet("p", "s", "python", code, Path("x.md"), 1, 3)
    ran = subprocess.run(["bash", "-c", shell_command(made)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "its 1\n", ran
    saved = replace(made, file="my prog.py")
    ran = subprocess.run(["bash", "-c", shell_command(saved)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "its 1\n", ran
    assert (tmp_path / "my prog.py").read_text() == code + "\n"


def test_the_committed_evidence_is_json_of_known_keys():
    for path in (ROOT / "evidence").glob("*/**/*.json"):
        data = json.loads(path.read_text())
        assert {"target", "image", "emulator", "accelerator", "packages", "kernel", "started", "snippets"} <= data.keys(), path
        for entry in data["snippets"]:
            assert {"id", "sha256", "chain"} <= entry.keys(), path
            if "skip" not in entry:
                assert {"exit_status", "seconds", "output", "boot_id_before", "boot_id_after"} <= entry.keys(), path
