"""The outline of a page (headings, links, admonitions, tabs) and the hash of its prose, by which two languages are compared."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.extensions.toc import render_inner_html, strip_tags
from markdown.treeprocessors import Treeprocessor

from checks.model import Snippet

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ADDRESSES = {"a": "href", "img": "src"}


@dataclass(frozen=True)
class Heading:
    """One heading of a page."""

    level: int
    id: str | None  # None: the page gives the heading no id
    text: str
    line: int = 0  # counted from 1; 0 when the line is not known


@dataclass(frozen=True)
class Outline:
    """The parts of one page, each in the order of the page."""

    headings: tuple[Heading, ...] = ()
    links: tuple[str, ...] = ()  # the addresses in `a` and `img`, as the page has them
    blocks: tuple[str, ...] = ()  # "admonition warning", "details tip", "tabs 3"
    code_blocks: int = 0  # fences, runnable or not


class OutlineProcessor(Extension):
    """A Markdown extension whose ``outline`` is that of the page that was converted last."""

    outline = Outline()

    def extendMarkdown(self, md: Markdown) -> None:
        # After attr_list (priority 8), which reads `{#id}`; before toc (5), which makes up the missing ids.
        md.treeprocessors.register(_Walk(md, self), "checks-outline", 6)
        md.registerExtension(self)

    def reset(self) -> None:
        self.outline = Outline()


_ATX = re.compile(r"[> \t]*#{1,6}[^#]")


def with_heading_lines(outline: Outline, lines: list[str], fences: Collection[Lines]) -> Outline:
    """The outline with the number of its code blocks, and with the lines of its headings where all of them begin with ``#``."""
    outline = replace(outline, code_blocks=len(fences))
    numbers = [number for number, line in enumerate(without_fences(lines, fences), 1) if _ATX.match(line)]
    if len(numbers) != len(outline.headings):
        return outline
    headings = tuple(replace(heading, line=number) for heading, number in zip(outline.headings, numbers, strict=True))
    return replace(outline, headings=headings)


class _Walk(Treeprocessor):
    def __init__(self, md: Markdown, owner: OutlineProcessor):
        super().__init__(md)
        self._owner = owner

    def run(self, root: Element) -> None:
        headings, links, blocks = [], [], []
        for element in root.iter():
            tag = element.tag
            if tag in _HEADINGS:
                # Code in a heading is a placeholder here; Markdown's own table of contents takes a heading's text in the same way.
                text = html.unescape(strip_tags(render_inner_html(element, self.md)))
                headings.append(Heading(_HEADINGS[tag], element.get("id"), text))
            elif tag in _ADDRESSES and (address := element.get(_ADDRESSES[tag])):
                links.append(address)
            elif tag in ("div", "details"):
                blocks.extend(_block(element))
        self._owner.outline = Outline(tuple(headings), tuple(links), tuple(blocks))


def _block(element: Element) -> list[str]:
    classes = (element.get("class") or "").split()
    if element.tag == "details":
        return [" ".join(["details", *classes])]
    if "admonition" in classes:
        return [" ".join(classes)]
    if "tabbed-set" in classes:
        return [f"tabs {sum(1 for child in element if child.tag == 'input')}"]
    if element.tag == "div" and element.get("data-target"):
        return [f"block for {element.get('data-target')}"]
    return []


class Lines(Protocol):
    """A part of a page with a first and a last line: a fence, a snippet, an output."""

    @property
    def line(self) -> int: ...

    @property
    def end_line(self) -> int: ...


def without_fences(lines: Sequence[str], fences: Iterable[Lines]) -> list[str]:
    """The lines of a page, those of the fences empty."""
    kept = list(lines)
    for fence in fences:
        kept[fence.line - 1 : fence.end_line] = [""] * (fence.end_line - fence.line + 1)
    return kept


def prose_hash(lines: Sequence[str], snippets: Iterable[Snippet]) -> str:
    """The first 12 hexadecimal digits of the sha256 of a page's prose; white space at the ends of lines and empty lines do not count.

    ``lines`` are the page's, its head empty. Snippets and outputs are left out: checks/lint/parity.py compares their bytes.
    """
    fences: list[Lines] = []
    for snippet in snippets:
        fences += [snippet, *snippet.outputs]
    prose = without_fences(lines, fences)
    text = "\n".join(line.rstrip() for line in prose if line.strip())
    return hashlib.sha256(text.encode()).hexdigest()[:12]
