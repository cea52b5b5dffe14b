"""``./guide bench site``: what the site costs beside stock Material, which builds the same pages with its own search.

Stock Material has neither the fence formatter nor macros, transcripts and the comparison with the pages. It gets the same
Markdown, the same extensions and no web font, and shows macros as text. Both are built once before they are measured.

Lighthouse comes from npm when it is asked for, into a folder that is removed afterwards. Both sites are served by the same
server, which compresses as servers do.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.report import describe_host, number, ratio, table
from benchmarks.usage import measure_command
from checks.config import Config
from checks.model import GuideError

ROUNDS = 3
MOST_CPU = 1.5  # of stock Material
LIGHTHOUSE = "lighthouse@12.8.2"
CHROMIUM = "/usr/bin/chromium"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PAGES = ("", "quick-start/", "failures/start/")  # below the folder of a language
STOCK = """\
site_name: {name}
site_url: http://localhost:8000/{language}/
docs_dir: docs
theme:
  name: material
  language: {language}
  font: false
  features: [content.code.copy, navigation.footer, navigation.sections, navigation.tracking, navigation.top, search.highlight, toc.follow]
plugins:
  search: {{}}
markdown_extensions: [abbr, admonition, attr_list, def_list, footnotes, md_in_html, tables, pymdownx.details,
  pymdownx.highlight, pymdownx.inlinehilite, pymdownx.keys, pymdownx.superfences, pymdownx.tabbed]
"""


def report(config: Config) -> str:
    """Build both sites, look at them with Lighthouse; the tables as text. Raises GuideError when a command fails."""
    with tempfile.TemporaryDirectory(prefix="guide-bench-site-") as name:
        folder = Path(name)
        return "\n\n".join([describe_host(), _built(config, folder), _looked_at(config, folder)])


def _built(config: Config, folder: Path) -> str:
    own = [sys.executable, "-m", "checks", "--config", str(config.file), "build", "--out", str(folder / "own")]
    stock = []
    for language, docs in config.docs.items():
        (folder / language).mkdir()
        shutil.copytree(docs, folder / language / "docs")
        (folder / language / "mkdocs.yml").write_text(STOCK.format(name=config.root.name, language=language))
        stock.append(
            [sys.executable, "-m", "mkdocs", "build", "-q", "-f", f"{language}/mkdocs.yml", "-d", str(folder / "stock" / language)]
        )
    cpu: dict[str, list[float]] = {"./guide build": [], "stock Material": []}
    for _ in range(ROUNDS + 1):  # the first round fills the caches of the system
        cpu["./guide build"].append(measure_command(own, config.root).cpu_s)
        cpu["stock Material"].append(sum(measure_command(command, folder).cpu_s for command in stock))
    best = {way: min(seconds[1:]) for way, seconds in cpu.items()}
    rows = [[way, f"{number(seconds)} s", ratio(seconds, best["stock Material"])] for way, seconds in best.items()]
    return table([f"CPU of a build of all languages, best of {ROUNDS} (demanded: at most x{MOST_CPU})", "CPU", "of stock"], rows)


class _Compressing(SimpleHTTPRequestHandler):
    """Serves a folder; what is text is compressed."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        file = path / "index.html" if path.is_dir() else path
        if not file.is_file() or file.suffix not in (".html", ".css", ".js", ".json", ".svg"):
            return super().do_GET()
        body = gzip.compress(file.read_bytes(), 6)
        self.send_response(200)
        for key, value in (
            ("Content-Type", f"{self.guess_type(file)}; charset=utf-8"),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        return None


def _looked_at(config: Config, folder: Path) -> str:
    if shutil.which("npm") is None or not Path(CHROMIUM).exists():
        return f"Lighthouse: not measured, since npm or {CHROMIUM} is missing (apt-get install npm chromium)"
    try:
        measure_command(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder / "npm"), LIGHTHOUSE], folder)
    except GuideError as error:
        return f"Lighthouse: not measured, since npm did not install it: {str(error).splitlines()[-1]}"
    rows = []
    for path in PAGES:
        for language in config.languages:
            for site in ("own", "stock"):
                scores = _scores(folder, folder / site, f"{language}/{path}")
                rows.append([f"{site} {language}/{path}", *(f"{scores[category]:.0f}" for category in CATEGORIES)])
    return table(["Lighthouse, mobile (demanded: 95, the rest 100)", *CATEGORIES], rows)


def _scores(folder: Path, site: Path, path: str) -> dict[str, float]:
    """Lighthouse's scores of a page, from 0 to 100."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Compressing, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = folder / "lighthouse.json"
    command = [
        "npx", "--prefix", str(folder / "npm"), "lighthouse", f"http://127.0.0.1:{server.server_port}/{path}",
        "--quiet", "--form-factor=mobile",
        "--output=json", f"--output-path={found}", f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless --no-sandbox",
    ]  # fmt: skip
    try:
        measure_command(command, folder, {"CHROME_PATH": os.environ.get("CHROME_PATH", CHROMIUM)})
    finally:
        server.shutdown()
    categories: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))["categories"]
    return {name: 100 * (categories[name]["score"] or 0) for name in CATEGORIES}
