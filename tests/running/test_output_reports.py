"""What is said of an output that differs: enough, never too much, and nothing that a terminal obeys."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from printed import GUIDE, NONE, shown

from checks.evidence import outputs
from checks.evidence.outputs import REPORTED_LINES, SHOWN_CHARACTERS, difference, matches
from checks.model import Outcome, Output, Snippet
from checks.running.failures import judge


def test_the_difference_shows_what_agrees_by_shape_as_agreeing():
    diff = difference(shown("at 0x10\nold", "address"), "at 0x20\nnew", GUIDE)
    assert diff == "  at 0x20\n- old\n+ new"


LETTERS = "\n".join("abcdefgh")
ALL = "all that it printed:"
MANY = "\n".join(f"{n}" for n in range(100, 160))  # 60 lines
NOT_NEXT = "the lines are there, but not next to each other or not at the ends, where no ... allows others between them"
# The page, the run, and every row of the report.
REPORTS = {
    "one line differs": ("a\nb\nc", "a\nx\nc", ["  a", "- b", "+ x", "  c"]),
    "a line too many at the end": ("a", "a\nb", ["  a", "+ b"]),
    "a line too few at the beginning": ("a\nb", "b", ["- a", "  b"]),
    "the same line twice": ("a\na", "a", ["  a", "- a"]),
    "nothing expected": ("", "x", ["+ x"]),
    "nothing printed": ("x", "", ["- x"]),
    "two places": ("a\nb\nc\nd", "a\nx\nc\ny", ["  a", "- b", "+ x", "  c", "- d", "+ y"]),
    "seven agree before": (LETTERS, LETTERS[:-1] + "x", ["  a", "  (5 lines that agree)", "  g", "- h", "+ x"]),
    "seven agree after": ("x" + LETTERS[1:], LETTERS, ["- x", "+ a", "  b", "  (5 lines that agree)", "  h"]),
    "six agree before": ("a" + LETTERS[3:], "a" + LETTERS[3:-1] + "x", ["  a", "  c", "  d", "  e", "  f", "  g", "- h", "+ x"]),
    "60 lines for one": (MANY, "q", [*(f"- {n}" for n in range(100, 140)), "- (20 more lines)", "+ q"]),
    "40 lines for one": ("q", MANY[: 40 * 4 - 1], ["- q", *(f"+ {n}" for n in range(100, 140))]),
    "only the last line is missing": ("a\nb\n...\nx", "a\nb\nc", ["- x", ALL, "  a", "  b", "  c"]),
    "a line is missing": ("...\nb\n...", "a\nc", ["- b", ALL, "  a", "  c"]),
    "lines that are like it": (
        "...\nwrite ok\n...\nx",
        "written ok\nwrite no\nq",
        ["- write ok", "+ written ok", "+ write no", "- x", ALL, "  written ok", "  write no", "  q"],
    ),
    "a line in another place": ("a\n...", "b\na", [NOT_NEXT, ALL, "  b", "  a"]),
    "lines in another order": ("...\na\n...\nb\n...", "b\na", ["- b", "+ b", ALL, "  b", "  a"]),
    "12 lines printed": ("...\na\n...", "\n".join("bcdefghijklm"), ["- a", ALL, *(f"  {line}" for line in "bcdefghijklm")]),
    "13 lines printed": (
        "...\na\n...",
        "\n".join("bcdefghijklmn"),
        ["- a", ALL, *(f"  {line}" for line in "bcdefg"), "  (1 lines)", *(f"  {line}" for line in "ijklmn")],
    ),
    "10 lines are missing": ("...\n" + "\n".join("0123456789"), "x", [*(f"- {n}" for n in range(10)), ALL, "  x"]),
    "11 lines are missing": (
        "...\n" + "\n".join("0123456789!"),
        "x",
        [*(f"- {n}" for n in range(10)), "- (and 1 lines more)", ALL, "  x"],
    ),
    "long lines": ("a" * 301, "b" * 300, [f"- {'a' * 300} (1 characters more)", f"+ {'b' * 300}"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REPORTS)
def test_each_row_of_a_report(case):
    expected, actual, rows = REPORTS[case]
    assert difference(shown(expected), actual, NONE).split("\n") == rows


def test_a_long_difference_is_cut_in_its_middle_and_says_how_much_of_it():
    """200 lines of each side are compared, and 200 rows shown; of a search, 1000 lines at each end."""
    page, run = ("\n".join(f"{letter}{n}\nsame {n}" for n in range(150)) for letter in "ab")
    rows = difference(shown(page), run, NONE).split("\n")
    assert len(rows) == 200 and rows[0] == "- a0" and rows[149] == "(104 lines of this report are left out)"
    assert rows[-3:] == [*(f"{sign} (and 99 lines, which this report does not compare)" for sign in "-+"), "  same 149"]
    printed = "\n".join(["first", *(f"<{n}>" for n in range(2500)), "last"])
    beyond = "(looked for in the first and the last 1000 lines; 502 lines are between them)"
    for found, kept in ((("999", "1502"), ["- <999>"]), (("998", "1502"), [])):
        page = "".join(f"...\n<{number}>\n" for number in found) + "...\ngone\n..."
        rows = [row for row in difference(shown(page), printed, NONE).split("\n") if not row.startswith("+")]
        assert rows[: len(kept) + 3] == [*kept, "- gone", beyond, ALL]


def test_rows_are_cut_from_200_on_and_the_last_50_stay():
    rows = [f"{n}" for n in range(201)]
    assert outputs.capped(rows[:200]) == rows[:200]
    assert outputs.capped(rows) == [*rows[:149], "(2 lines of this report are left out)", *rows[-50:]]


def test_a_report_names_the_line_and_what_may_be_typed():
    snippet = Snippet("page", "say", "bash", "echo", Path("docs/en/page.md"), 5, 7, outputs=(Output("201326592", 9, 11),))
    report = judge(snippet, Outcome("say", "0", output=b"134217728\n", exit_status=0), GUIDE, "debian-13")
    assert report and report.split("\n")[:4] == [
        "docs/en/page.md:9: #say: it printed something else than the page shows",
        "(- the page, + this run)",
        "    - 201326592",
        "    + 134217728",
    ]


# What would take hours where a line is compared with every other, or fill a terminal.
HUGE = {
    "one missing of a million": ("\n".join(["a"] * 999 + ["b"] + ["a"] * 1000), "\n".join(["a"] * 1_000_000)),
    "one missing in the middle": ("\n".join(["a"] * 100_000 + ["b"] + ["a"] * 100), "\n".join(["a"] * 100_100)),
    "a against a, b": ("\n".join(["a"] * 3000), "\n".join(["a", "b"] * 1500)),
    "elided, and not there": ("...\n" + "\n".join(["a"] * 3000) + "\nb\n...", "\n".join(["a"] * 200_000)),
    "other lines": ("\n".join(f"x{n}" for n in range(3000)), "\n".join(f"y{n}" for n in range(3000))),
    "many elisions": ("...\n" + "\n...\n".join(["a"] * 2000) + "\nb", "\n".join(["a"] * 200_000)),
    "long lines": ("97M " * 100_000, "98M " * 100_000),
    "a line of numbers": ("97M " * 2000, "98M " * 2001),
}


@pytest.mark.parametrize("case", HUGE)
def test_a_huge_output_is_compared_and_reported_within_bounds(case):
    """A quadratic way would take hours for these; the bound of a minute is only there to end such a test."""
    expected, actual = HUGE[case]
    started = time.process_time()
    output = shown(expected, *(["size"] if "97M" in expected else []))
    assert not matches(output, actual, GUIDE)
    report = difference(output, actual, GUIDE).split("\n")
    assert len(report) <= REPORTED_LINES and max(map(len, report)) < SHOWN_CHARACTERS + 50
    assert time.process_time() - started < 60


def test_the_work_of_a_search_grows_with_what_was_printed_only(monkeypatch):
    """Each printed line is looked at once, however often the beginning of the expected lines is found."""
    looks = 0
    bits = outputs._Search._bits

    def counted(self, printed):
        nonlocal looks
        looks += 1
        return bits(self, printed)

    monkeypatch.setattr(outputs._Search, "_bits", counted)
    assert not matches(shown("...\n" + "a\n" * 50 + "b\n...\nc\n..."), "\n".join(["a"] * 5000), NONE)
    assert looks == 5000


HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202e"


def test_no_report_has_a_character_that_a_terminal_obeys():
    snippet = Snippet("page", "say", "bash", "echo", Path("docs/en/page.md"), 5, 7, outputs=(Output("fine", 9, 11),))
    printed = Outcome("say", "0", output=f"bad {HOSTILE}\n".encode(), exit_status=0)
    failed = Outcome("say", "0", output=f"bad {HOSTILE}\n".encode(), failure=f"panic: {HOSTILE}", console=HOSTILE)
    for outcome in (printed, failed):
        report = judge(snippet, outcome, GUIDE, "debian-13")
        assert report and "bad" in report
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", report)


@pytest.mark.parametrize("lines", [10, 3000])
def test_a_report_has_at_most_200_lines(lines):
    code = "\n".join(["true"] * lines)
    snippet = Snippet("page", "say", "bash", code, Path("docs/en/page.md"), 5, 7, outputs=(Output("fine", 9, 11),))
    many = "\n".join(["x" * 5000] * lines)
    for outcome in (Outcome("say", "0", output=many.encode()), Outcome("say", "0", output=many.encode(), failure=many, console=many)):
        report = judge(snippet, outcome, GUIDE, "debian-13")
        assert report and len(report.split("\n")) <= REPORTED_LINES and len(report) < 1_000_000
