"""The states of this host: found by their key, written aside and renamed, entered by whoever has the same key.

A *record* says what was done to come to a state and what was seen on the way;
it is small. A *machine* is what can be entered: the files of a VM, or the
image of a container. A record may outlive its machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from checks.host import cache_dir, process_owner, sync_to_disk, write_whole
from checks.states.locks import Locks
from checks.states.record import Record


@dataclass(frozen=True)
class StateImage:
    """What a container has become: an image of the engine's, and what it takes over the one below it."""

    tag: str
    bytes: int


@dataclass(frozen=True)
class SavedMachine:
    """A machine that can be entered: the folder of a VM's files, or the tag of a container's image.

    ``bytes`` counts a VM's disk layers that other states stand on as well.
    """

    key: str
    instance: str
    folder: Path
    image: str | None
    bytes: int
    used: datetime


class Store:
    """The states below one folder.

    ``run`` names this run; without ``reuse`` only what this run has made of
    the very page is found, and machines on which nothing was done but
    starting them.
    """

    _opened: dict[Path, Locks] = {}  # a second descriptor of the lock file, once closed, would end the first one's locks

    def __init__(self, run: str, reuse: bool = True, folder: Path | None = None, say: Callable[[str], None] = lambda text: None):
        self.run, self.reuse, self.say = run, reuse, say
        self.root = folder or cache_dir() / "states"
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.root / "records").mkdir(exist_ok=True)
        (self.root / "machines").mkdir(exist_ok=True)
        self.locks = self._opened.setdefault(self.root, Locks(self.root / "locks"))
        # Where the engine keeps the containers' states of this store, and of no other store on this host.
        self.images = f"localhost/guide-checks/state-{zlib.crc32(str(self.root).encode()):08x}"
        self._writing: dict[str, threading.Thread] = {}

    # ---- finding

    def record(self, key: str, page: str = "") -> Record | None:
        """What is known of a state that ``page`` comes to, or None; what cannot be read counts as not there."""
        self.wait(key)
        try:
            record = Record.from_json(json.loads(self._record_file(key).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, OSError):
            self.say(f"the record of a state is damaged or of another version, and is not used: {self._record_file(key)}")
            return None
        return record if record.key == key and self._acceptable(record, page) else None

    def _acceptable(self, record: Record, page: str) -> bool:
        if not record.page_run.outcomes or (record.run == self.run and record.page_run.page == page):
            return True
        return self.reuse

    def lock_of(self, key: str) -> str:
        """What those lock who make this state: without reuse nobody waits for what another run makes."""
        return key if self.reuse else hashlib.sha256(f"{self.run} {key}".encode()).hexdigest()

    def machine(self, key: str) -> SavedMachine | None:
        """The machine of a state, or None. Whoever enters it calls ``locks.use`` first and looks again."""
        self.wait(key)
        folder = self.root / "machines" / key
        try:
            facts = json.loads((folder / "state.json").read_text(encoding="utf-8"))
            used = datetime.fromtimestamp((folder / "used").stat().st_mtime, UTC)
            return SavedMachine(key, facts["instance"], folder, facts["image"], facts["bytes"], used)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def damage(self, kept: SavedMachine) -> str | None:
        """What is wrong with the files of a VM's state, or None. 0.2 s for 1 GiB that is in memory."""
        try:
            facts = json.loads((kept.folder / "state.json").read_text(encoding="utf-8"))["files"]
        except (OSError, ValueError, KeyError):
            return "its description cannot be read"
        for name, (size, crc32) in facts.items():
            path = kept.folder / name
            if not path.exists() or path.stat().st_size != size or _crc32(path) != crc32:
                return f"{name} is damaged"
        return None

    def machines(self) -> list[SavedMachine]:
        """All that can be entered."""
        found = (self.machine(folder.name) for folder in (self.root / "machines").iterdir() if not folder.name.startswith("."))
        return [kept for kept in found if kept]

    # ---- keeping

    def remember(self, record: Record) -> None:
        """Keep a record, in place of an older one of the same key."""
        write_whole(self._record_file(record.key), json.dumps(record.to_json(), ensure_ascii=False).encode())

    def aside(self) -> Path:
        """A folder to write a machine into; ``keep`` gives it its name, a sweep removes it if that never happens."""
        folder = self.root / "machines" / f".{process_owner()}:{uuid.uuid4().hex}"
        folder.mkdir()
        return folder

    def keep(self, record: Record, folder: Path, image: StateImage | None = None, then: Callable[[], None] = lambda: None) -> None:
        """Sync what was written aside and give it its name, while the run goes on; then ``then``."""

        def write() -> None:
            try:
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
                if self._name(folder, record.key):
                    self.remember(record)
            except OSError as error:
                self.say(f"a state could not be kept, and the run goes on without it: {error}")
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                then()

        thread = threading.Thread(target=write, name=f"state-{record.key[:8]}")
        self._writing[record.key] = thread
        thread.start()

    def _name(self, folder: Path, key: str) -> bool:
        """Give it its name; False when another one of that name is in use, and stays."""
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
        """Until what is being written is there; all of it without a key."""
        for each in [key] if key else list(self._writing):
            if thread := self._writing.get(each):
                thread.join()
                self._writing.pop(each, None)

    def writing(self, key: str) -> bool:
        """Whether it is being written at the moment."""
        thread = self._writing.get(key)
        return thread is not None and thread.is_alive()

    def touch(self, kept: SavedMachine) -> None:
        """It was used: it is among the last to be thrown away."""
        (kept.folder / "used").touch()

    def forget(self, key: str) -> None:
        """Remove a machine, unless somebody uses it; its record stays."""
        if self.locks.try_remove(key):
            try:
                shutil.rmtree(self.root / "machines" / key, ignore_errors=True)
            finally:
                self.locks.removed(key)

    def _record_file(self, key: str) -> Path:
        return self.root / "records" / f"{key}.json"


def files_of(folder: Path) -> list[Path]:
    """A machine's files; where there are two machines each has a folder of its own in it."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def _crc32(path: Path) -> int:
    value = 0
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            value = zlib.crc32(data, value)
    return value


def run_name() -> str:
    """This run's name; the processes that run pages side by side share the one in the environment."""
    return os.environ.get("GUIDE_RUN") or f"{process_owner()}:{uuid.uuid4().hex[:8]}"
