"""The runner's end inside a machine: it keeps the reader's shell and answers on the channel.

The channel is stdin and stdout in a container, a virtio port in a VM. Both sides speak JSON, one object a line. Bytes
travel in base64: a reboot that cuts a line off then costs that line only.

The runner sends ``run`` (a snippet, with a number), ``exec`` (a command beside the reader's shell, for evidence), ``eof`` (what
Ctrl-D would do), ``kill`` (end the shell), ``tty`` (keys typed into the terminal), ``shell`` (a fresh login),
``logout``, ``limits`` and ``hello``. The agent sends ``hello``, ``out``, ``failed`` (a command of the snippet that is
not its last), ``done``, ``ended``, ``result`` and ``limits``; all that concern a snippet have its number.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from checks.machines.guest.driver import commands
from checks.machines.guest.login import Shell

PR_SET_DUMPABLE = 4  # of <linux/prctl.h>
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


@dataclass
class Run:
    """A snippet that runs: the commands that are still to come, and what has become of the others."""

    number: int  # the runner's, sent back with all that concerns the snippet
    commands: list[tuple[int, str]]  # (first line from 1, text); the first one is the next
    began: float  # time.monotonic()
    line: int = 0  # the first line of the command that the shell has now
    text: str = ""  # that command
    status: int | None = None  # of the command that ended last; None while it runs
    failed: str = ""  # "LINE:STATUS" of the first failure that was not the last command's
    inside: set[tuple[int, int]] = field(default_factory=set)  # (line, status) of failures inside the last command
    unsent: bytes = b""  # what the FIFO has not taken yet


class Agent:
    """The loop between the channel and the reader's shell."""

    def __init__(self, read_fd: int, write_fd: int, options: dict[str, str]):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.user = options["user"]
        self.folder = options.get("folder") or ("/run" if os.access("/run", os.W_OK) else "/tmp")
        self.buffer = b""  # the beginning of a message that has not arrived whole
        self.shell: Shell | None = None
        self.run: Run | None = None
        self.status = 0  # what $? shows to the next command
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
        self.shell, self.status = Shell(self.user, self.folder), 0

    def logout(self) -> None:
        if self.shell:
            self.shell.end()
            os.waitpid(self.shell.pid, 0)
            self.shell = self.run = None

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
            code = base64.b64decode(message["code"]).decode(errors="surrogateescape")
            self.run = Run(message["number"], [(1, code)] if message["whole"] else commands(code), time.monotonic())
            if not self.run.commands:  # Comments only: nothing for the shell to do.
                self.finish("done", status=0)
        elif op == "exec":
            self.execute(message)
        elif op == "limits":
            self.send(op="limits", limits=self.new_refusals())
        elif op == "shell":
            self.login()
        elif op == "logout":
            self.logout()
        elif op == "kill":
            if self.run and self.shell:
                self.note_failures(self.run, self.shell)
                self.run.status = None
                self.finish("ended", status=None)
            self.logout()
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

    # ---- a snippet, command by command

    def advance(self, shell: Shell) -> None:
        """Do what can be done now for the snippet that runs, without waiting for anything."""
        run = self.run
        if run is None:
            return
        self.note_failures(run, shell)
        if run.unsent:
            run.unsent = shell.feed(run.unsent)
        elif shell.bell is None and not shell.mark and shell.is_back():  # The shell has no command yet, or has ended one.
            self.next_command(run, shell)

    def next_command(self, run: Run, shell: Shell) -> None:
        """The shell waits for a text: give it the next command, or end the output of the last one with the mark."""
        if run.status is not None and shell.answers_seen() != [run.status]:
            self.finish("done", status=None, answers=2)
        elif run.commands:
            if run.status is not None:
                self.judge(run)
            run.line, run.text = run.commands.pop(0)
            run.inside, run.status = set(), None
            run.unsent = shell.feed(shell.prepare(run.text, self.status))
        else:
            shell.write_mark()

    def answered(self, shell: Shell) -> None:
        """The shell has reported a status."""
        shell.silence_bell()
        if self.run:
            answers = shell.answers_seen()
            self.note_failures(self.run, shell)
            if len(answers) == 1:
                self.run.status = self.status = answers[0]
            else:
                self.finish("done", status=None, answers=len(answers))

    def note_failures(self, run: Run, shell: Shell) -> None:
        """Tell the runner of a failure in the middle of a command as soon as it is seen: the machine may be about to restart."""
        for line, status in shell.failures_seen() if run.line else ():
            if run.commands and not run.failed:
                self.fail(run, run.line + line - 1, status)
            run.inside.add((run.line + line - 1, status))

    def judge(self, run: Run) -> None:
        """A command that is not the last one has ended: whether it failed.

        Also an error that bash itself makes of a command, such as an unbound variable, is a failure; no trap sees it. A
        list with && or || and a negation have a status that says something else.
        """
        if run.status and not run.failed and not any(word in run.text for word in ("&&", "||")) and not run.text.startswith("!"):
            self.fail(run, run.line, run.status)

    def fail(self, run: Run, line: int, status: int) -> None:
        run.failed = f"{line}:{status}"
        self.send(op="failed", number=run.number, failed=run.failed)

    def finish(self, op: str, **more: object) -> None:
        """Tell the runner that the snippet has ended."""
        run, self.run = self.run, None
        assert run is not None
        seconds = round(time.monotonic() - run.began, 6)
        inside = sorted(f"{line}:{status}" for line, status in run.inside)
        self.send(
            op=op, number=run.number, seconds=seconds, failed=run.failed, inside=inside, limits=self.new_refusals(), late=self.late, **more
        )  # fmt: skip

    def pass_on(self, shell: Shell) -> bool:
        """Pass on what the terminal printed; False when nothing more can come."""
        output, marked = shell.read()
        for start in range(0, len(output), CHUNK):
            self.send(op="out", data=base64.b64encode(output[start : start + CHUNK]).decode())
        if marked and self.run is not None and self.run.status is not None:
            self.finish("done", status=self.run.status)
        return bool(output) or marked

    def login_ended(self, shell: Shell) -> None:
        """Pass on what the login still printed, tell the runner its exit status, and have no shell."""
        if self.run:
            self.note_failures(self.run, shell)
            self.run.status = None
        shell.write_mark()
        while self.pass_on(shell):
            pass
        _, status = os.waitpid(shell.pid, 0)
        shell.end()
        self.shell = None
        if self.run is not None:
            self.finish("ended", status=os.waitstatus_to_exitcode(status))

    def serve(self) -> None:
        """Speak with the runner until it hangs up."""
        self.hello()
        while True:
            shell = self.shell
            descriptors = [self.read_fd] + ([shell.master, shell.alive] if shell else [])
            if shell and shell.bell is not None:
                descriptors.append(shell.bell)
            ready, _, _ = select.select(descriptors, [], [], self.patience_s())
            if self.read_fd in ready:
                data = os.read(self.read_fd, 1 << 16)
                if not data:
                    if os.isatty(self.read_fd) or self.read_fd != 0:
                        time.sleep(0.2)  # The runner has let go of the port; another runner may open the port later.
                        continue
                    return
                self.take(data)
            if shell is not self.shell:
                continue  # A message has ended the shell, or started another one.
            if shell and shell.alive in ready:
                self.login_ended(shell)
                continue
            if shell and shell.master in ready:
                self.pass_on(shell)
            if shell and shell.bell in ready:
                self.answered(shell)
            if self.shell:
                self.advance(self.shell)

    def patience_s(self) -> float | None:
        """How long to wait for something to happen. What the shell does with its FIFO makes no descriptor readable."""
        if self.run is None or self.shell is None:
            return None
        waits_for_shell = self.run.unsent or (self.shell.bell is None and not self.shell.mark)
        return 0.002 if waits_for_shell else 0.25

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
    # Another process of root can then neither trace this process nor open its descriptors, unless it may trace any process
    # (CAP_SYS_PTRACE), which no container here has.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    Agent(read_fd, write_fd, options).serve()
