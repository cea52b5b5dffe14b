"""What pages embed from theme/: drawings, and small programs with their words and data. Nothing here depends on their subject."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from checks.mkdocs_yml import read_yaml
from checks.model import GuideError
from checks.pages.rules import machine_keys
from checks.site import releases, urls
from checks.site.context import SiteContext


def diagram(context: SiteContext, name: str) -> str:
    """The drawing theme/diagrams/NAME.svg; each ``[[key]]`` in it is a word of NAME.yml in the site's language."""
    drawing, words = _read(context, "diagram", name, ".svg")
    filled = _fill(drawing, words.get(context.language, {}), "diagram", name, context.language)
    return f'<figure class="diagram">{filled}</figure>'


def widget(context: SiteContext, name: str) -> str:
    """The small program theme/widgets/NAME.html; each ``[[key]]`` in it is a word of NAME.yml in the site's language.

    Four keys are no words: ``base`` is the way from the page to the folder of its language; ``data`` is, as JSON, the
    content of the YAML file that NAME.yml names under ``data``; ``sources`` is, as JSON, the title and address of each
    entry of data/sources.yml that this file names as a ``source``; ``script`` is, as JSON, the language's words under
    ``script``, which the program needs.
    """
    form, settings = _read(context, "widget", name, ".html")
    words = settings.get(context.language, {})
    data = read_yaml(context.config.named(settings["data"])) if "data" in settings else None
    sources = {key: releases.source_link(context, key) for key in _sources(data)}
    try:
        data_as_json = _json(data)
    except (TypeError, ValueError) as error:
        raise GuideError(f"widget: {settings['data']}: expected texts and numbers that JSON has: {error}") from None
    own = {"base": context.base, "data": data_as_json, "sources": _json(sources), "script": _json(words.get("script", {}))}
    return f'<div class="widget-{name}">{_fill(form, {**words, **own}, "widget", name, context.language)}</div>'


def program(context: SiteContext, path: str) -> str:
    """A link to one of the guide's own programs, which the site serves, with its size and its sha256."""
    served = machine_keys.program(context.config.root, path)
    name = html.escape(served.name)
    link = f'<a href="{context.base}../{urls.PROGRAMS}/{name}" download>{name}</a>'
    return f"{link} ({context.bytes(len(served.content))}, sha256 <code>{served.sha256}</code>)"


def _read(context: SiteContext, kind: str, name: str, suffix: str) -> tuple[str, dict[str, Any]]:
    """The file theme/KINDs/NAME + suffix, and what is in NAME.yml beside it."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise GuideError(f"{kind}: expected a name of lower-case letters, digits and single hyphens, found {name!r}")
    file = context.config.root / "theme" / f"{kind}s" / f"{name}{suffix}"
    if not file.exists():
        raise GuideError(f"{kind}: there is no {context.config.relative(file)}")
    return file.read_text(encoding="utf-8"), read_yaml(file.with_suffix(".yml")) or {}


def _fill(text: str, words: dict[str, Any], kind: str, name: str, language: str) -> str:
    """The text without its comments, each ``[[key]]`` replaced by the escaped word."""

    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise GuideError(f"{kind} {name}: {name}.yml has no word {match[1]} in {language}")
        return html.escape(str(words[match[1]]))

    return re.sub(r"\[\[([\w-]+)\]\]", word, re.sub(r"<\?xml.*?\?>|<!--.*?-->", "", text, flags=re.DOTALL))


def _sources(data: Any) -> Iterator[str]:
    """The values of all keys ``source`` in the data."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data if isinstance(data, list) else ()):
        if key == "source" and isinstance(value, str):
            yield value
        yield from _sources(value)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
