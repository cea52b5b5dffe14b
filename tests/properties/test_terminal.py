"""Whatever a machine prints, the text that is made of it can be shown on any terminal and in any page."""

from __future__ import annotations

from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from checks import terminal
from checks.model import printable

# The pieces of which control sequences are made, and what they may stand beside.
PIECES = [
    b"\x1b", b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b7", b"\x1b8", b"\x1b\\", b"\x1b#8", b"\x1bc", b"31m", b"0;title", b"\x07", b"\x9b",
    "\x9b".encode(), "\x9d".encode(), "\x9c".encode(), b"\r", b"\r\n", b"\n", b"\b", b"\b\b\b", b"\t", b" ", b"\x00", b"\x7f", b"\x18",
    b"\xff", b"\xc3", b"\xed\xa0\x80", "\u200b\u202e\ufeff".encode(), "\U000e0001".encode(), "\u2028\x85".encode(), "汉字".encode(),
    b"\\x1b", b"word", b"...",
]  # fmt: skip
printed = st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=40).map(b"".join)


@given(printed)
@examples(500)
def test_nothing_is_left_that_a_terminal_obeys_or_a_reader_cannot_see(data):
    text = terminal.plain(data)
    assert not [character for character in text if terminal.is_unseen(character)]
    assert printable(text) == text


@given(printed)
@examples(500)
def test_a_text_that_was_made_plain_stays_as_it_is(data):
    text = terminal.plain(data)
    assert terminal.plain(text.encode()) == text
    assert terminal.visible(text) == text


@given(printed)
@examples(500)
def test_the_text_grows_with_what_was_printed_and_no_faster(data):
    # An invisible byte becomes four characters, \xff; an invisible character of two to four bytes at most ten.
    assert len(terminal.plain(data)) <= 4 * len(data)


@given(st.text(), st.text())
@examples(500)
def test_each_character_is_made_visible_by_itself(before, after):
    assert terminal.visible(before + after) == terminal.visible(before) + terminal.visible(after)
    assert terminal.visible(terminal.visible(before)) == terminal.visible(before)
