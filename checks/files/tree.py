"""What may lie in the folders of a guide. Looked at before anything in them is read, since a stranger may have made them.

The names of all entries are taken by lstat, so no link is followed and no pipe is opened. In every folder of a guide
there are files and folders only, with names that can be printed. The folders of pages have pages and pictures only:
MkDocs copies into the site whatever else it finds there, and pytest would import Python files.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from checks.files.plain import kind_of
from checks.model import GuideError, PageErrors, Problem

PAGE = ".md"
PICTURES = (".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp")
# Other suffixes that MkDocs, or a reader of this folder, takes for Markdown.
_MARKDOWN = re.compile(r"\.(md|markdown|mdown|mdwn|mdtxt|mdtext|mkdn?|mkdown|text)", re.IGNORECASE)
# An editor keeps such files beside the one that is edited: swap files, backups, lock files. mkdocs.yml excludes them.
_OF_AN_EDITOR = re.compile(r"\..+|.+~|#.+#|4913", re.DOTALL)
# Emacs locks a file by a link that leads nowhere: .#NAME -> USER@HOST.PID:BOOT
_LOCK_OF_EMACS = re.compile(r"[^/@]+@[^/@]+")
MAX_NAME_BYTES = 200  # of one part of a path: ".cast.gz" and the like are appended, and a file system takes 255
MAX_DEPTH = 50  # of folders within a folder of the guide
MAX_ENTRIES = 100_000  # in one folder of a guide, so that looking at the tree ends


def check_tree(root: Path, pages: Iterable[Path], others: Iterable[Path], work: Path) -> None:
    """Look at the folders of ``pages``, at ``others`` (folders or files) and at ``work``, the folder of ./guide's own files.

    All of them are below ``root``. What does not exist is passed over. Raises PageErrors with one problem for each
    entry that may not be there, and a GuideError where ``work`` has files that git tracks.
    """
    pages = list(pages)
    problems: dict[Path, str] = {}
    for folder in pages:
        problems |= dict(_problems(root, folder, _wrong_page_entry))
    for place in others:
        if place not in pages:
            problems |= dict(_problems(root, place, _wrong_entry))
    problems |= dict(_problems(root, work, _wrong_kind))
    if problems:
        raise PageErrors(sorted(Problem(path.relative_to(root), 0, text) for path, text in problems.items()))
    _refuse_tracked(root, work)


def _problems(root: Path, place: Path, wrong: Callable[[os.DirEntry[str]], str | None]) -> Iterator[tuple[Path, str]]:
    """The entries at and below ``place`` that may not be there, and what is wrong with them, by ``wrong``."""
    above = root
    for part in place.relative_to(root).parts:
        above /= part
        try:
            mode = above.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISDIR(mode):
            if above != place or not stat.S_ISREG(mode):
                yield above, f"expected a folder or file of the guide, found {kind_of(mode)}"
            return
    seen = 0
    waiting = [(place, 0)]
    while waiting:
        folder, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield folder, f"expected at most {MAX_DEPTH} folders within one another"
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > MAX_ENTRIES:
                    yield place, f"expected at most {MAX_ENTRIES} files and folders"
                    return
                if text := wrong(entry):
                    yield Path(entry.path), text
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), depth + 1))


def _wrong_kind(entry: os.DirEntry[str]) -> str | None:
    """What is wrong with the entry, whatever its name is."""
    if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
        return None
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return f"expected a file or a folder, found a symbolic link to {os.readlink(entry.path)}"
    return f"expected a file or a folder, found {kind_of(mode)}"


def _wrong_name(name: str) -> str | None:
    encoded = os.fsencode(name)
    try:
        text = encoded.decode("utf-8")  # In some locales Python has decoded the name by another encoding.
    except UnicodeDecodeError:
        return "expected a name in UTF-8"
    if not text.isprintable():
        return "expected a name without control characters and other characters that nobody sees"
    if len(encoded) > MAX_NAME_BYTES:
        return f"expected a name of at most {MAX_NAME_BYTES} bytes, found {len(encoded)}"
    return None


def _wrong_entry(entry: os.DirEntry[str]) -> str | None:
    return _wrong_kind(entry) or _wrong_name(entry.name)


def _wrong_page_entry(entry: os.DirEntry[str]) -> str | None:
    """What is wrong with an entry in a folder of pages."""
    name = entry.name
    if _is_lock_of_emacs(entry):
        return None
    if problem := _wrong_entry(entry):
        return problem
    if "::" in name:
        return "expected a name without ::, which pytest takes for the end of a file's name"
    suffix = Path(name).suffix
    if entry.is_dir(follow_symlinks=False):
        if name.startswith("."):
            return "expected no hidden folder among the pages"
        return f"expected a folder whose name does not end in {suffix}" if _MARKDOWN.fullmatch(suffix) else None
    if suffix in (PAGE, *PICTURES) or (_OF_AN_EDITOR.fullmatch(name) and suffix != ".py"):
        return None
    if _MARKDOWN.fullmatch(suffix):
        return f"expected the suffix {PAGE} of a page, found {suffix}"
    if suffix.lower() in PICTURES:
        return f"expected the suffix {suffix.lower()}, found {suffix}"
    return f"expected a page ({PAGE}) or a picture ({', '.join(PICTURES)}): nothing else may lie among the pages"


def _is_lock_of_emacs(entry: os.DirEntry[str]) -> bool:
    """Whether the entry is Emacs' lock of a file: a link that names a user and a host, and leads nowhere."""
    if not entry.name.startswith(".#") or not entry.is_symlink() or _wrong_name(entry.name):
        return False
    return _LOCK_OF_EMACS.fullmatch(os.readlink(entry.path)) is not None and not os.path.exists(entry.path)


def _refuse_tracked(root: Path, work: Path) -> None:
    """Raise a GuideError where git tracks files of the work folder: ./guide believes what it finds there to be its own."""
    if not work.exists():
        return
    # The configuration of a stranger's repository may name a program that git would start (core.fsmonitor).
    command = ["git", "-C", str(root), "-c", "core.fsmonitor=false", "-c", "safe.directory=*", "ls-files", "-z", "--", work.name]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    except OSError:  # no git
        return
    if done.returncode == 0 and done.stdout:
        tracked = os.fsdecode(done.stdout.split(b"\0")[0])
        raise GuideError(f"{tracked}: git tracks this file, but {work.name} is for files that ./guide makes: git rm -r {work.name}")
