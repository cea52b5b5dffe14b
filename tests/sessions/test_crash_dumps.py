"""What a crash left is what the page announces."""

from __future__ import annotations

import pytest

from checks.model import Outcome
from checks.sessions.crash_dumps import record_new_dump


@pytest.mark.parametrize(
    "expected, after, failure, dump",
    [
        (True, [{"path": "/d/1"}, {"path": "/d/2"}], None, {"path": "/d/2"}),
        (True, [{"path": "/d/1"}], "left no dump at /d/*", None),
        (True, [{"path": "/d/1"}, {"path": "/d/1", "on": "peer"}], None, {"path": "/d/1", "on": "peer"}),
        (False, [{"path": "/d/1"}], None, None),
        (False, [{"path": "/d/1"}, {"path": "/d/2"}], "left a dump, /d/2; the page says data-dump", None),
    ],
)
def test_a_crash_leaves_what_it_was_announced_to_leave(expected, after, failure, dump):
    outcome = Outcome("a", "")
    record_new_dump(outcome, [{"path": "/d/1"}], after, ("/d/*",), expected)
    assert outcome.dump == dump
    assert (outcome.failure is None) == (failure is None) and (failure or "") in (outcome.failure or "")
