"""Reading a page ends, whatever is on it: past a bound of size, time or memory the page is refused with its name."""

from __future__ import annotations

import re
import signal

import pytest
from guides import one_language

from checks.model import GuideError, PageErrors
from checks.pages import bounds
from checks.pages.reader import read_guide

CPU = "docs/index.md: reading it took more than 1 s of processor time"
MEMORY = "docs/index.md: reading it took more than 1024 MiB of memory"
EITHER = f"{CPU}|{MEMORY}|docs/index.md: it has too many levels of nesting"

# What makes Python-Markdown, its extensions or pytest-examples work for more than a second; what is expected.
CASES = {
    "brackets": ("[" * 100_000, CPU),
    "pictures": ("![a](" * 60_000, CPU),
    "tags": ("<a " * 100_000, CPU),
    "emphasis": ("*a_" * 100_000, EITHER),
    "backquotes": ("".join("`" * n + " " for n in range(1, 1000)), EITHER),
    "links": ("[a](<" * 80_000, CPU),
    "braces": ("a {" * 100_000, EITHER),
    "a list 600 deep": ("\n".join(" " * 4 * n + "- a" for n in range(600)), EITHER),
    "abbreviations": (f"*[ab]: {'x' * 500_000}\n\n{'ab ' * 100_000}", EITHER),
    "references": ("[a]: <" * 100_000, EITHER),
}


@pytest.mark.parametrize("case", CASES)
def test_a_page_whose_reading_goes_past_a_bound_is_refused(case, tmp_path, monkeypatch):
    text, expected = CASES[case]
    monkeypatch.setattr(bounds, "MAX_CPU_S", 1.0)
    config = one_language(tmp_path, {"index": f"# X {{#x}}\n\n{text}\n"})
    try:
        read_guide(config)
    except PageErrors as error:
        assert re.match(expected, str(error)), str(error)[:300]
    else:
        assert expected == EITHER  # a machine that is fast enough may read it
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def test_a_page_of_more_than_a_mebibyte_is_refused(tmp_path):
    config = one_language(tmp_path, {"index": f"# X {{#x}}\n\n{'a ' * (1 << 19)}\n"})
    with pytest.raises(GuideError, match=r"docs/index\.md: expected at most 1 MiB of Markdown"):
        read_guide(config)


def test_a_regular_expression_that_never_ends_is_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_CPU_S", 0.3)
    with pytest.raises(PageErrors, match="more than 0.3 s of processor time"), bounds.reading(tmp_path / "x.md"):
        re.fullmatch("(a*)*b", "a" * 60)


def test_memory_is_bounded_and_free_again_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_MEMORY_BYTES", 1 << 28)
    with pytest.raises(PageErrors, match="more than 256 MiB of memory"), bounds.reading(tmp_path / "x.md"):
        bytearray(1 << 29)
    assert len(bytearray(1 << 29)) == 1 << 29


def test_an_extension_that_catches_every_exception_does_not_stop_the_clock(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "MAX_CPU_S", 0.3)
    with pytest.raises(PageErrors, match="processor time"), bounds.reading(tmp_path / "x.md"):
        while True:
            try:
                sum(range(100_000))
            except Exception:
                continue
