"""Reads the built site back: each page shows, and copies, exactly the snippets that were extracted, and every fence.

No page has a script but the site's own files, an id twice, or a block of code that is no fence. The pages were checked for
all of that when they were read (pages/rules/); here the result is, with what macros and the theme have added.

Before the site is built, the evidence is looked at: a file that is not as a run wrote it stops the build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from lxml import etree

from checks.config import Config
from checks.evidence.shown import other_outputs
from checks.evidence.validity import RecordedEvidence
from checks.model import Guide, Page, Problem
from checks.pages.shapes import Shapes
from checks.site.urls import page_folder

# hooks.format_fence writes these attributes: the first on every code block, the second on those of snippets.
# A block in something that no reader sees does not count as shown.
_HIDDEN = (
    "ancestor-or-self::*[self::template or self::textarea or self::noscript or self::dialog or self::script or self::style or self::head "
    "or @hidden or @inert or @popover or @aria-hidden='true' or contains(translate(@style, ' \n\t', ''), 'display:none') "
    "or contains(translate(@style, ' \n\t', ''), 'visibility:hidden')]"
)
_FENCES = etree.XPath(f"//*[@data-fence][not({_HIDDEN})]")
_SNIPPETS = etree.XPath(f"//*[@data-copy][not({_HIDDEN})]")
# A still picture of a console (templates/replay.html) is no code. No page's own HTML may have its class (html_policy.py).
_OTHER_BLOCKS = etree.XPath("count(//pre[not(ancestor::*[@data-fence]) and not(@class='replay__screen')])")
_IDS = etree.XPath("//@id", smart_strings=False)
# What would run, or load, something that is no file of the site. A script of JSON is data.
_ACTIVE = etree.XPath(
    "//script[not(@type='application/json') and (not(@src) or contains(@src, ':') or starts-with(@src, '//'))]"
    " | //iframe | //frame | //object | //embed | //base | //meta[translate(@http-equiv, 'REFSH', 'refsh')='refresh']"
    " | //@*[starts-with(name(), 'on')] | //@*[(name()='href' or name()='src' or name()='action' or name()='formaction')"
    " and contains(translate(., 'JAVSCRIPT \n\t', 'javscript'), 'script:')]"
    " | //*[not(self::script)]/@*[(name()='src' or name()='srcset' or name()='poster')"
    " and (contains(., ':') or starts-with(normalize-space(.), '//'))]"
    " | //@style[contains(translate(., 'URL \n\t', 'url'), 'url(')]"
)
_CODE = etree.XPath(".//code//text()", smart_strings=False)

_UNMARKED = (
    "the site does not mark its code blocks: expected, in mkdocs.yml, custom_fences of pymdownx.superfences to name "
    '{name: "*", class: "", format: !!python/name:checks.site.hooks.format_fence, '
    "validator: !!python/name:pymdownx.superfences.highlight_validator}"
)


@dataclass(frozen=True)
class SnippetBlock:
    """A snippet on a built page."""

    id: str
    copied: str  # what the copy button yields
    shown: str  # the text of the block


@dataclass(frozen=True)
class BuiltPage:
    """What was found on a built page: the number of code blocks, and the snippets among them in order."""

    code_blocks: int
    snippets: tuple[SnippetBlock, ...]
    strange: tuple[str, ...] = ()  # what no page should have, in words


def read_built_page(html: bytes) -> BuiltPage:
    """The code blocks in the HTML of a page, which is UTF-8 whatever the page's <meta> says."""
    # huge_tree: without it, lxml refuses a text of more than 10 MB.
    root = etree.fromstring(html, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    if root is None:  # an empty file
        return BuiltPage(0, ())
    fences, snippets = (cast(list[etree._Element], select(root)) for select in (_FENCES, _SNIPPETS))
    return BuiltPage(len(fences), tuple(map(_snippet_block, snippets)), tuple(_strange(root)))


def _strange(root: etree._Element) -> Iterator[str]:
    for found in cast(list[Any], _ACTIVE(root)):
        what = f"<{found.tag}>" if isinstance(found, etree._Element) else f"{found.attrname}={str(found)[:60]!r}"
        yield f"the built page has {what}, which may run or load what is no file of the site"
    if others := int(cast(float, _OTHER_BLOCKS(root))):
        yield f"the built page has {others} blocks of code that are no fences"
    ids = Counter(cast(list[str], _IDS(root)))
    yield from (f"the built page has the id {name!r} {count} times" for name, count in ids.items() if count > 1)


def _snippet_block(element: etree._Element) -> SnippetBlock:
    texts = cast(list[str], _CODE(element))
    return SnippetBlock(element.get("id", ""), element.get("data-copy", ""), "".join(texts))


def check_evidence(config: Config, guide: Guide) -> list[Problem]:
    """The evidence files of the guide that are not as a run wrote them, and the outputs of pages that no run printed so."""
    recorded = RecordedEvidence(config, guide)
    shapes = Shapes.load(config.shapes_file, config.relative(config.shapes_file))
    return recorded.problems() + [problem for page in guide.pages.values() for problem in other_outputs(page, recorded, shapes)]


def check_site(guide: Guide, out: Path, go_on: Callable[[], None] = lambda: None) -> list[Problem]:
    """Compare ``out/LANGUAGE/PAGE/index.html`` of every page with what was extracted from the page.

    ``go_on`` is called for each page, and may raise what ends the work.
    """
    problems: list[Problem] = []
    for page in guide.pages.values():
        go_on()
        file = out / page.language / page_folder(page.name) / "index.html"
        if file.exists():
            problems.extend(_compare(page, read_built_page(file.read_bytes())))
        else:
            problems.append(Problem(page.path, 0, "the site has no such page"))
    return problems


def _compare(page: Page, built: BuiltPage) -> Iterator[Problem]:
    yield from (Problem(page.path, 0, text) for text in built.strange)
    if page.snippets and not built.code_blocks:
        yield Problem(page.path, 0, _UNMARKED)
        return
    expected = [snippet.id for snippet in page.snippets]
    found = [block.id for block in built.snippets]
    if found != expected:
        names, others = (" ".join(identity or "(no id)" for identity in ids) or "none" for ids in (expected, found))
        yield Problem(page.path, 0, f"the site shows other snippets than are run: expected {names}, found {others}")
        return
    for snippet, block in zip(page.snippets, built.snippets, strict=True):
        if block.copied != snippet.code:
            yield Problem(page.path, snippet.line, f"{snippet.id}: the copy button would yield {block.copied!r}")
        if block.shown.removesuffix("\n") != snippet.code:
            yield Problem(page.path, snippet.line, f"{snippet.id}: the site shows {block.shown!r}")
    if built.code_blocks != page.outline.code_blocks:
        text = f"the site shows {built.code_blocks} code blocks, expected {page.outline.code_blocks}: does a macro add or swallow one?"
        yield Problem(page.path, 0, text)
