"""Fingerprints: hashes of all that made a machine what it is after a snippet, and of the machinery that ran the snippet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checks.model import Guide, Page, Snippet
from checks.pages.tree import ancestors, dump_pages, reads_dumps
from checks.targets import Target, skip_reason

_PACKAGE = Path(__file__).resolve().parents[1]
# What decides how a page is run and what its evidence says. The site, the linters and the command line do not.
_MACHINERY = (
    "config.py", "evidence", "files", "host.py", "images", "machines", "mkdocs_yml.py", "model.py", "pages", "running", "sandbox",
    "sessions", "states", "strict_yaml.py", "targets.py", "terminal.py", "validation.py",
)  # fmt: skip


@cache
def machinery_fingerprint() -> str:
    """16 hexadecimal digits of the sha256 over the files of the rooms that run pages, names and bytes.

    Evidence records this fingerprint, so that evidence of an older machinery can be told from that of today's.
    """
    digest = hashlib.sha256()
    for name in _MACHINERY:
        place = _PACKAGE / name
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file() and file.suffix in (".py", ".sh"):
                digest.update(file.relative_to(_PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Fingerprints:
    """The fingerprints of a page's machine: where the page begins, and after each of its snippets, by the snippets' ids."""

    begin: str
    after: dict[str, str]

    @property
    def end(self) -> str:
        """The fingerprint of the machine at the page's end."""
        return list(self.after.values())[-1] if self.after else self.begin


def snippet_fingerprints(guide: Guide, page: Page, target: Target) -> dict[str, str]:
    """For each snippet of the page, by id, the hash of all that made the machine that the snippet leaves behind.

    Hashed are the recipe of the machine, its hardware, and the bytes and attributes of every snippet from the root of
    the tree of pages to this one; where the page reads dumps, also those of the pages that crashed; and the programs and the
    symbols that a page puts on its machine. Prose, outputs and translations are not hashed.
    """

    def base(page: Page) -> str:
        return json.dumps([target.name, *(target.recipe(kind) for kind in image_kinds(guide, page))])

    return page_fingerprints(guide, page, target, base).after


def image_kinds(guide: Guide, page: Page) -> tuple[str, ...]:
    """The kinds of image that the page's machine is made of; see ``Target.recipe``."""
    if page.machine == "container":
        return ("analysis",) if reads_dumps(guide, page) else ("container",)
    return ("vm", "emulator")


def page_fingerprints(guide: Guide, page: Page, target: Target, base: Callable[[Page], str]) -> Fingerprints:
    """The fingerprints along one page; ``base`` says what a page's machine is made of before anything ran on it."""
    digest = hashlib.sha256(base(page).encode()).hexdigest()
    fingerprints = Fingerprints(digest, {})
    for step in (*ancestors(guide, page), page):
        hardware: list[Any] = [step.machine, step.memory or target.memory, step.firmware, *(["peer"] if step.peer else [])]
        crashed = dump_pages(guide, step, target).values()
        hardware += [["dumps", other.name, page_fingerprints(guide, other, target, base).end] for other in crashed]
        # The package with the symbols is named after the kernel; the recipe says how they are come by.
        hardware += [["symbols", target.recipe("analysis")]] if step.symbols else []
        hardware += [["program", program.name, program.sha256] for program in step.programs]
        begin = digest = _next_fingerprint(digest, hardware)
        after = {}
        for snippet in step.snippets:
            digest = after[snippet.id] = _next_fingerprint(digest, _parts(snippet, target))
        fingerprints = Fingerprints(begin, after)
    return fingerprints


def _parts(snippet: Snippet, target: Target) -> list[Any]:
    """What of a snippet decides about the machine after it.

    The last three are hashed only where a snippet has them, so that evidence from before these attributes existed
    still holds.
    """
    return [
        snippet.language, snippet.code, snippet.exit_status, snippet.expect, snippet.file,
        skip_reason(snippet, target.name) is not None,
        *([] if snippet.dump else ["no dump"]),
        *([snippet.host] if snippet.host else []),
        *([snippet.on] if snippet.on else []),
    ]  # fmt: skip


def _next_fingerprint(digest: str, parts: list[Any]) -> str:
    return hashlib.sha256((digest + json.dumps(parts)).encode()).hexdigest()
