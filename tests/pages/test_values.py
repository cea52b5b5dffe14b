"""Numbers that prose takes from an output."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from guides import HEAD, errors, one_language

from checks.model import GuideError, Output, Snippet
from checks.pages.reader import read_guide
from checks.pages.values import by_output, problems
from checks.site import hooks
from checks.site.context import context_of

TEXT = "MemTotal:  1753812 kB\nreserved: 0x6c000000 - 0x78000000 (192 MB)\n/sys/size:201326592\n\\..."


def snippet(name: str, *texts: str) -> Snippet:
    return Snippet("x", name, "bash", "echo", Path("docs/x.md"), 1, 3, outputs=tuple(Output(text, 4, 6) for text in texts))


SNIPPETS = (snippet("shown", TEXT, "other"), snippet("silent"), snippet("bytes", "268435456\n1"))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("bytes",), "268435456"),
        (("bytes", "*", "MiB"), "256"),
        (("bytes", "*", "KiB"), "262144"),
        (("shown", "MemTotal: *"), None),
        (("shown", "MemTotal:  * kB"), "1753812"),
        (("shown", "(* MB)"), "192"),
        (("shown", "reserved: *"), "0x6c000000"),
        (("shown", "- *"), "0x78000000"),
        (("shown", "size:*", "MiB"), "192"),
    ],
)
def test_a_value_is_what_stands_for_the_star(arguments, found):
    if found is None:
        with pytest.raises(GuideError, match="found no such line"):
            by_output(SNIPPETS, *arguments)
    else:
        assert [value for _, value in by_output(SNIPPETS, *arguments)] == [found]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show",), "value: no snippet show on this page: did you mean shown?"),
        (("colour",), "value: no snippet colour on this page"),
        (("silent",), "value: the snippet silent has no output from which to take it"),
        (("shown", "MemTotal"), "value: expected a text of a line with one * for the value, found 'MemTotal'"),
        (("shown", "* *"), "value: expected a text of a line with one * for the value, found '* *'"),
        (("shown", "MemFree: *"), "value: expected one value for `MemFree: *` in the output of shown, found no such line"),
        (("shown", "0x*000000"), "value: expected one value for `0x*000000` in the output of shown, found several: 6c, 78"),
        (("shown", "size:*", "MB"), "value: expected KiB, MiB, GiB as the unit, found 'MB'"),
        (("shown", "size:*", "GiB"), "value: 201326592 bytes are no whole number of GiB"),
        (("shown", "reserved: *", "MiB"), "value: expected a number of bytes for MiB, found '0x6c000000'"),
    ],
)
def test_a_value_that_is_not_there_is_told(arguments, told):
    with pytest.raises(GuideError) as error:
        by_output(SNIPPETS, *arguments)
    assert str(error.value) == told


PAGE = HEAD + "\n# X {#x}\n\nPROSE\n\n```bash {#say}\necho\n```\n\n```text {.output}\nsize:268435456\nat 0x6c000000\nport 12345\n```\n"
WRITE = 'is in the output of say, too: write [[[ value("say", "TEXT *") ]]] for it'


@pytest.mark.parametrize(
    ("prose", "told"),
    [
        ('[[[ value("say", "size:*") ]]] bytes are [[[ value("say", "size:*", "MiB") ]]] MiB.', []),
        ('[[[ value("say", "sizes:*") ]]] bytes', ["value: expected one value for `sizes:*` in the output of say, found no such line"]),
        ("268435456 bytes", [f"268435456 {WRITE}"]),
        ("大小是 268435456，地址是 0x6c000000。", [f"0x6c000000 {WRITE}", f"268435456 {WRITE}"]),
        ("268,435,456 bytes, or 268 435 456", [f"268435456 {WRITE}"]),
        ("`268435456` and **0x6c000000**", [f"0x6c000000 {WRITE}", f"268435456 {WRITE}"]),
        # other numbers, parts of names and versions, links, code, and numbers of four digits or fewer
        ("268435457 bytes, 0x6c000001, 1234", []),
        ("`port=12345`, `echo 12345`, v12345, /run/12345, 12345.7, 1.12345, x-12345, 12345-x", []),
        ("[bug 12345](https://example.org/12345), <https://example.org/12345>, #12345", []),
    ],
)  # fmt: skip
def test_prose_takes_long_numbers_from_the_output(prose, told, tmp_path):
    config = one_language(tmp_path, {"x": PAGE.replace("PROSE", prose)})
    assert errors(config) == [f"docs/x.md:7: {text}" for text in told]


@pytest.mark.parametrize("piece", ["[", "[[[", "[](", "<", "`", "`1", ",123", " 123", "[[[ value(", "0x1234"])
def test_looking_for_numbers_takes_no_longer_than_its_prose(piece):
    """A hundred times as much text takes about a hundred times as long; ten thousand times, if places were looked through again."""

    def seconds(times: int) -> float:
        started = time.process_time()
        assert list(problems(["1" + piece * times + "x"], SNIPPETS, ())) == []
        return time.process_time() - started

    assert seconds(100_000) < 1000 * seconds(1000) + 1


def test_the_macro_writes_what_no_markup_can_come_of(tmp_path, monkeypatch):
    page = PAGE.replace("size:268435456", "size:268435456\nname <b>*x*_y_\nhidden \u202ea\u3164").replace(
        "PROSE", '[[[ value("say", "name *") ]]]'
    )
    config = one_language(tmp_path, {"x": page})
    monkeypatch.setattr(hooks, "_context", replace(context_of(config, read_guide(config), "en"), page="x"))
    assert hooks.value("say", "size:*", "MiB") == "256"
    assert hooks.value("say", "name *") == "&#60;b&#62;&#42;x&#42;&#95;y&#95;"
    assert hooks.value("say", "hidden *") == "&#60;U&#43;202E&#62;a&#60;U&#43;3164&#62;"
