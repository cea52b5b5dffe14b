"""``after:`` of the front matter: whether every page can follow the one that it names."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from checks.model import Page, Problem


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
