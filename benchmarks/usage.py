"""What a command costs: ``python -m benchmarks.usage COMMAND...`` runs it and reports the CPU of its whole tree.

A process that is waited for tells what it and its own waited-for descendants
took. Two kinds of process would slip through:

- podman starts its monitor, conmon, as a daemon, and the container is conmon's.
  The kernel hands such orphans to the nearest "subreaper" above them; this
  process is one, and waits for each.
- When a container's first process ends, the kernel kills the others and tells
  nobody what they took: the reader's shell with all its commands. That stands
  in the container's cgroup, which is read while the container lives.

Docker's containers are children of its daemon, out of sight from here:
``bench`` says then that they are not counted.
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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from checks.model import GuideError

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
STRAGGLERS_S = 10  # how long after the command's end its orphans are waited for
SAMPLE_S = 0.05  # of a container's last work no more than this is missed
TICKS = os.sysconf("SC_CLK_TCK")
CGROUPS = Path("/sys/fs/cgroup")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class CommandUsage:
    """One run of a command. ``cpu_s`` is user and system time of the whole tree, ``peak_mib`` of its largest process."""

    cpu_s: float
    wall_s: float
    peak_mib: float
    status: int = 0
    containers: int = 0  # that were seen and are counted
    still_running: int = 0  # orphans that outlived the wait, and are not counted


def measured(command: list[str], folder: Path, env: dict[str, str] | None = None) -> CommandUsage:
    """Run ``command`` in ``folder`` and count; a GuideError shows the end of what it printed if it fails."""
    with tempfile.TemporaryFile() as printed:
        here = [sys.executable, "-m", "benchmarks.usage", *command]
        # the report comes on a descriptor of its own: stdout is the command's
        read, write = os.pipe()
        whole = {**os.environ, **(env or {}), "PYTHONPATH": str(ROOT), "GUIDE_USAGE_FD": str(write)}
        process = subprocess.Popen(
            here, cwd=folder, env=whole, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT, pass_fds=[write]
        )
        os.close(write)
        with os.fdopen(read) as report:
            line = report.read()
        process.wait()
        usage = CommandUsage(**json.loads(line)) if line else None
        if usage is None or usage.status:
            printed.seek(0)
            tail = printed.read().decode(errors="replace").splitlines()[-15:]
            raise GuideError("\n".join([f"{' '.join(command)[:200]} failed:", *tail]))
    return usage


def count(command: list[str]) -> CommandUsage:
    """Run ``command`` as this process's child and wait for it and for every orphan of it."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    containers = Containers()
    threading.Thread(target=containers.watch, daemon=True).start()
    began = time.monotonic()
    main = os.posix_spawnp(command[0], command, os.environ)
    cpu_s = peak_kib = wall_s = 0.0
    status = still_running = 0
    deadline = None
    while True:
        try:
            pid, ended, used = os.wait4(-1, 0 if deadline is None else os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            if time.monotonic() > deadline:
                still_running = len(children(os.getpid()))
                break
            time.sleep(0.01)
            continue
        cpu_s += used.ru_utime + used.ru_stime
        peak_kib = max(peak_kib, used.ru_maxrss)
        if pid == main:
            status, wall_s = os.waitstatus_to_exitcode(ended), time.monotonic() - began
            deadline = time.monotonic() + STRAGGLERS_S
    return CommandUsage(cpu_s + containers.untold_s(), wall_s, peak_kib / 1024, status, len(containers.seen), still_running)


class Containers:
    """Follows podman's containers below this process: what their cgroups say beyond what waiting will tell."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}  # cgroup -> seconds that nobody would be told of

    def watch(self) -> None:
        while True:
            for monitor in children(os.getpid()):
                # Any of them may end between two of these reads.
                with suppress(OSError, ValueError, IndexError, StopIteration):
                    if Path(f"/proc/{monitor}/comm").read_text() == "conmon\n":
                        for first in children(monitor):
                            self._look(monitor, first)
            time.sleep(SAMPLE_S)

    def _look(self, monitor: int, first: int) -> None:
        group, file = cgroup(first)
        if group in (cgroup(os.getpid())[0], cgroup(monitor)[0]):
            return  # the runtime, which has not gone into the container's yet
        fields = Path(f"/proc/{first}/stat").read_text().rsplit(")", 1)[1].split()
        told_s = sum(map(int, fields[11:15])) / TICKS  # its own, and of those it waited for: user, system
        self.seen[group] = max(self.seen.get(group, 0.0), cgroup_s(file) - told_s)

    def untold_s(self) -> float:
        return sum(self.seen.values())


def children(pid: int) -> list[int]:
    """The processes whose parent ``pid`` is now; none if it has gone."""
    try:
        return [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]
    except OSError:
        return []


def cgroup(pid: int) -> tuple[str, Path]:
    """(path in its hierarchy, file with its CPU time) of the cgroup that accounts for a process; both layouts."""
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    for _, controllers, path in lines:
        if "cpuacct" in controllers.split(","):
            return path, CGROUPS / "cpuacct" / path[1:] / "cpuacct.usage"
    path = next(path for number, _, path in lines if number == "0")
    return path, CGROUPS / path[1:] / "cpu.stat"


def cgroup_s(file: Path) -> float:
    """Seconds of CPU that a cgroup has used: a number of nanoseconds, or a table with microseconds."""
    text = file.read_text()
    return int(text.split()[1]) / 1e6 if text.startswith("usage_usec") else int(text) / 1e9


if __name__ == "__main__":
    with os.fdopen(int(os.environ.pop("GUIDE_USAGE_FD")), "w") as report_to:
        os.set_inheritable(report_to.fileno(), False)
        report_to.write(json.dumps(vars(count(sys.argv[1:]))))
