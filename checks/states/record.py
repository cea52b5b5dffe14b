"""What was run to come to a state, and what each snippet did on the way."""

from __future__ import annotations

import base64
import uuid
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from checks.model import Outcome, PageRun


@dataclass
class Record:
    """A page up to one of its snippets; without outcomes, a machine that has only been started.

    ``key`` is the fingerprint of all that made the state, ``run`` the name of the run that made it.
    ``packages_before`` has name and version of each package that the machine had when it was started, so that the
    packages which the pages installed are known later. ``instance`` tells this state from other states of the same
    key, and ``below`` is the instance of the state that the page began on: outcomes that are shown together were
    run on one another.
    """

    key: str
    run: str
    made: str  # UTC, as utc_now() writes it
    page_run: PageRun
    boot_id: str | None
    packages_before: dict[str, str] = field(default_factory=dict)
    below: str | None = None
    instance: str = field(default_factory=lambda: uuid.uuid4().hex)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON can hold it; outputs in base64."""
        data = asdict(self)
        for outcome in data["page_run"]["outcomes"]:
            outcome["output"] = base64.b64encode(outcome["output"]).decode()
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Record:
        """The record; raises ValueError, KeyError or TypeError for a record of another version of this program."""
        run = dict(data["page_run"])
        run["outcomes"] = [_outcome(outcome) for outcome in run["outcomes"]]
        return cls(**{**data, "page_run": PageRun(**run)})


def _outcome(data: dict[str, Any]) -> Outcome:
    known = {field.name for field in fields(Outcome)}
    if data.keys() != known:
        raise ValueError(f"outcome of {', '.join(data)}")
    return Outcome(**{**data, "output": base64.b64decode(data["output"])})
