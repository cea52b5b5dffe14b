"""What a page's machine has in other versions than the page's evidence: the usual reason why an output has changed."""

from __future__ import annotations

from pathlib import Path

from checks.evidence.files import read_evidence_file
from checks.model import PageRun
from checks.sessions.session import Session
from checks.terminal import visible

SHOWN = 12  # changed packages in one report
SHOWN_CHARACTERS = 2000  # of them; a page's machine can name a package as it likes


def since_evidence(folder: Path, run: PageRun, session: Session | None) -> str:
    """A line, with a line feed before it, that compares the machine of ``run`` with the evidence of its page in ``folder``.

    ``session``: on the machine, as long as it runs; else the packages in ``run`` count. Packages that the machine had before
    the page are not recorded one by one; of them the line says of which days the package lists are. "" where there is no
    evidence that can be read.
    """
    file = read_evidence_file(folder, run.target, run.page)
    if file is None or file.fault:
        return ""
    packages = session.new_packages() if session else run.packages
    before = {**file.data["packages"], "the kernel": file.data["kernel"]}
    now = {**packages, "the kernel": run.kernel}
    rows = [f"{name} {before.get(name, 'absent')} -> {now.get(name, 'absent')}" for name in sorted(before.keys() | now.keys())
            if before.get(name) != now.get(name)]  # fmt: skip
    more = [f"{len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
    days = (file.data.get("archive"), run.archive)
    lists = [f"the day of the package lists {days[0]} -> {days[1]}"] if all(days) and days[0] != days[1] else []
    shown = [*rows[:SHOWN], *more, *lists]
    date = file.data["started"][:10]
    if not shown:
        return f"\nno package has changed since the evidence of {date}"
    return "\n" + visible(f"what has changed since the evidence of {date}: {', '.join(shown)}")[:SHOWN_CHARACTERS]
