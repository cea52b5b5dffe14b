"""Shapes, and what an output may declare as varying."""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

import re

import pytest
from guides import two_languages
from printed import PAGE, SHAPES

from checks.model import GuideError
from checks.pages import shapes as shapes_module
from checks.pages.reader import read_guide
from checks.pages.shapes import LONGEST_LINE, Shape, Shapes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour:\n  pattern: '('\n  why: never\n", r"shapes.yml:2: colour.pattern: expected a regular expression \(missing \)"),
        ("colour:\n  pattern: 'x*+'\n  why: never\n", "shapes.yml:2: colour.pattern: expected a pattern that finds no empty text"),
        ("colour:\n  pattern: '(?:a+)+x'\n  why: never\n", r"shapes.yml:2: .* possessive quantifiers, like \[0-9\]\+\+, which never go back; \+ does"),
        ("colour:\n  pattern: 'xa*?'\n  why: never\n", r"shapes.yml:2: .* which never go back; \* does"),
        ("colour:\n  pattern: 'xa{2,9}'\n  why: never\n", r"shapes.yml:2: .* which never go back; \{2,9\} does"),
        ("colour:\n  pattern: 'xa?'\n  why: never\n", r"shapes.yml:2: .* which never go back; \? does"),
        ("colour:\n  pattern: '(?:a|ab)c'\n  why: never\n", r"shapes.yml:2: .* alternatives only in an atomic group"),
        ("colour:\n  pattern: 'a|b'\n  why: never\n", r"shapes.yml:2: .* alternatives only in an atomic group"),
        ("colour:\n  pattern: 'x'\n  why: never\n  bound: small\n", "shapes.yml:4: colour.bound: expected magnitude, length or leading-number"),
        ("colour:\n  pattern: 'x'\n", "shapes.yml:1: colour: expected the key why, found no such key"),
    ],
)  # fmt: skip
def test_a_shape_that_is_wrong_is_named(text, told, tmp_path):
    path = tmp_path / "shapes.yml"
    path.write_text(text)
    with pytest.raises(GuideError, match=told):
        Shapes.load(path)


@pytest.mark.parametrize("pattern", [r"a{3}[+*?|(]\+\|", r"(?>a|bc)", r"(?=a|b)x", r"[]|+]x", r"(?:x\d++)?+y", r"\{2,\}"])
def test_a_pattern_that_never_goes_back_is_taken(pattern, tmp_path):
    path = tmp_path / "shapes.yml"
    path.write_text(f"colour:\n  pattern: '{pattern}'\n  why: because\n")
    assert [shape.pattern.pattern for shape in Shapes.load(path).all] == [pattern]


def test_a_line_of_more_than_ten_thousand_characters_is_compared_as_it_is(monkeypatch):
    looked = []
    shape = Shape("size", re.compile(r"\d++M"), everywhere=True)
    monkeypatch.setattr(shapes_module, "cut", shapes_module.cut.__wrapped__)
    for length in (LONGEST_LINE, LONGEST_LINE + 1):
        line = "97M" + "x" * (length - 3)
        looked.append(bool(shapes_module.cut(line, (shape,)).found))
    assert looked == [True, False]


@pytest.mark.parametrize(
    ("braces", "text", "told"),
    [
        (".output", "...", "an output of ... alone agrees with everything: show a line that a reader should see, or drop the output"),
        (".output", "...\n\n  ...", "an output of ... alone agrees with everything: show a line that a reader should see, or drop the output"),
        (".output", "\\...", None),
        (".output", "...\n\\...", None),
        (".ouput", "x", "unknown class .ouput: did you mean .output?"),
        (".output .quiet", "x", "an output has the class output and no other, found .quiet"),
        ('.output data-varies="size"', "97M", None),
        ('.output data-varies="size: saved; seconds: took"', "saved 97M\ntook 9 s\nkept 97M", None),
        ('.output data-varies="sizes"', "97M", "data-varies: no shape is called sizes: did you mean size?"),
        ('.output data-varies="colour"', "97M", "data-varies: no shape is called colour: known are size, seconds"),
        ('.output data-varies="id"', "0000", "data-varies: id counts on every line already: drop it"),
        ('.output data-varies="size"', "red", "data-varies: size finds nothing in this output: drop it"),
        ('.output data-varies="size: saved"', "saved\nkept 97M", "data-varies: size finds nothing on the lines with `saved`: drop it"),
        ('.output data-varies="size: kept"', "97M", "data-varies: no line of this output has the text `kept`"),
        ('.output data-varies="size: kept"', "", None),
        ('.output data-varies="size"', "97M\n98M", "data-varies: size finds something on 2 lines: name a text of those that vary, like size: SOME TEXT"),
        ('.output data-varies="size: 97"', "97M", "data-varies: the text `97` varies itself: name a text that is the same in every run"),
        ('.output data-varies="size: d 9"', "saved 97M", "data-varies: the text `d 9` varies itself: name a text that is the same in every run"),
        ('.output data-varies="size; size"', "97M", "data-varies: the same stands there twice"),
        (f'.output data-varies="{"size;" * 20}size"', "97M", "data-varies: expected at most 20 entries, found 21"),
        ('.output data-varies=""', "97M", "data-varies: expected \"SHAPE\" or \"SHAPE: TEXT\", more of them after semicolons, found ''"),
        ('.output data-varies="size:"', "97M", "data-varies: expected \"SHAPE\" or \"SHAPE: TEXT\", more of them after semicolons, found 'size:'"),
        ('.output varies="size"', "97M", "unknown attribute varies: write data-varies"),
    ],
)  # fmt: skip
def test_what_an_output_may_be(braces, text, told, tmp_path):
    page = PAGE.format(braces=braces, text=text)
    config = two_languages(tmp_path, {"en": {"x": page}, "zh": {"x": page}})
    config.shapes_file.write_text(SHAPES)
    if told is None:
        (first, *_), varies = read_guide(config).primary, re.search('data-varies="(.*)"', braces)
        assert "; ".join(map(str, first.snippets[0].outputs[0].varies)) == (varies[1] if varies else "")
    else:
        with pytest.raises(GuideError) as error:
            read_guide(config)
        assert str(error.value).split("\n") == [f"docs/{language}/x.md:11: {told}" for language in ("en", "zh")]
