"""The site's side of the snippets: how a fence is shown, and the macros that pages may use.

mkdocs.yml names this module twice: ``plugins: macros: modules: [checks.site.hooks]``
and, for superfences, ``format: !!python/name:checks.site.hooks.format_fence``.
Neither MkDocs nor its theme is imported here.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from checks.model import PEER_HOSTNAME, RUNNABLE, GuideError
from checks.site import embeds, panels
from checks.site import fact_tables as factual
from checks.site.context import SiteContext, load
from checks.site.urls import base_from_page

# The site that is being built, and its page: superfences passes neither to a formatter. MkDocs
# renders one page after the other, and calls on_pre_page_macros just before.
_context: SiteContext | None = None


def define_env(env: Any) -> None:
    """Called by mkdocs-macros when a build starts."""
    global _context
    _context = load(Path(env.conf.config_file_path))
    env.macro(proof)
    env.macro(verified)
    env.macro(facts)
    env.macro(diagram)
    env.macro(glossary)
    env.macro(widget)
    env.macro(transcript_url)


def on_pre_page_macros(env: Any) -> None:
    global _context
    _context = replace(_context, page=env.page.file.src_uri.removesuffix(".md"), base=base_from_page(env.page.url))


def proof() -> str:
    """For the home page: when the last run was, on what, how many snippets ran, how many did not and why."""
    return _in_markdown(panels.proof(_context))


def verified() -> str:
    """A table: per target and page, what is proven."""
    return _in_markdown(panels.verified(_context))


def facts(file: str) -> str:
    """The table of a file of facts, named from the folder of mkdocs.yml: "data/releases.yml"."""
    return _in_markdown(factual.table(_context, file))


def glossary(*groups: str) -> str:
    """The terms of data/glossary.yml in both languages: those of the groups, all without any. See terms.py."""
    try:
        return _in_markdown(panels.glossary(_context, groups))
    except GuideError as error:
        raise GuideError(str(error).replace("\n", "; ")) from None  # mkdocs-macros garbles a message of two lines


def transcript_url(page: str, target: str | None = None) -> str:
    """The address of what a page's snippets printed; on the first target that has run them if none is given."""
    for name in [target] if target else _context.evidence.targets():
        if _context.evidence.of(name, page) is not None:
            return _context.transcript_url(name, page)
    raise GuideError(f"transcript_url: no run of {page}{f' on {target}' if target else ''} is kept")


def diagram(name: str) -> str:
    """The drawing theme/diagrams/NAME.svg, in the page's language."""
    return _in_markdown(embeds.diagram(_context, name))


def widget(name: str) -> str:
    """The small program theme/widgets/NAME.html, in the page's language, with its data."""
    return _in_markdown(embeds.widget(_context, name))


def _in_markdown(block: str) -> str:
    """Markdown takes one unbroken HTML block as it is."""
    return re.sub(r"\n\s*(?=\n)", "", block.strip())


def format_fence(source, language, class_name, options, md, classes=None, id_value="", attrs=None, **_) -> str:
    """What a fence becomes on the page. Superfences calls this for every code block."""
    highlight = md.preprocessors["fenced_code_block"].highlight
    classes, attributes = list(classes or ()), dict(attrs or {})
    # build.py counts these: no code block may be lost, or appear from elsewhere.
    shown = {"data-fence": html.escape(language or "text")}
    above, below = "", ""
    if language in RUNNABLE:
        md.guide_snippet = id_value  # the outputs that follow are this one's
        # What is copied is what ran: the theme's button takes this, not the text of the highlighted block.
        shown["data-copy"] = _attribute(source)
        # Where it is to be typed is read before it, not after: in the line that also names a file.
        place = _context.words["on_peer"].format(PEER_HOSTNAME) if _context is not None and "data-on" in attributes else None
        if title := " · ".join(filter(None, (place, attributes.get("data-file")))):
            options = {**options, "title": title}
        if _context is not None and id_value:
            below = panels.badge(_context, id_value)
    elif "output" in classes:
        classes.append("no-copy")  # the theme's word: it is for reading
        if _context is not None:
            above = panels.caption(_context, getattr(md, "guide_snippet", ""), tuple(attributes.get("data-target", "*").split()))
            # The style sheet draws this one. Whose output it is must also be read where there is none.
            shown |= {} if above else {"data-label": html.escape(_context.words["output"])}
    # The theme names a block after the nearest element with an id; two blocks with one name copy the same.
    md.guide_blocks = getattr(md, "guide_blocks", 0) + 1
    id_value = id_value or f"block-{md.guide_blocks}"
    block = highlight(source, language, options, md, classes=classes, id_value=id_value, attrs=shown)
    around = "snippet" if below else "expected"
    return f'<div class="{around}">{above}{block}{below}</div>' if above or below else block


def _attribute(text: str) -> str:
    """Escaped so that neither Markdown nor the browser changes a byte of it."""
    return html.escape(text).replace("\n", "&#10;").replace("\t", "&#9;")
