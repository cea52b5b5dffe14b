"""The one program that runs inside a machine: it keeps the reader's shell and speaks with the runner.

It is sent over the wire at start (``LOADER``), so an image need not be built
again when it changes; hence only the standard library, and Python 3.10 as on
Ubuntu 22.04. The wire is the program's stdin and stdout in a container, a
virtio port in a VM. Both sides speak JSON, one object a line; bytes travel in
base64, because a line cut off by a reboot then costs that line only.

From the runner: ``run`` (a snippet), ``exec`` (a command beside the reader's
shell, for evidence), ``eof`` (what Ctrl-D would do), ``kill`` (end the shell),
``tty`` (keys typed into the terminal), ``shell`` (a fresh login).
To the runner: ``hello``, ``out``, ``done``, ``ended``, ``result``.

The shell is a login shell on a terminal of its own. It takes each snippet from
a FIFO and gives it to ``eval`` as it is: nothing of the snippet is rewritten,
nothing of ours is in the descriptors that its children inherit, and a snippet
that reads standard input reads the terminal, where nobody types, as a reader's
would. The status comes back in the terminal's own stream, behind everything
that was printed, between two random marks.
"""

import base64
import fcntl
import glob
import json
import os
import pty
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time

LOADER = r"""
import base64, json, os, sys
port = sys.argv[1] if len(sys.argv) > 1 else None
if port:
    fd = os.open(port, os.O_RDWR)
    read, write = fd, fd
else:
    read, write = 0, os.dup(1)
    os.dup2(2, 1)
boot_id = open("/proc/sys/kernel/random/boot_id").read().strip()
os.write(write, b"\n" + json.dumps({"op": "loader", "boot_id": boot_id}).encode() + b"\n")
line = b""
while True:
    byte = os.read(read, 1)
    if not byte:
        sys.exit(0) if not port else __import__("time").sleep(0.2)
    if byte != b"\n":
        line += byte
        continue
    try:
        message = json.loads(line)
        if message["op"] == "load":
            break
    except ValueError:
        pass
    line = b""
scope = {"__name__": "agent"}
exec(compile(base64.b64decode(message["code"]), "agent", "exec"), scope)
scope["serve"](read, write, message["options"])
"""

# The loop stands at the top level of the shell, not in a function: there `declare` would be local.
# The report stands in the loop's condition, since `break` and `continue` in a snippet lead there as well.
# What the loop does itself is silent under `set -x`. `$?` reaches the next snippet as it was, except under
# `set -e`, where answering it would end the shell; the trap is told not to count that answer as a failure.
DRIVER = r"""
__guide_answer() { return "$1"; }
__guide_failed= __guide_ran=
while :; do
while { __guide_status=$?
trap - ERR
if [ -n "$__guide_ran" ]; then printf '\036%s %s %s\036' "$__guide_mark" "$__guide_status" "$__guide_failed" >/dev/tty; fi
IFS= read -r -d '' __guide_code <"$__guide_fifo"
} 2>/dev/null; do
{ __guide_ran=1 __guide_failed=
if [ "$__guide_status" != 0 ]; then __guide_failed=answer; fi
__guide_line=$((LINENO + 3))
trap '__guide_seen=$?; if [ "$__guide_failed" = answer ]; then __guide_failed=; else __guide_failed=$((LINENO - __guide_line + 1)):$__guide_seen; fi' ERR
case $- in *e*) __guide_failed= ;; *) __guide_answer "$__guide_status" ;; esac; } 2>/dev/null
eval "$__guide_code"
done
done
"""

CHUNK = 48 * 1024  # bytes a message; a virtio port takes 32 KiB at a time
COLUMNS, ROWS = 120, 40


class Shell:
    """One login of the reader: a terminal, a bash in it, and the FIFO that it takes snippets from."""

    def __init__(self, user, folder):
        self.mark = os.urandom(12).hex()
        self.fifo = os.path.join(folder, "snippet-" + self.mark)
        os.mkfifo(self.fifo)
        os.chmod(self.fifo, 0o644)
        self.pending = b""
        setup = "__guide_mark=%s; __guide_fifo=%s\n" % (self.mark, shlex.quote(self.fifo))
        bash = "exec bash --login -i -c %s bash" % shlex.quote(setup + DRIVER)
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            settings = termios.tcgetattr(0)
            settings[1] &= ~termios.OPOST  # the bytes as printed: no carriage returns of the terminal's own
            termios.tcsetattr(0, termios.TCSANOW, settings)
            # dumb: no colours and no progress bars that only a screen could show
            os.environ["TERM"] = "dumb"
            os.execvp("su", ["su", "--login", user, "--session-command", bash])
        os.set_blocking(self.master, False)
        self.alive = os.pidfd_open(self.pid)  # readable when the login ends, also while others hold its terminal

    def feed(self, code):
        """Hand one snippet to the shell. Opening the FIFO waits until the shell reads from it."""
        try:
            fd = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # the shell does not read yet, or has gone
            return False
        os.set_blocking(fd, True)
        try:
            data = code + b"\0"
            while data:
                data = data[os.write(fd, data):]
        except BrokenPipeError:
            return False
        finally:
            os.close(fd)
        return True

    def read(self):
        """(bytes that were printed, None or (status, where a line before the last failed))."""
        try:
            self.pending += os.read(self.master, 1 << 16)
        except BlockingIOError:
            return b"", None
        except OSError:  # EIO: nobody has the terminal open any more; `alive` tells the rest
            out, self.pending = self.pending, b""
            return out, None
        start = self.pending.find(b"\x1e" + self.mark.encode())
        if start >= 0:
            end = self.pending.find(b"\x1e", start + 1)
            if end < 0:
                return b"", None
            words = self.pending[start + 1:end].decode().split(" ")
            out, self.pending = self.pending[:start], self.pending[end + 1:]
            return out, (int(words[1]), words[2])
        keep = self.pending.rfind(b"\x1e")  # it may be the beginning of a mark
        if keep < 0 or len(self.pending) - keep > 64:
            keep = len(self.pending)
        out, self.pending = self.pending[:keep], self.pending[keep:]
        return out, None

    def end(self):
        """End the login and all that belongs to its terminal."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        for pid in sessions_of(self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        os.close(self.alive)
        os.close(self.master)
        try:
            os.unlink(self.fifo)
        except FileNotFoundError:
            pass


def sessions_of(leader):
    """Ids of all processes of the session that ``leader`` leads."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found.append(int(stat.split("/")[2]))
    return found


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
        self.waiting = None  # a snippet that the shell does not take yet
        self.before = refused()  # by then; more of it since is the doing of what still runs in the background
        self.late = {}

    def say(self, **message):
        data = b"\n" + json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.write_fd, data):]

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
            self.waiting = base64.b64decode(message["code"])
        elif op == "exec":
            self.execute(message)
        elif op == "limits":
            now = refused()
            self.say(op="limits", limits={key: now[key] - self.before.get(key, 0) for key in now})
            self.before = now
        elif op == "shell":
            self.login()
        elif op == "kill":
            self.logout()
            self.say(op="ended", status=None, seconds=0, limits={})
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
        if self.waiting is not None and self.shell.feed(self.waiting):
            self.waiting = None

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
            self.say(op="out", data=base64.b64encode(out[at:at + CHUNK]).decode())
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
            # a shell that is still logging in is asked again every 2 ms
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
