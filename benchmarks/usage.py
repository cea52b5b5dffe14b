"""What a command costs: ``python -m benchmarks.usage COMMAND...`` runs the command and reports the CPU time of its process tree.

A process that waits for a child learns what the child and the descendants that the child waited for have used
(wait4(2)). Two kinds of processes would be missed:

- podman starts its monitor, conmon, as a daemon, and the container's processes are conmon's children. The kernel makes
  such an orphan the child of the nearest "subreaper" above it (prctl(2), PR_SET_CHILD_SUBREAPER). This program is one,
  and waits for all its orphans.
- When the first process of a container ends, the kernel kills the others, and no process learns what they have used:
  the reader's shell with all its commands. The container's cgroup counts them, and is read while the container lives.

Docker's containers are children of Docker's daemon, which is no descendant of this program: they are not counted, and
``./guide bench`` says so.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.model import GuideError

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
ORPHANS_TIMEOUT_S = 10  # how long after the command's end this program waits for the command's orphans
SAMPLE_S = 0.05  # The work of a container's last 0.05 s may be missed.
POLL_S = 0.01
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
CGROUPS = Path("/sys/fs/cgroup")
ROOT = Path(__file__).resolve().parents[1]
SHOWN_LINES = 15  # of the output of a command that failed
REPORT_FD = "GUIDE_USAGE_FD"  # an environment variable: the descriptor that the report is written to, since stdout is the command's


@dataclass(frozen=True)
class CommandUsage:
    """What one run of a command used: ``cpu_s`` is user and system time of all processes, ``peak_mib`` the memory of the largest."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    status: int = 0
    containers: int = 0  # whose processes are counted
    still_running: int = 0  # orphans that still ran after ORPHANS_TIMEOUT_S, and are not counted


def measure_command(command: list[str], folder: Path, env: Mapping[str, str] | None = None) -> CommandUsage:
    """Run ``command`` in ``folder``, with ``env`` added to the environment, and return what it used.

    Raises GuideError with the end of the command's output when the command fails.
    """
    with tempfile.TemporaryFile() as printed:
        counting = [sys.executable, "-m", "benchmarks.usage", *command]
        read_fd, write_fd = os.pipe()
        environment = {**os.environ, **(env or {}), "PYTHONPATH": str(ROOT), REPORT_FD: str(write_fd)}
        process = subprocess.Popen(
            counting, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT, pass_fds=[write_fd]
        )
        os.close(write_fd)
        with os.fdopen(read_fd) as pipe:
            line = pipe.read()
        process.wait()
        usage = CommandUsage(**json.loads(line)) if line else None
        if usage is None or usage.status:
            printed.seek(0)
            tail = printed.read().decode(errors="replace").splitlines()[-SHOWN_LINES:]
            raise GuideError("\n".join([f"{' '.join(command)[:200]} failed:", *tail]))
    return usage


def count(command: list[str]) -> CommandUsage:
    """Run ``command`` as a child of this process, wait for the command and all its orphans, return what they used."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    containers = ContainerWatch()
    threading.Thread(target=containers.watch, daemon=True).start()
    began = time.monotonic()
    main_pid = os.posix_spawnp(command[0], command, os.environ)
    cpu_s = wall_s = 0.0
    peak_kib = status = still_running = 0
    deadline: float | None = None  # None while the command itself runs
    while True:
        try:
            pid, wait_status, used = os.wait4(-1, 0 if deadline is None else os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            if deadline is not None and time.monotonic() > deadline:
                still_running = len(children(os.getpid()))
                break
            time.sleep(POLL_S)
            continue
        cpu_s += used.ru_utime + used.ru_stime
        peak_kib = max(peak_kib, used.ru_maxrss)
        if pid == main_pid:
            status, wall_s = os.waitstatus_to_exitcode(wait_status), time.monotonic() - began
            deadline = time.monotonic() + ORPHANS_TIMEOUT_S
    return CommandUsage(cpu_s + containers.unreported_s(), wall_s, peak_kib / 1024, status, len(containers.seconds), still_running)


class ContainerWatch:
    """Reads the cgroups of podman's containers below this process, for the CPU time that no wait4 reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}  # path of a container's cgroup -> seconds of CPU that no wait4 reports

    def watch(self) -> None:
        """Sample all containers until the process ends; meant for a thread of its own."""
        while True:
            for monitor in children(os.getpid()):
                # The processes may end between two of these reads.
                with suppress(OSError, ValueError, IndexError, StopIteration):
                    if Path(f"/proc/{monitor}/comm").read_text() == "conmon\n":
                        for first in children(monitor):
                            self._sample(monitor, first)
            time.sleep(SAMPLE_S)

    def _sample(self, monitor: int, first: int) -> None:
        """Read the cgroup of the container whose monitor and first process have these process numbers."""
        group, file = cgroup(first)
        if group in (cgroup(os.getpid())[0], cgroup(monitor)[0]):
            return  # The first process is still the container runtime, which has not entered the container's cgroup yet.
        fields = Path(f"/proc/{first}/stat").read_text().rsplit(")", 1)[1].split()
        # utime, stime, cutime, cstime (proc(5)): what conmon's wait4 will report of the first process.
        reported_s = sum(map(int, fields[11:15])) / TICKS_PER_S
        self.seconds[group] = max(self.seconds.get(group, 0.0), cgroup_cpu_s(file) - reported_s)

    def unreported_s(self) -> float:
        """Seconds of CPU of all containers so far that no wait4 reports."""
        return sum(self.seconds.values())


def children(pid: int) -> list[int]:
    """The process numbers of the present children of ``pid``; an empty list when ``pid`` has ended."""
    try:
        return [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]
    except OSError:
        return []


def cgroup(pid: int) -> tuple[str, Path]:
    """The cgroup that counts the CPU time of a process: (path in the hierarchy, file with the CPU time), for cgroup v1 and v2."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    for _, controllers, path in lines:
        if "cpuacct" in controllers.split(","):
            return path, CGROUPS / "cpuacct" / path[1:] / "cpuacct.usage"
    path = next(path for number, _, path in lines if number == "0")
    return path, CGROUPS / path[1:] / "cpu.stat"


def cgroup_cpu_s(file: Path) -> float:
    """Seconds of CPU that a cgroup has used: cpuacct.usage is in nanoseconds, usage_usec of cpu.stat in microseconds."""
    text = file.read_text()
    return int(text.split()[1]) / 1e6 if text.startswith("usage_usec") else int(text) / 1e9


if __name__ == "__main__":
    with os.fdopen(int(os.environ.pop(REPORT_FD)), "w") as report_file:
        os.set_inheritable(report_file.fileno(), False)
        report_file.write(json.dumps(asdict(count(sys.argv[1:]))))
