"""What Python-Markdown does again and again without changing what comes out, left out: a third of a page's time.

Each is taken only where it must give the same, and ``tests/test_shortcuts.py`` holds them against conversions
without any.
"""

from __future__ import annotations

import re
from functools import partial

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER, AtomicString

_LONE_PLACEHOLDER = re.compile(HTML_PLACEHOLDER % "[0-9]+" + r"\Z")

# What normalizing white space changes in a page that has only line feeds. Superfences' first pass keeps code
# from that; where there is nothing to change, it is the second pass once more.
_NOT_NORMAL = re.compile(r"[\t\x01-\x04]|^ +$", re.MULTILINE)
_NORMALIZING = ("markdown.preprocessors", "pymdownx._bypassnorm")


def take(md: Markdown) -> None:
    """Prepare a Markdown instance, after all its extensions are there."""
    md.treeprocessors.register(_Plain(md), "checks-plain", 21)  # just before "inline" (20)
    if "fenced_raw_block" not in md.preprocessors:
        return
    first, second = (md.preprocessors.get_index_for_name(name) for name in ("fenced_raw_block", "fenced_code_block"))
    between = list(md.preprocessors)[first + 1 : second]
    if all(type(each).__module__ in _NORMALIZING for each in between):
        raw = md.preprocessors["fenced_raw_block"]
        raw.run = partial(_keep_tabs, raw.run)


def _keep_tabs(original, lines: list[str]) -> list[str]:
    return original(lines) if _NOT_NORMAL.search("\n".join(lines)) else lines


class _Plain(Treeprocessor):
    """Spares the inline patterns what none of them is for."""

    def run(self, root) -> None:
        # A block that was put aside is one placeholder. Each of some twenty patterns would look into it.
        for element in root.iter():
            text = element.text
            if text and _LONE_PLACEHOLDER.match(text):
                element.text = AtomicString(text)
        # As a list, for it is indexed once a pattern and text; a Registry sorts and copies at each.
        self.md.treeprocessors["inline"].inlinePatterns = list(self.md.inlinePatterns)
