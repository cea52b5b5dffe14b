"""Empty cells in the head of a table, which head nothing.

The upper left corner of a table with a head to its left is empty. As ``th`` a screen reader announces it as a heading
without a name; as ``td`` it is an empty cell.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor


class EmptyHeads(Extension):
    """A Markdown extension that makes ``td`` of each ``th`` with nothing in it."""

    def extendMarkdown(self, md: Markdown) -> None:
        # After the inline patterns (priority 20), which make the elements.
        md.treeprocessors.register(_ToCells(md), "checks-empty-heads", 6)


class _ToCells(Treeprocessor):
    def run(self, root: Element) -> None:
        for head in root.iter("th"):
            if len(head) == 0 and not (head.text or "").strip():
                head.tag = "td"
