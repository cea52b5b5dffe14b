"""The macros of a page: ``[[[ name("text", …) ]]]``, a known name with texts as its arguments, on one line. Nothing else.

Nothing is evaluated: a macro is read by a regular expression, and no template engine sees a page. In code blocks and
between backquotes ``[[[`` is text like any other, and the page shows it as it is typed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

# The macros of checks/site/hooks.py: name -> the least and the most arguments (None: any number).
MACROS: dict[str, tuple[int, int | None]] = {
    "by_release": (1, 1),
    "chart": (1, 1),
    "diagnoses": (0, 0),
    "diagram": (1, 1),
    "documented": (1, 1),
    "facts": (1, 1),
    "glossary": (0, None),
    "messages": (1, 1),
    "program": (1, 1),
    "proof": (0, 0),
    "replay": (2, 2),
    "transcript_url": (1, 2),
    "value": (1, 3),
    "verified": (0, 0),
    "widget": (1, 1),
}

# The name of what opens a block for some releases (rules/release_blocks.py). It is no macro that a page can call.
RELEASE_BLOCK = "release block"

# "[[%" and "[[#" start a statement and a comment of the template language that pages once had. Nobody types them as prose.
_OPENING = re.compile(r"\[\[[\[%#]")
_TEXT = r"""(?:"[^"\\]*"|'[^'\\]*')"""
_CALL = re.compile(rf"\[\[\[[ ]*(?P<name>\w+)[ ]*\([ ]*(?P<arguments>(?:{_TEXT}(?:[ ]*,[ ]*{_TEXT})*)?)[ ]*\)[ ]*\]\]\]")
_ARGUMENT = re.compile(_TEXT)
# The macro that returns an address, and the words that stand for a macro where a page's HTML is judged.
_ADDRESS = "transcript_url"
ADDRESS_WORD, OTHER_WORD = "checksaddress", "checksmacro"
_CODE = re.compile(r"<code\b|</code>|(?P<token>checksmacro[0-9a-f]+x\d+x)")


@dataclass(frozen=True)
class Macro:
    """One macro of a page. ``line`` is counted from 1, ``column`` from 0."""

    line: int
    column: int
    source: str
    name: str
    arguments: tuple[str, ...]


def find(lines: Sequence[str], fenced: Sequence[str], render: Callable[[str], str]) -> tuple[list[Macro], list[tuple[int, str]]]:
    """The macros of a page, and what is wrong with others: line, text.

    ``lines`` are the page's, ``fenced`` the same lines with those of the code blocks empty; ``render`` makes HTML of
    Markdown, by which it is known what stands between backquotes.
    """
    macros: list[Macro] = []
    problems: list[tuple[int, str]] = []
    openings = list(_openings(fenced))
    in_code = _in_code(lines, openings, render) if openings else set()
    for number, (line, column, source) in enumerate(openings):
        if number in in_code:
            continue
        macro = _read(line, column, source)
        if isinstance(macro, Macro):
            macros.append(macro)
        else:
            problems.append((line, macro))
    return macros, problems


def expand(text: str, macros: Iterable[Macro], first_line: int, call: Callable[[Macro], str]) -> str:
    """The text with each macro replaced by what ``call`` returns. The text begins at ``first_line`` of the page.

    Raises a ValueError where the text is not the one in which the macros were found.
    """
    lines = text.split("\n")
    places = []
    for macro in macros:
        number = macro.line - first_line
        if not (0 <= number < len(lines) and lines[number].startswith(macro.source, macro.column)):
            raise ValueError(f"there is no {macro.source}")
        places.append((number + 1, macro.column, macro.source, call(macro)))
    return "\n".join(_replaced(lines, places))


def without_macros(lines: Sequence[str], macros: Iterable[Macro]) -> list[str]:
    """The lines with a word in place of each macro, so that Markdown cannot take its brackets and quotes for a link."""
    words = {_ADDRESS: ADDRESS_WORD, RELEASE_BLOCK: "<div markdown>"}
    return _replaced(lines, [(macro.line, macro.column, macro.source, words.get(macro.name, OTHER_WORD)) for macro in macros])


def _replaced(lines: Sequence[str], places: Iterable[tuple[int, int, str, str]]) -> list[str]:
    """The lines with other text at these places, in their order: line, column, the old text, the new one."""
    kept = list(lines)
    for number, in_line in groupby(places, key=lambda place: place[0]):
        pieces, end = [], 0
        for _, column, old, new in in_line:
            pieces += [lines[number - 1][end:column], new]
            end = column + len(old)
        kept[number - 1] = "".join([*pieces, lines[number - 1][end:]])
    return kept


def _openings(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Line, column and text of whatever may be a macro: of a call the whole of it, else what starts it."""
    for number, line in enumerate(lines, 1):
        end = 0
        while opening := _OPENING.search(line, end):
            call = _CALL.match(line, opening.start())
            end = (call or opening).end()
            yield number, opening.start(), line[opening.start() : end]


def _in_code(lines: Sequence[str], openings: Sequence[tuple[int, int, str]], render: Callable[[str], str]) -> set[int]:
    """The numbers of those openings that the site shows as code, everywhere where it shows them."""
    nonce = secrets.token_hex(8)  # a page cannot know the words that stand for its openings
    marked = _replaced(lines, [(*opening, f"checksmacro{nonce}x{number}x") for number, opening in enumerate(openings)])
    depth = 0
    code: set[int] = set()
    prose: set[int] = set()
    for match in _CODE.finditer(render("\n".join(marked))):
        if (token := match["token"]) is not None:
            (code if depth else prose).add(int(token.split("x")[-2]))
        else:
            depth += -1 if match.group() == "</code>" else 1
    return code - prose


def _read(line: int, column: int, source: str) -> Macro | str:
    """The macro, or what is wrong with it."""
    call = _CALL.fullmatch(source)
    if call is None:
        known = ", ".join(sorted(MACROS))
        return (
            f'{source} starts a macro: expected [[[ name("text", …) ]]] on one line, with one of the names {known}; '
            f"to show {source}, put it between backquotes"
        )
    name = call["name"]
    arguments = tuple(text[1:-1] for text in _ARGUMENT.findall(call["arguments"]))
    if name not in MACROS:
        return f"there is no macro {name} (known: {', '.join(sorted(MACROS))})"
    least, most = MACROS[name]
    if len(arguments) < least or (most is not None and len(arguments) > most):
        expected = f"{least} or more" if most is None else " or ".join(dict.fromkeys((str(least), str(most))))
        return f"macro {name}: expected as many texts between the parentheses: {expected}; found {len(arguments)}"
    return Macro(line, column, source, name, arguments)


def same_names(functions: Mapping[str, object]) -> bool:
    """Whether these functions are the macros that pages may use."""
    return functions.keys() == MACROS.keys()
