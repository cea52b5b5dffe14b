"""The reader's login shell: a terminal, a bash in it that takes one snippet after the other, and how it ends.

The shell takes each snippet from a FIFO and gives it to ``eval`` as it is:
nothing of the snippet is rewritten, nothing of ours is in the descriptors that
its children inherit, and a snippet that reads standard input reads the
terminal, where nobody types, as a reader's would. The status comes back in the
terminal's own stream, behind everything that was printed, between two marks
that no snippet knows.
"""

import fcntl
import glob
import os
import pty
import shlex
import signal
import struct
import termios
from contextlib import suppress

# The loop stands at the top level of the shell, not in a function: there `declare` would be local.
# The report stands in the loop's condition, since `break` and `continue` in a snippet lead there as well.
# Which number the first line of an eval has differs between versions of bash, so another eval on the same line tells it.
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
trap '__guide_seen=$? __guide_here=$LINENO
if [ "$__guide_failed" = answer ]; then __guide_failed=; else __guide_failed=$((__guide_here - __guide_line + 1)):$__guide_seen; fi' ERR
case $- in *e*) __guide_status=0 __guide_failed= ;; esac
eval '__guide_line=$LINENO'; __guide_answer "$__guide_status"; } 2>/dev/null; eval "$__guide_code"
done
done
"""

COLUMNS, ROWS = 120, 40


class Shell:
    """One login of the reader: a terminal, a bash in it, and the FIFO that it takes snippets from."""

    def __init__(self, user, folder):
        self.mark = os.urandom(12).hex()
        self.fifo = os.path.join(folder, "snippet-" + self.mark)
        os.mkfifo(self.fifo)
        os.chmod(self.fifo, 0o644)
        self.pending = b""
        setup = f"__guide_mark={self.mark}; __guide_fifo={shlex.quote(self.fifo)}\n"
        bash = f"exec bash --login -i -c {shlex.quote(setup + DRIVER)} bash"
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
        # Open for good, at both ends: were it opened for each snippet, a shell that is quick would be back at the FIFO
        # before this end was closed, read an end of file, and answer a second time.
        self.feeder = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self.alive = os.pidfd_open(self.pid)  # readable when the login ends, also while others hold its terminal

    def feed(self, code):
        """Hand over as much of a snippet as the FIFO takes; returns the rest, which is empty when all is on its way."""
        with suppress(BlockingIOError):
            while code:
                code = code[os.write(self.feeder, code) :]
        return code

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
            words = self.pending[start + 1 : end].decode().split(" ")
            out, self.pending = self.pending[:start], self.pending[end + 1 :]
            return out, (int(words[1]), words[2])
        keep = self.pending.rfind(b"\x1e")  # it may be the beginning of a mark
        if keep < 0 or len(self.pending) - keep > 64:
            keep = len(self.pending)
        out, self.pending = self.pending[:keep], self.pending[keep:]
        return out, None

    def end(self):
        """End the login and all that belongs to its terminal."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in sessions_of(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(self.feeder)
        os.close(self.alive)
        os.close(self.master)
        with suppress(FileNotFoundError):
            os.unlink(self.fifo)


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
