"""How far a page has come: which snippets have run, now or in an earlier run."""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.evidence.fingerprints import Fingerprints
from checks.model import Outcome, Page, PageRun, Snippet


@dataclass
class PageProgress:
    """The page that is running, and what was done of it."""

    page: Page
    snippets: list[Snippet]  # that run on the target; ``done`` are the first of them
    keys: Fingerprints
    run: PageRun
    below: str | None  # the instance of the state that the page began on
    began: float  # time.monotonic() at which the page would have begun, had all of it been run now
    console_before: str = ""  # of the machines that the page was on before this one
    console_from: int = 0  # where the page goes on, on this machine's console
    done: dict[str, Outcome] = field(default_factory=dict)
    failed: str | None = None  # where, once something has that makes the rest of the page pointless
    on_machine: bool = False  # the machine is where ``done`` ends; else that is only recalled
    executed: bool = False  # something was run that no state has yet
