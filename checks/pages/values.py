"""Numbers that prose takes from an output, so that text and output cannot part.

    [[[ value("reserved") ]]] bytes are [[[ value("reserved", "*", "MiB") ]]] MiB

The macro names a snippet of the page, then a text of one line of its output in which ``*`` stands for the value (alone:
the first word of the output), and then the unit into which a value in bytes is turned. Where a snippet has several
outputs, for several releases, the site shows the value of each (site/releases.py). Where prose itself has a long
number that an output of the page has, too, the macro is demanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from checks.model import GuideError, Output, Snippet
from checks.pages.macros import Macro
from checks.pages.shapes import as_printed

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

# A number of five digits or more, or an address, that is a word of its own: no part of a name, a path or a version.
_LONG_NUMBER = re.compile(r"(?<![\w./$=:#@+-])(?:0x[0-9a-f]{4,16}|\d{1,3}(?:[, ]\d{3}){1,6}|\d{5,20})(?![\w/=-]|\.\d)", re.ASCII)
_IN_OUTPUT = re.compile(r"(?<!\w)(?:0x[0-9a-f]{4,16}|\d{5,20})(?!\w)", re.ASCII)
# What is not prose: links with their texts (numbers of bugs), macros, HTML tags, and code that is more than a number.
# Nothing is looked through twice: what is between two brackets has no bracket of that kind.
_NOT_PROSE = re.compile(r"\[\[\[[^\[\]]*+\]\]\]|\[[^\[\]]*+\]\([^()]*+\)|<[^<>]*+>|`(?![\dx, a-f]++`)[^`]*+`")


def by_output(snippets: Sequence[Snippet], snippet_id: str, text: str = "*", unit: str = "") -> list[tuple[Output, str]]:
    """The value that each output of the snippet shows, but for those without such a line. ``snippets`` are the page's.

    Raises a GuideError, without a position, where no output has such a value, or one has more than one.
    """
    snippet = next((snippet for snippet in snippets if snippet.id == snippet_id), None)
    if snippet is None:
        alike = get_close_matches(snippet_id, [snippet.id for snippet in snippets], 1)
        raise GuideError(f"value: no snippet {snippet_id} on this page" + (f": did you mean {alike[0]}?" if alike else ""))
    if not snippet.outputs:
        raise GuideError(f"value: the snippet {snippet_id} has no output from which to take it")
    if text.count("*") != 1:
        raise GuideError(f"value: expected a text of a line with one * for the value, found {text!r}")
    values = []
    for output in snippet.outputs:
        found = list(dict.fromkeys(_pattern(text).findall(as_printed(output.text))))
        found = found[:1] if text == "*" else found
        if len(found) > 1:
            several = ", ".join(found[:5])
            raise GuideError(f"value: expected one value for `{text}` in the output of {snippet_id}, found several: {several}")
        values += [(output, _in_unit(each, unit) if unit else each) for each in found]
    if not values:
        raise GuideError(f"value: expected one value for `{text}` in the output of {snippet_id}, found no such line")
    return values


def _pattern(text: str) -> re.Pattern[str]:
    before, after = (re.escape(part) for part in text.split("*"))
    return re.compile((before or r"(?<!\S)") + r"(\S{1,100}?)" + (after or r"(?!\S)"))


def _in_unit(found: str, unit: str) -> str:
    if unit not in UNITS:
        raise GuideError(f"value: expected {', '.join(UNITS)} as the unit, found {unit!r}")
    if not re.fullmatch(r"\d{1,20}", found):
        raise GuideError(f"value: expected a number of bytes for {unit}, found {found!r}")
    if int(found) % UNITS[unit]:
        raise GuideError(f"value: {found} bytes are no whole number of {unit}")
    return str(int(found) // UNITS[unit])


def problems(lines: Sequence[str], snippets: Sequence[Snippet], macros: Iterable[Macro]) -> Iterator[tuple[int, str]]:
    """Line and text of what is wrong with a page's values. ``lines`` are the page's, those of its head and fences empty."""
    for macro in macros:
        if macro.name == "value":
            try:
                by_output(snippets, *macro.arguments)
            except GuideError as error:
                yield macro.line, str(error)
    outputs = [(snippet.id, output.text) for snippet in reversed(snippets) for output in snippet.outputs]
    shown = {number: snippet_id for snippet_id, text in outputs for number in _IN_OUTPUT.findall(text)}
    for number, line in enumerate(lines, 1):
        for word in _LONG_NUMBER.findall(_NOT_PROSE.sub(" | ", line)):
            found = re.sub("[, ]", "", word)
            if found in shown:
                yield number, f'{found} is in the output of {shown[found]}, too: write [[[ value("{shown[found]}", "TEXT *") ]]] for it'
