"""The texts in which a linter found nothing, saved from run to run, so that only new texts are linted.

An entry is the hash of a linter's rules (version, options) and of one text
without findings, so no entry counts for another version, option or text. A
text without an entry is linted: a damaged or lost entry costs time and hides
no finding. Findings are never saved; the linter reports them in each run.

The file is in the checkout's work folder. The host's cache folder is no place
for it: several checkouts and users may write there, and an entry is believed
without a proof, unlike the disks in that folder, which are proven by use.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from checks.files.plain import make_folder, open_for_writing
from checks.model import GuideError

# How many entries of earlier texts stay, for another branch or an edit that is taken back. They take 2 MB.
OLD_KEPT = 50_000


def entry(rules: Iterable[str], text: str) -> str:
    """The entry of one text in which these rules found nothing: 40 hexadecimal digits."""
    return hashlib.sha256(json.dumps([*rules, text]).encode()).hexdigest()[:40]


class PassedTexts:
    """The entries in one file; the folders between ``base`` and the file are made when the entries are saved."""

    def __init__(self, file: Path, base: Path):
        self._file, self._base = file, base
        try:
            self._known = dict.fromkeys(file.read_text(encoding="ascii").split("\n"))  # a set with an order, the newest entry first
        except (OSError, UnicodeDecodeError):
            self._known = {}

    def __contains__(self, entry: str) -> bool:
        return entry in self._known

    def save(self, entries: Iterable[str]) -> None:
        """Write the entries of this run, old and new. A file that cannot be written is no error."""
        current = dict.fromkeys(entries)
        if current.keys() <= self._known.keys():
            return
        old = [entry for entry in self._known if entry not in current][:OLD_KEPT]
        # All runs use one name: two runs at once can lose entries, but no more, and killed runs leave one file behind.
        new_file = self._file.with_name(f"{self._file.name}.new")
        with suppress(OSError, GuideError):
            make_folder(self._file.parent, self._base)
            with open_for_writing(new_file) as stream:
                stream.write("\n".join([*current, *old]).encode("ascii"))
            new_file.replace(self._file)
