"""Characters that a reader cannot see, or takes for others: which they are, and how an output shows them.

Which characters cannot be seen is decided by Unicode's categories, so that none is forgotten (checks/terminal.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String, is_token_subtype

from checks.terminal import is_unseen

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_UNSEEN_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WORD = re.compile(r"[\w\u0300-\u036f-]+")
_OPTION_DASH = re.compile("(?:^|(?<=[\\s\"'`=(]))[\u2010-\u2015\u2212\ufe58\ufe63\uff0d](?=[A-Za-z0-9])")
_EAST_ASIAN = ("CJK ", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC")


def unseen(line: str) -> str | None:
    """The first character of a line that a reader cannot see, in words; None if there is none."""
    if line.isascii() and not _UNSEEN_ASCII.search(line):
        return None
    found = next(filter(is_unseen, line), None)
    return f"U+{ord(found):04X}{_named(found)}, which a reader cannot see" if found is not None else None


def visible(text: str) -> str:
    """The text with each character that cannot be seen as a picture (␛) or its number (<U+202E>)."""
    if text.isascii() and not _UNSEEN_ASCII.search(text):
        return text
    return "".join(_picture(character) if is_unseen(character) else character for character in text)


def _picture(character: str) -> str:
    number = ord(character)
    if number < 0x20:
        return chr(0x2400 + number)
    return "\u2421" if number == 0x7F else f"<U+{number:04X}>"


def look_alikes(code: str, language: str) -> Iterator[tuple[int, str]]:
    """What a reader of a snippet takes for other characters: the number of the line, counted from 0, and what it is.

    Where the code is code, letters are those of English, or words of an East Asian language (a file's name). In comments
    and in strings, which have text, only a word that mixes English letters with those of an alphabet that looks like
    it is refused, letters and digits of full width, and a dash that looks like the one of an option. A line with a
    character that ``unseen`` tells is not looked at.
    """
    if code.isascii():
        return
    is_code = _code_part(code, language)
    start = 0
    for number, line in enumerate(code.split("\n")):
        if not line.isascii() and not unseen(line) and (problem := _look_alike(line, is_code[start : start + len(line)])):
            yield number, problem
        start += len(line) + 1


def _code_part(code: str, language: str) -> list[bool]:
    """For each character, whether it is neither in a comment nor in a string."""
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    parts: list[bool] = []
    for token, value in lexer.get_tokens(f"{code}\n"):  # a comment ends with its line
        parts += [not (is_token_subtype(token, Comment) or is_token_subtype(token, String))] * len(value)
    return parts if len(parts) == len(code) + 1 else [True] * (len(code) + 1)


def _look_alike(line: str, is_code: list[bool]) -> str | None:
    if unicodedata.normalize("NFC", line) != line:
        return "a letter and its accent are two characters here, and may look like one: write the letter that has the accent"
    if dash := _OPTION_DASH.search(line):
        return f"{_shown(dash.group())} looks like the - of an option: write -"
    for match in _NOT_ASCII.finditer(line):
        character = match.group()
        plain = unicodedata.normalize("NFKC", character)
        if plain.isascii() and (is_code[match.start()] or plain.isalnum()):
            return f"{_shown(character)} looks like {plain!r}: write that"
        if is_code[match.start()] and unicodedata.category(character) not in ("Lo", "Lu", "Ll", "So"):
            return f"{_shown(character)} outside a comment or string: write the character of ASCII that it looks like, or quote it"
    for match in _WORD.finditer(line):
        word = match.group()
        if not word.isascii() and (problem := _mixed(word, is_code[match.start()])):
            return problem
    return None


def _mixed(word: str, is_code: bool) -> str | None:
    """What is wrong with a word that is not all ASCII."""
    english = re.search("[A-Za-z0-9]" if is_code else "[A-Za-z]", word)
    for character in _NOT_ASCII.findall(word):
        east_asian = unicodedata.name(character, "").startswith(_EAST_ASIAN)
        if _is_latin(character) or not character.isalpha():
            continue
        if is_code and east_asian and (english or "-" in word):
            return f"{word!r} mixes letters of two scripts: quote the word"
        if not east_asian and (is_code or english):
            return f"{_shown(character)} in {word!r} may look like a letter of English: write that letter, or quote a word of one script"
    return None


def _is_latin(character: str) -> bool:
    """Whether this is an English letter with an accent, which can be seen."""
    return unicodedata.normalize("NFD", character)[0].isascii()


def _shown(character: str) -> str:
    return f"{character} (U+{ord(character):04X}{_named(character)})"


def _named(character: str) -> str:
    name = unicodedata.name(character, "")
    return f" {name}" if name else ""
