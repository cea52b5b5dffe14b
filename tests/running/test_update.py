"""--update: outputs renewed, and what is not written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from guides import two_languages
from printed import GUIDE, PAGE, SHAPES, shown

from checks.evidence.outputs import matches, renewed
from checks.model import GuideError, Output
from checks.pages.reader import read_guide
from checks.pages.shapes import Shapes
from checks.running.update import rewritten, update


@pytest.mark.parametrize(
    ("varies", "expected", "actual", "new"),
    [
        ("", "a\n...\nc", "a\nb\nc", "a\n...\nc"),
        ("address", "at 0x10", "at 0x20", "at 0x20"),
        ("", "at 0x10", "at 0x20", "at 0x20"),
        ("", "old", "new\nlines", "new\nlines"),
        ("", "...\nkeep\n...", "1\nkeep\n2", "...\nkeep\n..."),
        ("", "...\nkeep\ngone\n...", "1\nkeep\n2", "...\nkeep\n..."),
        ("size: keep", "...\nkeep 97M\ngone\n...", "1\nkeep 98M\n2", "...\nkeep 98M\n..."),
        ("", "...\ngone", "1\n2", "1\n2"),
        ("", "old", "", ""),
        # a line ... that was printed is written so that it stands for itself
        ("", "old", "a\n...\n  \\...", "a\n\\...\n  \\\\..."),
        ("", "old", "...", "\\..."),
        ("", "...\nkeep\n\\...\n...", "1\nkeep\n...\n2", "...\nkeep\n\\...\n..."),
        ("", "...\nkeep\n\\...\ngone", "1\nkeep\n...\n2", "...\nkeep\n\\...\n..."),
    ],
)
def test_renewing_keeps_what_the_author_chose(varies, expected, actual, new):
    output = shown(expected, *filter(None, [varies]))
    assert renewed(output, actual, GUIDE) == new
    assert matches(shown(new), actual, GUIDE)


def test_whatever_is_printed_agrees_with_what_is_written_of_it():
    chance = random.Random(5)
    lines = ["a", "", "...", "  ...", "\\...", "\\\\...", "<size>", "saved 97M", "[   12.345678] x", "... b"]
    for _ in range(3000):
        printed = "\n".join(["a", *chance.choices(lines, k=chance.randrange(6))]).rstrip("\n")
        whole = renewed(shown("other"), printed, GUIDE)
        assert matches(shown(whole), printed, GUIDE)
        rows = whole.split("\n")
        begin = chance.randrange(len(rows))
        elided = "\n".join([*rows[:begin], "...", *rows[chance.randrange(begin, len(rows) + 1) :]])
        assert matches(shown(elided), printed, GUIDE)
        assert renewed(shown(elided), printed, GUIDE) == elided


def test_renewing_keeps_the_fence_and_its_indent():
    text = "- item\n\n    ```text {.output}\n    old\n    ```\n\nend\n"
    out = Output("old", 3, 5)
    new = "- item\n\n    ```text {.output}\n    new\n\n    lines\n    ```\n\nend\n"
    assert rewritten(text, [(out, "new\n\nlines")], Path("x.md")) == new
    with pytest.raises(GuideError, match=r"x.md:3: the output has a line that would close its fence"):
        rewritten(text, [(out, "```")], Path("x.md"))


def page_with(name: str, braces: str, text: str) -> str:
    return PAGE.format(braces=braces, text=text).replace("#x", f"#{name}").replace("echo", f"echo {name}")


@pytest.mark.parametrize(
    ("braces", "printed", "told"),
    [
        ('.output data-varies="size: saved"', "kept 97M", "data-varies: no line of this output has the text `saved`"),
        ('.output data-varies="size: saved"', "saved nothing", "data-varies: size finds nothing on the lines with `saved`: drop it"),
        (".output", "```", "the output has a line that would close its fence: use a longer fence here"),
    ],
)
def test_update_writes_nothing_that_would_be_refused_and_says_so(braces, printed, told, tmp_path):
    pages = {"bad": page_with("bad", braces, "saved 97M"), "good": page_with("good", '.output data-varies="size"', "97M")}
    config = two_languages(tmp_path, {"en": pages, "zh": pages})
    config.shapes_file.write_text(SHAPES)
    shapes = Shapes.load(config.shapes_file)
    runs = {page.name: (page.name, snippet.id, snippet.sha256) for page in read_guide(config).primary for snippet in page.snippets}
    with pytest.raises(GuideError) as error:
        update(config, {runs["bad"]: printed, runs["good"]: "98M"}, shapes, "debian-13")
    first, *others = str(error.value).split("\n")
    assert first == (
        "these pages are as they were, since what was printed cannot stand in them; renewed are docs/en/good.md, docs/zh/good.md:"
    )
    assert others == [f"docs/{language}/bad.md:11: {told}" for language in ("en", "zh")]
    for language in ("en", "zh"):
        assert (config.docs[language] / "bad.md").read_text() == pages["bad"]
        assert (config.docs[language] / "good.md").read_text() == pages["good"].replace("97M", "98M")
