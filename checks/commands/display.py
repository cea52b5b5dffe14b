"""A child process whose lines are passed on, above one line that says how far the run is.

On a terminal the last line moves. Elsewhere, as in CI's log, a plain line is printed when a page comes further or
after a minute of silence. What the line says comes from the files of pytest_plugin/messages.py, and the estimate from
the seconds in the evidence.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from checks.evidence.files import read_evidence
from checks.faults import INTERRUPTED
from checks.host import PROGRESS_VARIABLE
from checks.model import GuideError

LATE = 124  # the exit status of timeout(1); ./guide makes 2 of it
TICK_S = 0.5
SILENCE_S = 60.0  # after which a plain line is printed although nothing has changed
PR_SET_PDEATHSIG = 1  # linux/prctl.h
ENDED_WITHIN_S = 7.0  # from Ctrl-C until the child's processes are killed
STAGES = {"panicked": "the kernel has panicked", "capturing": "capturing the dump", "back": "back after the restart"}


class Estimates:
    """How long the rest of a page takes, from the seconds that its snippets took in the run which the evidence tells of."""

    def __init__(self, evidence_dir: Path, target: str):
        self._folder, self._target = evidence_dir, target
        self._seconds: dict[str, list[float]] = {}

    def left_s(self, page: str, done: int) -> float | None:
        """The seconds that the page's snippets after the first ``done`` took; None without evidence."""
        if page not in self._seconds:
            try:
                data = read_evidence(self._folder, self._target, page) or {}
            except GuideError:
                data = {}
            self._seconds[page] = [entry.get("seconds") or 0.0 for entry in data.get("snippets", ()) if "skip" not in entry]
        seconds = self._seconds[page]
        return sum(seconds[done:]) if seconds else None


def describe(state: Mapping[str, Any], estimates: Estimates, elapsed_s: float) -> str:
    """One process of a run, for the progress line: "quick-start  capturing the dump  3 of 26 snippets left  about 2 min"."""
    page, done, count = state.get("page", ""), state.get("done", 0), state.get("count", 0)
    parts = [page]
    if stage := state.get("stage"):
        parts.append(STAGES.get(stage, stage))
    if page == "tests":
        left_s = elapsed_s / done * (count - done) if done > 20 else None
        parts.append(f"{count - done} of {count} left")
    else:
        left_s = estimates.left_s(page, done)
        parts.append(f"{count - done} of {count} snippets left")
    if left_s is not None:
        parts.append(f"about {max(1, round(left_s / 60))} min" if left_s > 45 else "less than a minute")
    return "  ".join(filter(None, parts))


def _interrupt_when_parent_ends(parent: int) -> None:
    """In the child, before its program starts: SIGINT as soon as ./guide has ended, also by SIGKILL (PR_SET_PDEATHSIG, prctl(2)).

    Where ./guide, the process ``parent``, has ended before that, no signal comes any more. SIGINT is blocked until the program
    unblocks it: Python would end with a traceback while it starts, before any code of this project runs.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:
        os._exit(INTERRUPTED)


class Display:
    """Runs one child process and shows its lines and its progress."""

    def __init__(self, estimates: Estimates, run_minutes: float):
        """``run_minutes``: how long the child may run before it is interrupted."""
        self._estimates, self._run_minutes = estimates, run_minutes
        self._late = False
        self._terminal = sys.stdout.isatty()
        self._began = self._printed = time.monotonic()
        self._shown = ""
        self._places: list[tuple[str | None, str | None]] = []
        self._interrupted_at: float | None = None

    def run(self, command: list[str], folder: Path) -> int:
        """Run the command in ``folder`` to its end; its exit status, INTERRUPTED after Ctrl-C or SIGTERM, LATE when its time was over."""
        with tempfile.TemporaryDirectory(prefix="guide-progress-") as states:
            environment = {**os.environ, PROGRESS_VARIABLE: states, "PYTHONUNBUFFERED": "1"}
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=partial(_interrupt_when_parent_ends, os.getpid()),
            )  # fmt: skip
            before = {number: signal.signal(number, self._interrupt(process)) for number in (signal.SIGINT, signal.SIGTERM)}
            try:
                self._follow(process, Path(states))
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler)
        status = process.wait()
        if self._late:
            return LATE
        return INTERRUPTED if self._interrupted_at is not None else status

    def _interrupt(self, process: subprocess.Popen[bytes]) -> Any:
        """A signal handler that interrupts all processes of the child once, as Ctrl-C at a terminal does."""

        def handler(number: int, frame: FrameType | None) -> None:
            if self._interrupted_at is None:
                self._interrupted_at = time.monotonic()
                self._kill(process, signal.SIGINT)

        return handler

    def _kill(self, process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    def _follow(self, process: subprocess.Popen[bytes], states: Path) -> None:
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        buffer = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                data = process.stdout.read() if selector.select(TICK_S) else None
                if data == b"":
                    break  # All processes that had the pipe open have ended.
                *lines, buffer = (buffer + (data or b"")).split(b"\n")
                if lines:
                    self._pass_on(lines)
                self._show(states)
                if self._interrupted_at is None and time.monotonic() - self._began > self._run_minutes * 60:
                    self._end_late_run(process)
                if self._interrupted_at and time.monotonic() - self._interrupted_at > ENDED_WITHIN_S:
                    self._kill(process, signal.SIGKILL)
                if process.poll() is not None and data is None:
                    break  # The child has ended; what it has left behind does not write.
        if buffer:
            self._pass_on([buffer])
        self._erase()

    def _end_late_run(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        text = f"the run has taken more than {self._run_minutes:g} minutes and is ended: name fewer pages, "
        text += "or raise `extra: checks: limits: run_minutes` in mkdocs.yml"
        self._pass_on([text.encode()])
        self._interrupted_at = time.monotonic()
        self._kill(process, signal.SIGINT)

    def _pass_on(self, lines: list[bytes]) -> None:
        self._erase()
        sys.stdout.write("".join(line.decode("utf-8", "replace") + "\n" for line in lines))
        sys.stdout.flush()
        self._printed = time.monotonic()

    def _show(self, states: Path) -> None:
        running = self._running(states)
        text = " | ".join(describe(state, self._estimates, time.monotonic() - self._began) for state in running)
        if self._terminal:
            width = shutil.get_terminal_size().columns
            if text:
                sys.stdout.write(f"\r\x1b[K{text[: width - 1]}")
                sys.stdout.flush()
            self._shown = text
            return
        places = [(state.get("page"), state.get("stage")) for state in running]
        if text and (places != self._places or time.monotonic() - self._printed > SILENCE_S):
            print(f"    {text}", flush=True)
            self._places, self._printed = places, time.monotonic()

    def _running(self, states: Path) -> list[dict[str, Any]]:
        """What each process of the run has last written; processes that have come to their end are left out."""
        running = []
        for file in sorted(states.glob("*.json")):
            try:
                state = json.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if state.get("count", 0) > state.get("done", 0):
                running.append(state)
        return running

    def _erase(self) -> None:
        if self._terminal and self._shown:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()
            self._shown = ""
