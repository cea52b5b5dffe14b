"""Built sites for the tests, and a browser that visits them."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from guides import ROOT, evidence, small_guide

from checks import config as configuration
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.takeaway import book, make

TAKEAWAY_URL = "https://guide.example/"
CHROMIUM = "/usr/bin/chromium"
# Without these, the browser itself makes requests, which would look as if the site made them.
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TIMEOUT_MS = 300_000  # for what never comes; a slow host takes its time

# Run in a page with axe-core: the id, help and elements of every violation of the rules with the given tags.
VIOLATIONS = """tags => axe.run(document, {runOnly: tags}).then(
    result => result.violations.map(found => [found.id, found.help, found.nodes.map(node => [node.html, node.any[0]?.message])])
)"""


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A guide with every kind of fence, with evidence for debian-13: its configuration, and its built site."""
    config = small_guide(tmp_path_factory.mktemp("guide"))
    evidence(config, read_guide(config))
    out = tmp_path_factory.mktemp("site") / "out"
    building.build(config, out)
    return config, out


@pytest.fixture(scope="session")
def takeaway(small, tmp_path_factory):
    """The small guide with all that ``./guide build --all`` adds, see ``take_along``: its configuration, and its built site."""
    config, out = small
    site = tmp_path_factory.mktemp("takeaway") / "out"
    shutil.copytree(out, site)
    take_along(config, site)
    return config, site


def take_along(config, out):
    """Add to a built site what ``./guide build --all`` adds. In the place of each PDF is the HTML that Chromium would print."""

    def write(chromium, out, books):
        for language, text in books.items():
            (out / language / book.PDF).write_text(text, encoding="utf-8")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book, "write", write)
        make.add(config, read_guide(config), out, TAKEAWAY_URL, "no browser")


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """This guide itself: the configuration of a copy, since somebody may edit the pages meanwhile, and its built site.

    The first of pytest-xdist's workers builds the site, and the others wait for it.
    """
    above = tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.getbasetemp()
    folder = above / "whole"
    with (above / "whole.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "out").exists():
            shutil.rmtree(folder, ignore_errors=True)
            for name in ("docs", "theme", "data", "evidence", "doctor", "summary"):
                if (ROOT / name).exists():
                    shutil.copytree(ROOT / name, folder / name)
            for file in ROOT.glob("mkdocs*.yml"):
                shutil.copy(file, folder)
            building.build(configuration.load(folder / "mkdocs.yml"), folder / "out")
    return configuration.load(folder / "mkdocs.yml"), folder / "out"


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def visit(browser):
    """A function that serves a folder and opens one of its pages. A request to any other host fails the session."""
    servers, asked = {}, []

    def open_page(out: Path, path: str, **settings):
        if out not in servers:
            servers[out] = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(out)))
            threading.Thread(target=servers[out].serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{servers[out].server_port}"
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **settings)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url) if not request.url.startswith((base, "data:", "blob:")) else None)
        page.goto(base + path)
        return page

    yield open_page
    for server in servers.values():
        server.shutdown()
    assert asked == []
