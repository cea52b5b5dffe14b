"""What MkDocs calls: the macros that pages may use, and the formatter that turns each fence into HTML.

mkdocs.yml names this module twice: ``plugins: macros: modules: [checks.site.hooks]``
and, for superfences, ``format: !!python/name:checks.site.hooks.format_fence``.
Neither MkDocs nor its theme is imported here.

mkdocs-macros only calls this module. Its template engine, in which a page could call any Python code, is switched off
for every page (``render_macros``); pages/macros.py reads the macros, and what they return is put in their place here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from markdown import Markdown
from markupsafe import escape

from checks.model import PEER_HOSTNAME, RUNNABLE, Guide, GuideError, Page
from checks.pages import macros, values
from checks.pages.macros import Macro
from checks.pages.rules.characters import visible
from checks.pages.shapes import as_printed
from checks.site import embeds, panels, releases
from checks.site.aids.emphasis import LatinInEmphasis
from checks.site.aids.table_heads import EmptyHeads
from checks.site.charts import drawing
from checks.site.context import SiteContext, load_context
from checks.site.facts import tables
from checks.site.facts import values as facts_by_release
from checks.site.finding import diagnoses as diagnoses_from_evidence
from checks.site.finding import messages as catalogue_of_messages
from checks.site.finding import names
from checks.site.replay import figures
from checks.site.urls import base_from_page

_PICKER = "picker"  # no macro that a page can call


@dataclass
class _PageFences:
    """What format_fence keeps from one fence of a page to the next."""

    count: int = 0
    snippet_id: str = ""  # of the last snippet: the outputs that follow are this snippet's


# The context of the page that is rendered. It is a module's variable because superfences calls format_fence, and
# mkdocs-macros the macros, without the build or the page. One process builds one language, and MkDocs renders one page
# after the other: on_pre_page_macros is called just before each. None where no site is built, as when the pages are
# read, and on a site without mkdocs-macros: a fence has no badge there.
_context: SiteContext | None = None

# MkDocs makes a Markdown object for each page, so what is kept for the object is forgotten with the page.
_fences: WeakKeyDictionary[Markdown, _PageFences] = WeakKeyDictionary()


def define_env(env: Any) -> None:
    """mkdocs-macros calls this when a build starts; ``env`` is the plugin."""
    global _context
    for name in ("main.py", "main"):
        if Path(env.project_dir, name).exists():
            raise GuideError(f"{name}: mkdocs-macros would run this file of the guide's folder: remove it, or give it another name")
    _context = load_context(Path(env.conf.config_file_path))
    for extension in (EmptyHeads, *([LatinInEmphasis] if _context.language == "zh" else [])):
        if not any(isinstance(known, extension) for known in env.conf.markdown_extensions):
            env.conf.markdown_extensions.append(extension())
    assert macros.same_names(_MACROS), "pages/macros.py names other macros than there are"


def take_pages(guide: Guide) -> None:
    """Have the pages that are rendered from now on be those of ``guide``, in which pages were edited since define_env was called."""
    global _context
    if _context is not None:
        _context = _context.with_guide(guide)


def on_pre_page_macros(env: Any) -> None:
    """mkdocs-macros calls this for each page, before it would render the page's text as a template."""
    global _context
    name = env.page.file.src_uri.removesuffix(".md")
    _context = replace(_current(), page=name, base=base_from_page(env.page.url))
    env.page.meta["render_macros"] = False  # mkdocs-macros' own key: neither the text nor the title is a template
    _escape_head(env.page.meta)
    env.markdown = _expanded(_context, env.markdown)


def on_post_build(env: Any) -> None:
    """mkdocs-macros calls this when all pages are written. Its plugin stands after the search, whose index is there by now."""
    names.write_names(_current(), Path(env.conf.site_dir))


def _escape_head(meta: dict[str, Any]) -> None:
    """Title and description are text. The theme writes them as they are where HTML is expected."""
    for key in ("title", "description"):
        if key in meta:
            meta[key] = escape(str(meta[key]))  # Markup, which filters such as `e` do not escape a second time


