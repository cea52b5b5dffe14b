"""The tree that pages make by ``after:``: the order in which they run, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from checks.model import Guide, GuideError, Page, Problem
from checks.targets import Target


def ancestors(guide: Guide, page: Page) -> list[Page]:
    """The pages that have to run before this one, in the order in which they run."""
    pages: list[Page] = []
    while page.after:
        page = guide.pages[(page.language, page.after)]
        pages.insert(0, page)
    return pages


def needed_before(guide: Guide, page: Page) -> list[Page]:
    """Every page that has to run before this one: its ancestors, and the pages whose dumps it or an ancestor reads, with theirs."""
    pages: dict[str, Page] = {}
    for step in (*ancestors(guide, page), page):
        for name in step.dumps:
            crashed = guide.pages[(page.language, name)]
            pages.update((other.name, other) for other in (*ancestors(guide, crashed), crashed))
        if step is not page:
            pages[step.name] = step
    return list(pages.values())


def dump_pages(guide: Guide, page: Page, target: Target) -> dict[str, Page]:
    """The pages whose dumps the page reads on a target, each by the name that ``dumps:`` gives it.

    Where the target's dumps of one page can't be read, ``dumps_of`` in data/targets.yml names another page, whose dumps
    lie in the same folder of the reader's home. Raises a GuideError where there is no such page, or where it has no VM.
    """
    found = {}
    for name in page.dumps:
        read = target.dumps_of.get(name, name)
        found[name] = guide.pages.get((page.language, read)) or page
        if found[name].machine != "vm":
            raise GuideError(f"{target.name}: expected a page with machine: vm in dumps_of for {name}, found {read}")
    return found


def reads_dumps(guide: Guide, page: Page) -> bool:
    """Whether the page's container has the dumps of other pages, and the tools and symbols to read them."""
    return bool(next(iter((*ancestors(guide, page), page))).dumps)


def order(guide: Guide, wanted: Iterable[Page]) -> list[Page]:
    """The wanted pages and those that have to run before them, parents before children, each branch to its end.

    Pages with the same parent run one after the other. The page with the
    longest branch comes last, so no machine is restored after that branch.
    Pages that read dumps come after all others.
    """
    needed: dict[str, Page] = {}
    for page in wanted:
        for needed_page in (*needed_before(guide, page), page):
            if needed_page.machine:
                needed.setdefault(needed_page.name, needed_page)
    children: dict[str | None, list[Page]] = {}
    for page in needed.values():
        children.setdefault(page.after, []).append(page)

    # The number of pages in the longest branch from each page. Without recursion: a chain may be longer than Python's stack.
    longest = dict.fromkeys(needed, 1)
    for page in reversed(needed.values()):  # children come after their parents
        if page.after:
            longest[page.after] = max(longest[page.after], 1 + longest[page.name])
    ordered: list[Page] = []
    waiting = sorted(children.get(None, []), key=lambda page: -longest[page.name])
    while waiting:
        ordered.append(page := waiting.pop())
        waiting += sorted(children.get(page.name, []), key=lambda page: -longest[page.name])
    return sorted(ordered, key=lambda page: reads_dumps(guide, page))


def has_children(guide: Guide, page: Page) -> bool:
    """Whether another page starts where this one ends."""
    return any(other.after == page.name for other in guide.of(page.language))


def find_pages(guide: Guide, names: Iterable[str]) -> list[Page]:
    """The pages that a user names by "quick-start", "docs/en/quick-start.md" or "docs/zh"; all pages for no names."""
    primary = {page.name: page for page in guide.primary}
    names = list(names)
    if not names:
        return list(primary.values())
    pages: list[Page] = []
    for name in names:
        path = name.rstrip("/")
        hits = [
            primary[page.name]
            for page in guide.pages.values()
            if path in (page.name, str(page.path)) or str(page.path).startswith(path + "/") or page.name.startswith(path + "/")
        ]
        if not hits:
            page = re.split("::|#", name)[0]
            if page in primary:
                raise GuideError(f"{name!r} names one snippet, and a page runs as a whole: write {page}")
            raise GuideError(f"there is no page {name!r}; the guide has {', '.join(primary)}")
        pages += [page for page in dict.fromkeys(hits) if page not in pages]
    return pages


def wrong_order(pages: dict[str, Page], names: Collection[str]) -> Iterator[Problem]:
    """Pages whose ``after:`` names no page that they can start from. ``names`` has the unreadable pages too."""
    for page in pages.values():
        yield from _wrong_dumps(pages, page, names)
        if page.after is None:
            continue
        line = page.meta_lines.get("after", 1)
        before = pages.get(page.after)
        if page.after not in names:
            yield Problem(page.path, line, f"after: there is no page {page.after} in {page.language}")
        elif before is None:
            continue
        elif before.machine != page.machine:
            kinds = f"{before.name} runs on {before.machine or 'nothing'}, this page on {page.machine or 'nothing'}"
            yield Problem(page.path, line, f"after: {kinds}; a machine cannot change its kind")
        elif before.peer != page.peer:
            expected = "a second machine, so this page has one: write peer: true" if before.peer else "no second machine: drop peer"
            yield Problem(page.path, page.meta_lines.get("peer", line), f"peer: {before.name} has {expected}")
        elif hardware := [key for key in ("memory", "firmware") if getattr(page, key)]:
            key = hardware[0]
            problem = f"{key}: the first page of a tree decides, and this page goes on from {before.name}: drop {key}"
            yield Problem(page.path, page.meta_lines.get(key, line), problem)
        else:
            circle = _circle(pages, page)
            if circle:
                yield Problem(page.path, line, f"after: goes in a circle: {' -> '.join(circle)}")


def _wrong_dumps(pages: dict[str, Page], page: Page, names: Collection[str]) -> Iterator[Problem]:
    """``dumps:`` names VM pages. So no page can wait for itself: a VM page reads no dump and goes on from no container."""
    line = page.meta_lines.get("dumps", 1)
    for name in page.dumps:
        if name not in names:
            yield Problem(page.path, line, f"dumps: there is no page {name} in {page.language}")
        elif name in pages and pages[name].machine != "vm":
            found = pages[name].machine or "no machine"
            yield Problem(page.path, line, f"dumps: expected a page with machine: vm, found {name} with {found}")
    root = page
    for _ in pages:
        root = pages.get(root.after or "", root)
    if page.dumps and not root.dumps:
        expected = f"expected dumps: on {root.name}, the first page of this chain of after:, whose image has the tools and symbols"
        yield Problem(page.path, line, f"dumps: {expected}, found none there")


def _circle(pages: dict[str, Page], page: Page) -> list[str]:
    """The names from this page along ``after:`` back to itself; empty when the page is on no circle."""
    names = {page.name: None}  # a dict and no list, so that `in` is fast in a long chain
    before = page.after
    while before is not None and before in pages and before not in names:
        names[before] = None
        before = pages[before].after
    return [*names, page.name] if before == page.name else []
