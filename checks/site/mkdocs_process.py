"""MkDocs, in one process for each language. A process stays for the next build, so that what is slow to load is loaded once.

Loading jieba's dictionary of Chinese words takes longer than building a language. Each page has a time, after which the
process ends: an extension or a template may never come to an end.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar, cast

from jinja2 import TemplateError, TemplateSyntaxError

from checks import faults
from checks.config import WORK_FOLDER, Config
from checks.files.plain import make_folder
from checks.model import Guide, GuideError
from checks.site.context import take_guide

# A spawned process has nothing of this one but the values that it is given: `serve` has threads, which make a fork unsafe.
_SPAWN = multiprocessing.get_context("spawn")
_INTERRUPTING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # what ends ./guide as Ctrl-C does
PAGE_WITHIN_S = 300.0  # for one page, which takes some hundredths of a second
_Method = TypeVar("_Method", bound=Callable[..., None])
_LINK = re.compile(r"Doc file '(?P<file>[^']+)' contains (?:a|an [a-z]+) link '(?P<link>[^']*)'")


@dataclass(frozen=True)
class _Process:
    """The process of one language. Closing ``lifeline``, one end of a pipe, ends the process.

    ``page`` is memory that both processes share: the page that is being rendered, see _PageClock.
    """

    executor: ProcessPoolExecutor
    lifeline: Connection
    page: ctypes.Array[ctypes.c_char]

    def submit(self, config_file: Path, guide: Guide, out: Path, url: str, strict: bool) -> Future[list[str]]:
        """Have the process call build_language; the first call starts the process. Raises BrokenProcessPool if it has died.

        The process inherits the blocked signals, so that Ctrl-C does not interrupt its start: see _prepare. The executor
        has to be made before SIGINT is blocked, since the first semaphore of multiprocessing unblocks the signal.
        """
        blocked_before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTING)
        try:
            return self.executor.submit(build_language, config_file, guide, out, url, strict)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked_before)

    def last_page(self) -> tuple[str, float]:
        """The page on which the process died, and the seconds since it was begun; "" where the process rendered no page."""
        began, _, page = self.page.value.decode("utf-8", "replace").partition(" ")
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

    def build(self, guide: Guide, out: Path, url: str, strict: bool) -> list[str]:
        """Build every language of ``guide``, which has just been read, into ``out/LANGUAGE``. ``url`` is the address; it ends in a slash.

        Returns the problems of the pages, each once, in the order of the languages; without ``strict``, only those
        of a build that failed. Raises GuideError, which names the configuration file, when a process dies.
        """
        futures = {
            language: self._submit(language, guide, out / language, f"{url}{language}/", strict) for language in self._config.languages
        }
        wait(futures.values())
        problems = [problem for language, future in futures.items() for problem in self._result(language, future)]
        return list(dict.fromkeys(problems))

    def stop(self) -> None:
        """End all processes. The next build starts new ones."""
        for language in list(self._processes):
            self._stop(language)

    def _stop(self, language: str) -> None:
        self._processes.pop(language).stop()

    def _submit(self, language: str, guide: Guide, out: Path, url: str, strict: bool) -> Future[list[str]]:
        arguments = (self._config.languages[language].resolve(), guide, out, url, strict)
        try:
            return self._process(language).submit(*arguments)
        except BrokenProcessPool:  # the process has died since the last build
            self._stop(language)
            return self._process(language).submit(*arguments)

    def _process(self, language: str) -> _Process:
        if language not in self._processes:
            receiver, lifeline = _SPAWN.Pipe(duplex=False)
            page = _SPAWN.RawArray(ctypes.c_char, _LONGEST_PAGE_BYTES)
            arguments = (receiver, page, self._page_within_s)
            executor = ProcessPoolExecutor(max_workers=1, mp_context=_SPAWN, initializer=_prepare, initargs=arguments)
            self._processes[language] = _Process(executor, lifeline, page)
        return self._processes[language]

    def _result(self, language: str, future: Future[list[str]]) -> list[str]:
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


# ---- in the process of a language
_LONGEST_PAGE_BYTES = 4200  # a time, and the path of a page
_clock: _PageClock | None = None


def _prepare(receiver: Connection, page: ctypes.Array[ctypes.c_char], page_within_s: float) -> None:
    """Runs once, before the first build."""
    global _clock
    _clock = _PageClock(page, page_within_s)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTING)
    threading.Thread(target=_exit_when_closed, args=(receiver,), daemon=True).start()
    os.dup2(2, 1)  # what plugins print is no output of ./guide: it goes to standard error
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # the theme's notice of its end of life is known, and said in the design


def _exit_when_closed(receiver: Connection) -> None:
    """Nothing is ever sent: poll() returns when the other end is closed, by _Process.stop or by the death of its process."""
    receiver.poll(None)
    os._exit(0)


def _before_or_after_others(first: bool) -> Callable[[_Method], _Method]:
    """MkDocs calls the method before those of all other plugins, or after them (mkdocs.plugins.event_priority)."""

    def mark(method: _Method) -> _Method:
        vars(method)["mkdocs_priority"] = 1000 if first else -1000
        return method

    return mark


class _PageClock:
    """Notes for the parent which page is being rendered, and ends the process when that takes longer than ``within_s``.

    MkDocs calls it as a plugin: for all pages first what is made of Markdown, then the templates. A thread of faulthandler
    ends the process; that thread needs no lock of Python's, which a regular expression holds as long as it runs.
    """

    def __init__(self, page: ctypes.Array[ctypes.c_char], within_s: float):
        self._page, self._within_s = page, within_s
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115  where the stack of a process that is ended goes

    @_before_or_after_others(first=True)
    def on_pre_page(self, page: Any, *, config: Any, **_: Any) -> None:
        file = _relative(Path(page.file.abs_src_path), Path(config.config_file_path).parent)
        self._page.value = f"{time.monotonic()} {file}".encode()[: _LONGEST_PAGE_BYTES - 1]
        faulthandler.dump_traceback_later(self._within_s, exit=True, file=self._nowhere)

    @_before_or_after_others(first=False)
    def on_page_content(self, html: str, **_: Any) -> None:
        faulthandler.cancel_dump_traceback_later()
        self._page.value = b""

    @_before_or_after_others(first=True)
    def on_page_context(self, context: Any, *, page: Any, config: Any, **_: Any) -> None:
        self.on_pre_page(page, config=config)

    @_before_or_after_others(first=False)
    def on_post_page(self, output: str, **_: Any) -> None:
        self.on_page_content(output)


class _Collector(logging.Handler):
    """Collects MkDocs' warnings and errors, without the colours of a terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(re.sub(r"\x1b\[[0-9;]*m", "", record.getMessage()).strip())


