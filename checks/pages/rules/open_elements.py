"""The elements that are open at one place of a page's HTML: each is closed as it was opened, and tabs are as Markdown makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

VOID = frozenset(("br", "hr", "img", "input", "wbr"))
_TABS = 'tabs are written as === "Title", at most 20 in a set: of tabs in HTML of its own, a page could hide what is in them'
_MOST_TABS = 20  # for which the theme has a style
# The parts of a set, which are classes or names of elements, and the class of the element that each stands in.
_PARENTS = {
    "input": "tabbed-set", "tabbed-labels": "tabbed-set", "label": "tabbed-labels", "tabbed-content": "tabbed-set",
    "tabbed-block": "tabbed-content",
}  # fmt: skip


@dataclass
class _Element:
    """An element that is open, and how many of each part of a set of tabs are in it."""

    name: str
    classes: frozenset[str] = frozenset()
    parts: Counter[str] = field(default_factory=Counter)


class OpenElements:
    """The elements that are open at one place of the HTML."""

    def __init__(self) -> None:
        self._open: list[_Element] = []
        self._count: Counter[str] = Counter()

    def open(self, name: str, classes: Sequence[str]) -> Iterator[str]:
        """Take an element as opened, and say what is wrong with it as a part of tabs."""
        element = _Element(name, frozenset(classes))
        yield from self._as_tabs(element)
        if name not in VOID:
            self._open.append(element)
            self._count[name] += 1

    def _as_tabs(self, element: _Element) -> Iterator[str]:
        """The theme shows the block of the radio button that is chosen, by their numbers: each has to have its own."""
        parent = self._open[-1] if self._open else _Element("")
        part = next((part for part in _PARENTS if part in element.classes or part == element.name), "")
        misplaced = bool(part) and _PARENTS[part] not in parent.classes
        not_in_set = "tabbed-set" in parent.classes and (not part or (part == "input" and parent.parts["tabbed-content"] > 0))
        not_in_content = "tabbed-content" in parent.classes and part != "tabbed-block"
        if misplaced or not_in_set or not_in_content:
            yield _TABS
        for above in self._open[-2:]:  # a label and a block are not in the set itself, but one further down
            above.parts[part] += 1

    def close(self, name: str) -> Iterator[str]:
        """Take the innermost element of this name as closed, with all that are open in it."""
        if name in VOID:
            yield f"the element <{name}> has no end: drop </{name}>"
        elif not self._count[name]:
            yield f"</{name}> closes nothing"
        else:
            while (last := self._pop()).name != name:
                yield f"the element <{last.name}> is never closed"
            counts = {last.parts[part] for part in ("input", "label", "tabbed-block")}
            if "tabbed-set" in last.classes and (len(counts) > 1 or not 0 < max(counts) <= _MOST_TABS):
                yield _TABS

    def close_all(self) -> Iterator[str]:
        """Take all elements as closed, each of which should have been."""
        while self._open:
            yield f"the element <{self._pop().name}> is never closed"

    def _pop(self) -> _Element:
        element = self._open.pop()
        self._count[element.name] -= 1
        return element
