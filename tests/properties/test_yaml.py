"""Whatever stands in a YAML file, reading it gives its values, or errors of ours with their lines."""

from __future__ import annotations

from pathlib import Path

from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from checks.model import PageErrors
from checks.pages import frontmatter
from checks.strict_yaml import Document

PIECES = [
    "a", "b", "title", "machine", "container", "after", "memory", "3G", "peer", "hide", "search", "exclude", ": ", ":", "? ", "- ", "\n",
    "\n", "\n  ", "\n    ", "\n\t", "{", "}", "[", "]", ",", "&x", "*x", "<<", "!!python/object:os.system", "!!binary", "!t", "!<x>", "|\n",
    ">-\n",
    '"', "'", "#", " # c", "---\n", "...\n", "%YAML 1.1\n", "%TAG ! tag:x,2000:\n", "1", "1.5", "0x1f", "1:00:00", "1_000", "2026-13-45",
    "2026-01-02", "2026-01-02T25:00:00Z", ".inf", ".nan", "=", "true", "no", "null", "~", "\\", "\\ud800", "\\x", "\u2028", "\x85", "\x07",
    "\ufeff",
    "9" * 400, "- " * 60, "[" * 60, "汉",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=30).map("".join)


def lines(text: str) -> range:
    """The numbers of the lines of a text, and of the one after its last newline."""
    return range(1, text.count("\n") + 2)


@given(texts)
@examples(400)
def test_a_document_is_read_or_refused_with_lines(text):
    try:
        document = Document(text, Path("data/x.yml"))
    except PageErrors as error:
        assert error.problems
        assert all(problem.line in lines(text) for problem in error.problems)
        assert "Traceback" not in str(error)
        return
    assert set(document.key_lines.values()) <= set(lines(text))


@given(texts)
@examples(400)
def test_a_front_matter_is_read_or_refused_with_lines(text):
    page = f"---\n{text}\n---\n\n# X\n"
    head = frontmatter.read(page)
    assert all(line in lines(page) for line, _ in head.problems)
    assert set(head.lines.values()) <= set(lines(page))
    assert head.body.count("\n") == page.count("\n"), "the lines of the page keep their numbers"
    assert page.endswith(head.body.lstrip("\n"))


@given(texts)
@examples(500)
def test_any_text_is_a_page_with_or_without_a_front_matter(text):
    head = frontmatter.read(text)
    assert all(line in lines(text) for line, _ in head.problems)
    assert head.body.count("\n") == text.count("\n")
