"""The site as a zip that a browser reads from a folder, without a server.

A browser shows the list of files where an address names a folder, so links lead to index.html. It neither fetches files nor
starts workers: the index of the search is a script there, as Material's plugin ``offline`` has it, and the search runs in a
frame (offline/offline.js). The files are otherwise those of the site.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser
from itertools import accumulate
from pathlib import Path
from typing import Any

ZIP = "guide.zip"
FOLDER = "guide"  # what the zip unpacks to
# What serves a web server and its visitors only.
_OF_SERVERS = {"404.html", "robots.txt", "sitemap.xml", "sitemap.xml.gz", "llms.txt", "guide.pdf"}
_PROGRAMS = Path(__file__).with_name("offline")  # of the search
_INDEX = "search_index.json"
_ATTRIBUTE = re.compile(r"""(\s)(href|src)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)|\s[^\s=>]+\s*=\s*(?:"[^"]*"|'[^']*')""", re.IGNORECASE)
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip can have, for every file: the same site gives the same bytes


def lay_out(out: Path, folder: Path, finish: Callable[[Path, str], str]) -> None:
    """Write the built site ``out`` into ``folder`` as it is read without a server.

    ``finish`` is given the path of each HTML file in the site, and its text, and returns the text that is written.
    """
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        path = file.relative_to(out)
        if file.name in _OF_SERVERS or file.name.startswith(".") or file.suffix == ".map":
            continue
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".html":
            place.write_text(without_server(finish(path, file.read_text(encoding="utf-8")), path), encoding="utf-8")
        elif file.name == _INDEX:
            index = json.loads(file.read_text(encoding="utf-8"))
            for section in index["docs"]:
                section["location"] = to_file(f"./{section['location']}").removeprefix("./")
            text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
            place.with_suffix(".js").write_text(f"var __index = {text}\n", encoding="utf-8")
            for program in _PROGRAMS.iterdir():
                shutil.copyfile(program, _made(folder / path.parts[0] / "assets") / program.name)
        else:
            shutil.copyfile(file, place)


def pack(folder: Path, file: Path) -> None:
    """Write all files below ``folder`` into a zip, in the order of their names and without their times."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{FOLDER}/{path.relative_to(folder).as_posix()}", _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # Unix, whose modes these are
            archive.writestr(entry, path.read_bytes())


def without_server(html: str, path: Path) -> str:
    """A page whose links name files, and whose search finds without a server. ``path`` is that of the page in the site."""
    tags = _Tags(html)
    pieces, end = [], 0
    for start, tag in tags.found:
        pieces += [html[end:start], _ATTRIBUTE.sub(_attribute, tag)]
        end = start + len(tag)
    text = "".join([*pieces, html[end:]])
    if 'id="__config"' not in text:  # a page without the theme
        return text
    script = f'<script src="{"../" * (len(path.parts) - 2)}assets/offline.js"></script>'
    return text.replace("</head>", f"{script}</head>", 1)


def to_file(address: str) -> str:
    """An address without a scheme whose path is a folder, with the name of the file that a server would answer with."""
    path, mark, rest = re.fullmatch(r"([^?#]*)(\??)(.*)", address, re.DOTALL).groups()  # type: ignore[union-attr]
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", path):
        return address
    if path.endswith("/") or path.rpartition("/")[2] in (".", ".."):
        path = f"{path.rstrip('/')}/index.html"
    return f"{path}{mark}{rest}"


def _attribute(match: re.Match[str]) -> str:
    if match[2] is None:
        return match[0]
    address = unescape(match[4].strip("\"'"))
    return f'{match[1]}{match[2]}{match[3]}"{escape(to_file(address))}"' if to_file(address) != address else match[0]


class _Tags(HTMLParser):
    """The opening tags of a page, each with its position in the text."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[int, str]] = []
        # HTMLParser tells lines and columns, and its lines end with line feeds only.
        self._lines = [0, *accumulate(len(line) + 1 for line in html.split("\n"))]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Called by HTMLParser, also for a tag that ends with "/>"."""
        line, column = self.getpos()
        self.found.append((self._lines[line - 1] + column, self.get_starttag_text() or ""))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
