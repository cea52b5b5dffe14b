"""A guide in a git repository, and what a stranger's branch changes in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from guides import GuideFolder

from checks.cli import main

IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main")


def git(folder: Path, *words: str, **more) -> str:
    """Git's output, with no settings of this host."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *IDENTITY, *words], cwd=folder, env=environment, capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Branches:
    """A guide in a git repository: ``main`` is checked out, and a stranger's branch is made by ``branch``."""

    def __init__(self, folder: Path):
        self.guide = GuideFolder(folder)
        self.folder = folder
        self.guide.snippets("one", "echo one", "echo two")
        self.guide.page("two", "```bash {#say-two}\necho two\n```\n\n```text {.output}\ntwo\n```\n", after="one")
        self.guide.page("text", "Only text.\n")
        (folder / ".gitignore").write_text(".guide/\n")
        git(folder, "init", "-q")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "main")

    def branch(self, change: Callable[[Path], object]) -> None:
        """Make the branch ``theirs`` with one commit, and go back to main."""
        git(self.folder, "checkout", "-qb", "theirs")
        change(self.folder)
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", "theirs")
        git(self.folder, "checkout", "-q", "main")
        git(self.folder, "clean", "-qffd")  # A submodule's folder would stay.

    def review(self, *options: str, branch: str = "theirs"):
        """./guide review in a process of its own."""
        return self.guide.guide("review", *options, branch)

    def review_here(self, *options: str) -> int:
        """The same in this process, which is quicker; the exit status."""
        return main(["--config", str(self.folder / "mkdocs.yml"), "review", *options, "theirs"])


def replace(path: str, old: str, new: str) -> Callable[[Path], object]:
    return lambda folder: (folder / path).write_text((folder / path).read_text().replace(old, new))


def add(path: str, text: str = "x\n", mode: int = 0o644) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    return change


def link(path: str, target: str) -> Callable[[Path], object]:
    return lambda folder: (folder / path).symlink_to(target)


def submodule(folder: Path) -> None:
    (folder / "docs" / "sub").mkdir()
    git(folder / "docs" / "sub", "init", "-q")
    git(folder / "docs" / "sub", "commit", "-q", "--allow-empty", "-m", "x")
