"""What a sentence announces by a colon is there for every reader, whatever their release."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from guides import this_config, this_guide

from checks.model import meant_for
from checks.targets import load_targets

TARGETS = frozenset(load_targets(this_config()))
FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
TAG = re.compile(r"\s*</?div")


@dataclass(frozen=True)
class Block:
    """A piece of a page: "text" (a paragraph), "heading", or "other" (code, a list, a table, a note, a macro)."""

    kind: str
    line: int
    readers: frozenset[str]  # the targets whose readers are shown it
    depth: int  # in how many elements for some releases it stands
    text: str = ""


def readers(attributes: str, among: frozenset[str]) -> frozenset[str]:
    """Those among the targets for whom an element or a fence with these attributes is."""
    found = re.search(r'data-target="([^"]*)"', attributes)
    globs = tuple(found[1].split()) if found else ("*",)
    return frozenset(target for target in among if meant_for(globs, target))


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page's Markdown, in their order, without its front matter."""
    lines = text.split("\n")
    at = lines.index("---", 1) + 1 if lines[0] == "---" else 0
    around, of_snippet = [TARGETS], TARGETS
    while at < len(lines):
        start, line = at, lines[at]
        if TAG.match(line):
            around.pop() if "</div" in line else around.append(readers(line, around[-1]))
        elif fence := FENCE.match(line):
            if ".output" not in fence[2]:
                of_snippet = readers(fence[2], around[-1])
            yield Block("other", start + 1, of_snippet, len(around))
            at += 1
            while at < len(lines) and not lines[at].strip().startswith(fence[1]):
                at += 1
        elif line.strip():
            while at + 1 < len(lines) and lines[at + 1].strip() and not FENCE.match(lines[at + 1]) and not TAG.match(lines[at + 1]):
                at += 1
            kind = "heading" if line.startswith("#") else "other" if re.match(r"([-*|!=>]|\d+\.|\[\[\[)", line.strip()) else "text"
            yield Block(kind, start + 1, around[-1], len(around), lines[at].strip())
        at += 1


def announced_in_vain(text: str) -> Iterator[tuple[int, str]]:
    """The line of each paragraph that ends with a colon, and each target whose readers are then shown a paragraph or a heading.

    A paragraph that opens an element for some releases may lead on to what is in it.
    """
    found = list(blocks(text))
    for number, block in enumerate(found):
        if block.kind != "text" or not block.text.endswith((":", "：")):
            continue
        for target in sorted(block.readers):
            after = next((other for other in found[number + 1 :] if target in other.readers), None)
            if after is None or after.kind == "heading" or (after.kind == "text" and after.depth <= block.depth):
                yield block.line, target


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Look:\n\n```bash {#x}\ny\n```", []),
        ("Look:\n\n- a\n- b", []),
        ("Look.\n\n## Next", []),
        ("Look:\n\n## Next", sorted(TARGETS)),
        ("看：\n\n接下来。", sorted(TARGETS)),
        (
            'Look:\n\n```bash {#x data-target="debian-*"}\ny\n```\n\n```text {.output}\nz\n```\n\nMore.',
            sorted(readers('data-target="ubuntu-*"', TARGETS)),
        ),
        ('Look:\n\n<div data-target="debian-*">\n\nHere:\n\n```bash {#x}\ny\n```\n\n</div>\n\n- more', []),
    ],
)
def test_a_colon_without_what_it_announces_is_found(text, found):
    assert [target for _, target in announced_in_vain(text)] == found


def test_what_is_announced_is_there_for_every_reader():
    config = this_config()
    assert [
        f"{page.path}:{line}: a colon announces something that readers of {target} are not shown"
        for page in this_guide().pages.values()
        for line, target in announced_in_vain((config.root / page.path).read_text())
    ] == []
