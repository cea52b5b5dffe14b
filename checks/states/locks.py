"""Who makes a state and who uses it, told between processes; a lock ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

# One file for all keys: a lock on the byte that the key's first digits name. No litter, and no file to remove too early.
_DIGITS = 11
_USING = 1 << 52  # uses are told apart from makings by their place in the file


class Locks:
    """Locks of one process on the keys of one store. Locks of the same process never wait for each other."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._mutex = threading.Lock()
        self._used: dict[str, int] = {}

    def try_make(self, key: str) -> bool:
        """Become the one who makes this state; False if another process does at the moment."""
        return self._try(fcntl.LOCK_EX, _place(key))

    def make(self, key: str) -> None:
        """The same, waiting for the other."""
        fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, _place(key))

    def made(self, key: str) -> None:
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _place(key))

    def use(self, key: str) -> None:
        """Keep others from removing it, until ``release``; waits for one who is removing it right now."""
        with self._mutex:
            self._used[key] = self._used.get(key, 0) + 1
            fcntl.lockf(self._fd, fcntl.LOCK_SH, 1, _USING + _place(key))

    def release(self, key: str) -> None:
        with self._mutex:
            self._used[key] -= 1
            if not self._used[key]:
                del self._used[key]
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _USING + _place(key))

    def try_remove(self, key: str) -> bool:
        """Be alone with it; False while anybody uses it. ``removed`` ends that."""
        with self._mutex:
            return key not in self._used and self._try(fcntl.LOCK_EX, _USING + _place(key))

    def removed(self, key: str) -> None:
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _USING + _place(key))

    def _try(self, kind: int, place: int) -> bool:
        try:
            fcntl.lockf(self._fd, kind | fcntl.LOCK_NB, 1, place)
        except OSError:
            return False
        return True


def _place(key: str) -> int:
    return int(key[:_DIGITS], 16)
