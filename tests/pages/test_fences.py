"""Where a block begins and ends, and what looks like one and is none: on Markdown alone, without a page around it."""

# ruff: noqa: E501  a case stands in one line

from __future__ import annotations

import pytest
from guides import ROOT

from checks.mkdocs_yml import site_settings
from checks.model import GuideError
from checks.pages.fences import Fence, Reader


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(site_settings(ROOT / "mkdocs.yml"))


def fence(language: str, line: int) -> Fence:
    return Fence(language, "", (), {}, {}, "x", line, line + 2)


SWALLOWED = "this fence is not rendered as a code block"
# What is read: the text, (language, first line, last line, code) of each block, (first line, last line, beginning of the reason) of what is none.
READ = {
    "nothing": ("", [], []),
    "a block": ("```bash\na\n```", [("bash", 1, 3, "a")], []),
    "blocks without a line between them": (
        "```bash\na\n```\n~~~text\nb\n\nc\n~~~\n```ini\n```\n````c\nd\n````",
        [("bash", 1, 3, "a"), ("text", 4, 8, "b\n\nc"), ("ini", 9, 10, ""), ("c", 11, 13, "d")],
        [],
    ),
    "empty blocks, then others": (
        "```ini\n```\n\n```ini\n```\n\n```c\nd\n```\n\n```ini\n\n```\n\n```text\ne\n```",
        [("ini", 1, 2, ""), ("ini", 4, 5, ""), ("c", 7, 9, "d"), ("ini", 11, 13, ""), ("text", 15, 17, "e")],
        [],
    ),
    "code within a line": ("```x``` y\n\n`a` ```` b ``` c ````\n\n```c\nd\n```", [("c", 5, 7, "d")], []),
    "tildes that close again on their line": ("~~~ x ~~~\n\n```c\nd\n```", [("c", 3, 5, "d")], [(1, 1, "`x ~~~` after the fence")]),
    "an opening that is the last line": ("a\n\n```c", [], [(3, 3, "this fence is never closed: expected a line ``` with the same")]),
    "an opening that is the only line": ("```c", [], [(1, 1, "this fence is never closed")]),
    "an opening that is no opening, right below a block": (
        "```c\nd\n```\n```c {x\ne\n```\n\n```c\nf\n```",
        [("c", 1, 3, "d"), ("c", 8, 10, "f")],
        [(4, 6, '`c {x` after the fence makes the site show it as inline text: expected a language, then attributes in braces: ```c {#name data-exit="1"}')],
    ),
    "an end with blanks behind it": ("```c x\nd\n```  \n\n```c\nf\n```", [("c", 5, 7, "f")], [(1, 3, "`c x` after the fence")]),
    "an end in a quote": ("> ```c x\n> d\n> ```\n\n```c\nf\n```", [("c", 5, 7, "f")], [(1, 3, "`c x` after the fence")]),
    "a block on the line of a list's mark": ("- ```c\n  d\n  ```\n\n1. a\n\n```c\nf\n```", [("c", 7, 9, "f")], [(1, 3, "a fence cannot start on the line of its list marker")]),
    "a block in a comment": ("<!--\n```c\nd\n```\n-->\n\n```c\nf\n```", [("c", 7, 9, "f")], [(2, 4, SWALLOWED)]),
    "two that are none": ("```c x\nd\n```\n\n```c y\ne\n```", [], [(1, 3, "`c x`"), (5, 7, "`c y`")]),
    "a block in a footnote": ("a[^1]\n\n[^1]:\n    ```c\n    d\n    ```\n\n```c\nf\n```", [("c", 8, 10, "f")], [(4, 6, "the site shows this block at another place")]),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_where_blocks_begin_and_end(reader, case):
    text, blocks, none = READ[case]
    read = reader.read(text)
    assert [(fence.line, fence.end_line) for fence in read.unrendered] == [(first, last) for first, last, _ in none]
    assert all(fence.reason.startswith(reason) for fence, (_, _, reason) in zip(read.unrendered, none, strict=True))
    if "footnote" not in case:
        assert [(fence.language, fence.line, fence.end_line, fence.code) for fence in read.fences] == blocks


def test_what_a_block_has_in_its_braces_is_kept(reader):
    (read,) = reader.read('```python {#a .b .c data-exit="1" linenums="3"}\nx\n```').fences
    assert (read.language, read.id, read.classes) == ("python", "a", ("b", "c"))
    assert read.attributes == {"data-exit": "1"} and read.options["linenums"] == "3"
    (plain,) = reader.read("~~~\nx\n~~~").fences
    assert (plain.language, plain.id, plain.classes, plain.attributes) == ("", "", (), {})


def test_a_page_is_read_by_itself_whatever_was_read_before(reader):
    """The references and footnotes of one page are none of the next, and the same text is rendered once."""
    texts = ["[a]: b.md\n\n```c\nx\n```", "[a][a]\n\n```c\ny\n```\n\n```c\nz\n```"]
    for text, count in (*zip(texts, (1, 2), strict=True), (texts[0], 1)):
        assert len(reader.read(text).fences) == count
        assert reader.html(text).count(f"<{reader.block} ") == count
    assert "b.md" not in reader.html(texts[1])
    assert reader.html(texts[0]) is reader.html(texts[0])


def test_an_element_of_a_page_is_never_taken_for_a_block(reader):
    """The name of the element that stands for a block is another one in each process."""
    other = Reader(site_settings(ROOT / "mkdocs.yml"))
    assert other.block != reader.block
    assert other.read(f'<{reader.block} data-n="0"></{reader.block}>\n\n```c\nx\n```').fences[0].line == 3


def test_an_extension_that_moves_lines_is_told(reader):
    for made, lines in ((fence("bash", 1), ["```python", "x", "```"]), (fence("bash", 1), ["bash"]), (fence("bash", 9), ["```bash"])):
        with pytest.raises(GuideError, match=rf"a Markdown extension adds or removes lines .* \(line {made.line} opens no fence\)"):
            reader._verify_lines(made, lines)
    reader._verify_lines(fence("bash", 1), ["```bash {#a}", "x", "```"])
    reader._verify_lines(fence("", 1), ["> ~~~", "x", "```"])


@pytest.mark.parametrize(
    ("header", "well_formed"),
    [("", True), ("bash", True), (" c++ {#a .b} ", True), ("{#a}", True), ("bash {#a} x", False), ("bash x", False), ("a`b", False)],
)
def test_what_may_stand_behind_an_opening_fence(reader, header, well_formed):
    unrendered = reader.read(f"~~~{header}\nx\n~~~").unrendered
    assert (not unrendered) is well_formed
    assert well_formed or unrendered[0].reason.startswith(f"`{header.strip()}` after the fence makes the site show it as inline text")
