"""``--update``: write what a run printed into the outputs of the pages, in every language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from checks.config import Config
from checks.host import write_whole
from checks.model import GuideError, Output
from checks.pages.reader import read_guide
from checks.running import outputs
from checks.running.outputs import Shapes


def update(config: Config, printed: Mapping[tuple[str, str, str], str], shapes: Shapes, target: str) -> list[Path]:
    """Renew the output fences of the snippets in ``printed`` ((page, id, sha256) -> text); returns the files changed.

    Of a snippet's outputs the one for ``target`` is renewed, on which the run was. The pages are read again, since their
    author may have gone on writing during the run; a snippet that was changed in the meantime is left alone.
    """
    changed = []
    for page in read_guide(config).pages.values():
        edits = [
            (output, outputs.renewed(output.text, printed[page.name, snippet.id, snippet.sha256], shapes))
            for snippet in page.snippets
            if (page.name, snippet.id, snippet.sha256) in printed and (output := snippet.output_for(target)) is not None
        ]
        path = config.root / page.path
        before = path.read_text(encoding="utf-8")
        after = rewritten(before, edits, page.path)
        if after != before:
            write_whole(path, after.encode(), base=config.root)
            changed.append(page.path)
    return changed


def rewritten(text: str, edits: list[tuple[Output, str]], path: Path) -> str:
    """The page's text with each output fence holding its new lines, indented as the fence is."""
    lines = text.split("\n")
    for output, new in sorted(edits, key=lambda edit: -edit[0].line):
        opening = lines[output.line - 1]
        match = re.match(r"([\s>]*)(`{3,}|~{3,})", opening)
        assert match, f"{path}:{output.line}: the reader found a fence here"
        indent, fence = match.groups()
        if any(line.lstrip().startswith(fence) for line in new.split("\n")):
            raise GuideError(f"{path}:{output.line}: the output has a line that would close its fence: use a longer fence here")
        body = [(indent + line).rstrip() if line else indent.rstrip() for line in new.split("\n")] if new else []
        lines[output.line : output.end_line - 1] = body
    return "\n".join(lines)
