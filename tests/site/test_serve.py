"""The server of ./guide serve: whom it answers, and what it answers to a path that no file can have."""

from __future__ import annotations

import http.client
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from checks.site.serve import Server, Site

PATHS = [
    ("/", 200),
    ("/%00", 400),
    ("/a%00b.html", 400),
    ("/%ff%fe", 200),
    ("/../../etc/hostname", 404),
    ("/%2e%2e/%2e%2e/etc/hostname", 404),
    ("//etc/hostname", 404),
    ("/" + "x" * 5000, 404),
    ("/nowhere/", 404),
    ("/index.html/", 404),
    ("/%0d%0aSet-Cookie:%20a=b", 404),
]
# The address that the server listens on; the field Host of a request; whether the request is answered.
HOSTS = [
    ("127.0.0.1", "localhost:{port}", True),
    ("127.0.0.1", "127.0.0.1:{port}", True),
    ("127.0.0.1", "127.0.0.1", True),
    ("127.0.0.1", "LocalHost", True),
    ("127.0.0.1", "[::1]:{port}", True),
    ("127.0.0.1", "localhost:9000", True),  # forwarded by ssh from another port
    ("127.0.0.1", "evil.example.org", False),
    ("127.0.0.1", "evil.example.org:{port}", False),
    ("127.0.0.1", "127.0.0.1.evil.example.org", False),
    ("127.0.0.1", "localhost.evil.example.org", False),
    ("127.0.0.1", "evil@localhost", False),
    ("127.0.0.1", "localhost evil", False),
    ("127.0.0.1", "10.0.0.5", False),
    ("127.0.0.1", "", False),
    ("localhost", "localhost:{port}", True),
    ("localhost", "evil.example.org", False),
    ("0.0.0.0", "10.0.0.5:{port}", True),
    ("0.0.0.0", "evil.example.org", False),
]


@pytest.fixture
def serving(tmp_path) -> Iterator[object]:
    """A function that serves a small folder on an address; returns the port."""
    (tmp_path / "index.html").write_text("<body>home</body>")
    servers: list[Server] = []
    threads: list[threading.Thread] = []

    def start(host: str) -> int:
        site = object.__new__(Site)
        site.root, site.error = tmp_path, None
        site.build = lambda: None  # type: ignore[method-assign]
        server = Server(site, host, 0)
        server.server_bind()
        server.server_activate()
        threads.append(threading.Thread(target=lambda: server.serve_forever(0.05), daemon=True))
        threads[-1].start()
        servers.append(server)
        return server.server_port

    yield start
    for server in servers:
        # Not LiveReloadServer.shutdown, which ends only a thread that LiveReloadServer itself has started. The loop here would
        # go on without its socket, and take a processor until the tests end.
        socketserver.BaseServer.shutdown(server)
        server.server_close()
    for thread in threads:
        thread.join()


def ask(port: int, path: str, host: str = "localhost") -> tuple[int, bytes]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


@pytest.mark.parametrize(("path", "status"), PATHS)
def test_a_path_is_answered_without_a_traceback(path, status, serving, capfd):
    answered, content = ask(serving("127.0.0.1"), path)
    assert answered == status
    assert b"root:" not in content
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(("address", "host", "answered"), HOSTS)
def test_a_request_for_another_host_is_refused(address, host, answered, serving):
    port = serving(address)
    status, content = ask(port, "/", host.format(port=port))
    assert (status, b"home" in content) == ((200, True) if answered else (403, False))