def _expanded(context: SiteContext, text: str) -> str:
    """The page's Markdown with what each macro returns in its place."""
    page = context.current_page()
    if page is None:
        raise GuideError(f"{context.page}: MkDocs takes this file for a page, which the guide does not have: a page is NAME.md")
    # MkDocs has taken the head of the page away, and all the empty lines after it.
    first_line = len(page.prose_lines) - text.count("\n")

    def call(macro: Macro) -> str:
        try:
            if macro.name == macros.RELEASE_BLOCK:
                return releases.block(context, macro.arguments)
            if macro.name == _PICKER:
                return f"\n\n{_in_markdown(releases.picker(context))}\n"
            return _MACROS[macro.name](*macro.arguments)
        except GuideError as error:
            raise GuideError(f"{page.path}:{macro.line}: {error}") from None
        except Exception as error:  # MkDocs would say its text alone, and no line
            raise GuideError(f"{page.path}:{macro.line}: the macro {macro.name} came to no end: {type(error).__name__}: {error}") from error

    try:
        return macros.expand(text, _with_picker(page), first_line, call)
    except ValueError as error:
        raise GuideError(f"{page.path}: the page was changed while it was read ({error}): build again") from None


def _with_picker(page: Page) -> list[Macro]:
    """The page's macros, and one at the end of its first heading that stands for the choice of a release."""
    found = [*page.macros]
    first = page.outline.headings[0] if page.outline.headings else None
    if first is not None and first.level == 1 and first.line:
        found.append(Macro(first.line, len(page.prose_lines[first.line - 1]), "", _PICKER, ()))
    return sorted(found, key=lambda macro: (macro.line, macro.column))


def _current() -> SiteContext:
    assert _context is not None, "a page was rendered before define_env"
    return _context


# ---- the macros
def proof() -> str:
    """For the home page: when and on what the last run was, how many snippets ran, how many did not and why."""
    return _in_markdown(panels.proof(_current()))


def verified() -> str:
    """A table of pages and targets, which says what evidence there is."""
    return _in_markdown(panels.verified(_current()))


def facts(file: str) -> str:
    """The table of a file of facts, named from the folder of mkdocs.yml: "data/releases.yml"."""
    return _in_markdown(tables.table(_current(), file))


def by_release(row: str) -> str:
    """The values of one row of data/releases.yml, one a release, each with how it is known and where it was read."""
    return _in_markdown(facts_by_release.by_release(_current(), row))


def chart(name: str) -> str:
    """A chart of data/charts.yml: a drawing of what runs have measured, with the numbers as a table. See site/charts/."""
    return _in_markdown(drawing.chart(_current(), name))


def documented(source: str) -> str:
    """The mark "documented" within a line: a link to an entry of data/sources.yml. See pages/references.py."""
    return releases.documented(_current(), source)


def glossary(*groups: str) -> str:
    """The terms of data/glossary.yml in all languages: those of the groups, or all. See pages/glossary.py."""
    return _in_markdown(panels.glossary(_current(), groups))


def messages(group: str) -> str:
    """The messages of a group of data/messages.yml, each with what it means and where to read on. See site/finding/."""
    return _in_markdown(catalogue_of_messages.messages(_current(), group))


def diagnoses() -> str:
    """The table of the failures of data/failures.yml, with what the guide's own program said of each. See site/finding/diagnoses.py."""
    return _in_markdown(diagnoses_from_evidence.diagnoses(_current()))


def replay(page: str, snippet: str) -> str:
    """What the console printed when a snippet of a page crashed the machine: a still picture, and a player. See site/replay/."""
    return figures.of_page(_current(), page, snippet)


def transcript_url(page: str, target: str | None = None) -> str:
    """The address of what a page's snippets printed, on ``target`` or else on the first target with a run of the page."""
    context = _current()
    for name in [target] if target else context.evidence.targets():
        if context.evidence.of(name, page) is not None:
            return context.transcript_url(name, page)
    raise GuideError(f"transcript_url: there is no evidence of {page}{f' on {target}' if target else ''}: run ./guide verify {page}")


def value(snippet: str, text: str = "*", unit: str = "") -> str:
    """A number of the output of one of the page's snippets, in the prose. See pages/values.py, which checks all of them."""
    page = _current().current_page()
    return releases.value(_current(), snippet, values.by_output(page.snippets if page else (), snippet, text, unit))


