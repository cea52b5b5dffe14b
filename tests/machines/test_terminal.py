"""What a terminal would still show of the bytes that programs print."""

from __future__ import annotations

import random
import re
import time

import pytest

from checks.terminal import is_unseen, plain, visible


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"plain\n", "plain"),
        (b"\x1b[1;32mgreen\x1b[0m", "green"),
        (b"\x1b]0;title\x07text", "text"),
        (b"0%\r50%\r100%\n", "100%"),
        (b"long line\rshort", "shortline"),
        (b"dos\r\nlines\r\n", "dos\nlines"),
        (b"tail  \n\n", "tail"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        ("内核\n".encode(), "内核"),
        # backspaces only move the cursor, and not before the first column
        (b"ab\bc", "ac"),
        (b"ab\b", "ab"),
        (b"ab\b \b", "a"),
        (b"\b\bab", "ab"),
        (b"abc\b\b\b\b\bx", "xbc"),
        (b"12\r\b3", "32"),
        # what stands elsewhere on the screen, as apt draws it; but no line of its own may vanish that way
        (b"one\n\x1b7\x1b[40;0f\x1b[42mProgress: [ 20%]\x1b[49m [##..] \x1b8two\n", "one\ntwo"),
        (b"\x1b7one\n\x1b7two\x1b8three", "one\nthree"),
        (b"\x1b7a\nb\x1b8c", "a\nbc"),
        # sequences in sequences: what is left is no sequence
        (b"\x1b\x1b[0m[2J", "[2J"),
        (b"\x1b\x1b[0m]52;c;aGk=\x1b\\", "]52;c;aGk="),
        (b"\x1b[\x1b[0m2Jx", "2Jx"),
        (b"\x1b[3\x1b[0m1mx", "1mx"),
        (b"\x1b\xc2\x9b1mx", "x"),
        # C1, the functions of ESC [ and ESC ] in one character
        (b"\xc2\x9b2Jx", "x"),
        (b"\xc2\x9d0;title\xc2\x9cx", "x"),
        (b"\xc2\x9d52;c;aGk=\x07x", "x"),
        (b"a\xc2\x84\xc2\x85b", "ab"),
        # strings: DCS, SOS, PM, APC, OSC; without a terminator they end with their line
        (b"\x1bP1$r0m\x1b\\x", "x"),
        (b"\x1bXsos\x1b\\x", "x"),
        (b"\x1b^pm\x1b\\x", "x"),
        (b"\x1b_apc\x1b\\x", "x"),
        (b"\x1b]0;title\nline", "\nline"),
        (b"\x1b]0;title", ""),
        (b"\x1b]0;ti\x1b[0mtle\x07x", "tlex"),
        (b"\x1b]0;ti\x18tle", "tle"),
        # intermediates, the alignment test, private and final bytes other than letters; sequences cut short
        (b"\x1b#8x", "x"),
        (b"\x1b(B\x1b)0\x1b%G\x1b F\x1b$)Cx", "x"),
        (b"\x1b[!p\x1b[?25l\x1b[>0c\x1b[1 q\x1b[3~\x1b[5@\x1b[6`x", "x"),
        (b"\x1bc\x1b=\x1b>\x1bMx", "x"),
        (b"x\x1b", "x"),
        (b"x\x1b[12", "x"),
        (b"x\x1b(", "x"),
        # other controls
        (b"a\x00b\x07c\x0bd\x0ce\x0ff\x7fg", "abcdefg"),
        # characters that nobody sees are shown by their codes
        ("a\u200bb\u202ec\u00a0d\u3000".encode(), "a\\u200bb\\u202ec\\u00a0d\\u3000"),
        ("\U000e0041\u3164\ufe0f\u2800".encode(), "\\U000e0041\\u3164\\ufe0f\\u2800"),
    ],
)
def test_what_a_terminal_would_still_show(printed, shown):
    assert plain(printed) == shown


PIECES = [b"\x1b", *(bytes([code]) for code in b"[]P\\0;m#(78x \r\b\n\x07"), b"\x9c", b"\xc2\x9b", b"\xc2\x9d"]


def test_nothing_that_a_terminal_obeys_is_left():
    chance = random.Random(12)
    for _ in range(20_000):
        printed = b"".join(chance.choices(PIECES, k=chance.randrange(1, 16)))
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", plain(printed)), printed


@pytest.mark.parametrize(
    "made",
    [
        lambda n: b"a" * n + b"\b" * n, lambda n: b"a\b" * n, lambda n: b"ab\r" * n, lambda n: b"\x1b7 " * n, lambda n: b"\x1b" * n,
        lambda n: b"\x1b]" * n, lambda n: b"\x1b]0;x\x1b" * n, lambda n: b"\x1b[" * n, lambda n: b"\x1b7\x1b[" * n, lambda n: b"\x1b #" * n,
    ],
)  # fmt: skip
def test_the_time_grows_with_the_text_and_no_faster(made):
    def seconds(n: int) -> float:
        started = time.process_time()
        plain(made(n))
        return time.process_time() - started

    # Eight times as much text: a quadratic way would take 64 times as long.
    small = min(seconds(30_000) for _ in range(3))
    assert min(seconds(240_000) for _ in range(3)) < 30 * small + 0.1


def test_what_is_seen_stays_as_it_is():
    text = "plain, café, 内核，“x” — é\tand\nlines ✔ 🎉"
    assert visible(text) == text
    assert [is_unseen(character) for character in " \n\tax内"] == [False] * 6
    assert visible("a\x1b[0mb\x9b") == "a\\x1b[0mb\\u009b"
