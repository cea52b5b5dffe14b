"""``./guide status --markdown``: for the summary of a workflow's job, which pages are proven on which release, and what has failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from checks.commands.junit import failure_reports
from checks.evidence.validity import PageStatus

MOST_FAILURES = 20  # GitHub refuses a summary of more than 1 MiB, and a report can have 200 lines


def job_summary(rows: Sequence[PageStatus], labels: dict[str, str], reports: Iterable[Path]) -> str:
    """Markdown: a table of pages and targets, then the reports of failed snippets.

    ``labels`` are the targets' names for readers, in the order of the columns. ``reports`` are JUnit files.
    """
    columns = [target for target in labels if any(row.target == target for row in rows)]
    cells = {(row.page, row.target): _cell(row) for row in rows}
    pages = list(dict.fromkeys(row.page for row in rows))
    lines = [f"| page | {' | '.join(labels[target] for target in columns)} |", f"|---|{'---|' * len(columns)}"]
    lines += [f"| {page} | {' | '.join(cells[page, target] for target in columns)} |" for page in pages]
    failed = failure_reports(reports)
    for name, text in failed[:MOST_FAILURES]:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        lines += ["", f"**Failed: {name}**", "", f"{fence}text", text.strip("\n"), fence]
    if len(failed) > MOST_FAILURES:
        lines += ["", f"{len(failed) - MOST_FAILURES} more have failed; the reports are kept as artifacts of the job."]
    return "\n".join(lines)


def _cell(row: PageStatus) -> str:
    if row.date is None:
        return row.state
    skipped = f", {row.skipped} skipped" if row.skipped else ""
    return f"{row.state} {row.date[:10]}: {row.ran} ran{skipped}"