def diagram(name: str) -> str:
    """The drawing theme/diagrams/NAME.svg, in the page's language."""
    return _in_markdown(embeds.diagram(_current(), name))


def widget(name: str) -> str:
    """The small program theme/widgets/NAME.html, in the page's language, with its data."""
    return _in_markdown(embeds.widget(_current(), name))


def program(path: str) -> str:
    """A link to a program of ``extra: checks: programs``, for the reader to save, with its size and its sha256."""
    if path not in _current().config.programs:
        raise GuideError(f"program: {path} is not listed under extra: checks: programs in mkdocs.yml")
    return embeds.program(_current(), path)


def _in_markdown(block: str) -> str:
    """The HTML without empty lines: Markdown takes an HTML block as it is only up to the first empty line."""
    return re.sub(r"\n\s*(?=\n)", "", block.strip())


_MACROS: dict[str, Callable[..., str]] = {
    macro.__name__: macro
    for macro in (
        by_release, chart, diagnoses, diagram, documented, facts, glossary, messages,
        program, proof, replay, transcript_url, value, verified, widget,
    )
}  # fmt: skip


# ---- the formatter
def format_fence(
    source: str,
    language: str,
    class_name: str,
    options: dict[str, Any],
    md: Markdown,
    classes: list[str] | None = None,
    id_value: str = "",
    attrs: dict[str, str] | None = None,
    **_: Any,
) -> str:
    """The HTML of one code block. Superfences calls this for every fence, with what stands behind the opening fence."""
    fences = _fences.setdefault(md, _PageFences())
    fences.count += 1
    attributes = attrs or {}
    output = language not in RUNNABLE and "output" in (classes or ())
    source = as_printed(source) if output else source
    # check.py counts the marked blocks: no code block may be lost, or come from elsewhere.
    marks = {"data-fence": html.escape(language or "text")}
    above, below, targets, folds = "", "", "", False
    if language in RUNNABLE:
        fences.snippet_id = id_value
        # The theme's copy button takes this attribute, not the text of the highlighted block: what is copied is what ran.
        marks["data-copy"] = _attribute(source)
        options = _with_title(options, attributes)
        if _context is not None and id_value:
            below = panels.badge(_context, id_value) + figures.of_snippet(_context, id_value)
            above, targets = releases.of_snippet(_context, id_value)
    elif output and _context is not None:
        globs = tuple(attributes.get("data-target", "*").split())
        above, targets = releases.of_output(_context, fences.snippet_id, globs)
        folds = releases.folds(_context, fences.snippet_id, globs)
    if language not in RUNNABLE:
        source = visible(source)  # an output may have any character, and a reader should see each
    # "no-copy" is the theme's class: an output is for reading.
    shown_classes = [*(classes or ()), *(["no-copy"] if output else [])]
    # The theme names a block that can be copied after the nearest element with an id. Two of one name would copy the same text.
    block_id = id_value or ("" if output else f"block-{fences.count}")
    preprocessor: Any = md.preprocessors["fenced_code_block"]  # superfences', which has no types
    block = preprocessor.highlight(source, language, options, md, classes=shown_classes, id_value=block_id, attrs=marks)
    block = re.sub(r'<span class="w">(\s+)</span>', r"\1", str(block))  # marks of blanks have no style, and are a fifth of a page
    around = "snippet" if below else "expected"
    shown_on = f' data-target="{html.escape(targets)}"' if targets else ""
    if folds:
        return f'<details class="{around}"{shown_on} open><summary>{above}</summary>{block}</details>'
    return f'<div class="{around}"{shown_on}>{above}{block}{below}</div>' if above or below else block


def _with_title(options: dict[str, Any], attributes: dict[str, str]) -> dict[str, Any]:
    """The options with a title: the machine that a snippet is typed on, which a reader needs before the code; the file's name."""
    place = _context.words["on_peer"].format(PEER_HOSTNAME) if _context is not None and "data-on" in attributes else None
    title = " · ".join(filter(None, (place, attributes.get("data-file"))))
    return {**options, "title": title} if title else options


def _attribute(text: str) -> str:
    """The text as the value of an attribute, so escaped that neither Markdown nor the browser changes a byte of it."""
    return html.escape(text).replace("\n", "&#10;").replace("\t", "&#9;")
