"""Where pages failed in this run, so that what stands on them is not tried."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote


class Broken:
    """Kept in a folder of the run, since several processes may run its pages side by side."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.here: dict[str, str] = {}

    def get(self, page: str) -> str | None:
        """Where the page failed, or None."""
        try:
            return self.here.get(page) or (self.folder / quote(page, safe="")).read_text()
        except OSError:
            return None

    def __setitem__(self, page: str, where: str) -> None:
        self.here[page] = where
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / quote(page, safe="")).write_text(where)
