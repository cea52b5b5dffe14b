"""The words of a guide, data/glossary.yml, and how a page shows them: both languages side by side.

::

    - id: capture-kernel              # the anchor is term-capture-kernel
      group: kernels                  # what glossary("kernels") shows
      see: concepts.md#two-kernels    # the page and heading that explain it; null while there is none
      en: {term: capture kernel, also: [second kernel], avoid: [rescue kernel], text: The kernel that …}
      zh: {term: 捕获内核, text: …}

``also`` are other names that are in use elsewhere. ``avoid`` are names that the pages of that language do not use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.config import Config
from checks.mkdocs_yml import read_yaml
from checks.model import Guide, GuideError, Page, Problem
from checks.pages import fences, frontmatter

FILE = Path("data/glossary.yml")
_KEYS = {"term", "also", "avoid", "text"}
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|\]\([^)\s]*\)|\{[^}]*\}")


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


def load_terms(config: Config, guide: Guide) -> list[Term]:
    """Every entry, in the file's order. A GuideError tells all that is wrong with them, file, line and id first."""
    path = config.root / FILE
    entries = read_yaml(path) or []
    if not isinstance(entries, list):
        raise GuideError(f"{FILE}:1: expected a list of terms")
    lines = _lines(path, len(entries))
    problems, terms = [], []
    for entry, line in zip(entries, lines, strict=True):
        name = entry.get("id") if isinstance(entry, dict) else None
        told = [f"{FILE}:{line}: {name or 'a term'}: {text}" for text in _wrong(entry, guide)]
        if name in {term.id for term in terms}:
            told.append(f"{FILE}:{line}: {name}: this id is taken")
        problems.extend(told)
        if not told:
            words = {language: _wording(entry[language]) for language in guide.languages}
            terms.append(Term(name, entry.get("group"), entry.get("see"), words, line))
    if problems:
        raise GuideError("\n".join(problems))
    return terms


def _lines(path: Path, count: int) -> list[int]:
    """Where the entries begin; 1 for each where that can't be told."""
    found = [number for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1) if re.match(r"- ", line)]
    return found if len(found) == count else [1] * count


def _wording(words: dict[str, Any]) -> Wording:
    return Wording(str(words["term"]), str(words["text"]), *(tuple(map(str, words.get(key) or ())) for key in ("also", "avoid")))


def _wrong(entry: Any, guide: Guide) -> Iterator[str]:
    if not isinstance(entry, dict) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", str(entry.get("id"))):
        yield "expected an id of lower-case letters, digits and hyphens"
        return
    unknown = sorted(set(entry) - {"id", "group", "see", *guide.languages})
    if unknown:
        yield f"unknown key {', '.join(unknown)}"
    for language in guide.languages:
        words = entry.get(language)
        if not isinstance(words, dict) or not words.get("term") or not words.get("text"):
            yield f"expected {language}: {{term: …, text: …}}"
        elif set(words) - _KEYS:
            yield f"{language}: unknown key {', '.join(sorted(set(words) - _KEYS))}"
    if entry.get("see") is not None:
        for language in guide.languages:
            yield from _unseen(str(entry["see"]), language, guide)


def _unseen(see: str, language: str, guide: Guide) -> Iterator[str]:
    """What is wrong with a `see` in one language; nothing when it leads to a heading."""
    page, _, heading = see.partition("#")
    target = guide.pages.get((language, page.removesuffix(".md")))
    if not page.endswith(".md") or not heading:
        yield f"see: expected PAGE.md#HEADING, found {see}"
    elif target is None:
        yield f"see: there is no page {page} in {language}"
    elif heading not in {each.id for each in target.outline.headings}:
        yield f"see: {target.path} has no heading #{heading}"


def terms_of_groups(terms: list[Term], groups: tuple[str, ...]) -> list[Term]:
    """Those of these groups; all when none is named. A GuideError names a group that has none."""
    for group in groups:
        if group not in {term.group for term in terms}:
            raise GuideError(f"glossary: {FILE} has no term of the group {group}")
    return [term for term in terms if not groups or term.group in groups]


def where_explained(term: Term, language: str, guide: Guide) -> tuple[Page, str, str] | None:
    """Of what `see` names: the page, the heading's id and its text."""
    if term.see is None:
        return None
    name, _, heading = term.see.partition("#")
    page = guide.pages[language, name.removesuffix(".md")]
    return page, heading, next(each.text for each in page.outline.headings if each.id == heading)


def avoided_names(config: Config, guide: Guide) -> list[Problem]:
    """Where the prose of a page uses a name that its language avoids. Code, outputs and addresses are not prose."""
    problems = []
    terms = load_terms(config, guide)
    readers = {language: fences.Reader(file) for language, file in config.languages.items()}
    for page in guide.pages.values():
        lines = _prose(page, config, readers[page.language])
        for term in terms:
            words = term.words[page.language]
            for name in words.avoid:
                pattern = re.compile(_bounded(name), re.IGNORECASE)
                for number, line in enumerate(lines, 1):
                    if pattern.search(line):
                        problems.append(Problem(page.path, number, f"`{name}`: expected {words.term}, as {FILE}:{term.line} has it"))
    return sorted(problems)


def _bounded(name: str) -> str:
    """Whole words, where the writing has such."""
    before, after = (r"\b" if re.match(r"[A-Za-z0-9]", end) else "" for end in (name[0], name[-1]))
    return before + re.escape(name) + after


def _prose(page: Page, config: Config, reader: fences.Reader) -> list[str]:
    """The page's lines, those of its head and its fences empty, inline code, addresses and attributes blanked."""
    body = frontmatter.read((config.root / page.path).read_text(encoding="utf-8-sig")).body
    lines = body.split("\n")
    for fence in reader.read(body).fences:
        lines[fence.line - 1 : fence.end_line] = [""] * (fence.end_line - fence.line + 1)
    return [_CODE.sub(" ", line) for line in lines]
