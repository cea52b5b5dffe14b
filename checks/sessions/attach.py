"""Connect this terminal to a shell on a machine."""

from __future__ import annotations

import base64
import os
import select
import shlex
import sys
import termios
import time
import tty

from checks.machines.channel import decode
from checks.machines.machine import MachineLost
from checks.sessions.session import Session

# A second, interactive bash, in which everything that a terminal does works; it takes over the variables, functions and
# aliases of the page's shell. Variables that bash keeps read-only are not taken over, and bash's errors on them are hidden.
INSIDE = r"""
stty opost onlcr echo icanon isig 2>/dev/null
{ declare -p; declare -f; alias -p; } >/tmp/.guide-shell 2>/dev/null
TERM=%s bash --rcfile <(echo '. ~/.bashrc; . /tmp/.guide-shell 2>/dev/null; rm -f /tmp/.guide-shell') -i
stty -opost 2>/dev/null
"""


def attach(session: Session) -> int:
    """Connect this terminal (or what stdin is instead) to a shell on the machine, until the shell ends; 0, or 1 if the machine is lost."""
    channel = session.machine.channel
    code = INSIDE % shlex.quote(os.environ.get("TERM", "dumb"))
    channel.send(op="run", number=0, whole=False, code=base64.b64encode(code.encode()).decode())
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin) if os.isatty(stdin) else None
    if before:
        tty.setraw(stdin)
    reading = [stdin]
    try:
        while True:
            if not channel.queue:
                ready, _, _ = select.select([*reading, channel.read_fd], [], [], 0.5)
                if stdin in ready:
                    keys = os.read(stdin, 4096)
                    if not keys:
                        reading, keys = [], b"\x04"
                    channel.send(op="tty", keys=base64.b64encode(keys).decode())
            message = channel.receive(time.monotonic() + 0.01)
            session.machine.tick()
            if message is None:
                continue
            if message.get("op") == "out":
                os.write(sys.stdout.fileno(), decode(message, "data"))
            elif message.get("op") in ("done", "ended", "loader"):
                return 0  # "loader": the machine was restarted from within.
    except MachineLost as lost:
        print(f"\r\n{lost}", file=sys.stderr)
        return 1
    finally:
        if before:
            termios.tcsetattr(stdin, termios.TCSADRAIN, before)
