"""Blocks of a page that are for some releases only.

::

    <div data-target="ubuntu-22.04 ubuntu-24.04" markdown>

    What is between is Markdown like any other.

    </div>

The first line stands exactly so, at the beginning of the line, with globs as those of a fence's ``data-target``; the
last line is ``</div>``. A snippet in the block runs on no other release, since a reader of another one does not see it,
and its outputs stand in the block, too. The site writes the names of the releases above the block (site/releases.py).
In any other form the attribute is refused, by html_policy.py, which sees only ``<div markdown>`` in the place of these
lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from checks.model import Snippet, meant_for
from checks.pages.fences import COMMENT
from checks.pages.info_string import known_globs
from checks.pages.macros import RELEASE_BLOCK, Macro

_LINE = re.compile(r'<div data-target="([a-z0-9.*? -]+)" markdown>')
_OPENS = re.compile(r"<div\b", re.IGNORECASE)
_CLOSES = re.compile(r"</div\s*>", re.IGNORECASE)
_MEANT = re.compile(r"\s*<div\b[^>]*\bdata-target\b", re.IGNORECASE)


def find(fenced: Sequence[str], targets: Sequence[str] | None) -> tuple[list[Macro], list[tuple[int, str]]]:
    """The first lines of the blocks, and what is wrong with others: line, text.

    ``fenced`` are the page's lines with those of the code blocks empty; ``targets`` are the names of the guide's.
    """
    blocks: list[Macro] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(fenced, 1):
        if not _MEANT.match(line):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            form = '<div data-target="ubuntu-22.04 ubuntu-24.04" markdown>'
            problems.append((number, f"a block for some releases begins with the line {form}, at the beginning of the line"))
            continue
        globs, wrong = known_globs(found[1], targets or ())
        problems += [(number, text) for text in wrong]
        if _last_line(fenced, number) is None:
            problems.append((number, "this block for some releases has no end: expected a line </div>, at the beginning of the line"))
        blocks.append(Macro(number, 0, line, RELEASE_BLOCK, globs))
    return blocks, problems


def around(fenced: Sequence[str], blocks: Iterable[Macro], line: int) -> Macro | None:
    """The innermost block that the line stands in; None where it stands in none."""
    found = None
    for block in blocks:
        if block.name == RELEASE_BLOCK and block.line < line < (_last_line(fenced, block.line) or 0):
            found = block
    return found


def _last_line(fenced: Sequence[str], first: int) -> int | None:
    """The number of the line that closes the block whose first line has the number ``first``; None where it stays open."""
    depth = 0
    for number, line in enumerate(_without_comments(fenced[first - 1 :]), first):
        depth += len(_OPENS.findall(line)) - len(_CLOSES.findall(line))
        if depth <= 0:
            return number if line.rstrip() == "</div>" else None
    return None


def _without_comments(lines: Sequence[str]) -> list[str]:
    """The lines with what stands in comments left out: a </div> there closes nothing."""
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), "\n".join(lines)).split("\n")


def wrong_snippets(
    fenced: Sequence[str], blocks: Iterable[Macro], snippets: Iterable[Snippet], targets: Sequence[str] | None
) -> Iterator[tuple[int, str]]:
    """Line and text of each snippet in a block that also runs elsewhere, and of each output that is parted from its snippet."""
    spans = [(block, _last_line(fenced, block.line) or block.line) for block in blocks if block.name == RELEASE_BLOCK]
    for snippet in snippets:
        for block, last in spans:
            inside = block.line < snippet.line < last
            others = [name for name in targets or () if meant_for(snippet.targets, name) and not meant_for(block.arguments, name)]
            if inside and others:
                globs = " ".join(block.arguments)
                yield (
                    snippet.line,
                    f'{snippet.id} also runs on {", ".join(others)}, where this block is not shown: give it data-target="{globs}"',
                )
            for output in snippet.outputs:
                if (block.line < output.line < last) != inside:
                    yield output.line, f"an output of {snippet.id}, which stands on the other side of a line of a block for some releases"
