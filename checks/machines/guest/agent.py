"""The runner's end inside a machine: it keeps the reader's shell and answers on the channel.

The channel is stdin and stdout in a container, a virtio port in a VM. Both sides speak JSON, one object a line. Bytes
travel in base64: a reboot that cuts a line off then costs that line only.

The runner sends ``run`` (a snippet), ``exec`` (a command beside the reader's shell, for evidence), ``eof`` (what
Ctrl-D would do), ``kill`` (end the shell), ``tty`` (keys typed into the terminal), ``shell`` (a fresh login),
``logout``, ``limits`` and ``hello``. The agent sends ``hello``, ``out``, ``done``, ``ended``, ``result`` and ``limits``.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

from checks.machines.guest.login import Shell

CHUNK = 48 * 1024  # bytes a message; a virtio port takes 32 KiB at a time


def count_refusals() -> dict[str, int]:
    """How often the container's limits have refused something so far: {"forks": ..., "oom": killed processes}.

    Both layouts of cgroups are read. In a VM, or where the engine hides the cgroup, nothing is counted.
    """
    counts = {"forks": 0, "oom": 0}
    for key, names, word in (
        ("forks", ("pids/pids.events", "pids.events"), "max"),
        ("oom", ("memory/memory.oom_control", "memory.events"), "oom_kill"),
    ):
        for name in names:
            try:
                with open("/sys/fs/cgroup/" + name) as file:
                    counts[key] += sum(int(line.split()[1]) for line in file if line.split()[:1] == [word])
            except (OSError, ValueError, IndexError):
                continue
    return counts


class Agent:
    """The loop between the channel and the reader's shell."""

    def __init__(self, read_fd: int, write_fd: int, options: dict[str, str]):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.user = options["user"]
        self.folder = options.get("folder", "/tmp")
        self.buffer = b""  # the beginning of a message that has not arrived whole
        self.shell: Shell | None = None
        self.running: float | None = None  # time.monotonic() at which the present snippet began
        self.unsent: bytes | None = None  # the part of a snippet that the FIFO has not taken yet
        # The refusals up to the end of the last snippet. Later ones are caused by what still runs in the background.
        self.counted = count_refusals()
        self.late: dict[str, int] = {}

    def send(self, **message: object) -> None:
        data = b"\n" + json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.write_fd, data) :]

    def hello(self) -> None:
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot_id = file.read().strip()
        self.send(op="hello", boot_id=boot_id, kernel=os.uname().release, python=sys.version.split()[0])

    def login(self) -> None:
        self.logout()
        self.shell = Shell(self.user, self.folder)

    def logout(self) -> None:
        if self.shell:
            self.shell.end()
            os.waitpid(self.shell.pid, 0)
            self.shell = None
            self.running = self.unsent = None

    def new_refusals(self) -> dict[str, int]:
        """The refusals since the last call."""
        counts = count_refusals()
        new = {key: counts[key] - self.counted.get(key, 0) for key in counts}
        self.counted = counts
        return new

    def obey(self, message: dict[str, Any]) -> None:
        """Do what one message of the runner asks."""
        op = message["op"]
        if op == "run":
            if self.shell is None:
                self.login()
            self.late = self.new_refusals()
            self.running = time.monotonic()
            self.unsent = base64.b64decode(message["code"]) + b"\0"
        elif op == "exec":
            self.execute(message)
        elif op == "limits":
            self.send(op="limits", limits=self.new_refusals())
        elif op == "shell":
            self.login()
        elif op == "logout":
            self.logout()
        elif op == "kill":
            limits = self.new_refusals()
            self.logout()
            self.send(op="ended", status=None, seconds=0, limits=limits)
        elif op == "eof" and self.shell:
            os.write(self.shell.master, b"\x04")
        elif op == "tty" and self.shell:
            os.write(self.shell.master, base64.b64decode(message["keys"]))

    def execute(self, message: dict[str, Any]) -> None:
        argv, timeout_s = message["argv"], message.get("timeout_s", 60)
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s)
            status, output = done.returncode, done.stdout + done.stderr
        except (OSError, subprocess.TimeoutExpired) as error:
            status, output = 127, str(error).encode()
        self.send(op="result", status=status, out=base64.b64encode(output).decode())

    def finish(self, op: str, **more: object) -> None:
        """Tell the runner that the snippet has ended."""
        assert self.running is not None
        seconds = round(time.monotonic() - self.running, 6)
        self.send(op=op, seconds=seconds, limits=self.new_refusals(), late=self.late, **more)
        self.running = None

    def pass_on(self, shell: Shell) -> bool:
        """Pass on what the terminal printed; False when nothing more can come."""
        output, answer = shell.read()
        for start in range(0, len(output), CHUNK):
            self.send(op="out", data=base64.b64encode(output[start : start + CHUNK]).decode())
        if answer and self.running is not None:
            self.finish("done", status=answer[0], failed=answer[1])
        return bool(output) or answer is not None

    def login_ended(self, shell: Shell) -> None:
        """Pass on what the login still printed, tell the runner its exit status, and have no shell."""
        while self.pass_on(shell):
            pass
        _, status = os.waitpid(shell.pid, 0)
        shell.end()
        self.shell = None
        if self.running is not None:
            self.unsent = None
            self.finish("ended", status=os.waitstatus_to_exitcode(status))

    def serve(self) -> None:
        """Speak with the runner until it hangs up."""
        self.hello()
        while True:
            descriptors = [self.read_fd] + ([self.shell.master, self.shell.alive] if self.shell else [])
            # A snippet that is larger than the FIFO goes there piece by piece.
            ready, _, _ = select.select(descriptors, [], [], 0.002 if self.unsent is not None else None)
            if self.read_fd in ready:
                data = os.read(self.read_fd, 1 << 16)
                if not data:
                    if os.isatty(self.read_fd) or self.read_fd != 0:
                        time.sleep(0.2)  # The runner has let go of the port; another runner may open the port later.
                        continue
                    return
                self.take(data)
            shell = self.shell
            if shell and shell.alive in ready:
                self.login_ended(shell)
            elif shell and shell.master in ready:
                self.pass_on(shell)
            if self.shell and self.unsent is not None:
                self.unsent = self.shell.feed(self.unsent) or None

    def take(self, data: bytes) -> None:
        """Split what came over the channel into messages, and obey each."""
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in filter(None, lines):
            try:
                message = json.loads(line)
            except ValueError:
                continue  # The rest of a line that was cut off.
            if message.get("op") == "hello":
                self.hello()
            elif message.get("op") != "load":
                self.obey(message)


def serve(read_fd: int, write_fd: int, options: dict[str, str]) -> None:
    """Called by the loader, once it has received this module."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    Agent(read_fd, write_fd, options).serve()