def build_language(config_file: Path, guide: Guide, out: Path, url: str, strict: bool) -> list[str]:
    """Build one language of ``guide`` into ``out``. Returns its problems, position first; see MkDocsProcesses.build."""
    # Here and not above: only this process needs MkDocs, which takes longer to load than all of checks.
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    take_guide(guide)
    collector = _Collector()
    logger = logging.getLogger("mkdocs")
    logger.addHandler(collector)
    failure = None
    docs = config_file.parent
    try:
        _keep_jieba_cache(make_folder(config_file.parent / WORK_FOLDER / "jieba", config_file.parent))
        config = load_config(config_file=str(config_file), site_dir=str(out), site_url=url, strict=False)
        docs = Path(config.docs_dir)
        if _clock is not None:
            config.plugins["checks/page-clock"] = cast(Any, _clock)  # MkDocs asks for its methods only
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build(config)
        config.plugins.on_shutdown()
    except GuideError as error:
        return str(error).splitlines()
    except TemplateSyntaxError as error:  # of a template in theme/
        return [f"{_relative(Path(error.filename or config_file), config_file.parent)}:{error.lineno}: {error.message}"]
    except SystemExit:  # from MkDocs for a wrong setting, which MkDocs has logged
        failure = "MkDocs ended the build"
    except (MkDocsException, TemplateError) as error:
        failure = f"{type(error).__name__}: {error}"
    except Exception as error:  # a disk that is full, or a mistake in an extension or a plugin
        failure = faults.message(error, config_file.parent / WORK_FOLDER)
    finally:
        logger.removeHandler(collector)
        faulthandler.cancel_dump_traceback_later()
    problems = [_with_position(message, docs, config_file.parent) for message in collector.messages]
    if failure and not problems:
        problems = [f"{config_file.name}: {failure}"]
    return problems if strict or failure else []


def _keep_jieba_cache(folder: Path) -> None:
    """Have jieba cache its dictionary in ``folder`` and not in /tmp, where another user could have put a file of that name."""
    try:
        import jieba
    except ImportError:
        return
    jieba.dt.tmp_dir = str(folder)
    jieba.setLogLevel(logging.WARNING)


def _with_position(message: str, docs: Path, root: Path) -> str:
    """A message of MkDocs after the file and line that it is about, where the message names a page and a link."""
    match = _LINK.search(message)
    if match is None or not (file := docs / match["file"]).is_file():
        return message
    text = file.read_text(encoding="utf-8-sig")
    number = next((number for number, line in enumerate(text.split("\n"), 1) if match["link"] in line), 1)
    return f"{_relative(file, root)}:{number}: {message}"


def _relative(file: Path, root: Path) -> Path:
    return file.relative_to(root) if file.is_relative_to(root) else file
