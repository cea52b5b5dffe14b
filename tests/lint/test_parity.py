"""Two languages, held together: structure by comparison, prose by a hash of what each page was read against."""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

from textwrap import dedent

import pytest
from guides import two_languages

from checks.lint import parity
from checks.model import GuideError
from checks.pages.reader import read_guide

PAGE = dedent(
    """\
    ---
    title: T
    machine: container
    ---

    # Title {#title}

    Prose with a [link](other.md#x).

    !!! note

        Careful.

    ```bash {#one data-exit="1"}
    false
    ```

    ```text {.output}
    out
    ```

    ## Next {#next}

    ```bash {#last}
    true
    ```
    """
)
OTHER = "# Other {#x}\n"


def guide_of(folder, en: str = PAGE, zh: str = PAGE):
    config = two_languages(folder, {"en": {"page": en, "other": OTHER}, "zh": {"page": zh, "other": OTHER}})
    parity.accept(config, ["page", "other"])
    return config


def problems(config) -> list[str]:
    return [str(problem) for problem in parity.check(read_guide(config), config)]


def test_twins_that_agree_have_no_problems(tmp_path):
    assert problems(guide_of(tmp_path, zh=PAGE.replace("Title", "题").replace("Prose with", "文字"))) == []


DIFFERENT = {
    "machine": ("machine: container", "machine: vm", ["docs/zh/page.md:3: machine: expected 'container' as in docs/en/page.md, found 'vm'"]),
    "key": ("machine: container", "machine: container\nhide: [toc]", ["docs/zh/page.md:4: hide: expected nothing as in docs/en/page.md, found ['toc']"]),
    "heading id": ("{#next}", "{#weiter}", ["docs/zh/page.md:23: heading: expected ## {#next} as in docs/en/page.md:23, found ## {#weiter}"]),
    "heading level": ("## Next", "### Next", ["docs/zh/page.md:23: heading: expected ## {#next} as in docs/en/page.md:23, found ### {#next}"]),
    "no heading": ("## Next {#next}", "", ["docs/zh/page.md: expected 2 headings as in docs/en/page.md, found 1"]),
    "heading without id": ("## Next {#next}", "## Next", [
        "docs/zh/page.md:23: heading `Next` has no id: expected {#some-id} after it, alike in all languages",
        "docs/zh/page.md:23: heading: expected ## {#next} as in docs/en/page.md:23, found ## {#None}",
    ]),
    "code": ("false", "false # 假", [
        "docs/zh/page.md:15: one: other code than in docs/en/page.md:15:\n--- docs/en/page.md:15\n+++ docs/zh/page.md:15\n@@ -1 +1 @@\n-false\n+false # 假",
    ]),
    "attribute": ('data-exit="1"', 'data-exit="2"', ["docs/zh/page.md:15: one: exit_status: expected 1 as in docs/en/page.md:15, found 2"]),
    "skip": ("{#last}", '{#last data-skip="x"}', ["docs/zh/page.md:25: last: data-skip stands only in this page"]),
    "output": ("\nout\n", "\nouts\n", [
        "docs/zh/page.md:19: one: another output than in docs/en/page.md:19:\n--- docs/en/page.md:19\n+++ docs/zh/page.md:19\n@@ -1 +1 @@\n-out\n+outs",
    ]),
    "output's target": ("{.output}", '{.output data-target="debian-13"}', [
        "docs/zh/page.md:15: one: outputs for other targets, or in another order: expected * as in docs/en/page.md:15, found debian-13",
    ]),
    "one output more": ("```text {.output}\nout\n```", '```text {.output data-target="debian-*"}\nout\n```\n\n```text {.output}\nout\n```', [
        "docs/zh/page.md:15: one: outputs for other targets, or in another order: expected * as in docs/en/page.md:15, found debian-* | *",
    ]),
    "no output": ("```text {.output}\nout\n```", "", [
        "docs/zh/page.md:15: one: an output stands only in docs/en/page.md:15",
    ]),
    "id": ("#one", "#uno", [
        "docs/zh/page.md: other snippets, or in another order, than in docs/en/page.md:\n--- docs/en/page.md\n+++ docs/zh/page.md\n@@ -1,2 +1,2 @@\n-one\n+uno\n last",
    ]),
    "link": ("other.md#x", "other.md", [
        "docs/zh/page.md: one link to other.md#x fewer than in docs/en/page.md:9",
        "docs/zh/page.md:9: one link to other.md more than in docs/en/page.md",
    ]),
    "admonition": ("!!! note", "!!! tip", [
        "docs/zh/page.md: other admonitions or tabs than in docs/en/page.md:\n--- docs/en/page.md\n+++ docs/zh/page.md\n@@ -1 +1 @@\n-admonition note\n+admonition tip",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("old, new, expected", DIFFERENT.values(), ids=DIFFERENT)
def test_a_difference_is_told_where_it_is(old, new, expected, tmp_path):
    assert old in PAGE
    assert problems(guide_of(tmp_path, zh=PAGE.replace(old, new))) == expected


def test_each_of_several_outputs_is_compared_with_its_twin(tmp_path):
    fences = '```text {.output data-target="debian-*"}\nout\n```\n\n```text {.output}\nother\n```'
    page = PAGE.replace("```text {.output}\nout\n```", fences)
    config = guide_of(tmp_path, page, page)
    assert problems(config) == []
    (tmp_path / "docs/zh/page.md").write_text((tmp_path / "docs/zh/page.md").read_text().replace("other\n```", "another\n```"))
    (problem,) = problems(config)
    assert problem.startswith("docs/zh/page.md:23: one: another output than in docs/en/page.md:23:\n")


def test_what_varies_in_an_output_is_the_same_in_all_languages(tmp_path):
    page = PAGE.replace("\nout\n", "\nout 97M\n")
    config = guide_of(tmp_path, page, page)  # what varies is no prose, so that no page needs to be read again
    for language in ("en", "zh"):
        (tmp_path / f"docs/{language}/page.md").write_text(
            (tmp_path / f"docs/{language}/page.md").read_text().replace("{.output}", '{.output data-varies="size: out"}')
        )
    config.shapes_file.write_text("size: {pattern: '[0-9]++M', why: dumps differ}")
    assert problems(config) == []
    (tmp_path / "docs/zh/page.md").write_text((tmp_path / "docs/zh/page.md").read_text().replace(' data-varies="size: out"', ""))
    assert problems(config) == ["docs/zh/page.md:19: one: data-varies: expected size: out as in docs/en/page.md:19, found none"]


def test_reasons_for_a_skip_are_told_in_each_language(tmp_path):
    pages = [PAGE.replace("{#last}", f'{{#last data-skip="{reason}"}}') for reason in ("needs a disk", "需要一块磁盘")]
    assert problems(guide_of(tmp_path, *pages)) == []


def test_a_page_without_its_twin(tmp_path):
    config = two_languages(tmp_path, {"en": {"a": "# A {#a}\n"}, "zh": {"b": "# B {#b}\n"}})
    assert problems(config) == [
        "docs/en/a.md: this page has no twin: expected docs/zh/a.md",
        "docs/zh/b.md: this page has no twin: expected docs/en/b.md",
        "mkdocs.yml: nav: other pages, or in another order, than in mkdocs.en.yml:\n--- expected\n+++ found\n@@ -1 +1 @@\n-a\n+b",
    ]


def test_changed_prose_is_seen_until_it_is_accepted(tmp_path):
    config = guide_of(tmp_path)
    file = tmp_path / "docs/en/page.md"
    file.write_text(file.read_text().replace("Careful.", "Very careful."))
    assert problems(config) == [
        "docs/zh/page.md:4: docs/en/page.md has changed since this page was read against it: read both, then ./guide parity --accept page"
    ]
    assert [str(path) for path in parity.accept(config, ["docs/zh/page.md"])] == ["docs/zh/page.md"]
    assert problems(config) == []
    assert parity.accept(config, ["page"]) == []


def test_changed_code_and_outputs_need_no_reading(tmp_path):
    config = guide_of(tmp_path)
    for language in ("en", "zh"):
        file = tmp_path / f"docs/{language}/page.md"
        text = file.read_text().replace("\nfalse\n", "\nfalse\nfalse\n").replace("\nout\n", "\nout\nout\n")
        more = '{.output data-target="debian-*"}\nout\n```\n\n```text {.output}'
        file.write_text(text.replace("{.output}", more))
    assert problems(config) == []


def test_a_page_never_read_against_its_twin(tmp_path):
    config = two_languages(tmp_path, {"en": {"other": OTHER}, "zh": {"other": OTHER}})
    assert problems(config) == [
        f"docs/{one}/other.md:1: docs/{two}/other.md was never compared with this page: read both, then ./guide parity --accept other"
        for one, two in (("en", "zh"), ("zh", "en"))
    ]


def test_an_unknown_page_cannot_be_accepted(tmp_path):
    with pytest.raises(GuideError, match="nope: there is no such page"):
        parity.accept(guide_of(tmp_path), ["nope"])
