"""What a machine prints: the text of it can be shown on any terminal, stays as it is, and is no longer than it may be."""

from __future__ import annotations

from checks.terminal import is_unseen, plain

SEEDS = [
    b"\x1b[31mred\x1b[0m\x1b]0;title\x07\x1bP1\x1b\\ \x1b7up\x1b8\r\n",
    b"10%\r20%\b\b\bx\x9b3m\xc2\x9b3m\xff\xed\xa0\x80",
    "\u200b\u202e\ufeff\u2028\x85汉字\U000e0001".encode(),
]


def one(data: bytes) -> None:
    text = plain(data)
    assert not any(map(is_unseen, text))
    assert plain(text.encode()) == text
    assert len(text) <= 4 * len(data)
