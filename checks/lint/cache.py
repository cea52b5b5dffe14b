"""Of which texts a linter had nothing to say: kept from run to run, so that only what is new is looked at.

An entry is the hash of the linter's rules (version, options) and of one text
that it passed, so it says nothing of another version, option or text. What is
not there is linted; a damaged, lost or foreign entry costs time and hides
nothing. What a linter did say is never kept: it is told anew each time.

The file is in the checkout's work folder, not in the cache of the host. Several
checkouts and users may write to that, and an entry is believed without proof;
disks there are proven by use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# Entries of earlier texts that stay beside those of the guide as it is: another branch, an edit taken back. 2 MB.
OLD_KEPT = 50_000


def entry(rules: Iterable[str], text: str) -> str:
    """What stands for one text that passed under these rules."""
    return hashlib.sha256(json.dumps([*rules, text]).encode()).hexdigest()[:40]


class Verdicts:
    """The entries of one file."""

    def __init__(self, file: Path):
        self._file = file
        try:
            self._known = dict.fromkeys(file.read_text(encoding="ascii").split("\n"))  # a set with an order: the newest first
        except (OSError, UnicodeDecodeError):
            self._known = {}

    def __contains__(self, entry: str) -> bool:
        return entry in self._known

    def keep(self, entries: Iterable[str]) -> None:
        """All that passed in this run, found here or anew. What cannot be written is not kept."""
        now = dict.fromkeys(entries)
        if now.keys() <= self._known.keys():
            return
        old = [entry for entry in self._known if entry not in now][:OLD_KEPT]
        # One name for all runs: two at once can only lose entries to each other, and a killed one leaves one file.
        aside = self._file.with_name(f"{self._file.name}.new")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text("\n".join([*now, *old]), encoding="ascii")
            aside.replace(self._file)
