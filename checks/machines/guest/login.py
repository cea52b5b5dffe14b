"""The reader's login shell: a terminal, and a bash in it that runs one command of a snippet after the other.

The shell is a real login at a terminal where nobody types. It is given each command as text and evaluates the text
unchanged. The shell reads texts and reports exit statuses through a folder that the reader cannot list (see driver.py). A status
counts once, and only when the shell has come back for its next text. The end of the output is a mark that this side
writes into the terminal, behind everything that was printed.
"""

from __future__ import annotations

import fcntl
import glob
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import tempfile
import termios
from contextlib import suppress

from checks.machines.guest.driver import around, driver

COLUMNS, ROWS = 120, 40
_SUBSTITUTION = re.compile(r"\$\(|`|[<>]\(")
_BACKGROUND = re.compile(r"(?<![&<>|])&(?![&>])")


class Shell:
    """One login of the reader: a terminal, a bash in it, and the folder through which the bash is spoken to.

    ``parent`` is where that folder is made; it must be writable for the agent, which is root.
    """

    def __init__(self, user: str, parent: str):
        self.folder = tempfile.mkdtemp(prefix="guide-", dir=parent)
        os.chmod(self.folder, 0o711)  # the reader can open what it can name, and list nothing
        self.fifo = self._make_fifo(0o644)
        self.feeder: int | None = None  # the FIFO, once the shell has come to read it
        self.bell: int | None = None  # becomes readable when the shell has reported a status
        self.answers = self.failures = ""
        self.text = ""  # of the command that runs
        self.mark = b""  # once it is written: the end of the output
        self.pending = b""
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        settings = termios.tcgetattr(self.slave)
        settings[1] &= ~termios.OPOST  # The bytes as printed: the terminal adds no carriage returns.
        termios.tcsetattr(self.slave, termios.TCSANOW, settings)
        self.pid = os.fork()
        if self.pid == 0:
            self._become_login(user)
        os.set_blocking(self.master, False)
        # Opened once more, since what is not blocking on the login's own descriptor would not block for the reader.
        slave = os.open(os.ttyname(self.slave), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        os.close(self.slave)
        self.slave = slave
        self.alive = os.pidfd_open(self.pid)  # Readable when the login ends, also while other processes hold its terminal.

    def _become_login(self, user: str) -> None:
        """In the child: the terminal becomes the standard streams of a new session, and ``su`` takes the process over."""
        try:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(self.slave, descriptor)
            # A dumb terminal: programs draw no colours and no progress bars.
            os.environ["TERM"] = "dumb"
            bash = f"exec bash --login -i -c {shlex.quote(driver(self.fifo))} bash"
            os.execvp("su", ["su", "--login", user, "--session-command", bash])
        finally:
            os._exit(127)

    def _make_fifo(self, mode: int) -> str:
        path = self._new_name()
        os.mkfifo(path)
        os.chmod(path, mode)
        return path

    def _make_folder(self) -> str:
        path = self._new_name()
        os.mkdir(path)
        os.chmod(path, 0o733)
        return path

    def _new_name(self) -> str:
        return os.path.join(self.folder, os.urandom(16).hex())

    # ---- one command

    def prepare(self, text: str, status: int) -> bytes:
        """Make the places for one command; returns what the shell has to read. ``status`` is what ``$?`` is to show first."""
        self._forget_command()
        self.text, self.answers, self.failures = text, self._make_folder(), self._make_folder()
        bell, self.fifo = self._make_fifo(0o622), self._make_fifo(0o644)
        self.bell_path, self.bell = bell, os.open(bell, os.O_RDONLY | os.O_NONBLOCK)
        shown = around(text, status, answers=self.answers, failures=self.failures, bell=bell, fifo=self.fifo)
        return shown.encode(errors="surrogateescape")

    def is_back(self) -> bool:
        """Whether the shell has come to read its next text. From then on nobody else can open the FIFO."""
        if self.feeder is None:
            try:
                self.feeder = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # ENXIO: no process has the FIFO open for reading
                return False
            os.unlink(self.fifo)
        return True

    def feed(self, text: bytes) -> bytes:
        """Hand over as much of a text as the FIFO takes; returns the rest. With nothing left the shell begins."""
        assert self.feeder is not None
        with suppress(BlockingIOError):
            while text:
                text = text[os.write(self.feeder, text) :]
        if not text:
            os.close(self.feeder)
            self.feeder = None
        return text

    def silence_bell(self) -> None:
        """The status has been looked at; the shell is on its way back to its FIFO."""
        assert self.bell is not None
        os.close(self.bell)
        os.unlink(self.bell_path)
        self.bell = None

    def answers_seen(self) -> list[int]:
        """The exit statuses that have been reported for the command: one, if nothing but the shell has reported."""
        return [int(name) if re.fullmatch(r"[0-9]{1,3}", name) else -1 for name in os.listdir(self.answers)]

    def failures_seen(self) -> list[tuple[int, int]]:
        """(line of the command from 1, exit status) of each failure in its middle so far, in the order of the lines.

        Command substitutions and background jobs are left out: a reader's shell takes no notice of their failures, either.
        """
        names = os.listdir(self.failures) if self.failures else []
        first = max((int(name[6:]) for name in names if re.fullmatch("first-[0-9]+", name)), default=0)
        found = set()
        for name in names:
            if parts := re.fullmatch(r"([0-9]+)-([0-9]*)-([0-9]*)-([0-9]*)", name):
                status, line, subshell, process = parts.groups()
                substituted = f"pipe-{process}" in names and _SUBSTITUTION.search(self.text)
                if int(subshell or 0) and (substituted or _BACKGROUND.search(self.text)):
                    continue
                number = int(line or 0) - first
                if number:  # Line 0 is what sets $? before the command.
                    # The line of a function that an earlier command has defined lies outside of this command.
                    found.add((min(max(number, 1), self.text.count("\n") + 1), int(status)))
        return sorted(found)

    def _forget_command(self) -> None:
        if self.bell is not None:
            self.silence_bell()
        for folder in (self.answers, self.failures):
            shutil.rmtree(folder, ignore_errors=True)

    # ---- what was printed

    def write_mark(self) -> None:
        """Write the mark behind everything that has been printed; ``read`` finds it. No mark where the terminal is hung up."""
        self.mark = b"\x1e" + os.urandom(16).hex().encode() + b"\x1e"
        left = self.mark
        try:
            while left:
                try:
                    left = left[os.write(self.slave, left) :]
                except BlockingIOError:  # The terminal is full of output that has to be read first.
                    self.pending += os.read(self.master, 1 << 16)
        except OSError:
            self.mark = b""

    def read(self) -> tuple[bytes, bool]:
        """(bytes that were printed, whether the mark came behind them)."""
        hung_up = False
        try:
            self.pending += os.read(self.master, 1 << 16)
        except BlockingIOError:
            if not self.pending:
                return b"", False
        except OSError:  # EIO: no process has the terminal open any more; ``alive`` becomes readable.
            hung_up = True
        if self.mark and not hung_up:
            output, mark, rest = self.pending.partition(self.mark)
            if mark:
                self.pending, self.mark = rest, b""
                return output, True
            keep = self.pending.rfind(b"\x1e")  # This byte may be the beginning of the mark.
            if keep >= 0 and len(self.pending) - keep <= len(self.mark):
                output, self.pending = self.pending[:keep], self.pending[keep:]
                return output, False
        output, self.pending = self.pending, b""
        return output, False

    def end(self) -> None:
        """End the login and all processes of its terminal."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for pid in session_processes(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._forget_command()
        for descriptor in (self.feeder, self.alive, self.slave, self.master):
            if descriptor is not None:
                os.close(descriptor)
        shutil.rmtree(self.folder, ignore_errors=True)


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
