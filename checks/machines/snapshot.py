"""A VM saved and restored: the layers of its disk, its memory, the firmware's variables.

Saving copies no disk: what the VM has written so far becomes a qcow2 layer that is never written to again, and the
VM goes on in a new layer above it. Each state that needs a layer has a hard link to it in the state's own folder, so
the layer's space is freed when the last of these states is removed.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from pathlib import Path

from checks.machines.hardware import DISK
from checks.machines.machine import MachineLost
from checks.machines.qemu_process import QemuProcess, take_back
from checks.machines.qmp import Monitor

MEMORY = "memory.zst"
VARIABLES = "vars.qcow2"
ORDER = "layers"  # a file with the layers' names, the lowest first
TIMEOUT_S = 600
# QEMU may start no program, so it reads and writes its memory over this socket, and the first process of its container
# packs it (qemu_process.py). zstd notices a damaged file by its checksum. Level 1 is the quickest;
# benchmarks/README.md has what a state costs.
SOCKET = "/machine/memory.sock"


def new_layer_name() -> str:
    """A name that no layer of any state has: layers of several states meet in one folder."""
    return f"layer-{uuid.uuid4().hex[:16]}.qcow2"


def save(qemu: QemuProcess, machine: Path, layers: list[str], folder: Path) -> None:
    """Write the VM whose files are in ``machine`` into ``folder``; the VM is paused meanwhile, then goes on.

    ``layers`` are those of the VM's disk; the name of the layer that the VM writes to from then on is appended.
    Raises MachineLost when QEMU or zstd fails; the VM goes on all the same.
    """
    monitor = qemu.monitor
    monitor("stop")
    try:
        above = new_layer_name()
        monitor("blockdev-snapshot-sync", device=DISK, snapshot_file=f"/machine/{above}", format="qcow2")
        layers.append(above)
        shutil.copyfile(machine / VARIABLES, folder / VARIABLES)
        (machine / MEMORY).unlink(missing_ok=True)
        qemu.pack(SOCKET, f"/machine/{MEMORY}")
        # The VM is paused already, so no bandwidth needs to be left to it.
        monitor("migrate-set-parameters", max_bandwidth=1 << 40)
        monitor("migrate", uri=f"unix:{SOCKET}")
        _follow(monitor, "migrate")
        qemu.packed()
    finally:
        monitor("cont")
    (machine / MEMORY).rename(folder / MEMORY)
    take_back(folder / MEMORY)
    for name in layers[:-1]:
        take_back(machine / name)
        os.link(machine / name, folder / name)
    (folder / ORDER).write_text("".join(f"{name}\n" for name in layers[:-1]))


def lay_out(qemu: QemuProcess, folder: Path, machine: Path) -> list[str]:
    """Put the files of a state into the folder of a new VM; returns the layers, the lowest first."""
    layers = (folder / ORDER).read_text().split()
    for name in layers:
        os.link(folder / name, machine / name)
    os.link(folder / MEMORY, machine / MEMORY)
    shutil.copyfile(folder / VARIABLES, machine / VARIABLES)
    qemu.give(machine / VARIABLES)
    return layers


def resume(qemu: QemuProcess, machine: Path) -> None:
    """Give a QEMU that was started with ``-incoming defer`` the memory that ``lay_out`` put there, and let the VM run."""
    qemu.monitor("migrate-incoming", uri=f"unix:{SOCKET}")  # QEMU listens there when it has answered.
    qemu.unpack(SOCKET, f"/machine/{MEMORY}")
    _follow(qemu.monitor, "migrate-incoming")
    qemu.packed()
    (machine / MEMORY).unlink()
    qemu.monitor("cont")


def _follow(monitor: Monitor, command: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        migration = monitor("query-migrate")
        match migration.get("status"):
            case "completed":
                return
            case "failed" | "cancelled":
                raise MachineLost(f"QEMU: {command}: {migration.get('error-desc', migration['status'])}")
        time.sleep(0.02)
    raise MachineLost(f"QEMU: {command} did not end within {TIMEOUT_S} s")
