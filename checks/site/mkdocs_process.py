"""MkDocs, in one process for each language. A process stays for the next build, so that what is slow to load is loaded once.

Loading jieba's dictionary of Chinese words takes longer than building a language. Each page has a time, after which the
process ends: an extension or a template may never come to an end.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from checks.config import Config
from checks.model import Guide, GuideError
from checks.site.rendering.language import INTERRUPTING, build_language, prepare, render_pages
from checks.site.rendering.page_clock import Shared

# A spawned process has nothing of this one but the values that it is given: `serve` has threads, which make a fork unsafe.
_SPAWN = multiprocessing.get_context("spawn")
PAGE_WITHIN_S = 300.0  # for one page, which takes some hundredths of a second
POLL_S = 0.05  # how often a build asks whether anybody still wants it
_Result = TypeVar("_Result")


def _wait_for_all(futures: Collection[Future[Any]], meanwhile: Callable[[], None]) -> None:
    """Wait until all have ended, and call ``meanwhile`` every POLL_S. Ctrl-C and SIGTERM end the wait as they would outside.

    The signals are blocked but for the moments at which the loop asks for one. Python would otherwise raise the
    KeyboardInterrupt wherever it is: with a future's lock held, which nobody frees then, or in a destructor, which drops it.
    """
    blocked_before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTING)
    try:
        while not all(future.done() for future in futures):
            meanwhile()
            if received := signal.sigtimedwait(INTERRUPTING - blocked_before, POLL_S):
                signal.raise_signal(received.si_signo)  # The signal is pending until the next line, which calls its handler.
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)
                signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTING)  # The handler did not raise.
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)


@dataclass(frozen=True)
class _Process:
    """The process of one language. Closing ``lifeline``, one end of a pipe, ends the process.

    ``shared`` is memory of both processes: the page that is being rendered, see PageClock.
    """

    executor: ProcessPoolExecutor
    lifeline: Connection
    shared: Shared

    def submit(self, call: Callable[..., _Result], *arguments: object) -> Future[_Result]:
        """Have the process call a function; the first call starts the process. Raises BrokenProcessPool if it has died.

        The process inherits the blocked signals, so that Ctrl-C does not interrupt its start: see prepare. The executor
        has to be made before SIGINT is blocked, since the first semaphore of multiprocessing unblocks the signal.
        """
        self.shared.superseded.value = False
        blocked_before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTING)
        try:
            return self.executor.submit(call, *arguments)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)

    def last_page(self) -> tuple[str, float]:
        """The page on which the process died, and the seconds since it was begun; "" where the process rendered no page."""
        began, _, page = self.shared.page.value.decode("utf-8", "replace").partition(" ")
        return (page, time.monotonic() - float(began)) if page else ("", 0.0)

    def stop(self) -> None:
        """End the process, even in the middle of a build, and wait until it is gone."""
        self.lifeline.close()
        self.executor.shutdown()


class MkDocsProcesses:
    """One process for each language of a guide. A context manager, at whose end every process has ended.

    The processes ignore Ctrl-C, since the process that made them ends them. They also end when it is killed.
    """

    def __init__(self, config: Config, page_within_s: float = PAGE_WITHIN_S):
        self._config, self._page_within_s = config, page_within_s
        self._processes: dict[str, _Process] = {}

    def __enter__(self) -> MkDocsProcesses:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def build(self, guide: Guide, out: Path, url: str, strict: bool, superseded: Callable[[], bool] = lambda: False) -> list[str]:
        """Build every language of ``guide``, which has just been read, into ``out/LANGUAGE``. ``url`` is the address; it ends in a slash.

        Returns the problems of the pages, each once, in the order of the languages; without ``strict``, only those
        of a build that failed. Raises GuideError, which names the configuration file, when a process dies.
        Soon after ``superseded``, which is asked again and again, says so, the build ends with problems that mean nothing.
        """
        futures = {
            language: self._submit(language, build_language, guide, out / language, f"{url}{language}/", strict)
            for language in self._config.languages
        }

        def tell_the_processes() -> None:
            if superseded():
                for process in self._processes.values():
                    process.shared.superseded.value = True

        _wait_for_all(futures.values(), tell_the_processes)
        problems = [problem for language, future in futures.items() for problem in self._result(language, future)]
        return list(dict.fromkeys(problems))

    def render(self, guide: Guide, changed: Guide, out: Path) -> list[str] | None:
        """Render the pages of ``changed``, which are pages of ``guide``, into ``out/LANGUAGE``; see render_pages.

        Returns and raises what ``build`` does with ``strict``; None where a process has not built its language.
        """
        names = {language: [page.name for page in changed.of(language)] for language in changed.languages}
        futures = {
            language: self._submit(language, render_pages, guide, pages, out / language) for language, pages in names.items() if pages
        }
        found = [self._result(language, future) for language, future in futures.items()]
        return None if None in found else [problem for problems in found for problem in problems or ()]

    def stop(self) -> None:
        """End all processes. The next build starts new ones."""
        for language in list(self._processes):
            self._stop(language)

    def _stop(self, language: str) -> None:
        self._processes.pop(language).stop()

    def _submit(self, language: str, call: Callable[..., _Result], *arguments: object) -> Future[_Result]:
        """Have the process of the language call a function, which gets its configuration file first."""
        config_file = self._config.languages[language].resolve()
        try:
            return self._process(language).submit(call, config_file, *arguments)
        except BrokenProcessPool:  # the process has died since the last build
            self._stop(language)
            return self._process(language).submit(call, config_file, *arguments)

    def _process(self, language: str) -> _Process:
        if language not in self._processes:
            receiver, lifeline = _SPAWN.Pipe(duplex=False)
            shared = Shared.of(_SPAWN)
            arguments = (receiver, shared, self._page_within_s)
            executor = ProcessPoolExecutor(max_workers=1, mp_context=_SPAWN, initializer=prepare, initargs=arguments)
            self._processes[language] = _Process(executor, lifeline, shared)
        return self._processes[language]

    def _result(self, language: str, future: Future[_Result]) -> _Result:
        name = self._config.languages[language].name
        try:
            return future.result()
        except BrokenProcessPool:
            page, seconds = self._processes[language].last_page()
            self._stop(language)
            if not page:
                message = f"{name}: the process that builds {language} died before the end; what it printed last is above"
            elif seconds < self._page_within_s:
                message = f"{page}: the process that builds {language} died while it rendered this page; what it printed last is above"
            else:
                message = (
                    f"{page}: MkDocs has not rendered this page within {self._page_within_s:g} s. Undo what was changed last on the page, "
                    "in a macro, an extension or the theme, or end other work on this host; then build again"
                )
            raise GuideError(message) from None
        except Exception as error:  # whatever could not be sent from one process to the other
            raise GuideError(f"{name}: {type(error).__name__}: {error}") from None
