"""The terms of a guide, from data/glossary.yml, and the names that its pages avoid.

::

    - id: capture-kernel              # the anchor is term-capture-kernel
      group: kernels                  # the macro glossary("kernels") shows the group
      see: concepts.md#two-kernels    # the page and heading that explain the term; null while there is none
      en: {term: capture kernel, also: [second kernel], avoid: [rescue kernel], text: The kernel that …}
      zh: {term: 捕获内核, text: …}

``also`` are names that other texts use. ``avoid`` are names that the pages of the language must not use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import GenericAlias
from typing import Annotated, Any

from pydantic import Field, create_model

from checks.config import Config
from checks.model import Guide, GuideError, Page, PageErrors, Problem
from checks.strict_yaml import Document
from checks.validation import Section, check, matching

FILE = Path("data/glossary.yml")
# Within a line of prose: inline code, the address of a link, attributes in braces.
_NO_PROSE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|\]\([^)\s]*\)|\{[^}]*\}")


@dataclass(frozen=True)
class Wording:
    """A concept in one language."""

    term: str
    text: str
    also: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """A concept of the guide, in all its languages."""

    id: str
    group: str | None
    see: str | None  # "concepts.md#two-kernels"
    words: dict[str, Wording]  # by language
    line: int  # in the file, counted from 1


_Text = Annotated[str, matching(r"(?s).*\S.*", "text")]
_Texts = Annotated[tuple[_Text, ...], Field(strict=False)]


class _Wording(Section):
    term: _Text
    text: _Text
    also: _Texts = ()
    avoid: _Texts = ()


class _Entry(Section):
    """What every term has beside its wording in each language."""

    id: Annotated[str, matching("[a-z0-9]+(-[a-z0-9]+)*", "an id of lower-case letters, digits and single hyphens")]
    group: str | None = None
    see: Annotated[str, matching(r"[^#]+\.md#[^#]+", "PAGE.md#HEADING")] | None = None


def load_terms(config: Config, guide: Guide) -> list[Term]:
    """Every entry, in the file's order. Raises PageErrors with all that is wrong with them, file, line and id first."""
    document = Document.read(config.root / FILE, FILE)
    if document.data is None:
        return []
    entries: list[_Entry] = check(document, _list_of_entries(guide.languages))
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for index, entry in enumerate(entries):
        line = document.line((index,))
        if entry.id in lines:
            problems.append(document.problem((index, "id"), f"expected an id of its own, found the one of line {lines[entry.id]}"))
        lines.setdefault(entry.id, line)
        for language in guide.languages if entry.see else ():
            problems += [document.problem((index, "see"), text) for text in _unseen(str(entry.see), language, guide)]
    if problems:
        raise PageErrors(sorted(problems))
    return [_term(entry, document.line((index,)), guide.languages) for index, entry in enumerate(entries)]


@cache
def _list_of_entries(languages: tuple[str, ...]) -> Any:
    """The type of the file: a list of entries that have a wording under the name of every language."""
    wordings: dict[str, Any] = {language: (_Wording, ...) for language in languages}
    return GenericAlias(list, (create_model("_EntryInAllLanguages", __base__=_Entry, **wordings),))


def _term(entry: _Entry, line: int, languages: tuple[str, ...]) -> Term:
    words = {language: Wording(**dict(getattr(entry, language))) for language in languages}
    return Term(entry.id, entry.group, entry.see, words, line)


def _unseen(see: str, language: str, guide: Guide) -> Iterator[str]:
    """What is wrong with ``see`` in one language; nothing when the page and the heading exist."""
    page, _, heading = see.partition("#")
    target = guide.pages.get((language, page.removesuffix(".md")))
    if target is None:
        yield f"there is no page {page} in {language}"
    elif heading not in {known.id for known in target.outline.headings}:
        yield f"{target.path} has no heading #{heading}"


def terms_of_groups(terms: list[Term], groups: tuple[str, ...]) -> list[Term]:
    """The terms of these groups; all terms when no group is named. Raises a GuideError for a group without terms."""
    for group in groups:
        if group not in {term.group for term in terms}:
            raise GuideError(f"glossary: {FILE} has no term of the group {group}")
    return [term for term in terms if not groups or term.group in groups]


def where_explained(term: Term, language: str, guide: Guide) -> tuple[Page, str, str] | None:
    """The page that ``see`` names, the id of the heading, and the text of the heading."""
    if term.see is None:
        return None
    name, _, heading = term.see.partition("#")
    page = guide.pages[language, name.removesuffix(".md")]
    return page, heading, next(known.text for known in page.outline.headings if known.id == heading)


def avoided_names(config: Config, guide: Guide) -> list[Problem]:
    """Where the prose of a page uses a name that its language avoids. Code, outputs and addresses are not prose."""
    problems = []
    terms = load_terms(config, guide)
    for page in guide.pages.values():
        lines = [_NO_PROSE.sub(" ", line) for line in page.prose_lines]
        for term in terms:
            words = term.words[page.language]
            for name in words.avoid:
                pattern = re.compile(_bounded(name), re.IGNORECASE)
                for number, line in enumerate(lines, 1):
                    if pattern.search(line):
                        problems.append(Problem(page.path, number, f"`{name}`: expected {words.term}, as {FILE}:{term.line} has it"))
    return sorted(problems)


def _bounded(name: str) -> str:
    """A pattern that finds the name as whole words; Chinese, which has no spaces, needs no such bounds."""
    before, after = (r"\b" if re.match(r"[A-Za-z0-9]", end) else "" for end in (name[0], name[-1]))
    return before + re.escape(name) + after
