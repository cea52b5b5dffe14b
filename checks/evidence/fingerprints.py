"""Hashes of all that made a machine what it is after a snippet."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from checks.model import Guide, Page
from checks.pages.tree import ancestors
from checks.targets import Target, skip_reason


def snippet_fingerprints(guide: Guide, page: Page, target: Target) -> dict[str, str]:
    """For each snippet of the page the hash of all that made the machine it leaves behind.

    The recipe of the machine, its hardware, and every snippet's bytes and
    attributes from the root of the tree to here. Prose, outputs and
    translations are not in it.
    """
    kinds = ("container",) if page.machine == "container" else ("vm", "emulator")
    return page_fingerprints(guide, page, target, json.dumps([target.name, *(target.recipe(kind) for kind in kinds)])).after


@dataclass(frozen=True)
class Fingerprints:
    """The hashes of what a page's machine is: where the page begins, and after each of its snippets, by their ids."""

    begin: str
    after: dict[str, str]

    @property
    def end(self) -> str:
        return list(self.after.values())[-1] if self.after else self.begin


def page_fingerprints(guide: Guide, page: Page, target: Target, base: str) -> Fingerprints:
    """The hashes for one page; ``base`` is what its machine is made of before anything ran on it."""
    digest = hashlib.sha256(base.encode()).hexdigest()
    found = Fingerprints(digest, {})
    for each in (*ancestors(guide, page), page):
        begin = digest = _next_fingerprint(
            digest, [each.machine, each.memory or target.memory, each.firmware, *(["peer"] if each.peer else [])]
        )
        after = {}
        for snippet in each.snippets:
            digest = after[snippet.id] = _next_fingerprint(
                digest,
                [
                    snippet.language, snippet.code, snippet.exit_status, snippet.expect, snippet.file,
                    skip_reason(snippet, target.name) is not None,
                    # Only where it says something, so that what was proven before there was such a thing still holds.
                    *([] if snippet.dump else ["no dump"]),
                    # only where there is one: the hash of all other pages stays
                    *([snippet.host] if snippet.host else []),
                    *([snippet.on] if snippet.on else []),
                ],
            )  # fmt: skip
        found = Fingerprints(begin, after)
    return found


def _next_fingerprint(digest: str, parts: list) -> str:
    return hashlib.sha256((digest + json.dumps(parts)).encode()).hexdigest()
