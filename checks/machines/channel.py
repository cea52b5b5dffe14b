"""The runner's side of the line to the agent in a machine: JSON, one object a line."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import time
from collections.abc import Callable
from pathlib import Path

from checks.machines import guest
from checks.machines.machine import MachineLost

# In the order in which they need each other; the empty ones are the packages that the last ones are imported from.
_FOLDER = Path(guest.__file__).parent
MODULES = [
    ("checks", b""),
    ("checks.machines", b""),
    ("checks.machines.guest", b""),
    *((f"checks.machines.guest.{name}", (_FOLDER / f"{name}.py").read_bytes()) for name in ("login", "agent")),
]
LOADER = (_FOLDER / "loader.py").read_text()
# A machine that is taken up from a state has the agent that was sent to it back then.
MODULES_DIGEST = hashlib.sha256(b"\0".join(code for _, code in MODULES)).hexdigest()


class Channel:
    """One line to one agent, over two file descriptors.

    ``renewed``: called when the other end hangs up; True once it has called ``connect`` with another line.
    """

    def __init__(self, read_fd: int, write_fd: int, renewed: Callable[[], bool] = lambda: False):
        self.queue: list[dict] = []
        self.renewed = renewed
        self.connect(read_fd, write_fd)

    def connect(self, read_fd: int, write_fd: int) -> None:
        """Go on over these; what came in before stays in the queue."""
        self.read_fd, self.write_fd = read_fd, write_fd
        self.buffer = b""

    def send(self, **message) -> None:
        data = json.dumps(message).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self.write_fd, data) :]
        except OSError as error:
            raise MachineLost(f"the machine's line is closed: {error.strerror}") from None

    def receive(self, deadline: float, tick: Callable[[], None] | None = None, tick_s: float = 0.5) -> dict | None:
        """The next message, or None at ``deadline`` (time.monotonic()). ``tick`` is called while waiting."""
        while not self.queue:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            ready, _, _ = select.select([self.read_fd], [], [], min(left, tick_s))
            if not ready:
                if tick:
                    tick()
                continue
            try:
                data = os.read(self.read_fd, 1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                if self.renewed():
                    continue
                raise MachineLost("the machine hung up")
            *lines, self.buffer = (self.buffer + data).split(b"\n")
            for line in filter(None, lines):
                try:
                    self.queue.append(json.loads(line))
                except ValueError:
                    continue  # cut off when the machine went away
        return self.queue.pop(0)

    def expect(self, op: str, timeout_s: float, what: str, tick: Callable[[], None] | None = None) -> dict:
        """The next message of kind ``op``; others are dropped. Lost after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while (message := self.receive(deadline, tick)) is not None:
            if message.get("op") == op:
                return message
        raise MachineLost(f"{what}: no answer within {timeout_s:.0f} s")

    def load(self, user: str) -> None:
        """Send the agent to the loader that waits for it."""
        modules = [(name, base64.b64encode(code).decode()) for name, code in MODULES]
        self.send(op="load", modules=modules, options={"user": user})


def decode(message: dict, key: str) -> bytes:
    """The bytes that a message carries under ``key``."""
    return base64.b64decode(message.get(key) or "")
