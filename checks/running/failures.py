"""What is wrong with what a snippet did, told to the person who has to mend it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from checks.model import Outcome, Snippet
from checks.running import outputs
from checks.running.outputs import Shapes
from checks.terminal import plain


def judge(snippet: Snippet, outcome: Outcome, shapes: Shapes, target: str, recalled: str | None = None) -> str | None:
    """The report of what is wrong, position first, or None. ``recalled``: when it ran, if that was in an earlier run."""
    where = f"{snippet.path}:{snippet.line}"
    further = f"to look further: ./guide shell {snippet.page}#{snippet.id} --target {target}"
    if outcome.failure:
        printed = plain(outcome.output)
        rows = [f"{where}: #{snippet.id}: {outcome.failure}"]
        rows += [f"    {line}" for line in snippet.code.split("\n")]
        if printed:
            rows += ["it printed:", *(f"    {line}" for line in printed.split("\n")[-30:])]
        if outcome.console:
            rows += ["the end of the console:", *(f"    {line}" for line in outcome.console.split("\n"))]
        return "\n".join([*rows, further])
    if (expected := snippet.output_for(target)) is not None:
        actual = plain(outcome.output)
        if not outputs.matches(expected.text, actual, shapes):
            diff = outputs.difference(expected.text, actual, shapes)
            this = f"the run of {recalled}, which is not repeated: --no-reuse would" if recalled else "this run"
            return "\n".join(
                [
                    f"{snippet.path}:{expected.line}: #{snippet.id}: it printed something else than the page shows",
                    f"(- the page, + {this})",
                    *(f"    {line}" for line in diff.split("\n")),
                    f"if the run is right: ./guide verify {snippet.page} --update; {further}",
                ]
            )
    return None


class FailedPages:
    """Kept in a folder of the run, since several processes may run its pages side by side."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.here: dict[str, str] = {}

    def get(self, page: str) -> str | None:
        """Where the page failed, or None."""
        try:
            return self.here.get(page) or (self.folder / quote(page, safe="")).read_text()
        except OSError:
            return None

    def __setitem__(self, page: str, where: str) -> None:
        self.here[page] = where
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / quote(page, safe="")).write_text(where)


class Failed(Exception):
    """A snippet did not do what the page says. The text is the report."""


class NotRun(Failed):
    """A snippet could not be tried, because something before it failed."""
