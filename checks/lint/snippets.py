"""The findings of shellcheck and ruff in the snippets, and what a reader's shell would do otherwise, at the lines of the pages.

One call takes many snippets, and snippets that passed before take no call (see
cache.py). The calls run in the background, beside the other work that there is
before the first snippet runs.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType

from checks.config import Config
from checks.lint import reader_shell, ruff, shellcheck
from checks.lint.cache import PassedTexts, entry
from checks.model import Guide, Problem, Snippet

LINTERS: dict[str, ModuleType] = {"bash": shellcheck, "python": ruff}


def check(guide: Guide, config: Config) -> list[Problem]:
    """The findings in the snippets of all languages, skipped snippets too. Snippets with the same code are linted once."""
    return Linting(guide, config).problems()


class Linting:
    """Linters that run in the background. ``problems`` waits for them; ``close`` starts no more of them."""

    def __init__(self, guide: Guide, config: Config):
        self._guide = guide
        self._known = PassedTexts(config.work_dir / "lint" / "passed", config.root)
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
        entries: list[str] = []  # of the unknown snippets
        for snippet in snippets:
            snippet_entry = entry(rules, linter.text(snippet))
            if snippet_entry in self._known:
                self._passed.append(snippet_entry)
            else:
                unknown.append(snippet)
                entries.append(snippet_entry)
        size = linter.portion(len(unknown), len(os.sched_getaffinity(0)))
        for start in range(0, len(unknown), size):
            call = self._threads.submit(linter.findings, unknown[start : start + size])
            self._calls.append((call, entries[start : start + size]))

    def problems(self) -> list[Problem]:
        """All findings, by file and line. Raises a GuideError when a linter fails."""
        problems = reader_shell.check(self._guide)
        try:
            for call, entries in self._calls:
                for findings, snippet_entry in zip(call.result(), entries, strict=True):
                    problems += findings
                    if not findings:
                        self._passed.append(snippet_entry)
        finally:
            self.close()
        self._known.save(self._passed)
        return sorted(problems)

    def close(self) -> None:
        """Start no further call. Calls that run already end within some seconds, at the latest after ``program.WITHIN_S``."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _each_code_once(guide: Guide, language: str) -> list[Snippet]:
    first: dict[str, Snippet] = {}
    for page in guide.pages.values():
        for snippet in page.snippets:
            if snippet.language == language:
                first.setdefault(snippet.code, snippet)
    return list(first.values())
