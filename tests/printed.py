"""Outputs for the tests, and the guide's own shapes."""

from __future__ import annotations

from guides import this_config

from checks.model import Output, Varies
from checks.pages.shapes import Shapes

NONE = Shapes()
GUIDE = Shapes.load(this_config().shapes_file)

# A page with one output, whose attributes and text are left open, and a few shapes.
PAGE = "---\nmachine: container\n---\n\n# X {{#x}}\n\n```bash {{#say}}\necho\n```\n\n```text {{{braces}}}\n{text}\n```\n"
SHAPES = """\
size: {pattern: '\\b\\d++M', why: dumps differ, bound: magnitude}
seconds: {pattern: '\\d++ s', why: time}
id: {pattern: '0000', why: always another, everywhere: true}
"""


def shown(text: str, *varies: str) -> Output:
    """An output with this text; ``varies`` as "SHAPE" or "SHAPE: TEXT"."""
    return Output(text, 1, 1, varies=tuple(Varies(*each.split(": ", 1)) for each in varies))
