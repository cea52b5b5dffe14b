"""An id stands once on a page: on one snippet, other block of code, heading or element."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import RUNNABLE
from checks.pages.fences import Fence
from checks.pages.outline import Outline


def taken_ids(fences: tuple[Fence, ...], outline: Outline, ids: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for each fence whose id something before it, a heading, or an element of the page's HTML (``ids``) has."""
    taken = dict.fromkeys(ids, "another element") | {heading.id: "a heading" for heading in outline.headings if heading.id}
    for fence in fences:
        if not fence.id:
            continue
        if fence.id in taken:
            yield fence.line, f"the id {fence.id} is taken by {taken[fence.id]}"
        else:
            kind = "snippet" if fence.language in RUNNABLE else "block"
            taken[fence.id] = f"the {kind} on line {fence.line}"
