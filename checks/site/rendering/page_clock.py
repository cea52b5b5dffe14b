"""The time of each page: which page is being rendered, and since when."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

_LONGEST_PAGE_BYTES = 4200  # a time, and the path of a page
_Method = TypeVar("_Method", bound=Callable[..., None])


@dataclass(frozen=True)
class Shared:
    """Memory that a process shares with its parent: the page that it renders, and whether the parent has no more use for the build."""

    page: ctypes.Array[ctypes.c_char]
    superseded: ctypes.c_bool

    @classmethod
    def of(cls, context: Any) -> Shared:
        """New memory, made by a context of multiprocessing."""
        return cls(context.RawArray(ctypes.c_char, _LONGEST_PAGE_BYTES), context.RawValue(ctypes.c_bool))


def relative(file: Path, root: Path) -> Path:
    """The path as messages show it: from ``root``, where the file is below it."""
    return file.relative_to(root) if file.is_relative_to(root) else file


def _before_or_after_others(first: bool) -> Callable[[_Method], _Method]:
    """MkDocs calls the method before those of all other plugins, or after them (mkdocs.plugins.event_priority)."""

    def mark(method: _Method) -> _Method:
        vars(method)["mkdocs_priority"] = 1000 if first else -1000
        return method

    return mark


class PageClock:
    """Notes for the parent which page is being rendered, and ends the process when that takes longer than ``within_s``.

    MkDocs calls it as a plugin: for all pages first what is made of Markdown, then the templates. A thread of faulthandler
    ends the process; that thread needs no lock of Python's, which a regular expression holds as long as it runs.
    """

    def __init__(self, shared: Shared, within_s: float):
        self._shared, self._within_s = shared, within_s
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115  where the stack of a process that is ended goes

    @_before_or_after_others(first=True)
    def on_pre_page(self, page: Any, *, config: Any, **_: Any) -> None:
        if self._shared.superseded.value:
            raise SystemExit  # MkDocs catches, and reports, only exceptions
        file = relative(Path(page.file.abs_src_path), Path(config.config_file_path).parent)
        self._shared.page.value = f"{time.monotonic()} {file}".encode()[: _LONGEST_PAGE_BYTES - 1]
        faulthandler.dump_traceback_later(self._within_s, exit=True, file=self._nowhere)

    @_before_or_after_others(first=False)
    def on_page_content(self, html: str, **_: Any) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._shared.page.value = b""

    @_before_or_after_others(first=True)
    def on_page_context(self, context: Any, *, page: Any, config: Any, **_: Any) -> None:
        self.on_pre_page(page, config=config)

    @_before_or_after_others(first=False)
    def on_post_page(self, output: str, **_: Any) -> None:
        self.on_page_content(output)
