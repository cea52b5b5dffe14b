"""What differs from run to run in an output, and on which of its lines.

``data/shapes.yml`` names each kind of value that may differ, a *shape*, with the pattern that finds it. A few shapes
count everywhere, since no page can speak of what they stand for (a UUID). All others count only on the lines for which
an output's ``data-varies`` names them; whatever no shape finds is compared exactly. A value that a shape has found may
be another one in another run, but only within the shape's bound.

    ```text {.output data-varies="byte-count: /dump.; size: saved"}

names the shape ``byte-count`` for the lines with the text ``/dump.``, and ``size`` for those with ``saved``. A shape
alone, without a text, is for an output in which it finds something on one line only.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from checks.model import Output, Varies
from checks.strict_yaml import Document
from checks.terminal import visible
from checks.validation import Section, check, expected, matching, one_of

ELISION = "..."
MOST_ENTRIES = 20  # of a data-varies
LONGEST_LINE = 10_000  # characters; a longer line is compared as it is
_LITERAL_ELISION = re.compile(r"\s*\\+\.\.\.\s*")

# A quantifier, a `|` or an opening bracket. Escapes and character classes stand first, so that what is in them is passed over.
_PIECE_OF_PATTERN = re.compile(
    r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*+\]|(?P<quantifier>[*+?]|\{\d*(?P<range>,)?\d*\})(?P<possessive>\+?)"
    r"|\((?P<group>\?>|\?<?[=!]|\?:|)|(?P<end>\))|(?P<bar>\|)",
    re.DOTALL,
)


def _never_goes_back(pattern: str) -> str:
    """A regular expression that takes linear time from each place of a line, since it never tries a second way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # of what a later Python will read otherwise, such as [[a]
            compiled = re.compile(pattern)
    except (FutureWarning, re.error, RecursionError, OverflowError) as error:
        raise expected(f"a regular expression ({error})") from None
    if compiled.match(""):
        raise expected("a pattern that finds no empty text")
    groups = [""]
    for piece in _PIECE_OF_PATTERN.finditer(pattern):
        if piece["group"] is not None:
            groups.append(piece["group"])
        elif piece["end"] and len(groups) > 1:
            groups.pop()
        elif piece["bar"] and groups[-1] not in ("?>", "?=", "?!", "?<=", "?<!"):
            raise expected("alternatives only in an atomic group, like (?>kB|MB), which is never tried a second way")
        elif piece["quantifier"] and not piece["possessive"] and (piece["range"] or "{" not in piece["quantifier"]):
            raise expected(f"possessive quantifiers, like [0-9]++, which never go back; {piece['quantifier']} does")
    return pattern


_NUMBER = re.compile(r"(?P<epoch>\d+:)?(?P<digits>\d+)(?:[.,]\d+)? ?(?P<unit>[kKMGT]?)")
BOUNDS = ("magnitude", "length", "leading-number")
_Name = Annotated[str, matching(r"[a-z0-9]+(-[a-z0-9]+)*", "a name such as iso-time: lower-case letters, digits and single hyphens")]


class _Entry(Section):
    """What data/shapes.yml says of one shape."""

    pattern: Annotated[str, AfterValidator(_never_goes_back)]
    why: str
    everywhere: bool = False
    bound: Annotated[str | None, one_of((None, *BOUNDS), f"{', '.join(BOUNDS[:-1])} or {BOUNDS[-1]}")] = None


@dataclass(frozen=True)
class Shape:
    """One kind of value that differs from run to run."""

    name: str
    pattern: re.Pattern[str]
    everywhere: bool = False
    bound: str | None = None  # one of BOUNDS

    def measure(self, found: str) -> Hashable:
        """What of a found value is compared: its order of magnitude, its length, or a version's epoch and first number."""
        number = _NUMBER.match(found)
        if self.bound == "magnitude" and number:
            return len(number["digits"].lstrip("0")) + 3 * " KMGT".index(number["unit"].upper() or " ")
        if self.bound == "leading-number" and number:
            return number["epoch"], number["digits"]
        return len(found) if self.bound == "length" else None

    def accepted(self, found: str) -> tuple[Hashable, ...]:
        """The measures that a value may have where the page shows ``found``: of a magnitude also ten times as much or little."""
        measure = self.measure(found)
        return (measure - 1, measure, measure + 1) if self.bound == "magnitude" and isinstance(measure, int) else (measure,)


@dataclass(frozen=True)
class Cut:
    """A line, cut where shapes have found something.

    ``fixed`` is what is compared exactly: text, the name of a shape, text, and so on. What the shapes have found is
    ``found``. So the text ``<size>`` in a line is never taken for what the shape ``size`` finds.
    """

    fixed: tuple[str, ...]
    found: tuple[tuple[Shape, str], ...] = ()


