"""All languages on one address, built again after each change. An error of the pages is shown on them, and the server goes on.

MkDocs' processes stay (see mkdocs_process.py). Where nothing but pages was edited, these are read, rendered and shown first, which
takes less than a second. Then the whole site is built: the search, and what other pages show of an edited one, are right after
that. A further edit ends that build, and comes first.
"""

from __future__ import annotations

import base64
import hashlib
import html
import ipaddress
import logging
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.livereload import LiveReloadServer

from checks.config import Config
from checks.model import GuideError
from checks.site.mkdocs_process import MkDocsProcesses
from checks.site.rendering.served import Site, watched

# How often the watched files are looked at. inotify, which need not look, would also report that a build reads them.
POLL_S = 0.3
_BANNER = """<div role="alert" style="position:fixed;inset:auto 0 0 0;z-index:99;max-height:60vh;overflow:auto;
background:#7a1f0b;color:#fff;font:14px/1.6 ui-monospace,Menlo,Consolas,monospace;padding:1em 1.5em;white-space:pre-wrap">%s</div>"""
_PAGE = "<!doctype html><meta charset=utf-8><title>%s</title><body>"


class Server(LiveReloadServer):
    """MkDocs' own server, which also shows the error of the last build."""

    def __init__(self, site: Site, host: str, port: int):
        super().__init__(self._build, host, port, str(site.root), polling_interval=POLL_S)
        self._site = site
        self._host = host
        self._bound = False
        self.error_handler = self._error_page

    def server_bind(self) -> None:
        """Bind the address at the first call: ours is before the first build, MkDocs' own call comes after it."""
        if not self._bound:
            super().server_bind()
            self._bound = True

    def _build(self) -> None:
        """MkDocs' loop calls this after a change; requests wait until ``_visible_epoch``, which reloads browsers, is ``_wanted_epoch``."""
        if self._site.is_current():
            self._wanted_epoch = self._visible_epoch
            return
        if self._site.build_pages():
            if self._site.error:
                return
            with self._epoch_cond:
                self._visible_epoch = self._wanted_epoch
                self._epoch_cond.notify_all()
        if self._site.build(lambda: self._want_rebuild):
            self._wanted_epoch += 1

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
        site = Site(config, processes, Path(folder, "site"), url)
        server = Server(site, host, port)
        try:
            _bind(server, url)
            site.build()
            for path in watched(config):
                server.watch(str(path))
            print(f"{url} shows the guide, and each change of it. Ctrl-C ends.", flush=True)
            server.serve()  # type: ignore[no-untyped-call]
        except KeyboardInterrupt:
            print()
        finally:
            server.shutdown()


def _bind(server: Server, url: str) -> None:
    """Bind before the first build, so that a port that is taken is reported at once."""
    try:
        server.server_bind()
    except OSError as error:
        raise GuideError(f"{url}: {error.strerror}: choose another with --port") from None
