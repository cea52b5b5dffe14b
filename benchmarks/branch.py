"""A copy of a guide to measure on, its longest branch of VM pages, and what an author does to it."""

from __future__ import annotations

import shutil
from pathlib import Path

from checks import config as configuration
from checks.config import Config
from checks.model import Guide, GuideError, Page, Snippet
from checks.pages.tree import ancestors
from checks.targets import Target, runnable

LEFT_OUT = ("site", "tests", "checks", "benchmarks", "node_modules")  # at the top, beside the evidence and all that begins with a dot


def copy(config: Config, folder: Path) -> Config:
    """The guide's tree, without what runs and builds have written; its configuration there."""

    def left_out(place: str, names: list[str]) -> set[str]:
        if Path(place) != config.root:
            return set()
        return {name for name in names if name.startswith(".") or name in LEFT_OUT or config.root / name == config.evidence_dir}

    shutil.copytree(config.root, folder, ignore=left_out)
    return configuration.load(folder / config.file.name)


def longest(guide: Guide, target: Target) -> list[Page]:
    """The branch with the most VM pages, then the most snippets that run: from its root to its last page."""
    branches = [[*ancestors(guide, page), page] for page in guide.primary if page.machine == "vm"]
    branches = [branch for branch in branches if runnable(branch[-1], target)]
    if not branches:
        raise GuideError(f"the guide has no page whose snippets run in a VM of {target.name}")
    return max(branches, key=lambda branch: (len(branch), sum(len(runnable(page, target)) for page in branch)))


def edit(config: Config, guide: Guide, snippet: Snippet) -> None:
    """Append a comment to a snippet, in every language: it does the same, and is another."""
    for page in _twins(guide, snippet.page):
        twin = next(each for each in page.snippets if each.id == snippet.id)

        def change(lines: list[str], twin: Snippet = twin) -> None:
            fence = lines[twin.end_line - 1]
            lines.insert(twin.end_line - 1, f"{fence[: len(fence) - len(fence.lstrip())]}# edited")

        _rewrite(config.root / page.path, change)


def reword(config: Config, guide: Guide, page: Page) -> None:
    """Append a paragraph to a page, in every language."""
    for twin in _twins(guide, page.name):
        _rewrite(config.root / twin.path, lambda lines: lines.extend(["", "One more sentence."]))


def _twins(guide: Guide, name: str) -> list[Page]:
    return [page for page in guide.pages.values() if page.name == name]


def _rewrite(path: Path, change) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    change(lines)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
