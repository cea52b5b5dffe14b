"""A VM written down and taken up again: the layers of its disk, its memory, the firmware's variables.

Saving costs no copy of the disk: what was written so far becomes a layer that
is never written to again, and the machine goes on in a new one above it. A
layer is one file under several names, since every state that stands on it
links it into its own folder; it goes when the last of them does.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from pathlib import Path

from checks.machines.hardware import DISK
from checks.machines.machine import MachineLost
from checks.machines.qmp import Monitor

MEMORY = "memory.zst"
VARIABLES = "vars.qcow2"
ORDER = "layers"  # the layers' names, the lowest first
TIMEOUT_S = 120
# zstd's own checksum tells a damaged file; one thread a processor, the quickest level: see CONTRIBUTING, What it costs
PACK = f"exec:zstd -1 -T2 -q -f -o /machine/{MEMORY}"
UNPACK = f"exec:zstd -dc -q /machine/{MEMORY}"


def new_layer_name() -> str:
    """Unique among all states, since layers of several meet in one folder."""
    return f"layer-{uuid.uuid4().hex[:16]}.qcow2"


def save(monitor: Monitor, machine: Path, layers: list[str], folder: Path) -> None:
    """Write the machine whose files are in ``machine`` into ``folder``; it stands still meanwhile, then goes on.

    ``layers`` are those of its disk; the one that it writes to from then on is put at their end. Lost if QEMU
    would not; the machine goes on all the same.
    """
    monitor("stop")
    try:
        above = new_layer_name()
        monitor("blockdev-snapshot-sync", device=DISK, snapshot_file=f"/machine/{above}", format="qcow2")
        layers.append(above)
        shutil.copyfile(machine / VARIABLES, folder / VARIABLES)
        _migrate(monitor, "migrate", PACK)
    finally:
        monitor("cont")
    (machine / MEMORY).rename(folder / MEMORY)
    for name in layers[:-1]:
        os.link(machine / name, folder / name)
    (folder / ORDER).write_text("".join(f"{name}\n" for name in layers[:-1]))


def lay_out(folder: Path, machine: Path) -> list[str]:
    """Put the files of a state where a new machine's are; returns the layers, the lowest first."""
    layers = (folder / ORDER).read_text().split()
    for name in layers:
        os.link(folder / name, machine / name)
    os.link(folder / MEMORY, machine / MEMORY)
    shutil.copyfile(folder / VARIABLES, machine / VARIABLES)
    return layers


def resume(monitor: Monitor, machine: Path) -> None:
    """Give a QEMU that waits for it the memory that ``lay_out`` put there, and let it go on."""
    _migrate(monitor, "migrate-incoming", UNPACK)
    (machine / MEMORY).unlink()
    monitor("cont")


def _migrate(monitor: Monitor, command: str, uri: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    # What may pass in a second, and how long the machine may stand still: it does already, so all of it at once.
    if command == "migrate":
        monitor("migrate-set-parameters", max_bandwidth=1 << 40)
    monitor(command, uri=uri)
    while time.monotonic() < deadline:
        state = monitor("query-migrate")
        match state.get("status"):
            case "completed":
                return
            case "failed" | "cancelled":
                raise MachineLost(f"QEMU: {command}: {state.get('error-desc', state['status'])}")
        time.sleep(0.02)
    raise MachineLost(f"QEMU: {command} did not end within {TIMEOUT_S} s")
