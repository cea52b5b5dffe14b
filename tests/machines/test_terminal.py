"""What a terminal would still show of the bytes that programs print."""

from __future__ import annotations

import pytest

from checks.terminal import plain


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"plain\n", "plain"),
        (b"\x1b[1;32mgreen\x1b[0m", "green"),
        (b"\x1b]0;title\x07text", "text"),
        (b"0%\r50%\r100%\n", "100%"),
        (b"long line\rshort", "shortline"),
        (b"dos\r\nlines\r\n", "dos\nlines"),
        (b"ab\bc", "ac"),
        (b"one\n\x1b7\x1b[40;0f\x1b[42mProgress: [ 20%]\x1b[49m [##..] \x1b8two\n", "one\ntwo"),
        (b"tail  \n\n", "tail"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
        ("内核\n".encode(), "内核"),
    ],
)
def test_what_a_terminal_would_still_show(printed, shown):
    assert plain(printed) == shown
