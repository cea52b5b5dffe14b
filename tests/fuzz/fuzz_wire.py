"""What comes over the line to a machine: messages, noise, or the machine is given up; and then what reads the messages."""

from __future__ import annotations

from pathlib import Path

from checks.machines.channel import Channel, decode
from checks.machines.machine import MachineLost
from checks.model import Snippet
from checks.sessions.verdict import judge_end

SNIPPET = Snippet("x", "a", "bash", "false", Path("docs/x.md"), 5, 7, exit_status=3)
SEEDS = [
    b'{"op": "hello", "boot_id": "a", "kernel": "6.12"}\n{"op": "loader", "boot_id": "a"}\n',
    b'{"op": "out", "data": "eA=="}\nnoise{\n\n\xff\xfe[',
    b'{"op": "done", "number": 1, "status": 3, "failed": "2:1", "inside": ["1:3"], "limits": {"forks": 1}, "answers": 1}\n',
    b'{"op": "ended", "status": -9}\n{"op": "failed", "failed": "2:127"}\n{"op": "result", "status": 0, "out": ""}\n',
    b'{"op": "hello", "boot_id": "\\ud800", "kernel": "6.12"}\n',
    b'{"op": "done", "status": 0, "failed": "1:\xc2\xb2"}\n',
]


def one(data: bytes) -> None:
    """The first byte says where the stream is cut in two."""
    line = Channel(-1, -1)
    cut = data[0] if data else 0
    try:
        line._take(data[1 : cut + 1])
        line._take(data[cut + 1 :])
    except MachineLost:
        pass
    for message in line.queue:
        if message["op"] == "out":
            try:
                decode(message, "data")
            except MachineLost:
                continue
        if message["op"] in ("done", "ended"):
            str(judge_end(SNIPPET, message)).encode()
        if message["op"] == "hello":
            (message["boot_id"] + message["kernel"]).encode()
