"""Mends the text of a PDF that Chromium printed: the titles of bookmarks, and Chinese text, so that it can be copied and found.

A font may draw a character and the radical of the same shape with one glyph. Chromium then notes for the glyph the first of the
two in Unicode's order, which is the radical: U+2F00 in the place of 一, U+2EDA in the place of 页.

In long documents Chromium (156) writes the title of most first-level headings twice into the bookmark: "Quick startQuick start".
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject

# Of the block "CJK Radicals Supplement", whose radicals Unicode's normal forms leave as they are: Unicode's
# EquivalentUnifiedIdeograph.txt, as far as the radical has the shape of a character that is in use. And the radical of 户,
# whose normal form is 戶, which simplified Chinese does not write.
_UNIFIED = dict(
    [(0x2E9D, 0x6708), (0x2E9F, 0x6BCD), (0x2EA0, 0x6C11), (0x2EC1, 0x864E), (0x2EC4, 0x897F), (0x2EC5, 0x89C1), (0x2EC6, 0x89D2)]
    + [(0x2EC9, 0x8D1D), (0x2ECB, 0x8F66), (0x2ED1, 0x9577), (0x2ED3, 0x957F), (0x2ED4, 0x95E8), (0x2ED8, 0x9752), (0x2ED9, 0x97E6)]
    + [(0x2EDA, 0x9875), (0x2EDB, 0x98CE), (0x2EDC, 0x98DE), (0x2EDD, 0x98DF), (0x2EE2, 0x9A6C), (0x2EE3, 0x9AA8), (0x2EE4, 0x9B3C)]
    + [(0x2EE5, 0x9C7C), (0x2EE6, 0x9E1F), (0x2EE7, 0x5364), (0x2EE8, 0x9EA6), (0x2EE9, 0x9EC4), (0x2EEA, 0x9EFE), (0x2EEC, 0x9F50)]
    + [(0x2EED, 0x6B6F), (0x2EEE, 0x9F7F), (0x2EEF, 0x7ADC), (0x2EF0, 0x9F99), (0x2EF1, 0x9F9C), (0x2EF2, 0x4E80), (0x2EF3, 0x9F9F)]
    + [(0x2F3E, 0x6237)]
)
_SINGLES = re.compile(r"\d+ beginbfchar\n(.*?)endbfchar\n?", re.DOTALL)
_RANGES = re.compile(r"\d+ beginbfrange\n(.*?)endbfrange\n?", re.DOTALL)
_MOST_IN_A_BLOCK = 100  # lines, by the specification of CMaps


def mend(file: Path) -> None:
    """Write each bookmark's title once, and replace the radicals in the tables by which a font's glyphs stand for text."""
    pdf = PdfWriter(clone_from=file)
    for number in range(1, len(pdf._objects) + 1):
        entry = pdf.get_object(number)
        if isinstance(entry, DictionaryObject) and "/Title" in entry and "/Parent" in entry:
            entry[NameObject("/Title")] = TextStringObject(once(str(entry["/Title"])))
        if not isinstance(entry, DictionaryObject) or "/ToUnicode" not in entry:
            continue
        stream = entry["/ToUnicode"]
        assert isinstance(stream, StreamObject), "as the specification has it"
        text = stream.get_data().decode("ascii")
        if (mended := without_radicals(text)) != text:
            made = StreamObject()
            made.set_data(mended.encode("ascii"))
            entry[NameObject("/ToUnicode")] = pdf._add_object(made.flate_encode())
    pdf.write(file)


def once(title: str) -> str:
    """The title of a heading, which Chromium may have written twice."""
    half = title[: len(title) // 2]
    return half if title == half * 2 else title


def without_radicals(table: str) -> str:
    """A CMap of ToUnicode, in which no glyph stands for a radical that is also a character."""
    singles = {code: text for block in _SINGLES.findall(table) for code, text in re.findall(r"<(\w+)> *<(\w+)>", block)}
    ranges = [found for block in _RANGES.findall(table) for found in re.findall(r"<(\w+)> *<(\w+)> *<(\w+)>", block)]
    for first, last, text in ranges:
        for offset in range(int(last, 16) - int(first, 16) + 1):
            singles[f"{int(first, 16) + offset:0{len(first)}X}"] = f"{int(text, 16) + offset:0{len(text)}X}"
    mended = {code: _unified(text) for code, text in singles.items()}
    if mended == singles:
        return table
    lines = [f"<{code}> <{text}>\n" for code, text in sorted(mended.items())]
    blocks = [lines[start : start + _MOST_IN_A_BLOCK] for start in range(0, len(lines), _MOST_IN_A_BLOCK)]
    rest = _RANGES.sub("", _SINGLES.sub("", table))
    return rest.replace("endcmap", "".join(f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n" for block in blocks) + "endcmap", 1)


def _unified(text: str) -> str:
    """Four hexadecimal digits of a radical as those of its character; any other text as it is."""
    number = int(text, 16)
    if len(text) != 4 or not 0x2E80 <= number <= 0x2FDF:
        return text
    return f"{_UNIFIED.get(number) or ord(unicodedata.normalize('NFKC', chr(number))):04X}"
