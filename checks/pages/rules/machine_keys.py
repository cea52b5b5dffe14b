"""The keys of a page's front matter that say what machine its snippets run on, and what lies there before the first snippet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from checks.config import Config
from checks.files.plain import read_file
from checks.model import GuideError, Program, Snippet
from checks.pages.frontmatter import FrontMatter

PROGRAM_BYTES = 1 << 20


def problems(head: FrontMatter, snippets: Iterable[Snippet]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for each key and snippet that needs another kind of machine than the page has."""
    machine = head.meta.get("machine")
    needed = {"memory": "vm", "firmware": "vm", "peer": "vm", "symbols": "vm", "dumps": "container"}
    for key, kind in needed.items():
        if head.meta.get(key) and machine != kind:
            yield head.lines.get(key, 1), f"{key}: only a page with machine: {kind} has one, found {machine or 'none'}"
    if head.meta.get("programs") and not machine:
        yield head.lines.get("programs", 1), "programs: only a page with machine: container or vm has some, found none"
    for snippet in snippets:
        if snippet.expect and machine == "container":
            expected = "expected machine: vm in the front matter, since a container cannot restart"
            yield snippet.line, f'data-expect="{snippet.expect}": {expected}'
        if snippet.examine and machine == "container":
            yield snippet.line, "data-examine: expected machine: vm in the front matter, where the guide's program can be run as root"
        if snippet.on and not head.meta.get("peer"):
            yield snippet.line, f'data-on="{snippet.on}": this page has no second machine: expected peer: true in its front matter'


def programs(config: Config, head: FrontMatter) -> tuple[tuple[Program, ...], list[tuple[int, str]]]:
    """The programs that ``programs:`` names, and what is wrong with the names or with the files."""
    found, wrong = [], []
    line = head.lines.get("programs", 1)
    for path in head.texts("programs"):
        if path not in config.programs:
            known = ", ".join(config.programs) or "none"
            wrong.append((line, f"programs: {path!r} is not listed under extra: checks: programs in mkdocs.yml, which has {known}"))
            continue
        try:
            found.append(program(config.root, path))
        except GuideError as error:
            wrong.append((line, f"programs: {error}"))
    return tuple(found), wrong


def program(root: Path, path: str) -> Program:
    """A program of the guide whose mkdocs.yml is in ``root``. Raises GuideError where there is no such file."""
    return Program(path, read_file(root / path, Path(path), PROGRAM_BYTES, "a program"))
