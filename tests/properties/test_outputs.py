"""An output agrees with what the machine printed exactly where line by line agrees, and finding that out takes linear time."""

from __future__ import annotations

from dataclasses import replace

from examples import examples
from hypothesis import assume, example, given
from hypothesis import strategies as st
from printed import GUIDE, NONE, shown

from checks.evidence.outputs import REPORTED_LINES, SHOWN_CHARACTERS, _align, difference, matches, renewed
from checks.model import Output, Varies
from checks.pages.shapes import ELISION, ExpectedLine, Shapes, lines_of
from checks.terminal import plain

# Words in which no shape finds anything, and in which shapes do.
PLAIN = ["gone", "kept", "loaded", "purge", "...", "\\...", "kdump", "-"]
VARYING = [
    "123 MB", "1.5G", "2048", "99999999", "12 s", "3.14.1-1", "6.12.48+deb13-amd64", "(1:2.10.2-5)", "0xffffffff81000000", "[    1.234567]",
    "2026-01-02T03:04:05Z", "202601020304", "0f8fad5b-d9cb-469f-a165-70867728950e", "do_x+0x12/0x40",
]  # fmt: skip
line_texts = st.lists(st.sampled_from(PLAIN) | st.sampled_from(VARYING), max_size=4).map(" ".join) | st.sampled_from(
    ["", "gone", "kept", " ...", "..."]
)
shapes_used = st.sampled_from([NONE, GUIDE])
declared = st.lists(
    st.builds(Varies, st.sampled_from([shape.name for shape in GUIDE.all if not shape.everywhere]), st.sampled_from(["", "gone", "kept"])),
    max_size=3,
).map(tuple)
prints = st.lists(line_texts, max_size=8).map(lambda lines: plain("\n".join(lines).encode()))
expectations = st.builds(
    lambda lines, varies: Output("\n".join(lines), 1, 1, varies=varies), st.lists(line_texts | st.just(ELISION), max_size=7), declared
)


def by_hand(expected: list[ExpectedLine | None], actual: list[str]) -> bool:
    """Whether they agree, tried in every way: ``ends`` are the numbers of printed lines that the lines so far can stand for."""
    ends = {0}
    for line in expected:
        if line is None:
            ends = set(range(min(ends), len(actual) + 1)) if ends else set()
        else:
            ends = {end + 1 for end in ends if end < len(actual) and line.agrees(actual[end])}
    return len(actual) in ends


@given(expectations, prints, shapes_used)
@example(shown("...\n...\ngone\n..."), "gone", NONE)
@examples(500)
def test_an_output_agrees_where_some_way_to_read_its_elisions_does(expected, printed, shapes):
    assert matches(expected, printed, shapes) is by_hand(shapes.expected(expected), lines_of(printed))


@given(prints, declared, shapes_used)
@examples(200)
def test_an_output_agrees_with_itself(printed, varies, shapes):
    own = replace(shown(renewed(shown(""), printed, shapes)), varies=varies)
    assert matches(own, printed, shapes)


@given(prints, st.integers(0, 8), st.integers(0, 8), st.integers(0, 8), declared, shapes_used)
@examples(200)
def test_an_output_agrees_with_itself_where_lines_are_left_out(printed, first, count, second, varies, shapes):
    lines = lines_of(renewed(shown(""), printed, shapes))
    lines[first : first + count] = [ELISION]
    lines.insert(second, ELISION)
    assert matches(replace(shown("\n".join(lines)), varies=varies), printed, shapes)


@given(expectations, prints, shapes_used)
@examples(200)
def test_what_update_writes_agrees_with_the_run(expected, printed, shapes):
    assert matches(replace(expected, text=renewed(expected, printed, shapes)), printed, shapes)


@given(prints, st.integers(0, 50), st.sampled_from(["xyzzy", "guru", "gone2", "kep"]), declared)
@examples(200)
def test_a_word_that_no_shape_finds_may_not_differ(printed, number, other, varies):
    words = [
        (row, place)
        for row, line in enumerate(lines_of(printed))
        for place, word in enumerate(line.split(" "))
        if word in ("gone", "kept", "loaded")
    ]
    assume(words)
    row, place = words[number % len(words)]
    lines = [line.split(" ") for line in lines_of(printed)]
    lines[row][place] = other
    changed = "\n".join(" ".join(line) for line in lines)
    own = replace(shown(renewed(shown(""), printed, GUIDE)), varies=varies)
    assert not matches(own, changed, GUIDE)


@given(line_texts, line_texts, st.sets(st.sampled_from(GUIDE.all)))
@examples(300)
def test_two_lines_agree_in_both_directions_or_in_none(one, other, used):
    shapes = tuple(shape for shape in GUIDE.all if shape in used)
    assert ExpectedLine(one, shapes).agrees(other) == ExpectedLine(other, shapes).agrees(one)
    assert ExpectedLine(one, shapes).agrees(one)


class Counted(list):
    """The lines that were printed; ``looks`` counts how many were looked at."""

    looks = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        self.looks += len(found) if isinstance(key, slice) else 1
        return found


@given(expectations, st.lists(st.sampled_from(["gone", "kept", "1.5G", "..."]), max_size=200), shapes_used)
@examples(200)
def test_each_printed_line_is_looked_at_once(expected, lines, shapes):
    printed = Counted(lines)
    wanted = shapes.expected(expected)
    _align(wanted, printed)
    # One more time for those lines before the last elision that also stand where the output ends.
    assert printed.looks <= len(lines) + len(wanted)


@given(expectations, st.lists(line_texts | st.text(max_size=700), max_size=300).map("\n".join), shapes_used)
@examples(60)
def test_a_report_is_short_whatever_was_printed(expected, printed, shapes):
    rows = difference(expected, printed, shapes).split("\n")
    assert len(rows) <= REPORTED_LINES + 25  # what it printed is shown below
    assert max(map(len, rows)) <= SHOWN_CHARACTERS + 40


@given(expectations, prints)
@examples(200)
def test_a_report_of_a_difference_names_a_line_that_differs(expected, printed):
    text = difference(expected, printed, Shapes())
    if not matches(expected, printed, NONE):
        assert any(row.startswith(("- ", "+ ")) for row in text.split("\n")) or "not next to each other" in text
