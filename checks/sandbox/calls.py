"""Commands of a container engine, each with a time after which it is ended and reported.

A container engine may hang for ever: its service waits for a lock or a full disk, or a network file system does not
answer. So no command of an engine is waited for without a limit.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from checks.model import GuideError

# Seconds that a command may take, by its first word. A command that only asks takes less than a second; the others
# write as much as an image has.
TIMEOUTS_S = {"rm": 30, "rmi": 300, "commit": 1800, "import": 3600, "cp": 1800}
ASKING_TIMEOUT_S = 60
LONGEST_LINE_BYTES = 4096  # A longer line is kept as several.


class EngineSilent(GuideError):
    """A command of the engine did not end within its time."""


def timeout_s(arguments: Sequence[str]) -> int:
    """The seconds that the engine's command with these arguments may take."""
    return TIMEOUTS_S.get(arguments[0], ASKING_TIMEOUT_S)


def call(program: str, *arguments: str, within_s: float | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command of an engine to its end, whatever its exit status; bytes that are no UTF-8 become U+FFFD.

    Raises EngineSilent when the command has not ended after ``within_s`` seconds (``timeout_s`` by default), and a
    GuideError when the program cannot be started. The command and what it has started are then ended.
    """
    limit_s = timeout_s(arguments) if within_s is None else within_s
    try:
        process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise GuideError(f"{program} cannot be started: {error.strerror}. Install it again: apt-get install -y {program}") from None
    try:
        output, messages = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise EngineSilent(silence(program, arguments, limit_s)) from None
    finally:
        if process.poll() is None:  # Also after Ctrl-C.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
    return subprocess.CompletedProcess([program, *arguments], process.returncode, output, messages)


def silence(program: str, arguments: Sequence[str], limit_s: float) -> str:
    """What is reported of a command that has not ended: the command, and what to type next."""
    words = " ".join(arguments[:2] if arguments[0] in ("image", "container") else arguments[:1])
    restart = "systemctl restart docker" if program == "docker" else f"see with `ps -ef | grep {program}` what hangs, and end it"
    return f"`{program} {words}` did not answer within {limit_s:g} s. Mend the engine ({restart}), then run the same command again"


def collect(stream: IO[bytes], messages: deque[str]) -> None:
    """Read what a process prints until its end, and keep the last lines; what runs in a container may print without end."""
    while line := stream.readline(LONGEST_LINE_BYTES):
        messages.append(line.decode(errors="replace").strip())


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of what a command printed, standard error before standard output."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1] if lines else "the engine printed nothing"
