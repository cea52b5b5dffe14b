"""The reader's login shell: a terminal, and a bash in it that runs one snippet after the other.

The shell reads each snippet from a FIFO and gives it to ``eval`` unchanged: nothing of the snippet is rewritten, the
snippet's children inherit no descriptor of ours, and a snippet that reads standard input reads the terminal, where
nobody types, as a reader's would. The exit status comes back in the terminal's own stream, behind everything that was
printed, between two marks that the snippet does not know.
"""

from __future__ import annotations

import fcntl
import glob
import os
import pty
import shlex
import signal
import struct
import termios
from contextlib import suppress

# The loop stands at the top level of the shell, since `declare` in a function would be local.
# The report stands in the loop's condition, since `break` and `continue` in a snippet lead there as well.
# The number of an eval's first line differs between versions of bash, so another eval on the same line reads it.
# What the loop does itself is silent under `set -x`. `$?` reaches the next snippet as the last one left it, except
# under `set -e`, where returning that status would end the shell; the trap does not count that return as a failure.
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
    """One login of the reader: a terminal, a bash in it, and the FIFO from which the bash reads snippets."""

    def __init__(self, user: str, folder: str):
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
            settings[1] &= ~termios.OPOST  # The bytes as printed: the terminal adds no carriage returns.
            termios.tcsetattr(0, termios.TCSANOW, settings)
            # A dumb terminal: programs draw no colours and no progress bars.
            os.environ["TERM"] = "dumb"
            os.execvp("su", ["su", "--login", user, "--session-command", bash])
        os.set_blocking(self.master, False)
        # The FIFO stays open at both ends. Opened for each snippet, a quick shell would be back at the FIFO before this
        # end was closed, read an end of file, and answer a second time.
        self.feeder = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self.alive = os.pidfd_open(self.pid)  # Readable when the login ends, also while other processes hold its terminal.

    def feed(self, code: bytes) -> bytes:
        """Hand over as much of a snippet as the FIFO takes; returns the rest."""
        with suppress(BlockingIOError):
            while code:
                code = code[os.write(self.feeder, code) :]
        return code

    def read(self) -> tuple[bytes, tuple[int, str] | None]:
        """(the bytes that were printed, None or (exit status, "LINE:STATUS" of a line that failed before the last one))."""
        try:
            self.pending += os.read(self.master, 1 << 16)
        except BlockingIOError:
            return b"", None
        except OSError:  # EIO: no process has the terminal open any more; ``alive`` becomes readable.
            output, self.pending = self.pending, b""
            return output, None
        start = self.pending.find(b"\x1e" + self.mark.encode())
        if start >= 0:
            end = self.pending.find(b"\x1e", start + 1)
            if end < 0:
                return b"", None
            words = self.pending[start + 1 : end].decode().split(" ")
            output, self.pending = self.pending[:start], self.pending[end + 1 :]
            return output, (int(words[1]), words[2])
        keep = self.pending.rfind(b"\x1e")  # This byte may be the beginning of a mark.
        if keep < 0 or len(self.pending) - keep > 64:
            keep = len(self.pending)
        output, self.pending = self.pending[:keep], self.pending[keep:]
        return output, None

    def end(self) -> None:
        """End the login and all processes of its terminal."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in session_processes(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.close(self.feeder)
        os.close(self.alive)
        os.close(self.master)
        with suppress(FileNotFoundError):
            os.unlink(self.fifo)


def session_processes(leader: int) -> list[int]:
    """The ids of all processes of the session that the process ``leader`` leads."""
    pids = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat) as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            pids.append(int(stat.split("/")[2]))
    return pids
