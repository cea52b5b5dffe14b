"""What is wrong with what a snippet did, told to the person who has to mend it."""

from __future__ import annotations

from checks import outputs
from checks.model import Snippet
from checks.outputs import Shapes
from checks.session import Outcome
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
