"""Another commit of this repository, read without a checkout: its tree and its files, by git's plumbing.

A checkout would run what a stranger or a configuration can name: hooks, filters of .gitattributes, submodules, LFS. Here
git only lists trees and prints objects. No file of the commit keeps its mode, no link is made, and a file is written only
below a new folder.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from checks.model import GuideError

GIT_WITHIN_S = 60
MOST_FILE_BYTES = 16 << 20
MOST_BYTES = 256 << 20  # of all files that are taken from a commit
MOST_FILES = 10_000
PLAIN_FILE = "100644"  # the mode of a file that is neither a link nor a program
NOTHING = "000000"  # the mode of a file that a commit does not have
KINDS = {"120000": "a symbolic link", "160000": "a submodule", "100755": "an executable file"}


@dataclass(frozen=True)
class Change:
    """A path that differs between two commits. ``mode`` is that in the later one, NOTHING for a path that is gone."""

    path: str
    mode: str


@dataclass(frozen=True)
class TreeFile:
    """A file of a commit."""

    path: str
    mode: str
    object: str
    bytes: int


class Repository:
    """The git repository that a folder is in. Paths are relative to that folder; those of other folders begin with "../"."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._prefix = self._git("rev-parse", "--show-prefix").decode().removesuffix("\n")

    def commit(self, name: str) -> str:
        """The id of the commit that a branch, a tag or another expression names. Raises a GuideError where it names none."""
        if name.startswith("-") or not name or re.search(r"[\0-\x20\x7f]", name):
            raise GuideError(f"{name!r} is no name of a branch or commit")
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
        except GuideError:
            raise GuideError(
                f"there is no branch or commit {name!r} in this repository. A pull request: git fetch origin pull/NUMBER/head:NAME, "
                "then ./guide review NAME"
            ) from None

    def merge_base(self, ours: str, theirs: str) -> str:
        """The commit that both come from. Raises a GuideError where they have no history in common."""
        try:
            return self._git("merge-base", ours, theirs).decode().split()[0]
        except GuideError:
            raise GuideError(f"{theirs[:12]} and this checkout have no history in common, so nothing says what was changed") from None

    def changes(self, before: str, after: str) -> list[Change]:
        """All paths that differ between two commits, in git's order."""
        words = self._git("diff-tree", "-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none", before, after).split(b"\0")
        return [
            Change(self._relative(path), description.split()[1].decode())
            for description, path in zip(words[::2], words[1::2], strict=False)
        ]

    def files(self, commit: str) -> list[TreeFile]:
        """All files, links and submodules of a commit below the folder."""
        found = []
        for line in filter(None, self._git("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0")):
            description, path = line.split(b"\t", 1)
            mode, _, identity, size = description.decode().split()
            found.append(TreeFile(self._relative(path), mode, identity, int(size) if size.isdigit() else 0))
        return found

    def write(self, commit: str, wanted: Callable[[str], bool], folder: Path) -> list[str]:
        """Write the plain files of a commit whose path is ``wanted`` below ``folder``, an empty folder; returns their paths.

        Raises a GuideError for more files or bytes than pages can have, and for paths that no folder can hold.
        """
        files = [file for file in self.files(commit) if file.mode == PLAIN_FILE and wanted(file.path)]
        if large := next((file for file in files if file.bytes > MOST_FILE_BYTES), None):
            raise GuideError(f"{large.path}: {large.bytes >> 20} MiB; a page or an image has at most {MOST_FILE_BYTES >> 20} MiB")
        total = sum(file.bytes for file in files)
        if len(files) > MOST_FILES or total > MOST_BYTES:
            raise GuideError(
                f"the branch has {len(files)} files of {total >> 20} MiB: at most {MOST_FILES} of {MOST_BYTES >> 20} MiB are taken"
            )
        for file, content in zip(files, self._contents(files), strict=True):
            _write(folder, file.path, content)
        return [file.path for file in files]

    def _contents(self, files: list[TreeFile]) -> Iterable[bytes]:
        output = self._git("cat-file", "--batch", input="".join(f"{file.object}\n" for file in files).encode())
        start = 0
        for file in files:
            end = output.index(b"\n", start)
            identity, kind, size = output[start:end].decode().split()
            if (identity, kind, int(size)) != (file.object, "blob", file.bytes):
                raise GuideError(f"{file.path}: git has no such file: {output[start:end]!r}")
            yield output[end + 1 : end + 1 + file.bytes]
            start = end + 1 + file.bytes + 1

    def _relative(self, path: bytes) -> str:
        """A path of git's as one from the folder. Bytes that are no UTF-8 stay visible as such, in a name that nothing else has."""
        text = path.decode("utf-8", "backslashreplace")
        return text.removeprefix(self._prefix) if text.startswith(self._prefix) else f"../{text}"

    def _git(self, *words: str, input: bytes = b"") -> bytes:
        """Git's output. Raises a GuideError with git's message when it fails."""
        # Variables like GIT_DIR, as a hook has them, would name another repository.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment |= {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        options = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
        command = ["git", "-C", str(self._folder), "--no-pager", *options, *words]
        try:
            done = subprocess.run(command, input=input, env=environment, capture_output=True, timeout=GIT_WITHIN_S)
        except FileNotFoundError:
            raise GuideError("git is not installed: ./guide review reads the branch with it") from None
        except subprocess.TimeoutExpired:
            raise GuideError(f"git {words[0]} has not ended after {GIT_WITHIN_S} s") from None
        if done.returncode:
            raise GuideError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip() or f'ended with {done.returncode}'}")
        return done.stdout


def _write(folder: Path, path: str, content: bytes) -> None:
    """Write one new file, whose folders are made here and cannot be links: ``folder`` was empty, and nothing else writes to it."""
    file = folder / path
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(file, flags, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH), "wb") as opened:
            opened.write(content)
    except OSError as error:
        raise GuideError(f"{path}: a file of the branch cannot be written: {error.strerror}") from None


def plain_path(path: str) -> bool:
    """Whether every part of the path is a name that can be read and seen: no "..", nothing hidden, nothing unprintable."""
    parts = path.split("/")
    return path.isprintable() and "\\" not in path and all(part and not part.startswith((".", "-")) and len(part) <= 200 for part in parts)
