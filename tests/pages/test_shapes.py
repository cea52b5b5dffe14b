"""Shapes, and what an output may declare as varying."""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

import re

import pytest
from guides import two_languages
from printed import PAGE, SHAPES, shown

from checks.model import GuideError
from checks.pages import shapes as shapes_module
from checks.pages.reader import read_guide
from checks.pages.shapes import LONGEST_LINE, Shape, Shapes, as_printed, cut, lines_of


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


def shape(pattern: str, bound: str | None = None, name: str = "size", everywhere: bool = False) -> Shape:
    return Shape(name, re.compile(pattern), everywhere, bound)


@pytest.mark.parametrize(
    ("bound", "measures"),
    [
        (None, {"97": None, "x": None}),
        ("length", {"": 0, "97": 2, "0x97": 4}),
        ("leading-number", {"1:1.10-7": ("1:", "1"), "8.0": (None, "8"), "08": (None, "08"), "x8": None}),
        # the order of magnitude: how many digits there are before the point, and three for each unit
        ("magnitude", {
            "0": 0, "0.5": 0, "7": 1, "970": 3, "0970": 3, "97 k": 5, "97K": 5, "97k": 5, "97M": 8, "97 G": 11, "9.7T": 13, "9,7T": 13,
            "97 x": 2, "97  M": 2, "x": None,
        }),
    ],
)  # fmt: skip
def test_what_of_a_value_is_compared(bound, measures):
    made = shape("x", bound)
    assert {value: made.measure(value) for value in measures} == measures
    near = {value: (measure - 1, measure, measure + 1) if isinstance(measure, int) else (measure,) for value, measure in measures.items()}
    same = {value: (measure,) for value, measure in measures.items()}
    assert {value: made.accepted(value) for value in measures} == (near if bound == "magnitude" else same)


def test_a_line_is_cut_where_shapes_find_something_and_the_first_shape_has_it():
    letters, digits, both = shape("[a-c]++", name="letters"), shape("[0-9]++", name="digits"), shape("[a-c0-9]++", name="both")
    assert cut("ab 12 c", (letters, digits)).fixed == ("", "letters", " ", "digits", " ", "letters", "")
    assert cut("ab 12 c", (letters, digits)).found == ((letters, "ab"), (digits, "12"), (letters, "c"))
    assert cut("x a1", (letters, both)) == shapes_module.Cut(("x ", "letters", "1"), ((letters, "a"),))
    assert cut("x a1 \t", (both, letters)) == shapes_module.Cut(("x ", "both", ""), ((both, "a1"),))
    assert cut(" x\t ", ()) == shapes_module.Cut((" x",))
    assert cut("12 3", (digits,)) != cut("12 x", (digits,))


def test_which_shapes_count_on_which_line():
    size, seconds, number = shape("[0-9]++M"), shape("[0-9]++ s", name="seconds"), shape("0000", name="id", everywhere=True)
    known = Shapes((seconds, number, size))
    lines = known.expected(shown("saved 97M\n ...\nkept 97M\n\\...\n...\ntook 9 s", "size: saved", "seconds"))
    assert [line and (line.text, [each.name for each in line.shapes]) for line in lines] == [
        ("saved 97M", ["seconds", "id", "size"]), None, ("kept 97M", ["seconds", "id"]), ("...", ["seconds", "id"]), None, ("took 9 s", ["seconds", "id"]),
    ]  # fmt: skip
    assert lines[0].agrees("saved 98M") and not lines[0].agrees("saved 98") and not lines[0].agrees("saved 98M 98M")
    assert [line.text for line in known.expected(shown("a\x1b\u202eb"))] == [r"a\x1b\u202eb"]
    assert known.expected(shown("")) == []


def test_an_output_as_a_reader_sees_it_has_one_backslash_less_before_an_elision():
    assert as_printed("a\n...\n \\...\n\\\\...\n\\x\n\\... b") == "a\n...\n ...\n\\...\n\\x\n\\... b"
    assert (lines_of(""), lines_of("a\n"), lines_of("\n")) == ([], ["a", ""], ["", ""])


def test_a_guide_without_shapes_has_none(tmp_path):
    assert Shapes.load(tmp_path / "shapes.yml") == Shapes() == Shapes(())
    (tmp_path / "shapes.yml").write_text("# none yet\n")
    assert Shapes.load(tmp_path / "shapes.yml").all == ()


def test_what_a_shapes_file_says_is_kept_in_its_order(tmp_path):
    (tmp_path / "shapes.yml").write_text(SHAPES)
    assert Shapes.load(tmp_path / "shapes.yml").all == (
        shape(r"\b\d++M", "magnitude"), shape(r"\d++ s", name="seconds"), shape("0000", name="id", everywhere=True),
    )  # fmt: skip
    (tmp_path / "wrong.yml").write_text("Colour: {pattern: x, why: y}\n")
    with pytest.raises(GuideError, match=r"data/shapes\.yml:1: Colour: expected a name such as iso-time"):
        Shapes.load(tmp_path / "wrong.yml", "data/shapes.yml")
