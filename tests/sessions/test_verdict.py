"""What is wrong with how a snippet ended, in the words that a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.model import Snippet
from checks.sessions.verdict import judge_end, refusals

HIDDEN = "docs/x.md:{at}: line {line} of the snippet failed with exit status {status}, and the lines after it hid that"
FORKS = "the limit on processes refused 3 forks"
KILLED = "2 processes were killed for want of memory"
BACKGROUND = "what earlier snippets left running in the background went too far: "
ENDED = "ended the reader's shell, with exit status {}: everything after it on the page would be lost"
ANSWERS = "the shell reported {} exit statuses for one command: does the page use extdebug, or answer in the shell's place?"


def snippet(exit_status: int = 0) -> Snippet:
    return Snippet("x", "a", "bash", "true\nfalse\ntrue", Path("docs/x.md"), 40, 44, exit_status=exit_status)


@pytest.mark.parametrize(
    ("expected", "message", "said"),
    [
        (0, {"op": "done", "status": 0}, None),
        (3, {"op": "done", "status": 3}, None),
        (0, {"op": "done", "status": 0, "failed": "", "inside": [], "limits": {}, "late": {}, "answers": 1}, None),
        (0, {"op": "done", "status": 0, "failed": None, "inside": None, "limits": None, "late": None}, None),
        (0, {"op": "done", "status": 0, "limits": {"forks": 0, "oom": 0}, "late": {"forks": 0, "oom": 0}}, None),
        (0, {"op": "done", "status": 1}, "exit status 1, expected 0"),
        (3, {"op": "done", "status": 0}, "exit status 0, expected 3"),
        (0, {"op": "done", "status": None}, "exit status None, expected 0"),
        (0, {"op": "done", "status": 0, "failed": "2:127"}, HIDDEN.format(at=42, line=2, status=127)),
        (3, {"op": "done", "status": 3, "failed": "1:3"}, HIDDEN.format(at=41, line=1, status=3)),
        (0, {"op": "done", "status": 0, "inside": ["3:1"]}, HIDDEN.format(at=43, line=3, status=1)),
        # A command that announces a failure has it from somewhere inside.
        (3, {"op": "done", "status": 3, "inside": ["3:3"]}, None),
        (1, {"op": "done", "status": 1, "inside": ["3:1"]}, None),
        (3, {"op": "done", "status": 3, "inside": ["1:3", "2:4", "3:5"]}, HIDDEN.format(at=42, line=2, status=4)),
        # Who ends the shell loses what comes after it, whatever the status.
        (0, {"op": "ended", "status": 0}, ENDED.format(0)),
        (3, {"op": "ended", "status": 3}, ENDED.format(3)),
        (0, {"op": "ended", "status": None}, ENDED.format(None)),
        # One command has one status.
        (0, {"op": "done", "status": 0, "answers": 2}, ANSWERS.format(2)),
        (0, {"op": "done", "status": None, "answers": 0}, ANSWERS.format(0)),
        (0, {"op": "ended", "status": 0, "answers": 2}, ANSWERS.format(2)),
        # What a limit refused comes first: it may be why the rest is as it is.
        (0, {"op": "done", "status": 1, "limits": {"forks": 3}}, FORKS),
        (0, {"op": "done", "status": 0, "limits": {"oom": 2}}, KILLED),
        (0, {"op": "ended", "status": 9, "answers": 2, "limits": {"oom": 2, "forks": 3}}, f"{FORKS} and {KILLED}"),
        (0, {"op": "done", "status": 0, "late": {"oom": 2}, "limits": {"forks": 3}}, BACKGROUND + KILLED),
        (0, {"op": "done", "status": 1, "late": {"forks": 3}}, BACKGROUND + FORKS),
    ],
)
def test_how_a_snippet_ended_is_judged_and_said(expected, message, said):
    assert judge_end(snippet(expected), message) == said


def test_nothing_refused_is_nothing_said():
    assert refusals({}) is refusals({"forks": 0, "oom": 0, "other": 5}) is None
