"""What is wrong with what a snippet did, reported to the person who has to mend it; and which pages have failed in this run."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from checks.evidence import outputs
from checks.host import write_whole
from checks.model import GuideError, Outcome, Snippet
from checks.pages.shapes import Shapes
from checks.terminal import plain, visible

PRINTED_LINES = 30  # of a failed snippet's output, in the report; the whole output is in a file that the report names
CODE_LINES = 40  # of its code
SHOWN_CHARACTERS = 1000  # of a line, in a report


class Failed(Exception):
    """A snippet did not do what the page says. The text is the report."""


class NotRun(Failed):
    """A snippet could not be run, because something before it failed."""


def judge(snippet: Snippet, outcome: Outcome, shapes: Shapes, target: str, cached: str | None = None) -> str | None:
    """The report of what is wrong, position first, or None.

    ``cached`` is the time of an earlier run, when the outcome is of that run.
    """
    further = f"to look further: ./guide shell {snippet.page}#{snippet.id} --target {target}"
    if outcome.failure:
        return _report_failure(snippet, outcome, further)
    expected = snippet.output_for(target)
    if expected is None:
        return None
    actual = plain(outcome.output)
    if outputs.matches(expected, actual, shapes):
        return None
    source = f"the run of {cached}, which is not repeated: --no-reuse would" if cached else "this run"
    return _report(
        [
            f"{snippet.path}:{expected.line}: #{snippet.id}: it printed something else than the page shows",
            f"(- the page, + {source})",
            *(f"    {line}" for line in outputs.difference(expected, actual, shapes).split("\n")),
            f"if the run is right: ./guide verify {snippet.page} --update; {further}",
            "if it differs from run to run: name what varies in the output's data-varies (CONTRIBUTING.md, Outputs)",
        ]
    )


def _report_failure(snippet: Snippet, outcome: Outcome, further: str) -> str:
    printed = plain(outcome.output)
    rows = [f"{snippet.path}:{snippet.line}: #{snippet.id}: {outcome.failure}"]
    code = snippet.code.split("\n")
    rows += [f"    {line}" for line in code[:CODE_LINES]]
    if len(code) > CODE_LINES:
        rows.append(f"    ({len(code) - CODE_LINES} more lines)")
    if printed:
        rows += ["it printed:", *(f"    {line}" for line in printed.split("\n")[-PRINTED_LINES:])]
    if outcome.console:
        rows += ["the end of the console:", *(f"    {line}" for line in outcome.console.split("\n"))]
    return _report([*rows, further])


def _report(rows: list[str]) -> str:
    """The rows as one text that is safe to print on a terminal, whatever a machine has said: no row is without a bound."""
    lines = outputs.capped([line for row in rows for line in row.split("\n")])
    return "\n".join(visible(line) if len(line) <= SHOWN_CHARACTERS else f"{visible(line[:SHOWN_CHARACTERS])} ..." for line in lines)


def keep_output(folder: Path, base: Path, snippet: Snippet, outcome: Outcome, console: str) -> str:
    """Write what a failed snippet printed, and the whole console, where a person and CI find them: in ``folder``, below ``base``.

    Returns the output's path from ``base``; where the files cannot be written, why, since the report of the failure is what matters.
    """
    path = folder / f"{snippet.id}.txt"
    try:
        write_whole(path, outcome.output, base=base)
        if console:
            write_whole(folder / "console.txt", console.encode(), base=base)
    except (OSError, GuideError) as error:
        return f"not kept, since {error}"
    return str(path.relative_to(base))


class FailedPages:
    """Where pages have failed in this run, so that what stands on them is not tried.

    The places are files in a folder of the run, since several processes may run the run's pages side by side.
    """

    def __init__(self, folder: Path, base: Path):
        self._folder, self._base = folder, base
        self._known: dict[str, str] = {}

    def get(self, page: str) -> str | None:
        """Where the page failed ("docs/en/x.md:41 (#id)"), or None."""
        try:
            return self._known.get(page) or self._file(page).read_text(encoding="utf-8")
        except OSError:
            return None

    def add(self, page: str, place: str) -> None:
        """Note that the page has failed at ``place``."""
        self._known[page] = place
        # Where the disk is full, only this process knows; the page's failure is what has to be told.
        with suppress(OSError, GuideError):
            write_whole(self._file(page), place.encode(), base=self._base)

    def _file(self, page: str) -> Path:
        return self._folder / hashlib.sha256(page.encode()).hexdigest()
