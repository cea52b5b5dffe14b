"""The article of a built page: what a reader is shown of it, without the buttons and forms; and the same as Markdown or plain text.

The built HTML is read and not the page's Markdown: there the macros are resolved, and releases have their names.
"""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from bs4.element import PageElement
from markdownify import MarkdownConverter

from checks.model import RUNNABLE, GuideError, Page
from checks.site import releases
from checks.site.context import SiteContext

# Elements and classes of what only serves a reader in a browser.
_OF_BROWSERS = {"form", "noscript", "script", "select"}
_CLASSES_OF_BROWSERS = {"headerlink", "picker"}
_MARK = "checksblock"
_MAKER = BeautifulSoup("", "lxml")  # makes new elements


@dataclass(frozen=True)
class Block:
    """A block of code: exactly its text, without a final newline. ``snippet`` is the id of a snippet, and empty for other blocks."""

    snippet: str
    language: str
    code: str


@dataclass(frozen=True)
class Text:
    """The text of an article. A line in which ``block`` finds a number stands for that block of ``blocks``."""

    lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    mark: re.Pattern[str]

    def parts(self) -> Iterator[tuple[str, Block | None]]:
        """Each line, or what stands before a block on its line ("> ", "- ") and the block."""
        for line in self.lines:
            found = self.mark.search(line)
            yield (line[: found.start()], self.blocks[int(found[1])]) if found else (line, None)


def article(html: bytes, context: SiteContext, page: Page) -> Tag:
    """The article of a built page, for ``as_markdown``, ``as_plain_text`` or a printed book.

    Above each output stands on which releases it was printed. Raises a GuideError where the HTML has no article.
    """
    found = BeautifulSoup(html, "lxml", from_encoding="utf-8").find("article")
    if not isinstance(found, Tag):
        raise GuideError(f"{page.path}: the built page has no <article>: expected the theme's main.html to keep its own")
    _label_outputs(found, context, page)
    for element in found.find_all(_is_of_browsers):
        element.decompose()
    for tabs in _of_classes(found, "tabbed-set"):
        _open_tabs(tabs)
    for details in found.find_all("details"):
        details["open"] = ""
    return found


def _is_of_browsers(element: Tag) -> bool:
    """Whether the element is for a reader in a browser only, or is shown by a script only."""
    classes = element.get("class") or ()
    return element.name in _OF_BROWSERS or element.has_attr("hidden") or not _CLASSES_OF_BROWSERS.isdisjoint(classes)


def _of_classes(found: Tag, *names: str) -> list[Tag]:
    """The elements with one of the classes. A selector of CSS does the same and takes many times as long."""
    return found.find_all(lambda element: not {*names}.isdisjoint(element.get("class") or ()))


def _blocks(found: Tag) -> list[Tag]:
    """All blocks of code, as hooks.format_fence has marked them."""
    return found.find_all(lambda element: element.has_attr("data-fence"))


def _label_outputs(found: Tag, context: SiteContext, page: Page) -> None:
    """Give each output the names of the releases on which a run has printed it, where there are such runs."""
    snippets = {snippet.id: snippet for snippet in page.snippets}
    snippet, number = None, 0
    for block in _blocks(found):
        if block.get("data-fence") in RUNNABLE:
            snippet, number = snippets.get(str(block.get("id"))), 0
        elif "output" in (block.get("class") or ()) and snippet is not None and number < len(snippet.outputs):
            output, number = snippet.outputs[number], number + 1
            printed = [name for name in releases.ran(context, page, snippet) if snippet.output_for(name) is output]
            label = block.parent.select_one(".expected__on") if block.parent else None
            if printed and label is not None:
                label.string = context.words["output_on"].format(context.names(printed))


def _open_tabs(tabs: Tag) -> None:
    """Put the label of each tab above what the tab holds."""
    labels = [label.get_text() for label in tabs.select(":scope > .tabbed-labels > label")]
    for block, label in zip(tabs.select(":scope > .tabbed-content > .tabbed-block"), labels, strict=False):
        block.insert(0, _element("p", _element("strong", label)))
    for element in tabs.select(":scope > input, :scope > .tabbed-labels"):
        element.decompose()


def as_markdown(found: Tag, address: str) -> str:
    """The article as Markdown, its links absolute. ``address`` is that of the page."""
    text = _text(found, _Markdown(address))
    lines: list[str] = []
    for before, block in text.parts():
        if block is None:
            lines.append(before)
            continue
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", block.code)), default=0))
        fenced = [f"{fence}{block.language}", *block.code.split("\n"), fence]
        beside = re.sub(r"[^>\s]", " ", before)  # under "- " the lines of a block stand two characters further right
        lines += [f"{before}{fenced[0]}", *(f"{beside}{line}" if line else beside.rstrip() for line in fenced[1:])]
    return "\n".join(lines) + "\n"


