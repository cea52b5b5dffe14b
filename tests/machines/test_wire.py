"""What comes over the line to a machine's agent: every message as it was sent, or MachineLost in words; never more memory than a bound."""

from __future__ import annotations

import base64
import json
import os
import random
import time

import pytest

from checks.machines import channel as channels
from checks.machines.channel import Channel, decode
from checks.machines.machine import MachineLost


@pytest.fixture
def line():
    """(a channel, the descriptor of its other end)."""
    read_fd, write_fd = os.pipe()
    yield Channel(read_fd, write_fd), write_fd
    os.close(read_fd)
    os.close(write_fd)


# What the agent sends: one message of each kind, with all of its fields.
AGENTS = {
    "loader": {"boot_id": "a"},
    "hello": {"boot_id": "a", "kernel": "6.12", "python": "3.13"},
    "out": {"data": "eA=="},
    "failed": {"number": 1, "failed": "3:127"},
    "done": {
        "number": 1, "seconds": 0.1, "failed": "3:127", "inside": ["4:1"], "limits": {"forks": 0, "oom": 0}, "late": {}, "status": 0,
        "answers": 2,
    },
    "ended": {"number": 1, "seconds": 0.1, "failed": "", "inside": [], "limits": {}, "late": {}, "status": -9},
    "result": {"status": 1, "out": ""},
    "limits": {"limits": {"forks": 1}},
}  # fmt: skip
MISSING = object()
# A message of the agent's with one field that is another: (its kind, the field, what stands there).
WRONG_FIELDS = {
    "a greeting without a boot": ("hello", "boot_id", MISSING),
    "a boot that is a number": ("hello", "boot_id", 7),
    "a boot id that no page can show": ("hello", "boot_id", "\ud800"),
    "a boot id that is too long": ("loader", "boot_id", "a" * 101),
    "a kernel that is a number": ("hello", "kernel", 6),
    "a kernel whose name is too long": ("hello", "kernel", "6" * 201),
    "output that is a number": ("out", "data", 5),
    "output that is a list": ("out", "data", [1]),
    "no output": ("out", "data", MISSING),
    "an end without a number": ("done", "number", MISSING),
    "an end without a status": ("done", "status", MISSING),
    "a status that is a text": ("done", "status", "0"),
    "a status with a fraction": ("ended", "status", 0.5),
    "a time that is a text": ("done", "seconds", "1"),
    "a failure that is a number": ("done", "failed", 5),
    "a failure in words": ("done", "failed", "x"),
    "a failure of two lines": ("done", "failed", "1:1\n2:2"),
    "a failure with a strange digit": ("done", "failed", "1:\u00b2"),
    "a failure with a status of four digits": ("done", "failed", "1:1000"),
    "a failure that is none, told at once": ("failed", "failed", ""),
    "a failure whose line is none": ("failed", "failed", "x:y"),
    "a failure of no snippet": ("failed", "number", MISSING),
    "failures that are no list": ("done", "inside", {"a": 1}),
    "failures in words": ("done", "inside", ["x"]),
    "an empty failure among others": ("done", "inside", ["1:1", ""]),
    "limits that are a list": ("ended", "limits", [1]),
    "late limits that are words": ("ended", "late", {"forks": "many"}),
    "a number of statuses that is a text": ("done", "answers", "1"),
    "a result without output": ("result", "out", MISSING),
    "a result without a status": ("result", "status", MISSING),
    "no limits": ("limits", "limits", MISSING),
}
NO_MESSAGES = {
    "a list": b"[1]",
    "a number": b"5",
    "nothing": b"null",
    "a text": b'"done"',
    "no op": b'{"status": 0}',
    "an op that is a number": b'{"op": 5}',
    "an op that is a list": b'{"op": ["done"]}',
    "an op that there is not": b'{"op": "obey"}',
}


def with_field(op: str, field: str, value: object) -> bytes:
    message = {"op": op, **AGENTS[op], field: value}
    return json.dumps({key: value for key, value in message.items() if value is not MISSING}).encode()


NO_MESSAGES |= {name: with_field(*wrong) for name, wrong in WRONG_FIELDS.items()}
NOISE = {
    "nested without end": b"[" * 100_000,
    "a message that was cut off": b'{"op": "done", "sta',
    "bytes that are no UTF-8": b"\xff\xfe\x00",
    "an empty line": b"",
    "a number without end": b"9" * 100_000,
}


@pytest.mark.parametrize("name", NO_MESSAGES)
def test_what_no_agent_sends_is_told(name, line):
    channel, other = line
    os.write(other, NO_MESSAGES[name] + b"\n")
    with pytest.raises(MachineLost, match="expected a message of the machine's agent, found b'.*: something else speaks in its place"):
        channel.receive(time.monotonic() + 60)
    assert channel.queue == []


@pytest.mark.parametrize("op", AGENTS)
def test_what_the_agent_sends_is_taken_as_it_is(op, line):
    channel, other = line
    message = {"op": op, **AGENTS[op]}
    os.write(other, json.dumps(message).encode() + b"\n")
    assert channel.receive(time.monotonic() + 60) == message


def test_a_shell_that_has_not_ended_has_no_status(line):
    """And what the agent may leave out is left out."""
    channel, _ = line
    for message in ({"op": "ended", "number": 1, "status": None}, {"op": "hello", "boot_id": "a"}):
        channel._take(json.dumps(message).encode() + b"\n")
        assert channel.queue.pop() == message


@pytest.mark.parametrize("name", NOISE)
def test_noise_is_passed_over(name, line):
    """The firmware and the kernels may write to the port, and a machine that goes away cuts a line off."""
    channel, _ = line
    channel._take(NOISE[name] + b'\n{"op": "limits", "limits": {}}\n')
    assert channel.queue == [{"op": "limits", "limits": {}}]


@pytest.mark.parametrize("data", ["no base64!", "A", 5, ["eA=="], {"a": 1}])
def test_data_that_is_no_base64_is_told(data):
    with pytest.raises(MachineLost, match="expected base64 from the machine's agent"):
        decode({"op": "out", "data": data}, "data")


def test_a_line_without_an_end_has_a_bound(line):
    channel, _ = line
    piece = b"x" * (1 << 16)
    with pytest.raises(MachineLost, match="a line of more than 8 MiB"):
        for _ in range((channels.LINE_BYTES >> 16) + 2):
            channel._take(piece)
    assert channel.waiting_bytes <= channels.LINE_BYTES + len(piece)


def test_every_byte_arrives_however_the_stream_is_cut(line):
    """The beginnings are kept in pieces, and joined once: a message of any length costs its length."""
    channel, _ = line
    chance = random.Random(48)
    sent = [chance.randbytes(chance.choice([0, 1, 100, 5000])) for _ in range(2000)]
    stream = b"".join(json.dumps({"op": "out", "data": base64.b64encode(data).decode()}).encode() + b"\n" for data in sent)
    at = 0
    while at < len(stream):
        size = chance.choice([1, 2, 7, 1000, 1 << 16])
        channel._take(stream[at : at + size])
        at += size
    assert [decode(message, "data") for message in channel.queue] == sent


def test_an_answer_about_another_snippet_is_told():
    from checks.sessions.session import Session

    session = Session.__new__(Session)
    session._snippets_sent = 2
    assert not session._is_of_this_snippet({"op": "out"})
    assert session._is_of_this_snippet({"op": "done", "number": 2})
    for message in ({"op": "done", "number": 1}, {"op": "done"}, {"op": "failed", "number": 3}):
        with pytest.raises(MachineLost, match="reported on another snippet than the one that runs"):
            session._is_of_this_snippet(message)
