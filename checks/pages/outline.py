"""What a page consists of, besides words: headings, links, admonitions, tabs. Two languages are compared by it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from checks.model import Snippet

_HEADINGS = {f"h{level}": level for level in range(1, 7)}


@dataclass(frozen=True)
class Heading:
    level: int
    id: str | None  # None: the writer gave none
    text: str
    line: int = 0  # counted from 1; 0 when it was not found


@dataclass(frozen=True)
class Outline:
    """In the order of the page."""

    headings: tuple[Heading, ...] = ()
    links: tuple[str, ...] = ()  # of `a` and `img`, as they are written
    blocks: tuple[str, ...] = ()  # "admonition warning", "details tip", "tabs 3"
    code_blocks: int = 0  # fences, runnable or not


class OutlineProcessor(Extension):
    """A Markdown extension that keeps the outline of the last page that was converted."""

    outline = Outline()

    def extendMarkdown(self, md: Markdown) -> None:
        # After attr_list (8), which reads `{#id}`; before toc (5), which invents the ids that are not given.
        md.treeprocessors.register(_Walk(md, self), "checks-outline", 6)
        md.registerExtension(self)

    def reset(self) -> None:
        self.outline = Outline()


_ATX = re.compile(r"[> \t]*#{1,6}[^#]")


def with_fences(outline: Outline, lines: list[str], fences: Collection[tuple[int, int]]) -> Outline:
    """The same outline, its headings with their lines. ``fences``: first and last line of each code block."""
    outline = replace(outline, code_blocks=len(fences))
    inside = {number for first, last in fences for number in range(first, last + 1)}
    found = [number for number, line in enumerate(lines, 1) if _ATX.match(line) and number not in inside]
    if len(found) != len(outline.headings):
        return outline
    return replace(outline, headings=tuple(replace(h, line=n) for h, n in zip(outline.headings, found, strict=True)))


class _Walk(Treeprocessor):
    def __init__(self, md: Markdown, owner: OutlineProcessor):
        super().__init__(md)
        self._owner = owner

    def run(self, root) -> None:
        headings, links, blocks = [], [], []
        for element in root.iter():
            tag = element.tag
            if tag in _HEADINGS:
                headings.append(Heading(_HEADINGS[tag], element.get("id"), "".join(element.itertext()).strip()))
            elif tag == "a" and element.get("href"):
                links.append(element.get("href"))
            elif tag == "img" and element.get("src"):
                links.append(element.get("src"))
            elif tag in ("div", "details"):
                blocks.extend(_block(element))
        self._owner.outline = Outline(tuple(headings), tuple(links), tuple(blocks))


def _block(element) -> list[str]:
    classes = (element.get("class") or "").split()
    if element.tag == "details":
        return [" ".join(["details", *classes])]
    if "admonition" in classes:
        return [" ".join(classes)]
    if "tabbed-set" in classes:
        return [f"tabs {sum(1 for child in element if child.tag == 'input')}"]
    return []


def prose_hash(lines: list[str], snippets: Iterable[Snippet]) -> str:
    """12 hexadecimal digits of it. ``lines`` of the page, its head empty; snippets and outputs are compared by bytes elsewhere."""
    lines = list(lines)
    for snippet in snippets:
        for fence in (snippet, *snippet.outputs):
            lines[fence.line - 1 : fence.end_line] = [""] * (fence.end_line - fence.line + 1)
    text = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(text.encode()).hexdigest()[:12]
