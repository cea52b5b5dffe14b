"""The catalogue of messages that a reader may meet, data/messages.yml: what it may say, and what is wrong with it.

::

    speakers:
      tool: {en: the tool, zh: 工具}
    places:
      terminal: {en: the terminal, zh: 终端}
    messages:
      - id: no-such-file                  # the anchor is message-no-such-file
        group: start                      # the macro messages("start") shows the group
        text: "tool: …: no such file"     # … stands for what differs
        by: tool                          # a key of speakers
        where: [terminal]                 # keys of places
        means: {en: The file is missing., zh: 缺少文件。}
        see: start#files                  # the page and section that help
        source: tool 1.2, main.c          # the package or file in which the message was read
        seen: start#open                  # the snippet that printed it; without "#open" the console of the page's machine

A program of the guide may look for messages in logs; ``doctor`` then says where. This package only hands that on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from checks.model import Guide, PageErrors
from checks.strict_yaml import Document, Location
from checks.validation import Section, check, matching

FILE = Path("data/messages.yml")
GAP = "…"  # in the text of a message: what differs

_PAGE = r"(?:[a-z0-9-]+/)*[a-z0-9-]+"
_Id = Annotated[str, matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "lower-case words with hyphens")]
_Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
SECTION = Annotated[str, matching(rf"{_PAGE}#[a-z0-9-]+", "PAGE#SECTION, such as grub#lost")]
SNIPPET = Annotated[str, matching(rf"{_PAGE}#[a-z0-9-]+", "PAGE#SNIPPET, such as grub#late-file")]
Texts = dict[str, str]  # a text for each language


class Message(Section):
    """One message. The docstring of this module says what each key means."""

    id: _Id
    group: _Id
    text: Annotated[str, matching(r".*\w{3}.*", "a message with words in it")]
    by: str
    where: _Names
    means: Texts
    see: SECTION
    source: str
    seen: Annotated[str, matching(rf"{_PAGE}(?:#[a-z0-9-]+)?", "PAGE#SNIPPET, or PAGE for its console")] | None = None
    doctor: _Names | None = None


class Catalogue(Section):
    """The whole file."""

    speakers: dict[str, Texts]
    places: dict[str, Texts]
    messages: Annotated[tuple[Message, ...], Field(strict=False)]


Shape = TypeVar("Shape", bound=Catalogue)


def read(root: Path, shape: type[Shape], languages: Sequence[str]) -> Shape:
    """The catalogue of the guide in the folder ``root``. Raises PageErrors with the line of everything that is wrong."""
    catalogue, document = _read(root, shape)
    _raise_all(document, _problems(catalogue, languages))
    return catalogue


def load(root: Path, guide: Guide) -> Catalogue:
    """The catalogue, whose sections and snippets have to exist in the guide. Raises PageErrors as ``read`` does."""
    catalogue, document = _read(root, Catalogue)
    _raise_all(document, _problems(catalogue, guide.languages))
    _raise_all(document, _missing(catalogue, guide))
    return catalogue


def in_line(message: str, line: str) -> bool:
    """Whether a line has the message: the pieces between the gaps, in this order."""
    at = 0
    for piece in message.split(GAP):
        at = line.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return True


def _read(root: Path, shape: type[Shape]) -> tuple[Shape, Document]:
    stat = (root / FILE).stat()
    catalogue, document = _parsed(root, shape, (stat.st_mtime_ns, stat.st_size))
    assert isinstance(catalogue, shape)
    return catalogue, document


@lru_cache(maxsize=4)
def _parsed(root: Path, shape: type[Catalogue], version: tuple[int, int]) -> tuple[Catalogue, Document]:
    """The file in this version. A page has many groups of messages, and reading the YAML takes a second."""
    document = Document.read(root / FILE, FILE)
    return check(document, shape), document


def _raise_all(document: Document, found: Iterator[tuple[Location, str]]) -> None:
    problems = [document.problem(location, text) for location, text in found]
    if problems:
        raise PageErrors(sorted(problems))


def _problems(catalogue: Catalogue, languages: Sequence[str]) -> Iterator[tuple[Location, str]]:
    for key, names in (("speakers", catalogue.speakers), ("places", catalogue.places)):
        for name, texts in names.items():
            yield from _wrong_languages((key, name), texts, languages)
    counts = Counter(each.id for each in catalogue.messages) + Counter(each.text for each in catalogue.messages)
    for index, message in enumerate(catalogue.messages):
        place: Location = ("messages", index)
        yield from _wrong_languages((*place, "means"), message.means, languages)
        if message.by not in catalogue.speakers:
            yield (*place, "by"), f"expected one of the speakers ({', '.join(catalogue.speakers)}), found {message.by!r}"
        for name in message.where:
            if name not in catalogue.places:
                yield (*place, "where"), f"expected places ({', '.join(catalogue.places)}), found {name!r}"
        for key, value in (("id", message.id), ("text", message.text)):
            if counts[value] > 1:
                yield (*place, key), f"expected each {key} once, found {value!r} {counts[value]} times"


def _wrong_languages(place: Location, texts: Texts, languages: Sequence[str]) -> Iterator[tuple[Location, str]]:
    for language in languages:
        if language not in texts:
            yield place, f"expected text in {language}, found none"
    for language in texts:
        if language not in languages:
            yield (*place, language), f"expected a language of the guide ({', '.join(languages)})"


def _missing(catalogue: Catalogue, guide: Guide) -> Iterator[tuple[Location, str]]:
    sections = guide.sections
    snippets = {f"{page.name}#{snippet.id}" for page in guide.primary for snippet in page.snippets}
    snippets |= {page.name for page in guide.primary if page.snippets}
    for index, message in enumerate(catalogue.messages):
        if message.see not in sections:
            yield ("messages", index, "see"), f"there is no section {message.see} in every language"
        if message.seen is not None and message.seen not in snippets:
            yield ("messages", index, "seen"), f"there is no snippet {message.seen}"
