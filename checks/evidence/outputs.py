r"""Expected and actual: do they say the same, but for what differs from run to run?

Compared line by line. A line ``...`` of a page stands for any number of lines, a line ``\...`` for a printed ``...``.
Every other line is compared exactly, but for what the shapes find that count on it (pages/shapes.py). There is no
similarity score: a line agrees or it does not. All of this takes time that is linear in what was printed.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Hashable, Sequence

from checks.model import Output
from checks.pages.shapes import ELISION, ExpectedLine, Shape, Shapes, cut, lines_of

REPORTED_LINES = 200  # of a difference, in all
LINES_COMPARED = 200  # of each side, where a difference is looked for; what agrees before and after them is not counted
SEARCHED_LINES = 1000  # at each end of what was printed, where a line that is missing is looked for
MISSING_LINES = 10  # of an output, in a report
SHOWN_CHARACTERS = 300  # of a line, in a report

_ELIDES = re.compile(r"\s*\\*\.\.\.\s*")


def matches(expected: Output, actual: str, shapes: Shapes) -> bool:
    """Whether a run printed what the page shows."""
    return _align(shapes.expected(expected), lines_of(actual)) is not None


def _align(expected: Sequence[ExpectedLine | None], actual: list[str]) -> list[int | None] | None:
    """For each expected line the index of its actual line (None for ``...``), or None if they differ.

    The first place that fits is taken for every run of lines between two elisions; the last run has to end where the
    output ends.
    """
    groups: list[list[ExpectedLine]] = [[]]
    for line in expected:
        if line is None:
            groups.append([])
        else:
            groups[-1].append(line)
    places: list[int | None] = []
    at = 0
    for number, group in enumerate(groups):
        first, last = number == 0, number == len(groups) - 1
        if first or last:
            end = len(actual) if last else len(group)
            start = end - len(group)
            if start < at or (first and start) or not _agree(group, actual[start:end]):
                return None
        else:
            found = _Search(group).first(actual, at)
            if found is None:
                return None
            start = found
        places += [*([] if first else [None]), *range(start, start + len(group))]
        at = start + len(group)
    return places


def _agree(expected: Sequence[ExpectedLine], actual: list[str]) -> bool:
    return len(expected) == len(actual) and all(line.agrees(printed) for line, printed in zip(expected, actual, strict=True))


class _Search:
    """Finds the place of several lines in the lines that were printed, and looks at each of these once.

    This is the Shift-And algorithm: bit i of a number stands for expected line i, and of ``_state`` is set when the
    lines up to i have just been printed. Which bits a printed line sets is looked up, by the text around what the
    shapes find (``_lines``) and by the measure of each value that they find (``_values``).
    """

    def __init__(self, group: Sequence[ExpectedLine]):
        self._length = len(group)
        self._shapes = list(dict.fromkeys(line.shapes for line in group))
        self._lines: defaultdict[tuple[tuple[Shape, ...], tuple[str, ...]], int] = defaultdict(int)
        self._values: defaultdict[tuple[tuple[Shape, ...], tuple[str, ...], int, Hashable], int] = defaultdict(int)
        for number, line in enumerate(group):
            key = (line.shapes, line.cut.fixed)
            self._lines[key] |= 1 << number
            for place, (shape, shown) in enumerate(line.cut.found):
                for measure in shape.accepted(shown):
                    self._values[(*key, place, measure)] |= 1 << number

    def first(self, actual: list[str], at: int) -> int | None:
        """The index of the first line of the first place from ``at`` on; None if there is none."""
        if not self._length:
            return at
        state, last = 0, 1 << (self._length - 1)
        for number in range(at, len(actual)):
            state = ((state << 1) | 1) & self._bits(actual[number])
            if state & last:
                return number - self._length + 1
        return None

    def _bits(self, printed: str) -> int:
        """Which of the expected lines this printed line may be."""
        bits = 0
        for shapes in self._shapes:
            pieces = cut(printed, shapes)
            key = (shapes, pieces.fixed)
            of_these = self._lines.get(key, 0)
            for place, (shape, value) in enumerate(pieces.found):
                of_these &= self._values.get((*key, place, shape.measure(value)), 0)
            bits |= of_these
        return bits


def difference(expected: Output, actual: str, shapes: Shapes) -> str:
    """What differs, in at most REPORTED_LINES lines: a diff in which lines that agree are not shown as different."""
    want, have = shapes.expected(expected), lines_of(actual)
    if None in want:
        return _missing([line for line in want if line is not None], have)
    lines = [line for line in want if line is not None]
    return _diff(lines, have)


def _diff(want: list[ExpectedLine], have: list[str]) -> str:
    shortest = min(len(want), len(have))
    before = next((n for n in range(shortest) if not want[n].agrees(have[n])), shortest)
    shortest -= before
    after = next((n for n in range(shortest) if not want[-1 - n].agrees(have[-1 - n])), shortest)
    rows = _same(have[:before])
    # difflib takes a time that grows with the third power of the number of lines, so it gets a few only.
    wanted, had = want[before : len(want) - after], have[before : len(have) - after]
    keys = _keys(wanted[:LINES_COMPARED], had[:LINES_COMPARED])
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += _same(had[j1:j2])
        else:
            rows += _some("-", [line.text for line in wanted[i1:i2]]) + _some("+", had[j1:j2])
    rows += _rest("-", len(wanted)) + _rest("+", len(had))
    return "\n".join(capped(rows + _same(have[len(have) - after :])))


def _keys(want: list[ExpectedLine], have: list[str]) -> tuple[list[int], list[int]]:
    """Numbers that are equal where lines agree, as difflib needs them: the number of the first expected line that agrees."""

    def first(text: str) -> int | None:
        return next((number for number, line in enumerate(want) if line.agrees(text)), None)

    wanted = [number if (found := first(line.text)) is None else found for number, line in enumerate(want)]
    return wanted, [-1 - number if (found := first(line)) is None else found for number, line in enumerate(have)]


def _same(lines: list[str]) -> list[str]:
    if len(lines) <= 6:
        return [f"  {_shown(line)}" for line in lines]
    return [f"  {_shown(lines[0])}", f"  ({len(lines) - 2} lines that agree)", f"  {_shown(lines[-1])}"]


def _some(sign: str, lines: list[str]) -> list[str]:
    more = [f"{sign} ({len(lines) - 40} more lines)"] if len(lines) > 40 else []
    return [f"{sign} {_shown(line)}" for line in lines[:40]] + more


def _rest(sign: str, lines: int) -> list[str]:
    return [f"{sign} (and {lines - LINES_COMPARED} lines, which this report does not compare)"] if lines > LINES_COMPARED else []


def _missing(want: list[ExpectedLine], have: list[str]) -> str:
    """Where elisions stand, a diff would show all that was left out on purpose: name the lines that are not there."""
    cut_out = len(have) - 2 * SEARCHED_LINES
    searched = have if cut_out <= 0 else [*have[:SEARCHED_LINES], *have[-SEARCHED_LINES:]]
    at, missing, rows = 0, 0, []
    for line in want:
        found = next((number for number in range(at, len(searched)) if line.agrees(searched[number])), None)
        if found is not None:
            at = found + 1
            continue
        missing += 1
        if missing <= MISSING_LINES:
            rows.append(f"- {_shown(line.text)}")
            around = [_shown(other) for other in searched[max(0, at - 20) : at + 180]]
            near = difflib.get_close_matches(_shown(line.text), around, n=2, cutoff=0.5)
            rows += [f"+ {other}" for other in near]
    if missing > MISSING_LINES:
        rows.append(f"- (and {missing - MISSING_LINES} lines more)")
    if rows and cut_out > 0:
        rows.append(f"(looked for in the first and the last {SEARCHED_LINES} lines; {cut_out} lines are between them)")
    rows = rows or ["the lines are there, but not next to each other or not at the ends, where no ... allows others between them"]
    shown = have if len(have) <= 12 else [*have[:6], f"({len(have) - 12} lines)", *have[-6:]]
    return "\n".join(capped([*rows, "all that it printed:", *(f"  {_shown(line)}" for line in shown)]))


def _shown(line: str) -> str:
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]} ({len(line) - SHOWN_CHARACTERS} characters more)"


def capped(rows: list[str]) -> list[str]:
    """At most REPORTED_LINES rows: the first and the last of them, and how many are left out."""
    if len(rows) <= REPORTED_LINES:
        return rows
    end = REPORTED_LINES // 4
    return [*rows[: REPORTED_LINES - end - 1], f"({len(rows) - REPORTED_LINES + 1} lines of this report are left out)", *rows[-end:]]


def renewed(expected: Output, actual: str, shapes: Shapes) -> str:
    """The expected text with what was printed this time.

    Where it agrees, elisions stay and every line is taken from the run. Where it does not, the lines that the author
    chose and that still exist are kept with elisions between them if there were any; else all of it is taken.
    """
    want, have = shapes.expected(expected), lines_of(actual)
    written = [f"{_indent(line)}\\{line.strip()}" if _ELIDES.fullmatch(line) else line for line in have]
    places = _align(want, have)
    if places is not None:
        return "\n".join(ELISION if place is None else written[place] for place in places)
    if None not in want:
        return "\n".join(written)
    keep, at = [], 0
    for line in want:
        if line is None:
            continue
        found = _Search([line]).first(have, at)
        if found is not None:
            keep.append(found)
            at = found + 1
    if not any(have[place].strip() for place in keep):
        return "\n".join(written)
    rows: list[str] = []
    for before, place in zip([-1, *keep], keep, strict=False):
        if place != before + 1:
            rows.append(ELISION)
        rows.append(written[place])
    if keep[-1] != len(have) - 1:
        rows.append(ELISION)
    return "\n".join(rows)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
