"""What a page says in its own language: its text without the front matter, the snippets and their outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from checks.model import Snippet


def prose_hash(lines: list[str], snippets: Iterable[Snippet]) -> str:
    """12 hexadecimal digits of it. ``lines`` of the page, its head empty; snippets and outputs are compared by bytes elsewhere."""
    lines = list(lines)
    for snippet in snippets:
        for fence in (snippet, *snippet.outputs):
            lines[fence.line - 1 : fence.end_line] = [""] * (fence.end_line - fence.line + 1)
    text = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(text.encode()).hexdigest()[:12]
