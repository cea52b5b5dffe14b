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


NO_MESSAGES = {
    "a list": b"[1]",
    "a number": b"5",
    "nothing": b"null",
    "a text": b'"done"',
    "no op": b'{"status": 0}',
    "an op that is a number": b'{"op": 5}',
    "an op that is a list": b'{"op": ["done"]}',
    "an op that there is not": b'{"op": "obey"}',
    "an end without a number": b'{"op": "done", "status": 0}',
    "a status that is a text": b'{"op": "done", "number": 1, "status": "0"}',
    "a line that is none": b'{"op": "failed", "number": 1, "failed": "x:y"}',
    "limits that are a list": b'{"op": "ended", "number": 1, "status": 0, "limits": [1]}',
    "output that is a number": b'{"op": "out", "data": 5}',
    "a hello without a boot": b'{"op": "hello"}',
    "a result without a status": b'{"op": "result", "out": ""}',
}
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
    with pytest.raises(MachineLost, match="something else speaks in its place"):
        channel.receive(time.monotonic() + 60)


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
