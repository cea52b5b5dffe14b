"""The macros that name sources and rows of data, and blocks that are for some releases: what is refused, and where."""

from __future__ import annotations

import pytest
from guides import HEAD, errors, one_language

SOURCES = """\
kernel-kdump:
  title: {en: kernel documentation, zh: 内核文档}
  url: https://docs.kernel.org/admin-guide/kdump/kdump.html
  read: 2026-07-21
"""
ROWS = "columns: []\nrows: [{id: crashkernel}]\n"


def told(folder, text, sources=SOURCES) -> list[str]:
    config = one_language(folder, {"x": HEAD + text + "\n"})
    (folder / "data" / "sources.yml").write_text(sources)
    (folder / "data" / "releases.yml").write_text(ROWS)
    return errors(config)


def test_a_known_source_may_be_named_in_prose_lists_and_tables(tmp_path):
    mark = '[[[ documented("kernel-kdump") ]]]'
    assert told(tmp_path, f"Text {mark}.\n\n- item {mark}\n\n| a | b |\n|---|---|\n| c | {mark} |") == []


@pytest.mark.parametrize(
    "text, message",
    [
        ('[[[ documented("kernel-kdum") ]]]', "documented: data/sources.yml has no entry kernel-kdum: did you mean kernel-kdump?"),
        ('[[[ documented("x") ]]]', "documented: data/sources.yml has no entry x"),
        ("[[[ documented() ]]]", "macro documented: expected as many texts between the parentheses: 1; found 0"),
        ('[[[ by_release("crashkernl") ]]]', "by_release: data/releases.yml has no row crashkernl: did you mean crashkernel?"),
    ],
)
def test_an_unknown_name_is_told_with_its_line(text, message, tmp_path):
    assert told(tmp_path, f"Text.\n\n{text}") == [f"docs/x.md:6: {message}"]


def test_a_guide_without_such_files_has_no_sources_and_no_rows(tmp_path):
    config = one_language(tmp_path, {"x": HEAD + '[[[ documented("a") ]]] [[[ by_release("b") ]]]\n'})
    assert errors(config) == [
        "docs/x.md:4: by_release: data/releases.yml has no row b",
        "docs/x.md:4: documented: data/sources.yml has no entry a",
    ]


@pytest.mark.parametrize(
    "source, message",
    [
        (
            "a: {title: T, url: ftp://x, read: 2026-07-21}",
            "1: a.url: expected an address that begins with http:// or https://, found 'ftp://x'",
        ),
        ("a: {title: T, url: https://x}", "1: a: expected the key read, found no such key"),
        ('a: {title: T, url: https://x, read: "soon"}', "1: a.read: expected a day such as 2026-07-26, found 'soon'"),
        ("a: {title: T, url: https://x, read: 2026-07-21 10:00:00}", "1: a.read: expected a day such as 2026-07-26, found the date"),
        ("a:\n  title: {de: T}\n  url: https://x\n  read: 2026-07-21", "2: a.title: expected text in en, found none"),
        ("A b: {title: T, url: https://x, read: 2026-07-21}", "1: A b: expected a key of lower-case letters"),
    ],
)
def test_a_wrong_source_is_told_with_its_line(source, message, tmp_path):
    (found,) = told(tmp_path, "Text.", source + "\n")
    assert found.startswith(f"data/sources.yml:{message}")


BLOCK = '<div data-target="ubuntu-24.04 debian-*" markdown>'


SNIPPET = '```bash {#s data-target="ubuntu-24.04"}\ntrue\n```\n\n```text {.output}\nx\n```'


@pytest.mark.parametrize("inner", ["Text *so*.", "- a\n- b", SNIPPET, "<div markdown>\n\nx\n\n</div>"])
def test_a_block_for_some_releases_may_have_whatever_a_page_has(inner, tmp_path):
    assert told(tmp_path, f"{BLOCK}\n\n{inner}\n\n</div>") == []


@pytest.mark.parametrize(
    "line, message",
    [
        ('<div data-target="ubuntu-99.04" markdown>', "data-target: no target is called ubuntu-99.04 (known: debian-13, ubuntu-24.04)"),
        ('<div data-target="ubuntu-24.04">', "a block for some releases begins with the line <div data-target="),
        ('<div markdown data-target="ubuntu-24.04">', "a block for some releases begins with the line <div data-target="),
        ('<div class="note" data-target="ubuntu-24.04" markdown>', "a block for some releases begins with the line <div data-target="),
        (f" {BLOCK}", "a block for some releases begins with the line <div data-target="),
        ('<span data-target="ubuntu-24.04">', "the attribute data-target of <span> is not allowed"),
    ],
)
def test_another_form_of_the_block_is_refused(line, message, tmp_path):
    end = "</span>" if "span" in line else "</div>"
    assert [error for error in told(tmp_path, f"{line}\n\nText.\n\n{end}") if error.startswith(f"docs/x.md:4: {message}")]


def test_a_block_that_is_not_closed_is_refused(tmp_path):
    message = "this block for some releases has no end: expected a line </div>, at the beginning of the line"
    assert told(tmp_path, f"{BLOCK}\n\nText.") == [f"docs/x.md:4: {message}"]


def test_a_snippet_in_a_block_runs_only_where_the_block_is_shown(tmp_path):
    block = BLOCK.replace(" debian-*", "")
    message = 's also runs on debian-13, where this block is not shown: give it data-target="ubuntu-24.04"'
    assert told(tmp_path, f"{block}\n\n```bash {{#s}}\ntrue\n```\n\n</div>") == [f"docs/x.md:6: {message}"]


def test_an_output_in_a_block_needs_its_snippet_there(tmp_path):
    text = f"```bash {{#s}}\ntrue\n```\n\n{BLOCK}\n\n```text {{.output}}\nx\n```\n\n</div>"
    assert told(tmp_path, text) == ["docs/x.md:10: an output of s, which stands on the other side of a line of a block for some releases"]


def test_in_a_fence_the_line_is_text(tmp_path):
    assert told(tmp_path, f"```markdown\n{BLOCK}\n</div>\n```") == []
