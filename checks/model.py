"""The types that all rooms share: a guide, its pages and snippets, what a run made of them, and the errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NotRequired, TypedDict

RUNNABLE = ("bash", "python")


def printable(text: str) -> str:
    r"""The text with ``\x1b`` and the like for each character that a terminal obeys or does not show; lines and tabs stay.

    A byte of a file's name that is no UTF-8, which Python has as a surrogate, becomes ``\xff``.
    """
    return "".join(character if character.isprintable() or character in "\n\t" else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else character.encode("unicode_escape").decode()


class GuideError(Exception):
    """An error that the user can correct. Its text is printed as it is, but for characters that a terminal obeys; the exit status is 2."""

    def __str__(self) -> str:
        return printable(super().__str__())


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong in one file. Problems are in the order of their paths, lines and texts."""

    path: Path  # relative to the folder of mkdocs.yml
    line: int  # counted from 1; 0 when the whole file is meant
    text: str

    def __str__(self) -> str:
        path = printable(str(self.path)).replace("\n", "\\n").replace("\t", "\\t")
        where = f"{path}:{self.line}" if self.line else path
        return f"{where}: {printable(self.text)}"


class PageErrors(GuideError):
    """All the problems of the pages, or of one YAML file beside them, so that one run reports all of them."""

    def __init__(self, problems: list[Problem]):
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def meant_for(globs: Iterable[str], target: str) -> bool:
    """Whether a ``data-target`` names this target."""
    return any(fnmatchcase(target, glob) for glob in globs)


@dataclass(frozen=True)
class Varies:
    """One entry of an output's ``data-varies``: a shape (pages/shapes.py) and a text of the lines on which the shape counts."""

    shape: str
    text: str = ""  # "": the shape finds something on one line of the output only

    def __str__(self) -> str:
        return f"{self.shape}: {self.text}" if self.text else self.shape


@dataclass(frozen=True)
class Output:
    """A ``text {.output}`` fence after a snippet: what the snippet prints on some targets."""

    text: str
    line: int  # of the opening fence
    end_line: int  # of the closing fence
    targets: tuple[str, ...] = ("*",)
    varies: tuple[Varies, ...] = ()


@dataclass(frozen=True)
class Snippet:
    """One ``bash`` or ``python`` fence, with the exact text that the page shows.

    ``code`` has no final newline. The attributes are those of the fence, with
    the defaults filled in; times are in seconds.
    """

    page: str
    id: str
    language: str
    code: str
    path: Path
    line: int
    end_line: int
    exit_status: int = 0
    expect: str | None = None  # None, or one of info_string.EXPECTED
    dump: bool = True  # a crash leaves a dump; False: the capture kernel must run and leave none
    host: str | None = None  # "nmi": the interrupt that the machine gets from outside, once the command has ended
    timeout_s: float | None = None
    targets: tuple[str, ...] = ("*",)
    skip: str | None = None
    file: str | None = None  # a python snippet that the reader saves under this name
    on: str | None = None  # None, or "peer": in the second machine's shell
    examine: bool = False  # after the snippet, the program of Config.at_end is asked what it says of the machine
    outputs: tuple[Output, ...] = ()  # in the order of the page

    def output_for(self, target: str) -> Output | None:
        """The first output that is for this target. None: what the snippet prints there is not compared."""
        return next((output for output in self.outputs if meant_for(output.targets, target)), None)

    @property
    def sha256(self) -> str:
        """The sha256 of the code in UTF-8, 64 hexadecimal digits."""
        return hashlib.sha256(self.code.encode()).hexdigest()


