"""The YAML head of a page: what it may say, and what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

MACHINES = ("container", "vm")
FIRMWARES = ("secure-boot",)
# Those of this guide, then those that MkDocs and its theme understand.
KNOWN = (
    "title", "description", "machine", "after", "memory", "firmware", "peer", "read_against",
    "hide", "search", "template", "icon", "tags",
)  # fmt: skip

# The same expression as MkDocs': what it does not take for front matter, it shows as text.
_YAML = re.compile(r"-{3}[ \t]*\n(.*?\n)(?:\.{3}|-{3})[ \t]*\n", re.DOTALL)
# What MkDocs swallows as MultiMarkdown's front matter, without a word, on a page that has no YAML.
_MULTIMARKDOWN = re.compile(r"[ ]{0,3}[A-Za-z0-9_-]+:\s*")
_MEMORY = re.compile(r"[1-9][0-9]*[MG]")
_HASH = re.compile(r"[0-9a-f]{12}")


@dataclass
class FrontMatter:
    """The keys of a page's head, and the page's text with the head replaced by as many empty lines."""

    meta: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    lines: dict[str, int] = field(default_factory=dict)  # key -> its line
    problems: list[tuple[int, str]] = field(default_factory=list)  # line, what is wrong

    def wrong(self, key: str, text: str) -> None:
        self.problems.append((self.lines.get(key, 1), text))


def read(text: str) -> FrontMatter:
    """Split a page's text. ``problems`` is empty when all of the head can be used."""
    match = _YAML.match(text)
    if match is None:
        head = FrontMatter(body=text)
        first = text.split("\n", 1)[0]
        if text.startswith("---"):
            head.problems.append((1, "this front matter is never closed: expected a line ---"))
        elif _MULTIMARKDOWN.match(first):
            head.problems.append((1, f"`{first}` would be taken for front matter and vanish: start the page with ---"))
        return head
    head = FrontMatter(body="\n" * match.group(0).count("\n") + text[match.end() :])
    try:
        meta = yaml.safe_load(match.group(1))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        head.problems.append((mark.line + 2 if mark else 1, f"bad front matter: {getattr(error, 'problem', error)}"))
        return head
    if meta is None:
        return head
    if not isinstance(meta, dict):
        head.problems.append((1, "bad front matter: expected `key: value` lines"))
        return head
    for number, line in enumerate(match.group(1).split("\n"), 2):
        key = re.match(r"([^\s:#][^:]*):", line)
        if key:
            head.lines.setdefault(key.group(1), number)
    head.meta = meta
    _check(head)
    return head


def _check(head: FrontMatter) -> None:
    for key, value in head.meta.items():
        if key not in KNOWN:
            head.wrong(key, f"unknown key in the front matter: {key} (known: {', '.join(KNOWN)})")
            continue
        expected = _expected(key, value)
        if expected:
            head.wrong(key, f"{key}: expected {expected}, found {value!r}")


def _expected(key: str, value: Any) -> str | None:
    """What the value should have been; None when it is good."""
    match key:
        case "machine" if value not in MACHINES:
            return " or ".join(MACHINES)
        case "firmware" if value not in FIRMWARES:
            return " or ".join(FIRMWARES)
        case "peer" if value is not True:
            return "true, or no such line"
        case "memory" if not (isinstance(value, str) and _MEMORY.fullmatch(value)):
            return "a size like 3G or 1536M"
        case "after" if not (isinstance(value, str) and value and not value.endswith(".md")):
            return "the name of a page, without .md, like install/verify"
        case "read_against" if not _HASH.fullmatch(str(value)):
            return "12 hexadecimal digits, which `./guide parity --accept PAGE` writes"
        case "title" | "description" if not isinstance(value, str):
            return "text"
    return None
