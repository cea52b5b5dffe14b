"""Emphasis in Chinese: the dots below Han characters, and slanted letters where the emphasised words are Latin.

CSS has no way to tell the two scripts apart within one element, so the Latin words get an element of their own.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import STX

# Latin words with the spaces and signs between them, not those at their ends.
_LATIN = re.compile(r"([!-~](?:[ -~]*[!-~])?)")


class LatinInEmphasis(Extension):
    """A Markdown extension that puts the Latin words directly within ``em`` into ``<span class="latin">``."""

    def extendMarkdown(self, md: Markdown) -> None:
        # After the inline patterns (priority 20), which make the elements.
        md.treeprocessors.register(_Wrap(md), "checks-latin-in-emphasis", 7)


class _Wrap(Treeprocessor):
    def run(self, root: Element) -> None:
        for element in list(root.iter("em")):
            pieces = _LATIN.split(element.text or "")
            if len(pieces) == 1 or STX in str(element.text):  # Markdown has put something aside, and marked the place
                continue
            children = list(element)
            for child in children:
                element.remove(child)
            element.text = pieces[0]
            for latin, after in zip(pieces[1::2], pieces[2::2], strict=True):
                span = SubElement(element, "span", {"class": "latin"})
                span.text, span.tail = latin, after
            element.extend(children)
