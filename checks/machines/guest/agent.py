"""The runner's end inside a machine: it keeps the reader's shell and answers on the wire.

The wire is stdin and stdout in a container, a virtio port in a VM. Both sides
speak JSON, one object a line; bytes travel in base64, because a line cut off
by a reboot then costs that line only.

From the runner: ``run`` (a snippet), ``exec`` (a command beside the reader's
shell, for evidence), ``eof`` (what Ctrl-D would do), ``kill`` (end the shell),
``tty`` (keys typed into the terminal), ``shell`` (a fresh login), ``logout``,
``limits``, ``hello``. To the runner: ``hello``, ``out``, ``done``, ``ended``, ``result``,
``limits``.
"""

import base64
import json
import os
import select
import signal
import subprocess
import sys
import time

from checks.machines.guest.login import Shell

CHUNK = 48 * 1024  # bytes a message; a virtio port takes 32 KiB at a time


def refused():
    """What the container's limits have refused so far: forks, and processes killed for memory.

    Both layouts of cgroups; a VM, or an engine that hides them, counts nothing.
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
    """The loop between the wire and the shell."""

    def __init__(self, read_fd, write_fd, options):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.user = options["user"]
        self.folder = options.get("folder", "/tmp")
        self.wire = b""
        self.shell = None
        self.running = None  # when the present snippet began
        self.waiting = None  # what of a snippet the FIFO has not taken yet
        self.before = refused()  # by then; more of it since is the doing of what still runs in the background
        self.late = {}

    def say(self, **message):
        data = b"\n" + json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.write_fd, data) :]

    def hello(self):
        with open("/proc/sys/kernel/random/boot_id") as file:
            boot_id = file.read().strip()
        self.say(op="hello", boot_id=boot_id, kernel=os.uname().release, python=sys.version.split()[0])

    def login(self):
        self.logout()
        self.shell = Shell(self.user, self.folder)

    def logout(self):
        if self.shell:
            self.shell.end()
            os.waitpid(self.shell.pid, 0)
            self.shell = None
            self.running = self.waiting = None

    def take(self, message):
        op = message["op"]
        if op == "run":
            if self.shell is None:
                self.login()
            now = refused()
            self.late = {key: now[key] - self.before.get(key, 0) for key in now}
            self.before = now
            self.running = time.monotonic()
            self.waiting = base64.b64decode(message["code"]) + b"\0"
        elif op == "exec":
            self.execute(message)
        elif op == "limits":
            now = refused()
            self.say(op="limits", limits={key: now[key] - self.before.get(key, 0) for key in now})
            self.before = now
        elif op == "shell":
            self.login()
        elif op == "logout":
            self.logout()
        elif op == "kill":
            now = refused()
            limits = {key: now[key] - self.before.get(key, 0) for key in now}
            self.logout()
            self.say(op="ended", status=None, seconds=0, limits=limits)
        elif op == "eof" and self.shell:
            os.write(self.shell.master, b"\x04")
        elif op == "tty" and self.shell:
            os.write(self.shell.master, base64.b64decode(message["keys"]))

    def execute(self, message):
        try:
            done = subprocess.run(message["argv"], stdin=subprocess.DEVNULL, capture_output=True, timeout=message.get("timeout_s", 60))
            status, out = done.returncode, done.stdout + done.stderr
        except (OSError, subprocess.TimeoutExpired) as error:
            status, out = 127, str(error).encode()
        self.say(op="result", status=status, out=base64.b64encode(out).decode())

    def offer(self):
        self.waiting = self.shell.feed(self.waiting) or None

    def finish(self, op, **more):
        now = refused()
        limits = {key: now[key] - self.before.get(key, 0) for key in now}
        self.before = now
        self.say(op=op, seconds=round(time.monotonic() - self.running, 6), limits=limits, late=self.late, **more)
        self.running = None

    def listen(self):
        """Pass on what the terminal printed; False when nothing more can come."""
        out, answer = self.shell.read()
        for at in range(0, len(out or b""), CHUNK):
            self.say(op="out", data=base64.b64encode(out[at : at + CHUNK]).decode())
        if answer and self.running is not None:
            self.finish("done", status=answer[0], failed=answer[1])
        return bool(out) or answer is not None

    def gone(self):
        """The login has ended: tell what it still printed and its status, and have no shell."""
        while self.listen():
            pass
        _, status = os.waitpid(self.shell.pid, 0)
        self.shell.end()
        self.shell = None
        if self.running is not None:
            self.waiting = None
            self.finish("ended", status=os.waitstatus_to_exitcode(status))

    def serve(self):
        self.hello()
        while True:
            fds = [self.read_fd] + ([self.shell.master, self.shell.alive] if self.shell else [])
            # a snippet that is larger than the FIFO goes there piece by piece
            ready, _, _ = select.select(fds, [], [], 0.002 if self.waiting is not None else None)
            if self.read_fd in ready:
                data = os.read(self.read_fd, 1 << 16)
                if not data:
                    if os.isatty(self.read_fd) or self.read_fd != 0:
                        time.sleep(0.2)  # the runner has let go of the port; another may take it up
                        continue
                    return
                *lines, self.wire = (self.wire + data).split(b"\n")
                for line in filter(None, lines):
                    try:
                        message = json.loads(line)
                    except ValueError:
                        continue  # the rest of a line that was cut off
                    if message.get("op") == "hello":
                        self.hello()
                    elif message.get("op") != "load":
                        self.take(message)
            if self.shell and self.shell.alive in ready:
                self.gone()
            elif self.shell and self.shell.master in ready:
                self.listen()
            if self.shell and self.waiting is not None:
                self.offer()


def serve(read_fd, write_fd, options):
    """Speak with the runner until it hangs up."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    Agent(read_fd, write_fd, options).serve()