@lru_cache(maxsize=4096)
def cut(line: str, shapes: tuple[Shape, ...]) -> Cut:
    """Cut one line. Where two shapes find the same characters, the first shape has them."""
    line = line.rstrip(" \t")
    if len(line) > LONGEST_LINE:
        return Cut((line,))
    taken = bytearray(len(line))
    places: list[tuple[int, int, Shape]] = []
    for shape in shapes:
        for begin, end in (match.span() for match in shape.pattern.finditer(line)):
            if 1 not in taken[begin:end]:
                taken[begin:end] = b"\1" * (end - begin)
                places.append((begin, end, shape))
    places.sort(key=lambda place: place[0])
    fixed, at = [], 0
    for begin, end, shape in places:
        fixed += [line[at:begin], shape.name]
        at = end
    return Cut((*fixed, line[at:]), tuple((shape, line[begin:end]) for begin, end, shape in places))


@dataclass(frozen=True)
class ExpectedLine:
    """One line that an output shows, and the shapes that count on it."""

    text: str
    shapes: tuple[Shape, ...] = ()

    @cached_property
    def cut(self) -> Cut:
        return cut(self.text, self.shapes)

    def agrees(self, printed: str) -> bool:
        """Whether a run may print this line: equal but for what the shapes find, and that within the shapes' bounds."""
        other = cut(printed, self.shapes)
        return self.cut.fixed == other.fixed and all(
            shape.measure(value) in shape.accepted(shown) for (shape, shown), (_, value) in zip(self.cut.found, other.found, strict=True)
        )


@dataclass(frozen=True)
class Shapes:
    """All shapes of a guide, in the order in which they are looked for."""

    all: tuple[Shape, ...] = ()

    @classmethod
    def load(cls, path: Path, shown_as: Path | None = None) -> Shapes:
        """Read ``name: {pattern: ..., why: ..., everywhere: ..., bound: ...}``; a guide without the file has no shapes.

        Raises a GuideError with the line of everything that is wrong in the file, which messages name ``shown_as``.
        """
        document = Document.read(path, shown_as or path) if path.exists() else None
        entries = check(document, dict[_Name, _Entry]) if document and document.data is not None else {}
        return cls(tuple(Shape(name, re.compile(entry.pattern), entry.everywhere, entry.bound) for name, entry in entries.items()))

    def expected(self, output: Output) -> list[ExpectedLine | None]:
        """The lines of an output, each with the shapes that count on it; None for a line ``...``, which stands for any lines."""
        return [None if line.strip() == ELISION else self._line(line, output.varies) for line in lines_of(output.text)]

    def _line(self, line: str, varies: tuple[Varies, ...]) -> ExpectedLine:
        named = {each.shape for each in varies if each.text in line}
        return ExpectedLine(visible(_unescaped(line)), tuple(shape for shape in self.all if shape.everywhere or shape.name in named))

    def problems(self, output: Output) -> Iterator[str]:
        """What is wrong with an output that is to be compared: it requires nothing, or its ``data-varies`` is not needed as it is."""
        lines = lines_of(output.text)
        if lines and not any(line.strip() not in ("", ELISION) for line in lines):
            yield "an output of ... alone agrees with everything: show a line that a reader should see, or drop the output"
        if len(output.varies) > MOST_ENTRIES:
            yield f"data-varies: expected at most {MOST_ENTRIES} entries, found {len(output.varies)}"
            return
        for each in dict.fromkeys(output.varies):
            yield from (f"data-varies: {problem}" for problem in self._of_declaration(each, output))
        if len(set(output.varies)) < len(output.varies):
            yield "data-varies: the same stands there twice"

    def _of_declaration(self, each: Varies, output: Output) -> Iterator[str]:
        shape = next((shape for shape in self.all if shape.name == each.shape), None)
        if shape is None:
            names = [shape.name for shape in self.all if not shape.everywhere]
            alike = get_close_matches(each.shape, names, 1)
            hint = f"did you mean {alike[0]}?" if alike else f"known are {', '.join(names) or 'none'}"
            yield f"no shape is called {each.shape}: {hint}"
            return
        if shape.everywhere:
            yield f"{shape.name} counts on every line already: drop it"
            return
        if not lines_of(output.text):
            return  # --update fills an empty output; only then is there something that the entry can be held against
        lines = [line.cut for line in self.expected(output) if line is not None and each.text in line.text]
        found = [line for line in lines if shape in dict(line.found)]
        if not lines:
            yield f"no line of this output has the text `{each.text}`"
        elif not found:
            yield f"{shape.name} finds nothing {f'on the lines with `{each.text}`' if each.text else 'in this output'}: drop it"
        elif not each.text and len(found) > 1:
            yield f"{shape.name} finds something on {len(found)} lines: name a text of those that vary, like {shape.name}: SOME TEXT"
        elif each.text and not all(any(each.text in text for text in line.fixed[::2]) for line in lines):
            yield f"the text `{each.text}` varies itself: name a text that is the same in every run"


def as_printed(text: str) -> str:
    r"""An output as a reader should see it: a line ``\...``, which stands for a printed ``...``, without its backslash."""
    return "\n".join(map(_unescaped, text.split("\n")))


def _unescaped(line: str) -> str:
    return line.replace("\\", "", 1) if _LITERAL_ELISION.fullmatch(line) else line


def lines_of(text: str) -> list[str]:
    """The lines of an output; an empty output has none."""
    return text.split("\n") if text else []
