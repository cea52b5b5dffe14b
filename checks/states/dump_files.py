"""What a VM's crashes have left, taken out of the VM's saved state without starting the VM.

The layers of the saved disk become one raw file, whose ext4 file system debugfs reads, both in a container like the one
that QEMU runs in: a guest's disk may be made to mislead whoever reads it.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from checks.machines import snapshot
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.qemu_process import QemuProcess
from checks.machines.vm import new_folder
from checks.model import OWN

FOLDER = "dumps"  # in a saved state's folder
# $1: the last layer of the disk, $2: the folder in the VM. The second partition of a disk has the root (images/files/vm-disk.sh);
# its entry in the GPT has, in 8 bytes from byte 1184 of the disk on, the sector of 512 bytes at which the partition begins.
# The VM was running, so its file system may have changes in the journal only: e2fsck writes them out.
_SCRIPT = r"""
set -eu
cd /machine
mkdir out
qemu-img dd -f qcow2 -O raw bs=512 count=4 if="$1" of=head.raw
offset=$(($(od -An -t u8 -j 1184 -N 8 head.raw) * 512))
below="{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"$1\"}}"
qemu-img convert -O raw "json:{\"driver\":\"raw\",\"offset\":$offset,\"file\":$below}" root.raw
e2fsck -y -E journal_only root.raw >&2
debugfs -R "rdump $2 out" root.raw 2>messages
"""


def dump_files(engine: Engine, emulator_image: str, disk: Path, state: Path, folder: str) -> Path:
    """A folder with the files below ``folder`` of the VM whose saved state is in ``state``; made at the first call, kept with the state.

    ``disk`` is the image that the VM was started from. Raises MachineLost where the disk cannot be read, or has no such folder.
    """
    files = state / FOLDER
    if not files.exists():
        own = state / OWN  # where the page had two machines
        machine = new_folder("dumps")
        try:
            _read_disk(engine, emulator_image, disk, own if own.exists() else state, folder, machine)
            found = machine / "out" / Path(folder).name
            if not found.is_dir():
                raise MachineLost(f"the saved disk has no folder {folder}: {(machine / 'messages').read_text(errors='replace').strip()}")
            _keep_plain_files(found)
            found.rename(files)
        finally:
            shutil.rmtree(machine, ignore_errors=True)
    return files


def _read_disk(engine: Engine, emulator_image: str, disk: Path, state: Path, folder: str, machine: Path) -> None:
    reader = QemuProcess(engine, emulator_image, Hardware(memory="1G"), "tcg", machine, disk, None)
    layers = (state / snapshot.ORDER).read_text().split()
    for name in layers:
        os.link(state / name, machine / name)
    reader.give(machine)
    reader.run_script(f"set -- {layers[-1]} {folder}\n{_SCRIPT}", "the saved disk could not be read")


def _keep_plain_files(folder: Path) -> None:
    """Remove whatever is neither a file nor a folder: a link would lead out of the folder on whichever machine it is copied to."""
    for place, folders, names in os.walk(folder):
        for name in names + folders:
            path = Path(place, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                if os.geteuid() == 0:
                    os.chown(path, 0, 0)
            else:
                path.unlink()
                if name in folders:
                    folders.remove(name)
