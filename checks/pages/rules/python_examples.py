"""The Python snippets of a page, compared with those of pytest-examples, which reads Markdown by a regular expression of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence

from checks.pages.fences import Fence
from checks.pages.outline import without_fences


def differences(lines: Sequence[str], fences: Sequence[Fence]) -> Iterator[tuple[int, str]]:
    """Where pytest-examples reads otherwise than the site: line, what it reads. ``lines`` are all of the page's."""
    ours = {fence.line: fence.code + "\n" for fence in fences if fence.language == "python"}
    if not ours and not any("py" in line for line in lines):
        return
    # The other blocks are taken out: pytest-examples takes backticks within a line of bash for a fence.
    theirs = _examples("\n".join(without_fences(lines, [fence for fence in fences if fence.language != "python"])))
    for line in sorted(ours.keys() | theirs.keys()):
        if ours.get(line) == theirs.get(line):
            continue
        if line not in theirs:
            yield line, "pytest-examples does not see this Python snippet: expected ```python {#name}, in no block quote"
        elif line not in ours:
            yield line, "pytest-examples sees a Python example here, which the page does not show as one"
        else:
            yield line, "pytest-examples reads other code here than the page shows: are all lines indented alike?"


def _examples(text: str) -> dict[int, str]:
    """pytest-examples' own list of the Python examples of a page: line of the opening fence -> code."""
    from pytest_examples import find_examples  # imported here, since the import takes 0.1 s, which a guide without Python can save

    # find_examples takes only files. This one has the text that was decoded and checked, whatever happens to the page.
    with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        return {example.start_line: example.source for example in find_examples(file.name)}
