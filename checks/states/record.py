"""What was done to come to a state, as it was seen when it was done."""

from __future__ import annotations

import base64
import uuid
from dataclasses import asdict, dataclass, field, fields

from checks.model import Outcome, PageRun


@dataclass
class Record:
    """A page up to one of its snippets, or, without outcomes, a machine that has only been started.

    ``key`` is the hash of all that made the state, ``run`` the run that made it. ``packages_before`` are name and
    version of what the machine had when it was started, so that what the pages changed can be told later.
    ``instance`` tells this state from others of the same key, ``below`` is the instance that the page began on:
    what is shown together was run on one another, not on another run of the same snippets.
    """

    key: str
    run: str
    made: str  # UTC
    page_run: PageRun
    boot_id: str | None
    packages_before: dict[str, str] = field(default_factory=dict)
    below: str | None = None
    instance: str = field(default_factory=lambda: uuid.uuid4().hex)

    def to_json(self) -> dict:
        data = asdict(self)
        for outcome in data["page_run"]["outcomes"]:
            outcome["output"] = base64.b64encode(outcome["output"]).decode()
        return data

    @classmethod
    def from_json(cls, data: dict) -> Record:
        """The record; ValueError, KeyError or TypeError when it is of another version of this program."""
        run = dict(data["page_run"])
        run["outcomes"] = [_outcome(each) for each in run["outcomes"]]
        return cls(**{**data, "page_run": PageRun(**run)})


def _outcome(data: dict) -> Outcome:
    known = {each.name for each in fields(Outcome)}
    if data.keys() != known:
        raise ValueError(f"outcome of {', '.join(data)}")
    return Outcome(**{**data, "output": base64.b64decode(data["output"])})
