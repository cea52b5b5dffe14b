"""Which files of a stranger's branch are pages, images or data, and which ones nobody may commit at all."""

from __future__ import annotations

from checks.commands.branch import KINDS, NOTHING, PLAIN_FILE, Change, plain_path
from checks.commands.changes import printable
from checks.config import Config
from checks.files.tree import PICTURES

# What ./guide makes in its folder and then runs (.venv) or takes for its own work (.guide).
_MADE_HERE = (".venv", ".guide")
# What Python runs without that any line of code names it: compiled modules beside or instead of their source.
_COMPILED = (".pyc", ".pyo", ".so", ".pyd", ".pth", ".egg-link")
_STARTED_BY_PYTHON = ("sitecustomize", "usercustomize")


class Allowed:
    """Which paths of a branch are pages, images or data. Paths are relative to the folder of mkdocs.yml."""

    def __init__(self, config: Config):
        self._docs = tuple(f"{config.relative(folder)}/" for folder in config.docs.values())
        self._targets = str(config.relative(config.targets_file))
        self._shapes = str(config.relative(config.shapes_file))
        self._data = {str(config.relative(folder)) for folder in config.data_dirs if folder != config.root}

    def path(self, path: str) -> bool:
        """Whether a file with this path is taken from a branch."""
        if not plain_path(path) or path == self._shapes:
            return False
        if path.startswith(self._docs):
            return path.endswith((".md", *PICTURES))
        folder, _, name = path.rpartition("/")
        return path == self._targets or (folder in self._data and name.endswith(".yml"))

    def refusal(self, change: Change) -> str | None:
        """Why a change of a branch is not looked at, as a line of the list; None for a page, an image or data."""
        if change.mode not in (PLAIN_FILE, NOTHING):
            return f"{printable(change.path)}: {KINDS.get(change.mode, f'a file of mode {change.mode}')}"
        if change.path == self._shapes:
            return f"{change.path}: decides which outputs agree with a page, so it counts as code"
        return None if self.path(change.path) else printable(change.path)


def believed(path: str) -> str | None:
    """Why a file with this path is obeyed although no code names it, as a line of a list; None for all other files."""
    *folders, name = path.casefold().split("/")
    first = folders[0] if folders else name
    if first in _MADE_HERE:
        return f"{printable(path)}: ./guide would take it for its own"
    if "__pycache__" in [*folders, name] or name.endswith(_COMPILED):
        return f"{printable(path)}: compiled code, which nobody can read"
    if first.split(".")[0] in _STARTED_BY_PYTHON:
        return f"{printable(path)}: every Python that ./guide starts would run it"
    return None
