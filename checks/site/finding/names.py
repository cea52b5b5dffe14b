"""Words and messages by which readers look for a section, beside its own text: they go into the index of the search.

They come from three files of the guide: the catalogue of messages (the section that ``see`` names), the glossary (other
names of a term, for the section that explains it), and data/search.yml::

    - see: lockups#lockups                      # the page and section that answer
      words: [freeze, machine hangs, 死机]       # what readers type; words of all languages
    - same: [reboot, restart, 重启]              # what counts as one word, in all sections and in what readers type

In the index a section's names are its ``tags``, a field that the theme's index has for such a purpose. The worker of the search
(theme/overrides/assets/search.js) ranks by them and does not show them.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from checks.model import PageErrors
from checks.pages import glossary
from checks.site import urls
from checks.site.context import SiteContext
from checks.site.finding import catalogue
from checks.strict_yaml import Document
from checks.validation import Section, check, matching

FILE = Path("data/search.yml")
INDEX = Path("search", "search_index.json")  # in the folder of a built language

Names = dict[str, list[str]]  # address in the index -> names


class Answer(Section):
    """What readers type, and the section that answers."""

    see: Annotated[str, matching(r"[^#\s]+#[^#\s]+", "PAGE#SECTION, such as grub#lost")]
    words: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Alike(Section):
    """Words that mean the same. The first stands for all of them."""

    same: Annotated[tuple[str, ...], Field(strict=False, min_length=2)]


_Entry = Annotated[
    Annotated[Answer, Tag("answer")] | Annotated[Alike, Tag("alike")],
    Discriminator(lambda value: "alike" if isinstance(value, dict) and "same" in value else "answer"),
]


def write_names(context: SiteContext, site: Path) -> None:
    """Write the names into the index of a language that was built into the folder ``site``; nothing where there is no index."""
    file = site / INDEX
    if file.exists():
        index = json.loads(file.read_text(encoding="utf-8"))
        add_names(index, load_names(context))
        index["config"]["same"] = [entry.same for entry in _entries(context) if isinstance(entry, Alike)]
        file.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def load_names(context: SiteContext) -> Names:
    """The names of all sections, by the section's address in the index. Raises PageErrors with what is wrong in the files.

    A guide may have none of the three files.
    """
    names: Names = defaultdict(list)
    root = context.config.root
    if (root / catalogue.FILE).exists():
        for message in catalogue.load(root, context.guide).messages:
            names[_location(context, message.see)].append(whole_words(message.text))
    if (root / glossary.FILE).exists():
        for term in context.once("terms", lambda: glossary.load_terms(context.config, context.guide)):
            for words in term.words.values() if term.see else ():
                names[_location(context, str(term.see).replace(".md#", "#"))] += [*words.also, *words.avoid]
    for entry in _entries(context):
        if isinstance(entry, Answer):
            names[_location(context, entry.see)] += entry.words
    return names


def add_names(index: dict[str, Any], names: Names) -> None:
    """Give each section of an index its names; ``names`` are by the section's address in the index."""
    for section in index["docs"]:
        if found := names.get(section["location"]):
            section["tags"] = list(dict.fromkeys(found))


def whole_words(text: str) -> str:
    """A message of which only what stands in every case is left: a word that a gap touches differs as well."""
    return " … ".join(piece.strip() for piece in re.split(rf"\w*{catalogue.GAP}\w*", text) if re.search(r"\w", piece))


def _location(context: SiteContext, see: str) -> str:
    """The address of PAGE#SECTION in the index. The section of a page's first heading has the address of the page."""
    name, _, heading = see.partition("#")
    first = context.guide.pages[context.language, name].outline.headings[0].id
    return urls.page_folder(name) + ("" if heading == first else f"#{heading}")


def _entries(context: SiteContext) -> tuple[Answer | Alike, ...]:
    return context.once(str(FILE), lambda: _read_entries(context))


def _read_entries(context: SiteContext) -> tuple[Answer | Alike, ...]:
    if not (context.config.root / FILE).exists():
        return ()
    document = Document.read(context.config.root / FILE, FILE)
    entries = check(document, tuple[_Entry, ...]) if document.data else ()
    sections = context.guide.sections
    problems = [
        document.problem((index, "see"), f"there is no section {entry.see} in every language")
        for index, entry in enumerate(entries)
        if isinstance(entry, Answer) and entry.see not in sections
    ]
    if problems:
        raise PageErrors(sorted(problems))
    return entries
