"""Whatever comes over the line to a machine, it is messages, noise, or the machine is given up."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from checks.machines import channel
from checks.machines.machine import MachineLost
from checks.model import Snippet
from checks.sessions.verdict import judge_end

LINE_BYTES = 64  # instead of 8 MiB, so that streams of a few hundred bytes go past it

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)
ends = st.sampled_from([0, 3, 255, None, "3:1", "x:1", "3:", ":", "1:\u00b2", "", ["2:1"], ["x"], {"forks": 2}, {"oom": "x"}, 1])
SNIPPET = Snippet("x", "a", "bash", "false", Path("docs/x.md"), 5, 7, exit_status=3)
OPS = ("hello", "loader", "out", "done", "ended", "failed", "result", "limits", "x")
messages = st.builds(
    lambda op, more: json.dumps({**more, "op": op}).encode(), st.sampled_from(OPS), st.dictionaries(st.text(max_size=5), values)
)
lines = st.one_of(
    messages, st.binary(max_size=80), values.map(lambda value: json.dumps(value).encode()), st.sampled_from([b"[" * 5000, b"", b"1" * 5000])
)
streams = st.lists(lines | st.just(b""), max_size=8).map(b"\n".join)


def taken(chunks: list[bytes]) -> tuple[list[channel.Message], str]:
    """The messages that the chunks bring, and why the machine was given up; never more than a line and a chunk is kept."""
    line = channel.Channel(-1, -1)
    for chunk in chunks:
        try:
            line._take(chunk)
        except MachineLost as lost:
            return line.queue, str(lost)
        assert sum(map(len, line.beginning)) == line.waiting_bytes <= LINE_BYTES
    return line.queue, ""


@given(streams, st.lists(st.integers(0, 400), max_size=12))
@example(b'{"op": "' + b"x" * 80 + b'"}\n', [70])  # one line, longer than a line may be, was taken where it came in one piece
@examples(400)
def test_a_stream_brings_the_same_messages_wherever_it_is_cut(stream, cuts):
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {len(stream)})
    with patch.object(channel, "LINE_BYTES", LINE_BYTES):
        whole = taken([stream])
        cut = taken([stream[start:end] for start, end in zip([0, *ends], ends, strict=False)])
    assert json.dumps(cut) == json.dumps(whole)  # as JSON, in which NaN equals itself


@given(st.lists(st.integers(), max_size=5))
@examples(500)
def test_messages_arrive_whole_and_in_their_order_whatever_noise_is_between_them(numbers):
    stream = b"".join(
        b'\x00noise {"op"\n' + json.dumps({"op": "loader", "boot_id": "b", "number": number}).encode() + b"\n" for number in numbers
    )
    queue, lost = taken([stream])
    assert ([message["number"] for message in queue], lost) == (numbers, "")


@given(st.dictionaries(st.sampled_from(["status", "failed", "inside", "limits", "late", "answers"]), values | ends))
@examples(500)
def test_the_end_of_a_snippet_is_judged_or_the_machine_is_given_up(fields):
    """What judges the end (sessions/verdict.py) never sees a message that it cannot read."""
    line = channel.Channel(-1, -1)
    for op in ("done", "ended"):
        try:
            line._take(json.dumps({**fields, "op": op}).encode() + b"\n")
        except MachineLost:
            continue
        verdict = judge_end(SNIPPET, line.queue.pop())
        assert verdict is None or isinstance(verdict, str)


@given(values)
@examples(500)
def test_base64_of_a_message_is_bytes_or_the_machine_is_given_up(value):
    with suppress(MachineLost):
        assert isinstance(channel.decode({"op": "out", "data": value}, "data"), bytes)
