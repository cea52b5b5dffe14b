"""What pages inline from theme/: drawings, and small programs with their words and data. This knows nothing of their subjects."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from checks.mkdocs_yml import read_yaml
from checks.model import GuideError
from checks.site.context import SiteContext


def diagram(context: SiteContext, name: str) -> str:
    """theme/diagrams/NAME.svg, its ``[[key]]`` replaced from NAME.yml in the language of the site."""
    drawing, words = _read(context, "diagram", name, ".svg")
    return f'<figure class="diagram">{_worded(drawing, words.get(context.language, {}), f"diagram {name}", context.language)}</figure>'


def widget(context: SiteContext, name: str) -> str:
    """theme/widgets/NAME.html, its ``[[key]]`` replaced from NAME.yml in the language of the site.

    Three keys are given: ``base``, from the page to the root of its language; ``data``, as JSON, the content of the
    YAML file that NAME.yml names under ``data``; ``script``, as JSON, what stands under that word, for the program.
    """
    form, every = _read(context, "widget", name, ".html")
    words = every.get(context.language, {})
    data = read_yaml(context.config.root / every["data"]) if "data" in every else None
    given = {"base": context.base, "data": _json(data), "script": _json(words.get("script", {}))}
    return f'<div class="widget-{name}">{_worded(form, {**words, **given}, f"widget {name}", context.language)}</div>'


def _read(context: SiteContext, kind: str, name: str, suffix: str) -> tuple[str, dict[str, Any]]:
    file: Path = context.config.root / "theme" / f"{kind}s" / f"{name}{suffix}"
    if not file.exists():
        raise GuideError(f"{kind}: there is no {context.config.relative(file)}")
    return file.read_text(encoding="utf-8"), read_yaml(file.with_suffix(".yml")) or {}


def _worded(text: str, words: dict[str, Any], what: str, language: str) -> str:
    def word(match: re.Match) -> str:
        if match[1] not in words:
            raise GuideError(f"{what}: {what.split()[1]}.yml has no word {match[1]} in {language}")
        return html.escape(str(words[match[1]]))

    return re.sub(r"\[\[([\w-]+)\]\]", word, re.sub(r"<\?xml.*?\?>|<!--.*?-->", "", text, flags=re.DOTALL))


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
