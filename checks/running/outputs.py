"""Expected and actual: do they say the same, but for what differs from run to run?

Compared line by line. A line ``...`` stands for any number of lines. What is
volatile (kernel releases, addresses, times, sizes, versions) is compared by
shape: a short list in ``data/shapes.yml`` names each and the pattern that
finds it; two lines agree when they are equal after every find was replaced by
its shape's name. There is no similarity score: a line agrees or it does not.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from checks.strict_yaml import Document
from checks.validation import Section, check, expected, matching

ELISION = "..."


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise expected(f"a regular expression ({error})") from None
    return pattern


_Name = Annotated[str, matching(r"[a-z0-9]+(-[a-z0-9]+)*", "a name such as iso-time: lower-case letters, digits and single hyphens")]


class _Entry(Section):
    """What data/shapes.yml says of one shape."""

    pattern: Annotated[str, AfterValidator(_compiles)]
    why: str


@dataclass(frozen=True)
class Shapes:
    """The declared volatile parts, in the order in which they are looked for."""

    patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()

    @classmethod
    def load(cls, path: Path) -> Shapes:
        """Read ``name: {pattern: ..., why: ...}``. Raises a GuideError with the line of everything that is wrong there."""
        if not path.exists():
            return cls()
        document = Document.read(path, path)
        if document.data is None:
            return cls()
        entries = check(document, dict[_Name, _Entry])
        return cls(tuple((name, re.compile(entry.pattern)) for name, entry in entries.items()))

    def of(self, line: str) -> str:
        """The line with every volatile part replaced by ``<name>``."""
        for name, pattern in self.patterns:
            line = pattern.sub(f"<{name}>", line)
        return line.rstrip()


def lines_of(text: str) -> list[str]:
    """The lines of an output; an empty output has none."""
    return text.split("\n") if text else []


def matches(expected: str, actual: str, shapes: Shapes) -> bool:
    """Whether the output says what the page says."""
    return _align(lines_of(expected), lines_of(actual), shapes) is not None


def _align(expected: list[str], actual: list[str], shapes: Shapes) -> list[int | None] | None:
    """For each expected line the index of its actual line (None for ``...``), or None if they differ.

    The first place that fits is taken for every run of lines between two
    elisions; the last run has to end where the output ends.
    """
    have = [shapes.of(line) for line in actual]
    groups: list[list[str]] = [[]]
    for line in expected:
        if line.strip() == ELISION:
            groups.append([])
        else:
            groups[-1].append(shapes.of(line))
    places: list[int | None] = []
    at = 0
    for number, group in enumerate(groups):
        first, last = number == 0, number == len(groups) - 1
        if first:
            starts = [0]
        elif last:
            starts = [len(have) - len(group)]
        else:
            starts = list(range(at, len(have) - len(group) + 1))
        start = next((s for s in starts if s >= at and have[s : s + len(group)] == group), None)
        if start is None or (last and start + len(group) != len(have)):
            return None
        if not first:
            places.append(None)
        places.extend(range(start, start + len(group)))
        at = start + len(group)
    return places


def difference(expected: str, actual: str, shapes: Shapes) -> str:
    """A unified diff in which lines that agree by shape are not shown as different."""
    want, have = lines_of(expected), lines_of(actual)
    if any(line.strip() == ELISION for line in want):
        return _missing(want, have, shapes)
    shaped_want, shaped_have = [shapes.of(line) for line in want], [shapes.of(line) for line in have]
    rows = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, shaped_want, shaped_have, autojunk=False).get_opcodes():
        if tag == "equal":
            same = [f"  {line}" for line in have[j1:j2]]
            rows += same if len(same) <= 6 else [same[0], f"  ({len(same) - 2} lines that agree)", same[-1]]
        else:
            rows += [f"- {line}" for line in want[i1:i2]]
            extra = have[j1:j2]
            rows += [f"+ {line}" for line in extra[:40]] + ([f"+ ({len(extra) - 40} more lines)"] if len(extra) > 40 else [])
    return "\n".join(rows)


def _missing(want: list[str], have: list[str], shapes: Shapes) -> str:
    """Where elisions stand, a diff would show all that was left out on purpose: name the lines that are not there."""
    shaped, at, rows = [shapes.of(line) for line in have], 0, []
    for line in want:
        if line.strip() == ELISION:
            continue
        try:
            at = shaped.index(shapes.of(line), at) + 1
        except ValueError:
            rows.append(f"- {line}")
            rows += [f"+ {have[shaped.index(near)]}" for near in difflib.get_close_matches(shapes.of(line), shaped, n=2, cutoff=0.5)]
    rows = rows or ["the lines are there, but not next to each other or not at the ends, where no ... allows others between them"]
    shown = have if len(have) <= 12 else [*have[:6], f"({len(have) - 12} lines)", *have[-6:]]
    return "\n".join([*rows, "all that it printed:", *(f"  {line}" for line in shown)])


def renewed(expected: str, actual: str, shapes: Shapes) -> str:
    """The expected text with what was printed this time.

    Where it agrees, elisions stay and every line is taken from the run. Where
    it does not, the lines that the author chose and that still exist are kept
    with elisions between them if there were any; else all of it is taken.
    """
    want, have = lines_of(expected), lines_of(actual)
    places = _align(want, have, shapes)
    if places is not None:
        return "\n".join(ELISION if place is None else have[place] for place in places)
    if not any(line.strip() == ELISION for line in want):
        return actual
    shaped = [shapes.of(line) for line in have]
    keep, at = [], 0
    for line in want:
        if line.strip() == ELISION:
            continue
        try:
            at = shaped.index(shapes.of(line), at)
        except ValueError:
            continue
        keep.append(at)
        at += 1
    if not keep:
        return actual
    rows: list[str] = []
    for before, place in zip([-1, *keep], keep, strict=False):
        if place != before + 1:
            rows.append(ELISION)
        rows.append(have[place])
    if keep[-1] != len(have) - 1:
        rows.append(ELISION)
    return "\n".join(rows)
