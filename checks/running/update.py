"""``--update``: write what a run printed into the outputs of the pages, in every language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from checks.config import Config
from checks.evidence import outputs
from checks.host import write_whole
from checks.model import GuideError, Output, PageErrors
from checks.pages.reader import read_guide
from checks.pages.shapes import Shapes


def update(config: Config, printed: Mapping[tuple[str, str, str], str], shapes: Shapes, target: str) -> list[Path]:
    """Renew the output fences of the snippets in ``printed`` ((page, id, sha256) -> text); returns the files changed.

    Of a snippet's outputs the one for ``target`` is renewed, on which the run was. The pages are read again, since their
    author may have gone on writing during the run; a snippet that was changed in the meantime is left alone. A page that
    would be refused with its new outputs stays as it was; a GuideError then says why, after all others are written.
    """
    before: dict[Path, str] = {}
    refusals = []
    for page in read_guide(config).pages.values():
        edits = [
            (output, outputs.renewed(output, printed[page.name, snippet.id, snippet.sha256], shapes))
            for snippet in page.snippets
            if (page.name, snippet.id, snippet.sha256) in printed and (output := snippet.output_for(target)) is not None
        ]
        text = (config.root / page.path).read_text(encoding="utf-8")
        try:
            after = rewritten(text, edits, page.path)
        except GuideError as error:
            refusals.append(str(error))
            continue
        if after != text:
            write_whole(config.root / page.path, after.encode(), base=config.root)
            before[page.path] = text
    try:
        read_guide(config)
    except PageErrors as error:
        refused = {problem.path for problem in error.problems} & before.keys()
        for path in refused:
            write_whole(config.root / path, before.pop(path).encode(), base=config.root)
        refusals.append(str(error))
    if refusals:
        others = f"; renewed are {', '.join(map(str, before))}" if before else ""
        reasons = "\n".join(refusals)
        raise GuideError(f"these pages are as they were, since what was printed cannot stand in them{others}:\n{reasons}")
    return list(before)


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
