"""The runner's side of the channel to the agent in a machine: JSON, one object a line."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from checks.machines import guest
from checks.machines.machine import MachineLost, Message

# The modules that the loader in a machine is sent, in the order in which they import each other. The empty ones
# are the packages above the two real ones.
_FOLDER = Path(guest.__file__).parent
MODULES = [
    ("checks", b""),
    ("checks.machines", b""),
    ("checks.machines.guest", b""),
    *((f"checks.machines.guest.{name}", (_FOLDER / f"{name}.py").read_bytes()) for name in ("driver", "login", "agent")),
]
LOADER = (_FOLDER / "loader.py").read_text()
# A machine that is restored from a state still has the agent that was sent to the machine before it was saved.
MODULES_DIGEST = hashlib.sha256(b"\0".join(code for _, code in MODULES)).hexdigest()


_Position = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}:[0-9]{1,3}$")]  # LINE:STATUS


class _Kind(BaseModel):
    """What every message of the agent has to be; the fields are those of agent.py."""

    model_config = ConfigDict(strict=True)


class _Start(_Kind):
    boot_id: Annotated[str, StringConstraints(max_length=100)]
    kernel: Annotated[str, StringConstraints(max_length=200)] = ""


class _Output(_Kind):
    data: str


class _Result(_Kind):
    status: int
    out: str


class _Failure(_Kind):
    number: int
    failed: _Position


class _End(_Kind):
    number: int
    status: int | None
    seconds: float = 0
    failed: _Position | Literal[""] = ""
    inside: list[_Position] = []
    limits: dict[str, int] = {}
    late: dict[str, int] = {}
    answers: int = 1


class _Limits(_Kind):
    limits: dict[str, int]


_KINDS: dict[str, type[_Kind]] = {
    "loader": _Start, "hello": _Start, "out": _Output, "result": _Result,
    "failed": _Failure, "done": _End, "ended": _End, "limits": _Limits,
}  # fmt: skip
LINE_BYTES = 8 << 20  # The agent sends at most 64 KiB of output a line, and the whole output of an ``exec``.


class Channel:
    """The line to one agent, over two file descriptors.

    ``reconnect`` is called when the other end hangs up. It returns True once it has called ``connect`` with new
    descriptors, and False when the machine is gone for good.
    """

    def __init__(self, read_fd: int, write_fd: int, reconnect: Callable[[], bool] = lambda: False):
        self.queue: list[Message] = []
        self.reconnect = reconnect
        self._ticked_at = time.monotonic()
        self.connect(read_fd, write_fd)

    def connect(self, read_fd: int, write_fd: int) -> None:
        """Go on over these descriptors; messages that have arrived before stay in the queue."""
        self.read_fd, self.write_fd = read_fd, write_fd
        self.beginning: list[bytes] = []  # of a line that has not arrived whole
        self.waiting_bytes = 0  # the length of that beginning

    def send(self, **message: object) -> None:
        """Send one message; MachineLost when the other end has closed the line."""
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self.write_fd, data) :]
        except OSError as error:
            raise MachineLost(f"the channel to the machine is closed: {error.strerror}") from None

    def receive(self, deadline: float, tick: Callable[[], None] | None = None, tick_s: float = 0.5) -> Message | None:
        """The next message, or None at ``deadline`` (time.monotonic()).

        ``tick`` is called about every ``tick_s`` seconds by the clock, whether messages come or not.
        """
        while not self.queue:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            ready, _, _ = select.select([self.read_fd], [], [], min(left_s, tick_s))
            if tick and (not ready or time.monotonic() - self._ticked_at >= tick_s):
                self._ticked_at = time.monotonic()
                tick()
                continue  # The tick may have connected to a new machine.
            if not ready:
                continue
            try:
                data = os.read(self.read_fd, 1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                if self.reconnect():
                    continue
                raise MachineLost("the machine hung up")
            self._take(data)
        return self.queue.pop(0)

    def _take(self, data: bytes) -> None:
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._keep(end)
            line = b"".join(self.beginning)
            self.beginning, self.waiting_bytes = [], 0
            if line:
                self._take_line(line)
        self._keep(rest)

    def _keep(self, part: bytes) -> None:
        self.beginning.append(part)
        self.waiting_bytes += len(part)
        if self.waiting_bytes > LINE_BYTES:
            raise MachineLost(f"the machine's agent sent a line of more than {LINE_BYTES >> 20} MiB: something else speaks in its place")

    def _take_line(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return  # A line that was cut off when the machine went away, or noise on the port while a machine starts.
        if not isinstance(message, dict) or not isinstance(message.get("op"), str) or message["op"] not in _KINDS:
            raise _another_speaks(line)
        try:
            # Unlike json, pydantic refuses half a surrogate, which no file can hold.
            _KINDS[message["op"]].model_validate_json(line)
        except ValidationError:
            raise _another_speaks(line) from None
        self.queue.append(message)

    def expect(self, op: str, timeout_s: float, sender: str, tick: Callable[[], None] | None = None) -> Message:
        """The next message of kind ``op``; messages of other kinds are dropped. MachineLost after ``timeout_s`` seconds."""
        deadline = time.monotonic() + timeout_s
        while (message := self.receive(deadline, tick)) is not None:
            if message.get("op") == op:
                return message
        raise MachineLost(f"{sender}: no answer within {timeout_s:.0f} s")

    def load(self, user: str) -> None:
        """Send the agent to the loader that waits for it; the agent will log ``user`` in."""
        modules = [(name, base64.b64encode(code).decode()) for name, code in MODULES]
        self.send(op="load", modules=modules, options={"user": user})


def _another_speaks(line: bytes) -> MachineLost:
    return MachineLost(f"expected a message of the machine's agent, found {line[:80]!r}: something else speaks in its place")


def decode(message: Message, key: str) -> bytes:
    """The bytes that a message carries in base64 under ``key``; none when the key is missing. MachineLost for anything else."""
    try:
        return base64.b64decode(message.get(key) or "", validate=True)
    except (TypeError, ValueError):
        raise MachineLost(f"expected base64 from the machine's agent, found {str(message.get(key))[:80]!r}") from None
