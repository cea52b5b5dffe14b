"""Files that are put into the reader's home before a page's first snippet, and what the guide's own program says of a machine."""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from checks.machines.machine import MachineLost
from checks.model import Program
from checks.sessions.session import Session
from checks.terminal import plain

UNPACK = "import base64, sys, zlib; exec(compile(zlib.decompress(base64.b64decode(sys.argv.pop(1))), 'program', 'exec'))"
END_TIMEOUT_S = 300
# One argument of a command has at most 128 KiB (execve(2)), and base64 makes 4 bytes of 3.
AT_A_TIME_BYTES = 64 << 10
# All arguments of a command together have at most a quarter of the limit of its stack, which is 8 MiB (execve(2)).
PARTS_AT_A_TIME = 20
_APPEND = "import base64, sys; open(sys.argv[1], 'ab').write(b''.join(map(base64.b64decode, sys.argv[2:])))"


def give(session: Session, programs: Iterable[Program]) -> None:
    """Write each program as a file of the reader that is not executable. Raises MachineLost where the machine refuses the file."""
    for program in programs:
        _write(session, program.name, io.BytesIO(program.content))


def put(session: Session, file: Path) -> None:
    """Write a file of this host, which may be large, into the reader's home. Raises MachineLost where the machine refuses it."""
    with file.open("rb") as source:
        _write(session, file.name, source)


def _write(session: Session, name: str, source: BinaryIO) -> None:
    path = f"/home/reader/{name}"
    _must(session, path, "rm", "-f", path)
    while parts := [part for part in (source.read(AT_A_TIME_BYTES) for _ in range(PARTS_AT_A_TIME)) if part]:
        _must(session, path, "python3", "-c", _APPEND, path, *(base64.b64encode(part).decode() for part in parts))
    _must(session, path, "chmod", "644", path)
    _must(session, path, "chown", "reader:reader", path)


def _must(session: Session, path: str, *command: str) -> None:
    status, printed = session.execute(*command)
    if status:
        raise MachineLost(f"{path} could not be written on the machine: {printed.decode(errors='replace').strip()}")


def ask(session: Session, program: Program, arguments: Iterable[str]) -> dict[str, Any]:
    """Run a program as root, and say how: the value of ``PageRun.at_end`` and of ``Outcome.examined``.

    The program comes as an argument, packed, so that it leaves no file on the machine that later pages go on from.
    """
    packed = base64.b64encode(zlib.compress(program.content, 9)).decode()
    status, output = session.execute("python3", "-c", UNPACK, packed, *arguments, timeout_s=END_TIMEOUT_S)
    return {"command": [program.path, *arguments], "sha256": program.sha256, "status": status, "output": plain(output)}
