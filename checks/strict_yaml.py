"""YAML as the files of a guide use it: plain values with their lines, and nothing that makes YAML slow or surprising.

Every YAML file that people write by hand is read here, mkdocs.yml too. A key that stands twice in one mapping, an
anchor or an alias, nesting of more than 50 levels and more than 1 MiB are refused: no file of a guide needs them.
YAML itself would take the last of two keys without a word, and a few aliases of aliases can stand for gigabytes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from checks.files.plain import read_file
from checks.model import PageErrors, Problem

MAX_BYTES = 1 << 20
MAX_DEPTH = 50
MAX_SHOWN = 60  # characters of a value that a message repeats
_TAG = "tag:yaml.org,2002:"
PLAIN_TAGS = tuple(f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp"))
_SHORT = tuple(f"{_TAG}{name}" for name in ("int", "float", "timestamp"))
_SCALAR_KINDS = {"bool": "the boolean", "int": "the number", "float": "the number", "timestamp": "the date"}

Location = tuple[str | int, ...]  # the keys and list indexes (from 0) that lead from the top of a document to a value


class PlainLoader(yaml.SafeLoader):
    """Makes null, booleans, numbers, text, dates, lists and mappings of a text; every other tag is an error.

    ``problems`` has the line and the text of each duplicate key, anchor and alias; an alias stands for an empty text.
    """

    text_keys = True  # a key that YAML takes for a number, a boolean or a date is a problem

    def __init__(self, text: str, first_line: int = 1):
        super().__init__(text)
        self.problems: list[tuple[int, str]] = []
        self._depth = 0
        self._first_line = first_line
        # PyYAML counts U+0085, U+2028 and U+2029 as ends of lines, an editor does not.
        self._newlines = [newline.start() for newline in re.finditer("\n", text)]

    def line_of(self, mark: Any) -> int:
        """The line of the file at a mark of PyYAML's."""
        return self._first_line + bisect_left(self._newlines, mark.index)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            self._refuse(event, f"expected a value, found the alias *{event.anchor}: write the value out, a guide needs no aliases")
            return yaml.ScalarNode(f"{_TAG}str", "", mark, mark)
        if event.anchor is not None:
            self._refuse(event, f"expected a value, found the anchor &{event.anchor}: drop it, a guide needs no aliases")
            event.anchor = None  # else PyYAML would stop at a second anchor of the same name
        if self._depth == MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, yaml.MappingNode):
            self._check_keys([key for key, _ in node.value])
        return node

    def _check_keys(self, keys: list[yaml.Node]) -> None:
        lines: dict[str, int] = {}
        for key in keys:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, f"expected text as a key, found {describe(key)}")
                continue
            if key.tag == f"{_TAG}merge":
                self._refuse(key, "expected a key, found <<: write the keys out, a guide needs no merging")
            elif self.text_keys and key.tag != f"{_TAG}str":
                self._refuse(key, f"expected text as a key, found {describe(key)}: put it in quotes")
            if key.value in lines:
                self._refuse(key, f"expected the key {shorten(key.value)} once, found it on line {lines[key.value]} and here")
            lines.setdefault(key.value, self.line_of(key.start_mark))

    def _refuse(self, place: Any, text: str) -> None:
        self.problems.append((self.line_of(place.start_mark), text))

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            if isinstance(node, yaml.ScalarNode) and node.tag in _SHORT and len(node.value) > MAX_SHOWN:
                raise OverflowError  # YAML counts in sixties, too: 1:00:00 and so on takes time that grows with the square of its length
            value = super().construct_object(node, deep)
            if isinstance(value, int) and value.bit_length() > 64:
                raise OverflowError
            return value
        except (ValueError, KeyError, IndexError, AttributeError, OverflowError):
            # PyYAML knows a scalar's type by its form alone: 2026-13-45 is a date, and a number may have 5000 digits.
            raise yaml.MarkedYAMLError(
                problem=f"{describe(node)} cannot be read as such: put it in quotes", problem_mark=node.start_mark
            ) from None

    def construct_unknown(self, node: yaml.Node) -> Any:
        raise yaml.MarkedYAMLError(problem=f"unknown tag {shorten(node.tag)}: a guide needs no tags", problem_mark=node.start_mark)


PlainLoader.yaml_constructors = {tag: yaml.SafeLoader.yaml_constructors[tag] for tag in PLAIN_TAGS}
PlainLoader.add_constructor(None, PlainLoader.construct_unknown)


