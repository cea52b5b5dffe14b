"""The line to a machine: what is looked after by the clock is looked after also while the machine prints."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from checks.machines.channel import Channel
from checks.machines.machine import MachineLost, PageTime


@pytest.fixture
def printing():
    """(a channel, an event that ends its other end): something is printed all the time."""
    read_fd, write_fd = os.pipe()
    ended = threading.Event()

    def print_on() -> None:
        while not ended.is_set():
            os.write(write_fd, json.dumps({"op": "out", "data": "eA=="}).encode() + b"\n")
            time.sleep(0.002)

    thread = threading.Thread(target=print_on)
    thread.start()
    yield Channel(read_fd, write_fd)
    ended.set()
    thread.join()
    os.close(read_fd)
    os.close(write_fd)


def test_the_clock_ticks_while_the_machine_prints(printing):
    ticks = []
    while len(ticks) < 5:  # Without a tick the test does not end, and the run's own limit ends it.
        assert printing.receive(time.monotonic() + 60, lambda: ticks.append(time.monotonic()), tick_s=0.05) is not None
    assert all(later - earlier >= 0.05 for earlier, later in zip(ticks, ticks[1:], strict=False)), "and not for each message"


def test_what_a_tick_finds_ends_the_wait_while_the_machine_prints(printing):
    time_is_over = PageTime(5, time.monotonic() - 1)
    with pytest.raises(MachineLost, match=r"the page has run for more than 5 minutes: .*page_minutes. in mkdocs.yml"):
        while True:
            printing.receive(time.monotonic() + 60, time_is_over.check, tick_s=0.01)


# What root in a machine may write to the port of the agent, and what a session would look for in it.
FORGED = {
    "a list": "[1]",
    "no kind": "{}",
    "a kind that is no text": '{"op": 1}',
    "a greeting without a boot": '{"op": "hello", "kernel": "6"}',
    "a greeting with a boot that is no text": '{"op": "hello", "kernel": "6", "boot_id": 7}',
    "a boot id that no page can show": '{"op": "hello", "kernel": "6", "boot_id": "\\ud800"}',
    "output that is no text": '{"op": "out", "data": [1]}',
    "no output": '{"op": "out"}',
    "an end without a status": '{"op": "done"}',
    "a status that is text": '{"op": "done", "status": "0"}',
    "a failure that is no text": '{"op": "done", "status": 0, "failed": 5}',
    "a failure in words": '{"op": "done", "status": 0, "failed": "x"}',
    "a failure with a strange digit": '{"op": "done", "status": 0, "failed": "1:\u00b2"}',
    "failures that are no list": '{"op": "done", "status": 0, "inside": {"a": 1}}',
    "failures in words": '{"op": "done", "status": 0, "inside": ["x"]}',
    "limits that are a list": '{"op": "done", "status": 0, "limits": [1]}',
    "limits that are words": '{"op": "ended", "status": 0, "late": {"forks": "many"}}',
    "a number of statuses that is text": '{"op": "done", "status": 0, "answers": "1"}',
    "a failure that is no failure": '{"op": "failed", "failed": ""}',
    "a result without output": '{"op": "result", "status": 0}',
    "a result without a status": '{"op": "result", "out": ""}',
    "no limits": '{"op": "limits"}',
}


@pytest.mark.parametrize("name", FORGED)
def test_a_message_that_a_session_cannot_read_ends_the_machine(name):
    line = Channel(-1, -1)
    with pytest.raises(MachineLost, match="expected a message of the machine's agent, found b'.*: something else speaks in its place"):
        line._take(FORGED[name].encode() + b"\n")
    assert line.queue == []


AGENTS = [
    {"op": "hello", "boot_id": "a", "kernel": "6.12", "python": "3.13"},
    {"op": "loader", "boot_id": "a"},
    {"op": "out", "data": "eA=="},
    {"op": "done", "number": 1, "seconds": 0.1, "failed": "", "inside": [], "limits": {"forks": 0, "oom": 0}, "late": {}, "status": 0},
    {
        "op": "done",
        "number": 1,
        "seconds": 0.1,
        "failed": "3:127",
        "inside": ["4:1"],
        "limits": {},
        "late": {},
        "status": None,
        "answers": 2,
    },
    {"op": "ended", "number": 1, "seconds": 0.1, "failed": "", "inside": [], "limits": {}, "late": {}, "status": -9},
    {"op": "ended", "number": 1, "seconds": 0.1, "failed": "", "inside": [], "limits": {}, "late": {}, "status": None},
    {"op": "failed", "number": 1, "failed": "3:127"},
    {"op": "result", "status": 1, "out": ""},
    {"op": "limits", "limits": {"forks": 1}},
]


@pytest.mark.parametrize("message", AGENTS, ids=lambda message: message["op"])
def test_what_the_agent_sends_is_taken_as_it_is(message):
    line = Channel(-1, -1)
    line._take(json.dumps(message).encode() + b"\n")
    assert line.queue == [message]
