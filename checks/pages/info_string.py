"""The info string, CommonMark's name for what follows an opening fence: language, id and attributes, and what they mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from markdown.extensions.attr_list import get_attrs_and_remainder
from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from pygments.lexers.python import Python2Lexer, PythonConsoleLexer, PythonLexer
from pygments.lexers.ruby import RubyConsoleLexer
from pygments.lexers.shell import BashLexer, FishShellLexer, ShellSessionBaseLexer, TcshLexer
from pygments.util import ClassNotFound

from checks.model import RUNNABLE, Snippet, Varies, meant_for
from checks.pages.fences import Fence

EXPECTED = ("reboot", "kexec", "crash", "panic")
HOST = ("nmi",)
MACHINES = ("peer",)
KNOWN = ("exit", "expect", "dump", "host", "on", "target", "skip", "timeout", "file", "examine")
OF_OUTPUT = ("target", "varies")
# These attributes change how a block looks, and not the code that is copied.
MAX_TIMEOUT_S = 4 * 3600  # of one snippet
DISPLAY = ("title", "hl_lines", "linenums")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FILE = re.compile(r"[a-z0-9][a-z0-9._-]*\.py")


class Attributes:
    """The attributes of one snippet. ``problems`` has what is wrong with them, after ``fields`` was called."""

    def __init__(self, fence: Fence, targets: Sequence[str] | None):
        self._targets = targets
        self._fence = fence
        self._given, self.problems = _known(fence, KNOWN)
        self.problems += [f"a snippet has no classes, found .{name}" for name in fence.classes]

    def fields(self) -> dict[str, Any]:
        """The keyword arguments of a Snippet that the fence decides; the default where an attribute is missing or wrong."""
        self._check_id()
        fields = {
            "exit_status": self._exit(),
            "expect": self._expect(),
            "dump": self._dump(),
            "host": self._host(),
            "timeout_s": self._timeout(),
            "targets": self._target(),
            "skip": self._skip(),
            "file": self._file(),
            "on": self._on(),
            "examine": self._examine(),
        }
        if fields["expect"] and "exit" in self._given:
            self.problems.append(f'data-expect="{fields["expect"]}" leaves no exit status to compare: drop data-exit')
        if fields["host"] and fields["expect"] != "crash":
            self.problems.append(f'data-host="{fields["host"]}" is for a snippet with data-expect="crash"')
        return fields

    def _check_id(self) -> None:
        fence = self._fence
        if not fence.id:
            self.problems.append(f"this snippet has no id: expected ```{fence.language} {{#some-name}}")
        elif not _ID.fullmatch(fence.id):
            self.problems.append(f"bad id {fence.id}: expected lower-case letters, digits and single hyphens")

    def _exit(self) -> int:
        value = self._given.get("exit", "0")
        if re.fullmatch(r"[0-9]{1,3}", value) and int(value) <= 255:
            return int(value)
        self.problems.append(f"data-exit: expected 0 to 255, found {value!r}")
        return 0

    def _expect(self) -> str | None:
        value = self._given.get("expect")
        if value is not None and value not in EXPECTED:
            self.problems.append(f"data-expect: expected {_either(EXPECTED)}, found {value!r}")
            return None
        return value

    def _host(self) -> str | None:
        value = self._given.get("host")
        if value is not None and value not in HOST:
            self.problems.append(f"data-host: expected {_either(HOST)}, found {value!r}")
            return None
        return value

    def _dump(self) -> bool:
        value = self._given.get("dump")
        if value is None:
            return True
        if value != "none":
            self.problems.append(f"data-dump: expected none, found {value!r}")
        elif self._given.get("expect") != "crash":
            self.problems.append('data-dump="none" says what a crash leaves: it needs data-expect="crash"')
        return False

    def _timeout(self) -> float | None:
        value = self._given.get("timeout")
        if value is None:
            return None
        if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", value) and 0 < float(value) <= MAX_TIMEOUT_S:
            return float(value)
        self.problems.append(f"data-timeout: expected seconds, like 120, at most {MAX_TIMEOUT_S} (4 hours), found {value!r}")
        return None

    def _target(self) -> tuple[str, ...]:
        globs, problems = known_globs(self._given.get("target"), self._targets)
        self.problems += problems
        return globs

    def _skip(self) -> str | None:
        value = self._given.get("skip")
        if value is not None and not value.strip():
            self.problems.append("data-skip: expected the reason, which the page shows")
        return value

    def _on(self) -> str | None:
        value = self._given.get("on")
        if value is not None and value not in MACHINES:
            self.problems.append(f"data-on: expected {' or '.join(MACHINES)}, found {value!r}")
            return None
        return value

    def _examine(self) -> bool:
        value = self._given.get("examine")
        if value not in (None, "yes"):
            self.problems.append(f"data-examine: expected yes, found {value!r}")
        return value == "yes"

    def _file(self) -> str | None:
        value = self._given.get("file")
        if value is None:
            return None
        if self._fence.language != "python":
            self.problems.append("data-file: only a python snippet is saved under a name")
        elif not _FILE.fullmatch(value):
            self.problems.append(f"data-file: expected a file name like crashkernel.py, found {value!r}")
        elif "title" in self._fence.options or "title" in self._fence.attributes:
            self.problems.append("data-file already gives the block its title: drop title")
        return value


def _either(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last


def of_output(fence: Fence, targets: Sequence[str] | None) -> tuple[dict[str, Any], list[str]]:
    """The keyword arguments of an Output that the fence decides, and what is wrong with its attributes and classes."""
    given, problems = _known(fence, OF_OUTPUT)
    globs, wrong = known_globs(given.get("target"), targets)
    varies, wrong_too = _varies(given.get("varies"))
    extra = [f"an output has the class output and no other, found .{name}" for name in fence.classes if name != "output"]
    return {"targets": globs, "varies": varies}, problems + extra + wrong + wrong_too


def _varies(value: str | None) -> tuple[tuple[Varies, ...], list[str]]:
    """The entries of a ``data-varies``: SHAPE or SHAPE: TEXT, separated by semicolons."""
    if value is None:
        return (), []
    entries, problems = [], []
    for entry in value.split(";"):
        shape, colon, text = entry.strip().partition(":")
        if not _ID.fullmatch(shape) or (colon and not text.strip()):
            problems.append(f'data-varies: expected "SHAPE" or "SHAPE: TEXT", more of them after semicolons, found {entry.strip()!r}')
        else:
            entries.append(Varies(shape, text.strip()))
    return tuple(entries), problems


def of_other(fence: Fence) -> list[str]:
    """What is wrong with the attributes of a block that is only shown. A misspelt {.output} would be one."""
    _, problems = _known(fence, ())
    for name in fence.classes:
        hint = "did you mean .output?" if get_close_matches(name.lower(), ["output"], 1) else "the only class of a block is .output"
        problems.append(f"unknown class .{name}: {hint}")
    if fence.id and not _ID.fullmatch(fence.id):
        problems.append(f"bad id {fence.id}: expected lower-case letters, digits and single hyphens")
    return problems


def repeated(line: str) -> list[str]:
    """The attributes that a heading, or the line of an opening fence, has twice, of which only one would count."""
    text = line.rstrip()
    _, brace, inner = text.partition("{")
    if brace and text.endswith("}"):
        attributes, rest = get_attrs_and_remainder(inner[:-1].replace("\t", " "))
        if rest.strip():
            return [
                f"what stands after a }} would not count: expected all attributes between one pair of braces, found {rest.strip()[:60]!r}"
            ]
        names = [f".{value}" if key == "." else "an id (#name)" if key == "id" else key for key, value in attributes]
    else:
        names = re.findall(r"""([A-Za-z]\w*)=(?:"[^"]*"|'[^']*')""", line)
    return [f"{name} is there twice, of which one would not count" for name, count in Counter(names).items() if count > 1]