def shorten(text: str) -> str:
    """The text, cut off after ``MAX_SHOWN`` characters, for a message."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def describe(node: yaml.Node) -> str:
    """What stands in the file, for a message: 'text' in quotes, "the number 1.10", "a list", "nothing"."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    kind = node.tag.removeprefix(_TAG)
    if kind == "null":
        return "nothing"
    return f"{_SCALAR_KINDS[kind]} {shorten(node.value)}" if kind in _SCALAR_KINDS else repr(shorten(node.value))


class Document:
    """One YAML text. ``data``: its values, None when it is empty.

    ``path`` is how messages name the file; ``first_line`` is the line of the file on which the text begins; ``name``
    stands in messages for the whole document. Raises PageErrors with all that PlainLoader refuses.
    """

    def __init__(self, text: str, path: Path, *, name: str = "", first_line: int = 1, loader: type[PlainLoader] = PlainLoader):
        self.path = path
        self.name = name
        self.first_line = first_line
        if len(text.encode()) > MAX_BYTES:
            raise self._error(first_line, f"expected at most {MAX_BYTES >> 20} MiB of YAML")
        try:
            self._loader = loader(text, first_line)
            self._root = self._loader.get_single_node()
            if self._loader.problems:
                raise PageErrors(sorted(Problem(path, line, self._named(problem)) for line, problem in self._loader.problems))
            self.data: Any = None if self._root is None else self._loader.construct_document(self._root)
        except yaml.reader.ReaderError as error:
            line = first_line + text.count("\n", 0, error.position)
            raise self._error(line, f"not YAML: the character U+{error.character:04X}, which YAML does not allow") from None
        except yaml.MarkedYAMLError as error:
            line = self._loader.line_of(error.problem_mark) if error.problem_mark else first_line
            problem = (error.problem or "").replace("but found another document", "expected one document, found a second one")
            raise self._error(line, f"not YAML: {problem}") from None

    @classmethod
    def read(cls, file: Path, shown_as: Path, loader: type[PlainLoader] = PlainLoader) -> Document:
        """The document in a file, which messages name ``shown_as``. Raises a GuideError where there is no such file or no text."""
        data = read_file(file, shown_as, MAX_BYTES, "YAML")
        try:
            return cls(data.decode("utf-8-sig"), shown_as, loader=loader)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise PageErrors([Problem(shown_as, line, f"not UTF-8: byte 0x{data[error.start]:02x}")]) from None

    def problem(self, location: Location, text: str) -> Problem:
        """A problem at the line of ``location``, or of the deepest part of it that stands in the file."""
        return Problem(self.path, self.line(location), self._named(text, location))

    def line(self, location: Location) -> int:
        return self._entries[self.existing(location)][0]

    def existing(self, location: Location) -> Location:
        """``location`` without the parts that do not stand in the file, such as those of pydantic's own."""
        found: Location = ()
        for part in location:
            if (*found, part) in self._entries:
                found = (*found, part)
        return found

    def describe(self, location: Location) -> str:
        """What stands at ``location``, in words."""
        node = self._entries[location][1]
        return "nothing" if node is None else describe(node)

    @property
    def key_lines(self) -> dict[str, int]:
        """The keys of the document, which is a mapping, and their lines."""
        return {str(location[0]): line for location, (line, _) in self._entries.items() if len(location) == 1}

    @cached_property
    def _entries(self) -> dict[Location, tuple[int, yaml.Node | None]]:
        """Of every value in the document: the line of its key (of the item itself, in a list), and its node."""
        line = self._loader.line_of(self._root.start_mark) if self._root is not None else self.first_line
        return {(): (line, self._root), **dict(self._walk((), self._root))}

    def _walk(self, location: Location, node: yaml.Node | None) -> Iterator[tuple[Location, tuple[int, yaml.Node]]]:
        pairs: list[tuple[Any, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            pairs = [(key.value, key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            pairs = [(index, item, item) for index, item in enumerate(node.value)]
        for part, place, value in pairs:
            yield (*location, part), (self._loader.line_of(place.start_mark), value)
            yield from self._walk((*location, part), value)

    def _named(self, text: str, location: Location = ()) -> str:
        """The text after the dotted path to ``location``: an item of a list goes by its ``id``, else by its number from 1."""
        parts = [self.name] if self.name and not location else []
        for depth, part in enumerate(location, 1):
            if isinstance(part, int):
                _, identifier = self._entries.get((*location[:depth], "id"), (0, None))
                part = identifier.value if isinstance(identifier, yaml.ScalarNode) else part + 1
            parts.append(shorten(str(part)))
        return f"{'.'.join(parts)}: {text}" if parts else text

    def _error(self, line: int, text: str) -> PageErrors:
        return PageErrors([Problem(self.path, line, self._named(text))])
