"""What a machine that goes away must show on its console and its monitor, for each thing that a page may announce."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from guides import this_config

from checks.evidence.fingerprints import snippet_fingerprints
from checks.machines.console import Console
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm
from checks.model import Guide, Outcome, Page, Snippet
from checks.sessions.restarts import CRASH_STARTS_WITHIN_S, RestartWatch
from checks.sessions.session import Session
from checks.targets import load_targets

BEFORE = "[   50.000000] systemd-shutdown[1]: Rebooting.\n"
ANOTHER = "[    1.000000] Run /init as init process\n"
PANIC = "[   50.100000] Kernel panic - not syncing: NMI: Not continuing\n[   50.200000] Rebooting\n"


def watch(expect, printed, resets=()):
    machine = SimpleNamespace(console=Console(Path("/nonexistent")), resets=list(resets), per_cpu_base=lambda: None)
    seen = RestartWatch(replace(crash(), expect=expect), machine, Outcome("a", ""), 0.0)
    machine.console.data = printed.encode()
    return seen


def test_a_kexec_is_another_kernel_without_a_reset():
    seen = watch("kexec", BEFORE + ANOTHER)
    seen.arrived()
    assert list(seen.outcome.stages) == ["booting", "back"]


@pytest.mark.parametrize(
    ("expect", "printed", "resets", "said"),
    [
        (
            "kexec",
            BEFORE + ANOTHER,
            [len(BEFORE)],
            "the machine was reset and came through its firmware, so another kernel was not started by kexec",
        ),
        ("kexec", BEFORE + ANOTHER, [0], "the machine was reset"),
        ("kexec", PANIC + ANOTHER, [], "the kernel panicked instead of starting another: NMI: Not continuing"),
        ("reboot", BEFORE + ANOTHER, [], 'the machine was not reset: after a kexec, the page says data-expect="kexec"'),
        ("crash", BEFORE + ANOTHER, [], "the agent started anew, but the machine was not reset"),
    ],
)
def test_what_was_not_announced_is_told_apart(expect, printed, resets, said):
    with pytest.raises(MachineLost, match=said):
        watch(expect, printed, resets).arrived()


def test_a_panic_must_come_soon_unless_the_machine_restarts_before_it():
    booting = watch("panic", BEFORE, [len(BEFORE)])
    standing = watch("panic", BEFORE)
    booting.command_ended = standing.command_ended = time.monotonic() - CRASH_STARTS_WITHIN_S - 1
    booting.look()
    with pytest.raises(MachineLost, match="the kernel has not panicked"):
        standing.look()


class FakeMachine:
    """A VM whose agent says what it is told to, and whose kernel panics once its button has been pressed."""

    kind, accelerator, emulator, default_timeout_s, in_use, slot, saves_processes = "vm", None, None, 120, None, None, True
    page_time = None

    def __init__(self, *messages):
        self.console = Console(Path("/nonexistent"))
        self.resets, self.pressed, self.messages = [], [], list(messages)
        self.channel = self

    def press(self, button):
        self.pressed.append(button)
        self.console.data += (PANIC + ANOTHER).encode()

    def send(self, **message):
        if message["op"] == "exec":
            kernel = {"clock": 0, "uptime_s": 0, "release": "6.12", "vmcoreinfo": {}, "reserved": [[1, 2]]}
            self.messages.insert(0, {"op": "result", "status": 0, "out": base64.b64encode(json.dumps(kernel).encode()).decode()})

    def receive(self, deadline, tick=lambda: None):
        tick()
        return self.messages.pop(0) if self.messages else None

    def expect(self, op, timeout_s, what, tick=None):
        if op != "hello":
            return self.messages.pop(0)
        if self.pressed:
            self.resets.append(len(self.console.data))
        return {"boot_id": "two", "kernel": "6.12"}

    def page_tables(self):
        """Until the capture kernel resets the machine, it runs in the memory from 1 to 2."""
        return [1 if self.pressed and not self.resets else 5]

    def per_cpu_base(self):
        return None

    def load(self, user):
        pass

    def tick(self, *_):
        return ""

    last_words = console_tail = console_text = console_cast = console_mark = panic_since = tick
    empty_at_restart = exhausted = start = restore = save = save_bytes = stop = tick


def crash(**more) -> Snippet:
    return Snippet("p", "s", "bash", "true", Path("p.md"), 1, 3, expect="crash", **more)


def test_the_nmi_is_pressed_once_after_the_command_has_ended():
    machine = FakeMachine({"op": "done", "number": 1, "status": 0}, {"op": "loader"})
    outcome = Session(machine).run(crash(host="nmi"))
    assert outcome.failure is None, outcome
    assert (machine.pressed, outcome.panic, outcome.boot_id_after) == (["nmi"], "NMI: Not continuing", "two")


def test_no_nmi_without_the_attribute_or_after_a_command_that_failed():
    failed = FakeMachine({"op": "done", "number": 1, "status": 1})
    assert "exit status 1, expected 0" in Session(failed).run(crash(host="nmi")).failure
    silent = FakeMachine({"op": "done", "number": 1, "status": 0})
    assert Session(silent).run(crash(timeout_s=0.1)).failure
    assert failed.pressed == silent.pressed == []


def test_the_button_is_qemus_own_command():
    said = []
    Vm.press(SimpleNamespace(monitor=said.append), "nmi")
    assert said == ["inject-nmi"]


def test_the_button_counts_in_the_hash_of_the_snippet_and_in_no_other():
    target = load_targets(this_config())["debian-13"]

    def chain(*snippets):
        page = Page("p", "en", Path("p.md"), "p", machine="vm", snippets=snippets)
        return snippet_fingerprints(Guide(("en",), {("en", "p"): page}), page, target)

    plain, other = crash(), replace(crash(), id="t")
    assert chain(plain)["s"] != chain(crash(host="nmi"))["s"]
    assert chain(other, plain)["t"] == chain(other, crash(host="nmi"))["t"]
