"""What shellcheck and ruff say of the snippets, at the page's own lines.

Few calls for many snippets, and none for those that passed before (see
verdicts.py). The calls are made in the background, for there is other work
until the first snippet may run.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType

from checks.config import Config
from checks.lint import ruff, shellcheck
from checks.lint.cache import Verdicts, entry
from checks.model import Guide, Problem, Snippet

LINTERS: dict[str, ModuleType] = {"bash": shellcheck, "python": ruff}


def check(guide: Guide, config: Config) -> list[Problem]:
    """The findings for every snippet of every language, each code once; skipped snippets too."""
    return Linting(guide, config).problems()


class Linting:
    """Linters at work. ``problems`` waits for them; ``close`` gives them up."""

    def __init__(self, guide: Guide, config: Config):
        self._verdicts = Verdicts(config.work_dir / "lint" / "passed")
        self._passed: list[str] = []
        self._calls: list[tuple[Future[list[list[Problem]]], list[str]]] = []
        self._threads = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        try:
            for language, linter in LINTERS.items():
                self._start(linter, _each_code_once(guide, language))
        except BaseException:
            self.close()
            raise

    def _start(self, linter: ModuleType, snippets: list[Snippet]) -> None:
        if not snippets:
            return
        rules = linter.rules()
        unknown: list[Snippet] = []
        entries: list[str] = []  # theirs
        for snippet in snippets:
            its_entry = entry(rules, linter.text(snippet))
            if its_entry in self._verdicts:
                self._passed.append(its_entry)
            else:
                unknown.append(snippet)
                entries.append(its_entry)
        size = linter.portion(len(unknown), len(os.sched_getaffinity(0)))
        for start in range(0, len(unknown), size):
            call = self._threads.submit(linter.findings, unknown[start : start + size])
            self._calls.append((call, entries[start : start + size]))

    def problems(self) -> list[Problem]:
        """All findings, by file and line. A linter that does not work is a GuideError."""
        problems: list[Problem] = []
        try:
            for call, entries in self._calls:
                for found, its_entry in zip(call.result(), entries, strict=True):
                    problems += found
                    if not found:
                        self._passed.append(its_entry)
        finally:
            self.close()
        self._verdicts.keep(self._passed)
        return sorted(problems)

    def close(self) -> None:
        """Start no further call; those that run end by themselves within a second or two."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _each_code_once(guide: Guide, language: str) -> list[Snippet]:
    first: dict[str, Snippet] = {}
    for page in guide.pages.values():
        for snippet in page.snippets:
            if snippet.language == language:
                first.setdefault(snippet.code, snippet)
    return list(first.values())
