"""What reading leaves out changes nothing: each text is read with the shortcuts and without."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import pytest
from site_guide import DOCS, ROOT
from test_snippets import HEADERS, PLACES, placed

from checks import shortcuts
from checks.fences import Reader

# Pieces that meet in a text: what the first pass of superfences is for, and what could be mistaken for its work.
PIECES = [
    "```bash {#x}", "```bash", "```", "~~~text", "~~~", "````bash", "````", "    ```bash", "    ```", "> ```bash", "> ```", ">", "> x",
    "\t```bash", "\t```", "\tx", "x\ty", "cat <<-E", "", "", "", " ", "    ", "\t", "x", "    x", "- item", "  y  ", "# H {#h}", "<!--",
    "-->",
    '=== "tab"', "!!! note", "    !!! tip", '<div markdown="1">', "</div>", "*[HTML]: x", "HTML", "[a](b.md) *c* `d`", "[^1]", "[^1]: foot",
    "wzxhzdk:0", "\x02wzxhzdk:0\x03", "\x01wzxhzdk:0\x04", "klzzwxh:0000", "++ctrl+c++", "term", ":   meaning", "| a | b |", "|---|---|",
]  # fmt: skip


def readers() -> tuple[Reader, Reader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortcuts, "take", lambda md: None)
        whole = Reader(ROOT / "mkdocs.yml")
    return whole, Reader(ROOT / "mkdocs.yml")


@pytest.fixture(scope="module")
def both():
    return readers()


def agree(both: tuple[Reader, Reader], text: str) -> None:
    whole, short = both
    assert short.read(text) == whole.read(text), text
    for reader in both:
        reader._md.reset()
        reader._seen, reader._empty = [], []
    assert short._md.convert(text) == whole._md.convert(text), text


@pytest.mark.parametrize("path", [*DOCS.rglob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda path: str(path.relative_to(ROOT)))
def test_on_true_pages(both, path: Path):
    text = path.read_text()
    agree(both, text)
    agree(both, text.replace("    ", "\t"))


def test_on_every_form_of_a_fence(both):
    for header, place in product(HEADERS, PLACES):
        agree(both, placed(header, place))
        agree(both, placed(header, place).replace("\t", ""))


@pytest.mark.parametrize("seed", range(20))
def test_on_texts_that_nobody_writes(both, seed):
    pick = random.Random(seed)
    for _ in range(60):
        lines = [pick.choice(PIECES) for _ in range(pick.randint(1, 14))]
        agree(both, "\n".join(lines))
