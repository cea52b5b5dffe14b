"""What people write by hand, checked: a YAML document against the shape that it should have, every problem with its line.

The shape is a pydantic type, most often a ``Section``. A problem is one line::

    data/targets.yml:9: debian-13.memory: expected a size like 2G or 1536M, from 256M to 64G, found '2 GB'

pydantic's own messages are for programmers; the ones here say what was expected, what was found, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, TypeVar, cast, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from checks.model import PageErrors, Problem
from checks.strict_yaml import Document, Location, shorten

Value = TypeVar("Value")
_OWN = "expected"  # the type of the errors that are made here; pydantic has its own names for the others
_TYPES = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "`key: value` lines",
    "model_type": "`key: value` lines",
}


class Section(BaseModel):
    """A mapping with known keys; YAML's own types count: the number 1.10 is not the text "1.10"."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def expected(words: str) -> PydanticCustomError:
    """For a validator to raise: the problem then reads "expected WORDS, found ..."."""
    return PydanticCustomError(_OWN, "{words}", {"words": words})


def matching(pattern: str, words: str) -> AfterValidator:
    """Text that matches the whole of a regular expression, which ``words`` describe."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise expected(words)
        return value

    return AfterValidator(check)


def one_of(values: Iterable[object], words: str | None = None) -> BeforeValidator:
    """One of these values, which ``words`` describe; without them, the values themselves are named."""
    known = tuple(values)

    def check(value: object) -> object:
        if value not in known:
            raise expected(words or " or ".join(map(str, known)))
        return value

    return BeforeValidator(check)


def size(smallest: str, largest: str) -> BeforeValidator:
    """Text like "2G" or "1536M", from ``smallest`` to ``largest``."""

    def check(value: object) -> object:
        is_size = isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,6}[MG]", value)
        if not is_size or not mib(smallest) <= mib(str(value)) <= mib(largest):
            raise expected(f"a size like 3G or 1536M, from {smallest} to {largest}")
        return value

    return BeforeValidator(check)


def mib(text: str) -> int:
    """The MiB of "2G" or "1536M"."""
    return int(text[:-1]) * {"M": 1, "G": 1024}[text[-1]]


def check(document: Document, shape: type[Value]) -> Value:
    """The document as a value of this type. Raises PageErrors with every problem, in the order of the lines."""
    return check_values(document.data, shape, lambda location: document)


def check_values(data: Any, shape: type[Value], source: Callable[[Location], Document]) -> Value:
    """The same for values that come from several documents; ``source`` returns the one that a value comes from."""
    try:
        value: Value = _adapter(cast(Any, shape)).validate_python(data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise PageErrors(sorted(_problem(source(details["loc"]), shape, details) for details in errors)) from None
    return value


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _problem(document: Document, shape: Any, details: ErrorDetails) -> Problem:
    location, kind = details["loc"], details["type"]
    place = document.existing(location)
    found = document.describe(place)
    if kind == "missing":
        return document.problem(place, f"expected the key {location[-1]}, found no such key")
    if kind == "extra_forbidden":
        known = ", ".join(_known_keys(shape, location[:-1]))
        return document.problem(place, f"unknown key (known: {known})")
    if location and location[-1] == "[key]":
        found = f"the key {shorten(str(details['input']))!r}"
    quotes = ": put it in quotes" if kind == "string_type" and found.startswith("the ") else ""
    return document.problem(place, f"expected {_expected(details)}, found {found}{quotes}")


def _expected(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    words: dict[str, Callable[[], str]] = {
        _OWN: lambda: str(context["words"]),
        "greater_than": lambda: f"a number above {context['gt']:g}",
        "too_short": lambda: f"a list of at least {context['min_length']}",
        "too_long": lambda: f"a list of at most {context['max_length']}",
        "less_than_equal": lambda: f"a number of at most {context['le']:g}",
    }
    return words[kind]() if kind in words else _TYPES.get(kind, details["msg"])


def _known_keys(shape: Any, location: tuple[str | int, ...]) -> Iterator[str]:
    """The keys that the section at ``location`` may have. Indexes of lists and keys of plain mappings change nothing."""
    sections = list(_sections(shape))
    for part in location:
        for section in sections:
            if part in section.model_fields:
                sections = list(_sections(section.model_fields[str(part)].annotation))
                break
    for section in sections:
        yield from section.model_fields


def _sections(shape: Any) -> Iterator[type[BaseModel]]:
    """The sections that a type names: itself, or those within list[...], dict[...] and X | Y."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        yield shape
    else:
        for part in get_args(shape):
            yield from _sections(part)
