"""Pages -> the order in which they run, and the hash of what each snippet stands on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from checks.model import Guide, GuideError, Page, Problem


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


def wrong_order(pages: dict[str, Page], names: Collection[str]) -> Iterator[Problem]:
    """Pages whose ``after:`` cannot be followed. ``names`` has the unreadable pages too."""
    for page in pages.values():
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
            told = "a second machine, so this page has one: write peer: true" if before.peer else "no second machine: drop peer"
            yield Problem(page.path, page.meta_lines.get("peer", line), f"peer: {before.name} has {told}")
        else:
            circle = _circle(pages, page)
            if circle:
                yield Problem(page.path, line, f"after: goes in a circle: {' -> '.join(circle)}")


def _circle(pages: dict[str, Page], page: Page) -> list[str]:
    """The names from this page back to itself; empty when it is on no circle."""
    names = {page.name: None}  # in order, and found at once in a long chain
    before = page.after
    while before is not None and before in pages and before not in names:
        names[before] = None
        before = pages[before].after
    return [*names, page.name] if before == page.name else []
