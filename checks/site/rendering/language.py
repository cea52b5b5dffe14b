"""One language, in its own process: the whole of it by a build of MkDocs, or again some pages of the build before.

What MkDocs has loaded and made for a build stays in memory: its settings, plugins and templates, the navigation, and all pages
with their headings. For an edited page no more has to be done than to render it. Nothing of this module runs in another process.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import re
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from jinja2 import TemplateError, TemplateSyntaxError

from checks import faults
from checks.config import WORK_FOLDER
from checks.files.plain import make_folder
from checks.model import Guide, GuideError
from checks.site.context import take_guide
from checks.site.rendering.page_clock import PageClock, Shared, relative

INTERRUPTING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # what ends ./guide as Ctrl-C does
_LINK = re.compile(r"Doc file '(?P<file>[^']+)' contains (?:a|an [a-z]+) link '(?P<link>[^']*)'")


@dataclass
class _Built:
    """What MkDocs has made for a build. MkDocs calls it as a plugin."""

    config: Any
    files: Any = None
    nav: Any = None
    env: Any = None  # of the templates

    def on_env(self, env: Any, *, config: Any, files: Any) -> None:
        """All pages are HTML, but for the theme around them."""
        self.files, self.env = files, env

    def on_nav(self, nav: Any, *, config: Any, files: Any) -> None:
        self.nav = nav


_clock: PageClock | None = None
_built: _Built | None = None  # the last build that came to its end


def prepare(receiver: Connection, shared: Shared, page_within_s: float) -> None:
    """Runs once, before the first build."""
    global _clock
    _clock = PageClock(shared, page_within_s)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTING)
    threading.Thread(target=_exit_when_closed, args=(receiver,), daemon=True).start()
    os.dup2(2, 1)  # what plugins print is no output of ./guide: it goes to standard error
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # the theme's notice of its end of life is known, and said in the design


def _exit_when_closed(receiver: Connection) -> None:
    """Nothing is ever sent: poll() returns when the other end is closed, by the parent or by its death."""
    receiver.poll(None)
    os._exit(0)


def build_language(config_file: Path, guide: Guide, out: Path, url: str, strict: bool) -> list[str]:
    """Build one language of ``guide`` into ``out``. Returns its problems, position first; see MkDocsProcesses.build."""
    global _built
    # Here and not above: only this process needs MkDocs, which takes longer to load than all of checks.
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config

    take_guide(guide)
    with _collected(config_file, strict) as found:
        _keep_jieba_cache(make_folder(config_file.parent / WORK_FOLDER / "jieba", config_file.parent))
        config = load_config(config_file=str(config_file), site_dir=str(out), site_url=url, strict=False)
        found.docs = Path(config.docs_dir)
        if _clock is not None:
            config.plugins["checks/page-clock"] = cast(Any, _clock)  # MkDocs asks for its methods only
        built = _Built(config)
        config.plugins["checks/built"] = cast(Any, built)
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build(config)
        config.plugins.on_shutdown()
        _built = built
    return found.problems


def render_pages(config_file: Path, guide: Guide, names: Iterable[str], out: Path) -> list[str] | None:
    """Render pages of ``guide`` into ``out``, as the last build would render them now. What that build has made is as it was.

    Returns the problems as build_language does, with those of links to and from the pages; None where there was no such build.
    """
    from mkdocs.commands.build import _build_page, _populate_page

    from checks.site import hooks

    if _built is None or _built.config.config_file_path != str(config_file):
        return None
    config, files, documents = _built.config, _built.files, _built.files.documentation_pages()
    with _collected(config_file, strict=True) as found:
        found.docs = Path(config.docs_dir)
        hooks.take_pages(guide)
        changed = [files.get_file_from_path(f"{name}.md") for name in names]
        for file in changed:
            file.abs_dest_path = str(out / file.dest_uri)
            _populate_page(file.page, config, files)
        for file in changed:
            _build_page(file.page, config, documents, _built.nav, _built.env)
        for file in documents:
            file.page.validate_anchor_links(files=files, log_level=config.validation.links.anchors)
    return found.problems


class _Collector(logging.Handler):
    """Collects MkDocs' warnings and errors, without the colours of a terminal. ``docs`` is the folder of the pages, once it is known."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self.problems: list[str] = []
        self.docs = Path()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(re.sub(r"\x1b\[[0-9;]*m", "", record.getMessage()).strip())


@contextmanager
def _collected(config_file: Path, strict: bool) -> Iterator[_Collector]:
    """A collector whose ``problems`` are, at the end, those of what MkDocs has done within; without ``strict`` only of what failed."""
    from mkdocs.exceptions import MkDocsException

    collector = _Collector()
    logger = logging.getLogger("mkdocs")
    logger.addHandler(collector)
    failure = None
    try:
        yield collector
    except GuideError as error:
        collector.problems = str(error).splitlines()
        return
    except TemplateSyntaxError as error:  # of a template in theme/
        collector.problems = [f"{relative(Path(error.filename or config_file), config_file.parent)}:{error.lineno}: {error.message}"]
        return
    except SystemExit:  # from MkDocs for a wrong setting, which MkDocs has logged; from the clock for a build of no use
        failure = "MkDocs ended the build"
    except (MkDocsException, TemplateError) as error:
        failure = f"{type(error).__name__}: {error}"
    except Exception as error:  # a disk that is full, or a mistake in an extension or a plugin
        failure = faults.message(error, config_file.parent / WORK_FOLDER)
    finally:
        logger.removeHandler(collector)
        faulthandler.cancel_dump_traceback_later()
    if failure or strict:
        problems = [_with_position(message, collector.docs, config_file.parent) for message in collector.messages]
        collector.problems = problems or ([f"{config_file.name}: {failure}"] if failure else [])


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
    return f"{relative(file, root)}:{number}: {message}"
