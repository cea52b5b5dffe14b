"""All languages on one address, built anew after each change; an error is shown, and the server lives on.

MkDocs' processes stay (see mkdocs_process.py), so that an edit costs one rendering of
the pages and not the loading of everything.
"""

from __future__ import annotations

import html
import logging
import shutil
import signal
import tempfile
import time
from pathlib import Path

from mkdocs.livereload import LiveReloadServer

from checks import config as configuration
from checks.config import Config
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import build
from checks.site.mkdocs_process import MkDocsProcesses

# Changes are looked for this often. (Watching without looking, by inotify, would also report our own reading.)
POLL_S = 0.3
MACHINERY = Path(build.__file__).parents[1]  # the folder of the package "checks"
_BANNER = """<div role="alert" style="position:fixed;inset:auto 0 0 0;z-index:99;max-height:60vh;overflow:auto;
background:#7a1f0b;color:#fff;font:14px/1.6 ui-monospace,Menlo,Consolas,monospace;padding:1em 1.5em;white-space:pre-wrap">%s</div>"""
_PAGE = "<!doctype html><meta charset=utf-8><title>%s</title><body>"


class Site:
    """The served folder, and what is wrong with the pages now (None: nothing)."""

    def __init__(self, config: Config, processes: MkDocsProcesses, root: Path, url: str):
        self._config = config
        self._processes = processes
        self._url = url
        self._number = 0
        self._machinery = _changed_last(MACHINERY)
        self.root = root
        self.error: str | None = None

    def build(self) -> None:
        """Build into a folder beside, then swap. Never raises for what the user can mend."""
        start = time.monotonic()
        self._restart_after_a_change()
        self._number += 1
        fresh = self.root.with_name(f"site-{self._number}")
        try:
            config = configuration.load(self._config.file)
            build.make(config, read_guide(config), self._processes, fresh, self._url, strict=True)
        except GuideError as error:
            self.error = str(error)
            print(f"\n{error}\n", flush=True)
            if not self.root.exists() and fresh.exists():
                # Better a first site with an error on it than none.
                fresh.rename(self.root)
            else:
                shutil.rmtree(fresh, ignore_errors=True)
            return
        self.error = None
        self._swap(fresh)
        print(f"built in {time.monotonic() - start:.1f} s", flush=True)

    def _swap(self, fresh: Path) -> None:
        old = self.root.with_name("old")
        if self.root.exists():
            self.root.rename(old)
        fresh.rename(self.root)
        shutil.rmtree(old, ignore_errors=True)

    def _restart_after_a_change(self) -> None:
        """The builders have our Python files in memory; so they start anew when one of these was edited."""
        now = _changed_last(MACHINERY)
        if now != self._machinery:
            self._machinery = now
            self._processes.stop()


class Server(LiveReloadServer):
    """MkDocs' own server, which also shows what is wrong."""

    def __init__(self, site: Site, host: str, port: int):
        super().__init__(site.build, host, port, str(site.root), polling_interval=POLL_S)
        self._site = site
        self.error_handler = self._error_page

    def _inject_js_into_html(self, content: bytes, epoch: int) -> bytes:
        if self._site.error:
            content = content.replace(b"</body>", self._banner() + b"</body>")
        return super()._inject_js_into_html(content, epoch)

    def _banner(self) -> bytes:
        return (_BANNER % html.escape(self._site.error)).encode()

    def _error_page(self, code: int) -> bytes:
        page = (_PAGE % code).encode()
        file = Path(self.root, "404.html")
        if self._site.error and not file.exists():
            return super()._inject_js_into_html(page + self._banner() + b"</body>", self._visible_epoch)
        return file.read_bytes() if file.exists() else page + str(code).encode()


def serve(config: Config, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until Ctrl-C, which leaves nothing behind. Raises GuideError when the port is taken."""
    logging.getLogger("mkdocs.livereload").setLevel(logging.ERROR)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    with MkDocsProcesses(config) as processes, tempfile.TemporaryDirectory(prefix="guide-serve-") as folder:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _end)
        site = Site(config, processes, Path(folder, "site"), url)
        server = Server(site, host, port)
        try:
            _bind(server, url)
            site.build()
            for path in _watched(config):
                server.watch(str(path))
            print(f"{url} shows the guide, and each change of it. Ctrl-C ends.", flush=True)
            server.serve()
        except KeyboardInterrupt:
            print()
        finally:
            server.shutdown()


def _end(number: int, frame: object) -> None:
    # A terminal that closes, or a supervisor, ends us as Ctrl-C does; also where that was ignored (`serve &`).
    raise KeyboardInterrupt


def _bind(server: Server, url: str) -> None:
    """Before the first build, so that a taken port is told at once."""
    try:
        server.server_bind()
    except OSError as error:
        raise GuideError(f"{url}: {error.strerror}: choose another with --port") from None
    server.server_bind = lambda: None


def _watched(config: Config) -> list[Path]:
    files = {config.file, *config.languages.values(), config.targets_file, config.shapes_file}
    folders = {*config.docs.values(), config.root / "theme", config.root / "data", config.evidence_dir, MACHINERY}
    return sorted(path for path in files | folders if path.exists())


def _changed_last(folder: Path) -> int:
    """When the last of our Python files, words and templates was written, in ns since the epoch."""
    return max(path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix in (".py", ".yml", ".html", ".css"))
