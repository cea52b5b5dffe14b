"""The templates of checks/site/templates: text is escaped, and what cannot be seen in it is made visible."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from checks.pages.rules.characters import visible


@cache
def _templates() -> Environment:
    folder = Path(__file__).with_name("templates")
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen
    )


def _seen(value: Any) -> Any:
    """A value as the templates write it: of a text, what cannot be seen is made visible. What a machine printed may be meant to mislead."""
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    if isinstance(value, Markup):  # HTML, in which "<U+202E>" would be an element
        return Markup("".join(character if (seen := visible(character)) == character else escape(seen) for character in str(value)))
    return visible(value)


def render(template: str, **values: Any) -> str:
    """The HTML of a file of templates/; every value is escaped, and a value that is missing is an error."""
    return _templates().get_template(template).render(**values)


def markup(text: str) -> Markup:
    """Text as HTML; of Markdown only `code` and *emphasis* mean something."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"(?<!\w)\*([^*]+)\*(?!\w)", r"<em>\1</em>", text))
