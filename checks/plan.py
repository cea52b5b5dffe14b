"""Pages -> the order in which they run, and the hash of what each snippet stands on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from checks.images.target import Target
from checks.model import Guide, GuideError, Page, Snippet


def skip_reason(snippet: Snippet, target: str) -> str | None:
    """Why the snippet does not run on this target, in the words of a report; None if it runs."""
    if snippet.skip:
        return snippet.skip
    if not any(fnmatchcase(target, pattern) for pattern in snippet.targets):
        return f"only for {' '.join(snippet.targets)}"
    return None


def ancestors(guide: Guide, page: Page) -> list[Page]:
    """The pages that have to run before this one, the first first."""
    found: list[Page] = []
    while page.after:
        page = guide.pages[(page.language, page.after)]
        found.insert(0, page)
    return found


def order(guide: Guide, wanted: Iterable[Page]) -> list[Page]:
    """The wanted pages with what they stand on, parents before children, each branch to its end.

    Pages that share a parent follow it one after the other, the one with the
    longest branch last: the machine then need not be brought back for it.
    """
    needed: dict[str, Page] = {}
    for page in wanted:
        for each in (*ancestors(guide, page), page):
            if each.machine:
                needed.setdefault(each.name, each)
    children: dict[str | None, list[Page]] = {}
    for page in needed.values():
        children.setdefault(page.after, []).append(page)

    # Without recursion: a chain of pages may be longer than Python's stack.
    longest = dict.fromkeys(needed, 1)
    for page in reversed(needed.values()):  # children come after their parents
        if page.after:
            longest[page.after] = max(longest[page.after], 1 + longest[page.name])
    found: list[Page] = []
    waiting = sorted(children.get(None, []), key=lambda page: -longest[page.name])
    while waiting:
        found.append(page := waiting.pop())
        waiting += sorted(children.get(page.name, []), key=lambda page: -longest[page.name])
    return found


def has_children(guide: Guide, page: Page) -> bool:
    """Whether another page goes on where this one ends."""
    return any(each.after == page.name for each in guide.of(page.language))


def runnable(page: Page, target: Target) -> list[Snippet]:
    """The page's snippets that run on this target, in order."""
    return [snippet for snippet in page.snippets if skip_reason(snippet, target.name) is None]


def chains(guide: Guide, page: Page, target: Target) -> dict[str, str]:
    """For each snippet of the page the hash of all that made the machine it leaves behind.

    The recipe of the machine, its hardware, and every snippet's bytes and
    attributes from the root of the tree to here. Prose, outputs and
    translations are not in it.
    """
    kinds = ("container",) if page.machine == "container" else ("vm", "emulator")
    return keys(guide, page, target, json.dumps([target.name, *(target.recipe(kind) for kind in kinds)])).after


@dataclass(frozen=True)
class Keys:
    """The hashes of what a page's machine is: where the page begins, and after each of its snippets, by their ids."""

    begin: str
    after: dict[str, str]

    @property
    def end(self) -> str:
        return list(self.after.values())[-1] if self.after else self.begin


def keys(guide: Guide, page: Page, target: Target, base: str) -> Keys:
    """The hashes for one page; ``base`` is what its machine is made of before anything ran on it."""
    digest = hashlib.sha256(base.encode()).hexdigest()
    found = Keys(digest, {})
    for each in (*ancestors(guide, page), page):
        begin = digest = _link(digest, [each.machine, each.memory or target.memory, each.firmware, *(["peer"] if each.peer else [])])
        after = {}
        for snippet in each.snippets:
            digest = after[snippet.id] = _link(
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
        found = Keys(begin, after)
    return found


def _link(digest: str, parts: list) -> str:
    return hashlib.sha256((digest + json.dumps(parts)).encode()).hexdigest()


def find_pages(guide: Guide, names: Iterable[str]) -> list[Page]:
    """Pages by what a user types: "quick-start", "docs/en/quick-start.md", "docs/zh"; all for nothing."""
    primary = {page.name: page for page in guide.primary}
    names = list(names)
    if not names:
        return list(primary.values())
    found: list[Page] = []
    for name in names:
        path = name.rstrip("/")
        hits = [
            primary[page.name]
            for page in guide.pages.values()
            if path in (page.name, str(page.path)) or str(page.path).startswith(path + "/") or page.name.startswith(path + "/")
        ]
        if not hits:
            raise GuideError(f"there is no page {name!r}; the guide has {', '.join(primary)}")
        found += [page for page in dict.fromkeys(hits) if page not in found]
    return found
