"""Names of pages: none that MkDocs takes for another page, and none that is the name of something else on the built site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Folders of a built language that are not made of pages (site/urls.py, the theme, the search).
TAKEN = ("assets", "proof", "search")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]*$")


def problems(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each page whose name cannot be."""
    folders: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        folder = name.removesuffix("/index") if name != "index" else ""
        if parts[0] in TAKEN:
            yield name, f"the site has a folder {parts[0]} of its own: give {'the folder of ' * (len(parts) > 1)}this page another name"
        elif found := next((part for part in parts if _SUFFIX.search(part)), None):
            yield name, f"{found}: expected a name that is not that of a file, since the site makes a folder of it"
        elif parts[-1] == "README":
            yield name, "MkDocs would make the first page of the folder of this one: call it index.md"
        elif folder in folders:
            yield name, f"this page and {folders[folder]} would have one address: keep one of them"
        folders.setdefault(folder, name)
