"""All languages on one address, built again after each change. An error of the pages is shown on them, and the server goes on.

MkDocs' processes stay (see mkdocs_process.py), so that an edit costs one rendering of
the pages and not the loading of MkDocs, its plugins and jieba's dictionary.
"""

from __future__ import annotations

import base64
import hashlib
import html
import ipaddress
import logging
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.livereload import LiveReloadServer

from checks import config as configuration
from checks import faults
from checks.config import Config
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import build
from checks.site.mkdocs_process import MkDocsProcesses

# How often the watched files are looked at. inotify, which need not look, would also report that a build reads them.
POLL_S = 0.3
MACHINERY = Path(build.__file__).parents[1]  # the folder of the package "checks"
_BANNER = """<div role="alert" style="position:fixed;inset:auto 0 0 0;z-index:99;max-height:60vh;overflow:auto;
background:#7a1f0b;color:#fff;font:14px/1.6 ui-monospace,Menlo,Consolas,monospace;padding:1em 1.5em;white-space:pre-wrap">%s</div>"""
_PAGE = "<!doctype html><meta charset=utf-8><title>%s</title><body>"


class Site:
    """The served folder ``root``, and the error of the last build (None if there was none)."""

    def __init__(self, config: Config, processes: MkDocsProcesses, root: Path, url: str):
        self._config = config
        self._processes = processes
        self._url = url
        self._builds = 0
        self._machinery_changed = _last_change(MACHINERY)
        self.root = root
        self.error: str | None = None

    def build(self) -> None:
        """Build into another folder, then put it in the place of the served one. An error of the pages is kept, not raised."""
        start = time.monotonic()
        self._restart_after_a_change()
        self._builds += 1
        fresh = self.root.with_name(f"site-{self._builds}")
        try:
            config = configuration.load(self._config.file)
            build.make(config, read_guide(config), self._processes, fresh, self._url, strict=True)
        except Exception as error:
            self.error = faults.message(error, self._config.work_dir)
            print(f"\n{self.error}\n", flush=True)
            if not self.root.exists() and fresh.exists():
                # The first site is served even with an error, since the error can only be shown on a page.
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
        """Stop MkDocs' processes when a file of the package "checks" was edited, since they have the old one in memory."""
        changed = _last_change(MACHINERY)
        if changed != self._machinery_changed:
            self._machinery_changed = changed
            self._processes.stop()


class Server(LiveReloadServer):
    """MkDocs' own server, which also shows the error of the last build."""

    def __init__(self, site: Site, host: str, port: int):
        super().__init__(site.build, host, port, str(site.root), polling_interval=POLL_S)
        self._site = site
        self._host = host
        self._bound = False
        self.error_handler = self._error_page

    def server_bind(self) -> None:
        """Bind the address at the first call: ours is before the first build, MkDocs' own call comes after it."""
        if not self._bound:
            super().server_bind()
            self._bound = True

    def serve_request(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, unless it comes for another host or for a path that no file can have.

        A page of a stranger's, open in the same browser, could reach this server under the stranger's own name, which
        that page's server lets lead here (DNS rebinding), and read what is served. The name then stands in Host.
        """
        if not self._is_for_us(environ.get("HTTP_HOST", "")):
            return _refuse(start_response, "403 Forbidden", f"expected a request for localhost or {self._host}")
        if "\0" in environ.get("PATH_INFO", ""):
            return _refuse(start_response, "400 Bad Request", "no file has a name with a null character")
        return super().serve_request(environ, start_response)

    def _is_for_us(self, host: str) -> bool:
        """Whether the field Host names this server: localhost, or the address that it listens on."""
        name = re.sub(r":\d*$", "", host).lower().strip("[]")
        if name in ("localhost", "127.0.0.1", "::1", self._host.lower()):
            return True
        return self._host in ("0.0.0.0", "::", "") and _is_address(name)

    def _inject_js_into_html(self, content: bytes, epoch: int) -> bytes:
        if self._site.error:
            content = content.replace(b"</body>", _banner(self._site.error) + b"</body>")
        return _allowed(bytes(super()._inject_js_into_html(content, epoch)))  # type: ignore[no-untyped-call]

    def _error_page(self, code: int) -> bytes:
        page = (_PAGE % code).encode()
        file = Path(self.root, "404.html")
        if file.exists():
            return file.read_bytes()
        if self._site.error:
            return self._inject_js_into_html(page + b"</body>", self._visible_epoch)
        return page + str(code).encode()


def _refuse(start_response: Any, status: str, reason: str) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{status}: {reason}\n".encode()]


def _is_address(name: str) -> bool:
    """Whether the name is an IP address. No stranger can let an address lead elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _allowed(content: bytes) -> bytes:
    """A page whose policy allows the script that MkDocs' server has put before its end: the one that waits for the next build."""
    script = content.rpartition(b"<script>")[2].partition(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest())
    return content.replace(b"script-src 'self'", b"script-src 'self' 'sha256-" + digest + b"'", 1)


def _banner(error: str) -> bytes:
    return (_BANNER % html.escape(error)).encode()


def serve(config: Config, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve until Ctrl-C, which leaves no process and no file behind. Raises GuideError when the port is taken."""
    if not 0 <= port <= 65535:
        raise GuideError(f"--port: expected a number from 0 to 65535, found {port}")
    logging.getLogger("mkdocs.livereload").setLevel(logging.ERROR)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    # The processes end before the folder is removed, in which they write.
    with tempfile.TemporaryDirectory(prefix="guide-serve-") as folder, MkDocsProcesses(config) as processes:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        site = Site(config, processes, Path(folder, "site"), url)
        server = Server(site, host, port)
        try:
            _bind(server, url)
            site.build()
            for path in _watched(config):
                server.watch(str(path))
            print(f"{url} shows the guide, and each change of it. Ctrl-C ends.", flush=True)
            server.serve()  # type: ignore[no-untyped-call]
        except KeyboardInterrupt:
            print()
        finally:
            server.shutdown()


def _interrupt(number: int, frame: object) -> None:
    """End as by Ctrl-C: when a terminal closes, when a supervisor ends us, and where a shell ignores Ctrl-C (`serve &`)."""
    raise KeyboardInterrupt


def _bind(server: Server, url: str) -> None:
    """Bind before the first build, so that a port that is taken is reported at once."""
    try:
        server.server_bind()
    except OSError as error:
        raise GuideError(f"{url}: {error.strerror}: choose another with --port") from None


def _watched(config: Config) -> list[Path]:
    files = {config.file, *config.languages.values(), config.targets_file, config.shapes_file}
    folders = {*config.docs.values(), config.root / "theme", config.root / "data", config.evidence_dir, MACHINERY}
    return sorted(path for path in files | folders if path.exists())


def _last_change(folder: Path) -> int:
    """When a Python file, template or list of words in the folder was last written, in ns since the epoch."""
    return max(_written(path) for path in folder.rglob("*") if path.suffix in (".py", ".yml", ".html", ".css", ".js"))


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # an editor's file, which was removed after it was listed
        return 0