def as_plain_text(found: Tag) -> Text:
    """The article without marks for links and emphasis, badges and recordings. Titles begin with "#", and items of lists with "-"."""
    without_badges = copy.copy(found)
    for badge in _of_classes(without_badges, "proof", "replays"):
        badge.decompose()
    return _text(without_badges, _PlainText())


def _text(found: Tag, converter: MarkdownConverter) -> Text:
    shown = copy.copy(found)
    mark = f"{_MARK}{secrets.token_hex(8)}x"  # a page that could guess the word could write a block of its own
    blocks = []
    for element in _blocks(shown):
        blocks.append(_block(element))
        if title := element.select_one(".filename"):  # the file's name, or the machine on which to type
            element.insert_before(_element("p", title.get_text()))
        element.replace_with(_element("p", f"{mark}{len(blocks) - 1}x"))
    for element in shown.find_all("pre"):  # what is no fence: the picture of a recording
        blocks.append(Block("", "text", element.get_text().strip("\n")))
        element.replace_with(_element("p", f"{mark}{len(blocks) - 1}x"))
    _simplify(shown)
    text = str(converter.convert_soup(shown)).strip("\n")
    lines = re.sub(r"\n{3,}", "\n\n", text).split("\n")
    return Text(tuple(line.rstrip() for line in lines), tuple(blocks), re.compile(rf"{mark}(\d+)x"))


def _block(element: Tag) -> Block:
    language = str(element["data-fence"])
    if language in RUNNABLE:
        return Block(str(element.get("id", "")), language, str(element["data-copy"]))
    code = element.select_one("code")
    return Block("", language, code.get_text().removesuffix("\n") if code else "")


def _simplify(found: Tag) -> None:
    """Write with the elements that Markdown knows what the article has of others: drawings, notes, lists of definitions."""
    for drawing in found.find_all("svg"):
        words = [element.get_text(" ", strip=True) for name in ("title", "desc") if (element := drawing.find(name))]
        drawing.replace_with(_element("p", f"[{': '.join(words)}]") if words else "")
    for title in (*_of_classes(found, "admonition-title", "release__label"), *found.find_all("summary")):
        title.name = "p"
        title.append(_element("strong", *list(title.contents)))
    for badge in _of_classes(found, "proof"):
        for part in badge.find_all(recursive=False)[1:]:
            part.insert_before(" · ")
        if badge.select_one(".proof__run"):
            badge.insert(0, "✓ ")
    for note in (*_of_classes(found, "admonition", "release"), *found.find_all("details")):
        note.name = "blockquote"
    for terms in found.find_all("dl"):
        _list_terms(terms)


def _list_terms(terms: Tag) -> None:
    """Write a list of definitions as a list of "term: definition"."""
    entries = _element("ul")
    for term in terms.select("dt"):
        definition = term.find_next_sibling("dd")
        entry = _element("li", _element("strong", *list(term.contents)), ": ")
        entry.extend(list(definition.contents) if isinstance(definition, Tag) else ())
        entries.append(entry)
    terms.replace_with(entries)


def _element(name: str, *contents: PageElement | str) -> Tag:
    """A new element with these contents, which leave the place where they are."""
    made = _MAKER.new_tag(name)
    for content in contents:
        made.append(content)
    return made


class _Markdown(MarkdownConverter):
    """HTML to Markdown. markdownify calls a method for each element, with the Markdown of what the element holds."""

    def __init__(self, address: str):
        super().__init__(heading_style="atx", bullets="-", newline_style="backslash", autolinks=False)
        self._address = address

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """The text with a backslash before what Markdown would take for markup within a line."""
        return re.sub(r"[\\`*<\[\]]|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)

    def convert_a(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        """A link with an absolute address."""
        if not element.get("href") or not text.strip():
            return text
        address = urljoin(self._address, str(element["href"])).replace(" ", "%20").replace(")", "%29")
        return f"[{text}]({address})"

    def convert_td(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        """A cell, in which a bar is no border."""
        of_markdownify: Any = super()
        return str(of_markdownify.convert_td(element, text.replace("|", r"\|"), parent_tags))

    convert_th = convert_td


def _as_it_is(self: Any, element: Tag, text: str, parent_tags: set[str]) -> str:
    return text


class _PlainText(MarkdownConverter):
    """HTML to text for people: no marks for links and emphasis, nothing escaped."""

    def __init__(self) -> None:
        super().__init__(heading_style="atx", bullets="-", newline_style="backslash")

    escape: Callable[..., str] = lambda self, text, parent_tags: text
    convert_b = convert_strong = convert_em = convert_i = _as_it_is

    def convert_a(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        """The text of a link; in parentheses the mark of a sentence that only a source says."""
        return f"({text})" if "documented" in (element.get("class") or ()) else text

    def convert_br(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        """A break as a space: the lines are wrapped anew."""
        return " "
