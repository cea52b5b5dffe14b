"""Pages -> the order in which they run, and the hash of what each snippet stands on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
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

    def depth(page: Page) -> int:
        return 1 + max(map(depth, children.get(page.name, [])), default=0)

    def walk(parent: str | None) -> list[Page]:
        return [page for child in sorted(children.get(parent, []), key=depth) for page in (child, *walk(child.name))]

    return walk(None)


def children_of(pages: list[Page], page: Page) -> list[Page]:
    """Those among ``pages`` that start where ``page`` ends."""
    return [each for each in pages if each.after == page.name]


def chains(guide: Guide, page: Page, target: Target) -> dict[str, str]:
    """For each snippet of the page the hash of all that made the machine it leaves behind.

    The recipe of the machine, its hardware, and every snippet's bytes and
    attributes from the root of the tree to here. Prose, outputs and
    translations are not in it.
    """
    kinds = ("container",) if page.machine == "container" else ("vm", "emulator")
    digest = hashlib.sha256(json.dumps([target.name, *(target.recipe(kind) for kind in kinds)]).encode()).hexdigest()
    found: dict[str, str] = {}
    for each in (*ancestors(guide, page), page):
        digest = _link(digest, [each.machine, each.memory or target.memory, each.firmware])
        found = {}
        for snippet in each.snippets:
            digest = _link(
                digest,
                [
                    snippet.language, snippet.code, snippet.exit_status, snippet.expect, snippet.file,
                    skip_reason(snippet, target.name) is not None,
                ],
            )  # fmt: skip
            found[snippet.id] = digest
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