@dataclass(frozen=True)
class Program:
    """One of the guide's own programs, which a page has put into the reader's home."""

    path: str  # from the folder of mkdocs.yml: "doctor/doctor.py"
    content: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The name that the file has in the reader's home."""
        return self.path.rpartition("/")[2]

    @property
    def sha256(self) -> str:
        """The sha256 of the file, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Page:
    """One Markdown file in one language."""

    name: str  # below the language's folder, without ".md": "install/verify"
    language: str
    path: Path
    title: str
    machine: str | None = None  # None, "container" or "vm"
    after: str | None = None  # the name of the page at whose end this page starts
    memory: str | None = None  # "3G"; None: the target's own default
    firmware: str | None = None  # None or "secure-boot"
    peer: bool = False  # there is a second machine on a network with the first
    symbols: bool = False  # the VM's kernel with its debug symbols lies in the reader's home when this page begins
    dumps: tuple[str, ...] = ()  # names of VM pages: what their crashes left lies in the reader's home when this page begins
    programs: tuple[Program, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)
    snippets: tuple[Snippet, ...] = ()
    meta_lines: dict[str, int] = field(default_factory=dict, hash=False, compare=False)  # key -> its line
    outline: Any = field(default=None, hash=False, compare=False)  # pages.outline.Outline: headings, links, admonitions
    prose: str = field(default="", hash=False, compare=False)  # pages.outline.prose_hash, which the twin page names as read_against
    prose_lines: tuple[str, ...] = field(
        default=(), hash=False, compare=False, repr=False
    )  # all lines, those of the head and the fences empty
    macros: tuple[Any, ...] = field(default=(), hash=False, compare=False)  # pages.macros.Macro, in the order of the page


@dataclass(frozen=True)
class Guide:
    """All pages by language and name, in the order of the navigation; pages that it does not name follow by file name."""

    languages: tuple[str, ...]  # the first one gives the tests their names
    pages: dict[tuple[str, str], Page] = field(hash=False)

    def of(self, language: str) -> list[Page]:
        return [page for page in self.pages.values() if page.language == language]

    @property
    def primary(self) -> list[Page]:
        return self.of(self.languages[0])

    @property
    def sections(self) -> frozenset[str]:
        """PAGE#SECTION of each heading with an id that the page has in every language."""
        found = [
            {f"{page.name}#{heading.id}" for page in self.of(language) for heading in page.outline.headings if heading.id}
            for language in self.languages
        ]
        return frozenset(set.intersection(*found))


def utc_now() -> str:
    """The time now in UTC, to the second: 2026-01-02T03:04:05Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Dump(TypedDict):
    """A crash dump on a machine: its path, its size, and its first 16 bytes in hexadecimal digits.

    ``on`` is "peer" when the dump is on the second machine of a page. ``release`` and ``crashed_at`` (UTC) are those of
    its header. The machine lists a dump with its whole ``header``, or with why it is ``unreadable``.
    """

    path: str
    bytes: int
    magic: str
    on: NotRequired[str]
    release: NotRequired[str]
    crashed_at: NotRequired[str]
    header: NotRequired[dict[str, Any]]
    unreadable: NotRequired[str]


@dataclass
class Outcome:
    """What one run of a snippet did. ``failure`` is None, or what is wrong, in the words of a report."""

    id: str
    sha256: str
    exit_status: int | None = None
    seconds: float = 0.0
    output: bytes = b""
    boot_id_before: str | None = None
    boot_id_after: str | None = None
    dump: Dump | None = None
    panic: str | None = None
    failure: str | None = None
    ran_at: str | None = None  # UTC, as utc_now() writes it
    console: str = ""  # the end of the console of a snippet that failed
    # The stages of a restart, such as "panicked": how many seconds after the snippet's start each was reached.
    stages: dict[str, float] = field(default_factory=dict)
    # What the guide's own program (Config.at_end) printed after a snippet with data-examine: {"command", "sha256", "status", "output"}.
    examined: dict[str, Any] | None = None


@dataclass
class PageRun:
    """One page's run: what the page ran on, and what each snippet did so far."""

    page: str
    target: str
    image: str  # "sha256:" and the digest of the machine's image: recipe and versions of all packages
    recipe: str  # the hash of the image's recipe
    emulator: str | None
    accelerator: str | None
    kernel: str
    started: str
    seconds: float
    packages: dict[str, str]
    outcomes: list[Outcome]
    console: str = ""  # the VM's console as asciicast 2; "" for a container
    archive: str | None = None  # the day, "2026-11-28", of the package lists that the image was made from; None: not recorded
    # What the guide's program for the end of a page (Config.at_end) printed: {"command", "sha256", "status", "output"}. None: not asked.
    at_end: dict[str, Any] | None = None


# A page with ``peer: true`` has two machines. Their folders in a saved state have these names.
OWN, PEER = "lab", "peer"
PEER_HOSTNAME = "vault"  # The second machine's; readers see the name in prompts and addresses.
