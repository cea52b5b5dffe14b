"""Characters that cannot be seen, or look like others. A row is a page below a head, and the line and words of what is told; without words, the page is read."""

# ruff: noqa: E501  a page stands in one line

from __future__ import annotations

import pytest
from guides import assert_told

from checks.pages.rules import characters

BASH = "```bash {#a}\ntrue\n```\n\n"


def snippet(code: str, language: str = "bash") -> str:
    return f"```{language} {{#a}}\n{code}\n```"


CHARACTERS = {
    **{
        f"U+{number:04X} in bash": (snippet(f"echo a{chr(number)}b"), f"5: U+{number:04X}")
        for number in (
            0x00, 0x08, 0x1B, 0x1F, 0x7F, 0x85, 0x9B, 0xA0, 0xAD, 0x34F, 0x378, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5, 0x180B,
            0x180E, 0x180F, 0x2000, 0x200A, 0x200B, 0x200D, 0x2028, 0x2029, 0x202E, 0x202F, 0x205F, 0x2061, 0x2064, 0x2065, 0x2066,
            0x206F, 0x2800, 0x3000, 0x3164, 0xE000, 0xFDD0, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0, 0xFFF9, 0xFFFB, 0xFFFC, 0xFFFF,
            0x110BD, 0x13430, 0x16FE4, 0x1BCA0, 0x1D159, 0x1D173, 0x1D17A, 0xE0001, 0xE007F, 0xE0100, 0xE01EF, 0x10FFFF,
        )
    },
    "unseen in Python": (snippet("x = 'a\u3164b'", "python"), "5: U+3164 HANGUL FILLER, which a reader cannot see"),
    "unseen in a text": ("```text\na\u202eb\n```", "5: U+202E"),
    "unseen in prose": ("a\u202eb", "4: U+202E"),
    "unseen in an opening fence": ('```bash {#a data-skip="a\u200bb"}\ntrue\n```', "4: U+200B"),
    "a Cyrillic letter in a path": (snippet("ls -l /\u0435tc/passwd"), "5: \u0435 (U+0435 CYRILLIC SMALL LETTER IE)"),
    "a Cyrillic letter in a command": (snippet("\u0441at x"), "5: \u0441 (U+0441"),
    "a Cyrillic letter as an option": (snippet("ls -\u0430"), "5: \u0430 (U+0430"),
    "a Cyrillic letter in a string": (snippet('cat "/\u0435tc/passwd"'), "5: \u0435 (U+0435"),
    "a Cyrillic letter in a comment": (snippet("true # \u0441at"), "5: \u0441 (U+0441"),
    "a Cyrillic letter in Python": (snippet("\u0430bc = 1", "python"), "5: \u0430 (U+0430"),
    "a Cyrillic letter in the second line": (snippet("true\n\u0441at x"), "6: \u0441 (U+0441"),
    "a Greek letter": (snippet("\u03bfpen x"), "5: \u03bf (U+03BF"),
    "a Latin letter that looks like another": (snippet("c\u0251t x"), "5: \u0251 (U+0251"),
    "a letter without its dot": (snippet("\u0131p a"), "5: \u0131 (U+0131"),
    "Lisu letters": (snippet("\ua4e1\ua4e2"), "5: \ua4e1 (U+A4E1"),
    "letters of full width": (snippet("\uff4c\uff53"), "5: \uff4c (U+FF4C FULLWIDTH LATIN SMALL LETTER L) looks like 'l'"),
    "letters of full width in a string": (snippet('echo "\uff21"'), "5: \uff21 (U+FF21"),
    "mathematical letters": (snippet("\U0001d5c5\U0001d5cc x"), "looks like 'l'"),
    "a ligature": (snippet("echo \ufb01le"), "looks like 'fi'"),
    "a superscript": (snippet("echo x\u00b2"), "looks like '2'"),
    "a full stop of another kind": (snippet("cat a\u2024b"), "looks like '.'"),
    "a slash of another kind": (snippet("cat \u2044etc"), "5: \u2044 (U+2044 FRACTION SLASH) outside a comment or string"),
    "a colon of full width": (snippet("a\uff1ab"), "looks like ':'"),
    "a semicolon of full width": (snippet("true\uff1bfalse"), "looks like ';'"),
    "an equals sign of full width": (snippet("x\uff1d1", "python"), "looks like '='"),
    "quotation marks": (snippet("echo \u201chi\u201d"), "5: \u201c (U+201C LEFT DOUBLE QUOTATION MARK) outside a comment or string"),
    "an en dash as an option": (snippet("ls \u2013l"), "5: \u2013 (U+2013 EN DASH) looks like the - of an option"),
    "an en dash as an option in a string": (snippet('x="\u2013l"'), "looks like the - of an option"),
    "an em dash": (snippet("rm \u2014rf x"), "looks like the - of an option"),
    "a minus sign": (snippet("echo $((3 \u2212 1))"), "5: \u2212 (U+2212 MINUS SIGN) outside a comment or string"),
    "an ellipsis": (snippet("ls \u2026"), "looks like '...'"),
    "an accent of its own": (snippet("echo cafe\u0301"), "5: a letter and its accent are two characters here"),
    "a Chinese one as a dash": (snippet("ls -\u4e00"), "mixes letters of two scripts"),
    "a Chinese one in an English word": (snippet("ls \u4e00l"), "mixes letters of two scripts"),
    "Arabic digits": (snippet("echo \u0663"), "5: \u0663 (U+0663 ARABIC-INDIC DIGIT THREE) outside a comment or string"),
    "Chinese in a comment": (snippet("true # 注意：不要 rm（真的），“好”…"), ""),
    "Chinese in a comment at the end": (snippet("true\n# 注意：好"), ""),
    "Chinese in strings": (snippet("echo \"大小：3 MB，好\" '中文'"), ""),
    "Chinese in a here-document": (snippet("cat <<EOF\n中文：abc – it’s\nEOF"), ""),
    "Chinese in Python": (snippet("x = '中文abc'  # 说明：x\nprint(f\"大小：{x}\")", "python"), ""),
    "a Chinese word": (snippet("echo 好"), ""),
    "a picture, and an accent": (snippet("echo 😀 é"), ""),
    "a Russian text": (snippet('echo "привет мир"'), ""),
    "unseen in an output": (BASH + "```text {.output}\na\u202eb\u200b\u00a0\u3000\x1b[0m\x9b\n```", ""),
    "Markdown's own mark in an output": (BASH + "```text {.output}\na\x02wzxhzdk:0\x03b\n```", ""),
    "Markdown's own mark in prose": ("a\x02wzxhzdk:0\x03b", "4: U+0002"),
    "typography in prose": ("a\u3000b\u00a0c ✔\ufe0f 👩\u200d👩", ""),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", CHARACTERS.values(), ids=CHARACTERS)
def test_a_character_is_what_it_looks_like(text, expected, tmp_path):
    assert_told(tmp_path, text, expected)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[0m\x00\x7f", "␛[0m␀␡"),
        ("a\u202eb\x9b\u200b\u3000", "a<U+202E>b<U+009B><U+200B><U+3000>"),
        ("é 中文，好 😀", "é 中文，好 😀"),
    ],
)
def test_what_cannot_be_seen_is_made_visible(text, expected):
    assert characters.visible(text) == expected
