"""What may stand after a snippet's fence, and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from checks.fences import Fence

EXPECTED = ("reboot", "crash")
KNOWN = ("exit", "expect", "target", "skip", "timeout", "file")
# Only for the eye; what is copied stays the code.
DISPLAY = ("title", "hl_lines", "linenums")

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FILE = re.compile(r"[a-z0-9][a-z0-9._-]*\.py")


class Attributes:
    """Reads the attributes of one fence; gathers what is wrong with them in ``problems``."""

    def __init__(self, fence: Fence, targets: Iterable[str] | None):
        self.problems: list[str] = []
        self._targets = None if targets is None else tuple(targets)
        self._fence = fence
        self._given = self._known(fence)

    def fields(self) -> dict[str, Any]:
        """The keyword arguments of a Snippet that the fence decides; with defaults where it is silent or wrong."""
        self._check_id()
        fields = {
            "exit_status": self._exit(),
            "expect": self._expect(),
            "timeout_s": self._timeout(),
            "targets": self._target(),
            "skip": self._skip(),
            "file": self._file(),
        }
        if fields["expect"] and "exit" in self._given:
            self.problems.append(f'data-expect="{fields["expect"]}" leaves no exit status to compare: drop data-exit')
        return fields

    def _known(self, fence: Fence) -> dict[str, str]:
        given = {}
        for key, value in fence.attributes.items():
            name = key.removeprefix("data-")
            if key.startswith("data-") and name in KNOWN:
                given[name] = "" if value is None else str(value)
            elif name in KNOWN:
                self.problems.append(f"unknown attribute {key}: write data-{name}")
            elif key not in DISPLAY:
                bare = f"bare word {key} in the braces" if value is None or value == key else f"unknown attribute {key}"
                self.problems.append(f"{bare} (known: {' '.join(KNOWN)}, as data-*)")
        for name in fence.classes:
            self.problems.append(f"a snippet has no classes, found .{name}")
        return given

    def _check_id(self) -> None:
        fence = self._fence
        if not fence.id:
            self.problems.append(f"this snippet has no id: expected ```{fence.language} {{#some-name}}")
        elif not _ID.fullmatch(fence.id):
            self.problems.append(f"bad id {fence.id}: expected lower-case letters, digits and single hyphens")

    def _exit(self) -> int:
        value = self._given.get("exit", "0")
        if re.fullmatch(r"\d{1,3}", value) and int(value) <= 255:
            return int(value)
        self.problems.append(f"data-exit: expected 0 to 255, found {value!r}")
        return 0

    def _expect(self) -> str | None:
        value = self._given.get("expect")
        if value is not None and value not in EXPECTED:
            self.problems.append(f"data-expect: expected {' or '.join(EXPECTED)}, found {value!r}")
            return None
        return value

    def _timeout(self) -> float | None:
        value = self._given.get("timeout")
        if value is None:
            return None
        if re.fullmatch(r"\d+(\.\d+)?", value) and float(value) > 0:
            return float(value)
        self.problems.append(f"data-timeout: expected seconds, like 120, found {value!r}")
        return None

    def _target(self) -> tuple[str, ...]:
        value = self._given.get("target")
        if value is None:
            return ("*",)
        globs = tuple(value.split())
        if not globs:
            self.problems.append('data-target: expected names of targets, like "ubuntu-*", found nothing')
        for glob in globs:
            if self._targets is not None and not any(fnmatchcase(target, glob) for target in self._targets):
                self.problems.append(f"data-target: no target is called {glob} (known: {', '.join(self._targets)})")
        return globs or ("*",)

    def _skip(self) -> str | None:
        value = self._given.get("skip")
        if value is not None and not value.strip():
            self.problems.append("data-skip: expected the reason, which the page shows")
        return value

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