def never_chosen(snippet: Snippet, targets: Sequence[str] | None) -> str | None:
    """Why the snippet's last output is used on no target; None if a target uses it."""
    *before, last = snippet.outputs
    if snippet.skip:
        return f"an output of {snippet.id}, which is not run (data-skip): nobody has seen it print that"
    if targets is None:
        # Without a list of targets: an earlier output with the glob * or with all of these globs is chosen on every target.
        chosen = not any("*" in output.targets or set(last.targets) <= set(output.targets) for output in before)
    else:
        meant = [name for name in targets if meant_for(snippet.targets, name)]
        chosen = not meant or any(snippet.output_for(name) is last for name in meant)
        if meant and not any(meant_for(last.targets, name) for name in meant):
            return f"an output for {' '.join(last.targets)}, but {snippet.id} runs on {' '.join(snippet.targets)} only"
    lines = ", ".join(str(output.line) for output in before)
    return None if chosen else f"an output of {snippet.id} that is never chosen: on each of its targets one before it is (line {lines})"


def _known(fence: Fence, known: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The known attributes, without their ``data-``; and what is wrong with the others."""
    given: dict[str, str] = {}
    problems = [problem for key, value in {**fence.options, **fence.attributes}.items() for problem in _display_problem(key, str(value))]
    for key, value in fence.attributes.items():
        name = key.removeprefix("data-")
        if key.startswith("data-") and name in known:
            given[name] = "" if value is None else str(value)
        elif name in known:
            problems.append(f"unknown attribute {key}: write data-{name}")
        elif key not in DISPLAY:
            bare = f"bare word {key} in the braces" if value is None or value == key else f"unknown attribute {key}"
            problems.append(f"{bare} (known: {' '.join(known)}, as data-*)" if known else f"{bare} (known: {' '.join(DISPLAY)})")
    return given, problems


def _display_problem(key: str, value: str) -> list[str]:
    """What is wrong with numbers of lines, which the highlighter would count up to."""
    if key not in ("hl_lines", "linenums") or re.fullmatch(r"[0-9]{1,5}(?:[ ,-]{1,2}[0-9]{1,5}){0,50}", value):
        return []
    return [f"{key}: expected numbers of lines, like 2-4, found {value[:60]!r}"]


def known_globs(value: str | None, known: Sequence[str] | None) -> tuple[tuple[str, ...], list[str]]:
    """The globs of a ``data-target``, all targets if there is none; ``known`` is None in a guide without a targets file."""
    if value is None:
        return ("*",), []
    globs = tuple(value.split())
    if not globs:
        return ("*",), ['data-target: expected names of targets, like "ubuntu-*", found nothing']
    if known is None:
        return globs, []
    strange = [glob for glob in globs if not any(meant_for([glob], target) for target in known)]
    return globs, [f"data-target: no target is called {glob} (known: {', '.join(known)})" for glob in strange]


_PYTHONS = ("py", "py3", "python2", "py2", "sage", "bazel")  # of the names that Pygments knows, and of those that it once knew
_SHELLS = (BashLexer, TcshLexer, FishShellLexer)
_SESSIONS = (ShellSessionBaseLexer, PythonConsoleLexer, RubyConsoleLexer)


@cache
def wrong_language(language: str) -> str | None:
    """What is wrong with the language of a fence that does not run; None for a language that is only shown.

    Every snippet runs unless its page says why not. So a shell or Python must not hide behind another name of its
    language, one that Pygments reads alike, or a misspelt one. Sessions have prompts, which a reader would copy.
    """
    low = language.lower()
    if not language:
        return "a fence without a language: expected bash or python, or text for what is only shown"
    if low in RUNNABLE:
        return f"unknown language {language}: write {low}"
    try:
        lexer = find_lexer_class_by_name(language)
    except ClassNotFound:
        lexer = None
    if low == "terminal" or (lexer and issubclass(lexer, _SESSIONS)):
        write = "python" if lexer and issubclass(lexer, PythonConsoleLexer) else "bash"
        return f"a {language} fence would copy its prompts and output: write {write}, then ```text {{.output}} for what it prints"
    if low == "dash" or low == "ash" or (lexer and issubclass(lexer, _SHELLS)):
        return f"a {language} fence would not run: write bash"
    if low in _PYTHONS or (lexer and issubclass(lexer, (PythonLexer, Python2Lexer))):
        return f"a {language} fence would not run: write python"
    if lexer is None:
        alike = get_close_matches(low, [*RUNNABLE, *_aliases()], 1)
        hint = f"did you mean {alike[0]}?" if alike else "write text for what is only shown"
        return f"unknown language {language}: {hint}"
    return None


@cache
def _aliases() -> tuple[str, ...]:
    return tuple(alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases)
