"""Locks between processes: which process makes a state, and which ones use it. A lock ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

# One lock file serves all keys: the lock of a key is on the byte whose offset is the key's first hexadecimal digits. So no
# lock file has to be removed, and none can be removed too early. Locks of users are on other bytes than locks of makers.
_DIGITS = 11
_USERS = 1 << 52


class Locks:
    """The locks of one process on the keys of one store. Locks of the same process never wait for each other."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._mutex = threading.Lock()
        self._used: dict[str, int] = {}

    def try_make(self, key: str) -> bool:
        """Become the one process that makes this state; False while another process makes it."""
        return self._try(fcntl.LOCK_EX, _offset(key))

    def make(self, key: str) -> None:
        """Become the one process that makes this state, after waiting for another one that does."""
        fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, _offset(key))

    def made(self, key: str) -> None:
        """End ``make``: other processes may make this state."""
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _offset(key))

    def use(self, key: str) -> None:
        """Keep other processes from removing this state until ``release``; waits while one is removing it."""
        with self._mutex:
            self._used[key] = self._used.get(key, 0) + 1
            fcntl.lockf(self._fd, fcntl.LOCK_SH, 1, _USERS + _offset(key))

    def release(self, key: str) -> None:
        """End one ``use``."""
        with self._mutex:
            self._used[key] -= 1
            if not self._used[key]:
                del self._used[key]
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _USERS + _offset(key))

    def try_remove(self, key: str) -> bool:
        """Keep other processes from using this state until ``removed``; False while any process uses it."""
        with self._mutex:
            return key not in self._used and self._try(fcntl.LOCK_EX, _USERS + _offset(key))

    def removed(self, key: str) -> None:
        """End ``try_remove``."""
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _USERS + _offset(key))

    def _try(self, kind: int, offset: int) -> bool:
        try:
            fcntl.lockf(self._fd, kind | fcntl.LOCK_NB, 1, offset)
        except OSError:
            return False
        return True


def _offset(key: str) -> int:
    return int(key[:_DIGITS], 16)


class Claims:
    """The states that this process makes at the moment. Claims of one process do not wait for each other."""

    def __init__(self, locks: Locks):
        self._locks = locks
        self._keys: set[str] = set()

    def try_claim(self, key: str) -> bool:
        """Become the process that makes the state; False while another process makes it."""
        if key not in self._keys and not self._locks.try_make(key):
            return False
        self._keys.add(key)
        return True

    def claim(self, key: str) -> None:
        """Become the process that makes the state, after waiting for another one that does."""
        if key not in self._keys:
            self._locks.make(key)
            self._keys.add(key)

    def release(self, key: str) -> None:
        """The state is made, or will not be made by this process; releasing a state twice is no error."""
        if key in self._keys:
            self._keys.discard(key)
            self._locks.made(key)

    def release_all(self) -> None:
        """Release every claim of this process."""
        for key in list(self._keys):
            self.release(key)
