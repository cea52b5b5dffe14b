"""The saved states of this host: found by their key, written aside, then renamed.

A *record* says what was run to come to a state and what each snippet did; a record is small. A *machine* is what can
be restored: the files of a VM, or the image of a container. A record may outlive its machine.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from checks.host import cache_dir, process_owner, sync_to_disk, write_whole
from checks.states.locks import Claims, Locks
from checks.states.record import Record

log = logging.getLogger("guide")


@dataclass(frozen=True)
class StateImage:
    """The engine's image that a container was saved as, and the bytes that it takes over the image below it."""

    tag: str
    bytes: int


@dataclass(frozen=True)
class SavedMachine:
    """A machine that can be restored: a VM's files in ``folder``, or a container's image ``image``.

    ``bytes`` counts those disk layers of a VM, too, that other states need as well.
    """

    key: str
    instance: str
    folder: Path
    image: str | None
    bytes: int
    used: datetime


class Store:
    """The states below one folder.

    ``run`` is the name of this run. Without ``reuse`` only such states are found as this run has made of the same
    page, and machines on which nothing has run since their start.
    """

    # Closing a second descriptor of a lock file would end the locks of the first one (fcntl(2)), so each file is opened once.
    _opened: ClassVar[dict[Path, Locks]] = {}

    def __init__(self, run: str, reuse: bool = True, folder: Path | None = None):
        self.run, self.reuse = run, reuse
        self.root = folder or cache_dir() / "states"
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.root / "records").mkdir(exist_ok=True)
        (self.root / "machines").mkdir(exist_ok=True)
        self.locks = self._opened.setdefault(self.root, Locks(self.root / "locks"))
        self.claims = Claims(self.locks)
        # The engine's repository for the containers' states of this store, and of no other store on this host.
        self.images = f"localhost/guide-checks/state-{zlib.crc32(str(self.root).encode()):08x}"
        self._writing: dict[str, threading.Thread] = {}

    # ---- finding

    def record(self, key: str, page: str = "") -> Record | None:
        """The record of a state that ``page`` comes to; None where there is none, or it cannot be read."""
        self.wait(key)
        try:
            record = Record.from_json(json.loads(self._record_file(key).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError):
            log.info(f"the record of a state is damaged or of another version, and is not used: {self._record_file(key)}")
            return None
        return record if record.key == key and self._may_use(record, page) else None

    def _may_use(self, record: Record, page: str) -> bool:
        if not record.page_run.outcomes or (record.run == self.run and record.page_run.page == page):
            return True
        return self.reuse

    def lock_of(self, key: str) -> str:
        """The key that makers of this state lock. Without reuse no run waits for what another run makes."""
        return key if self.reuse else hashlib.sha256(f"{self.run} {key}".encode()).hexdigest()

    def machine(self, key: str) -> SavedMachine | None:
        """The machine of a state, or None. Before restoring it call ``locks.use``, then this method once more."""
        self.wait(key)
        folder = self.root / "machines" / key
        try:
            facts = json.loads((folder / "state.json").read_text(encoding="utf-8"))
            used = datetime.fromtimestamp((folder / "used").stat().st_mtime, UTC)
            return SavedMachine(key, facts["instance"], folder, facts["image"], facts["bytes"], used)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def damage(self, machine: SavedMachine) -> str | None:
        """What is wrong with the files of a saved VM, or None. Takes 0.2 s for 1 GiB that is in the page cache."""
        try:
            facts = json.loads((machine.folder / "state.json").read_text(encoding="utf-8"))["files"]
        except (OSError, ValueError, KeyError):
            return "its description cannot be read"
        for name, (size, crc32) in facts.items():
            path = machine.folder / name
            if not path.exists() or path.stat().st_size != size or _crc32(path) != crc32:
                return f"{name} is damaged"
        return None

    def machines(self) -> list[SavedMachine]:
        """All machines that can be restored."""
        folders = (self.root / "machines").iterdir()
        machines = (self.machine(folder.name) for folder in folders if not folder.name.startswith("."))
        return [machine for machine in machines if machine]

    # ---- saving

    def save_record(self, record: Record) -> None:
        """Save a record in place of an older one of the same key."""
        write_whole(self._record_file(record.key), json.dumps(record.to_json(), ensure_ascii=False).encode())

    def new_folder(self) -> Path:
        """A folder to write a machine into. ``save`` gives the folder its name; a sweep removes a folder without one."""
        folder = self.root / "machines" / f".{process_owner()}:{uuid.uuid4().hex}"
        folder.mkdir()
        return folder

    def save(self, record: Record, folder: Path, image: StateImage | None = None, then: Callable[[], None] = lambda: None) -> None:
        """Sync the machine in ``folder`` and give the folder its name, in a thread while the run goes on; then call ``then``."""

        def write() -> None:
            try:
                self._write(record, folder, image)
            except OSError as error:
                log.info(f"a state could not be saved, and the run goes on without it: {error}")
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                then()

        thread = threading.Thread(target=write, name=f"state-{record.key[:8]}")
        self._writing[record.key] = thread
        thread.start()

    def _write(self, record: Record, folder: Path, image: StateImage | None) -> None:
        paths = files_of(folder)
        files = {str(path.relative_to(folder)): [path.stat().st_size, _crc32(path)] for path in paths}
        size = image.bytes if image else sum(path.stat().st_blocks * 512 for path in paths)
        facts = {"image": image and image.tag, "bytes": size, "files": files, "instance": record.instance}
        for name in files:
            sync_to_disk(folder / name)
        write_whole(folder / "state.json", json.dumps(facts).encode())
        (folder / "used").touch()
        for place in {path.parent for path in paths} | {folder}:
            sync_to_disk(place)
        if self._rename(folder, record.key):
            self.save_record(record)

    def _rename(self, folder: Path, key: str) -> bool:
        """Give a machine's folder its name; False, with the folder removed, when a machine of that name is in use."""
        place = folder.parent / key
        if place.exists() and self.locks.try_remove(key):
            try:
                shutil.rmtree(place)
            finally:
                self.locks.removed(key)
        try:
            folder.rename(place)
        except OSError:
            shutil.rmtree(folder)
            return False
        sync_to_disk(place.parent)
        return True

    def wait(self, key: str | None = None) -> None:
        """Wait until the state that is being written is there; without a key, all that are being written."""
        for name in [key] if key else list(self._writing):
            if thread := self._writing.get(name):
                thread.join()
                self._writing.pop(name, None)

    def is_writing(self, key: str) -> bool:
        """Whether a thread of this process is writing the state."""
        thread = self._writing.get(key)
        return thread is not None and thread.is_alive()

    def touch(self, machine: SavedMachine) -> None:
        """Note that the machine was used, so that it is among the last to be removed."""
        (machine.folder / "used").touch()

    def forget(self, key: str) -> None:
        """Remove a machine unless a process uses it; its record stays."""
        if self.locks.try_remove(key):
            try:
                shutil.rmtree(self.root / "machines" / key, ignore_errors=True)
            finally:
                self.locks.removed(key)

    def _record_file(self, key: str) -> Path:
        return self.root / "records" / f"{key}.json"


def files_of(folder: Path) -> list[Path]:
    """All files of a saved machine. The state of two machines has a folder for each."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _crc32(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            value = zlib.crc32(data, value)
    return value


def new_run_name() -> str:
    """A name for a run that no other run has."""
    return f"{process_owner()}:{uuid.uuid4().hex[:8]}"
