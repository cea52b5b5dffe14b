"""Comparing and renewing outputs."""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from guides import ROOT, two_languages

from checks import config as configuration
from checks.model import GuideError, Outcome, Output, Snippet, Varies
from checks.pages import shapes as shapes_module
from checks.pages.reader import read_guide
from checks.pages.shapes import LONGEST_LINE, Shape, Shapes
from checks.running import outputs
from checks.running.failures import judge
from checks.running.outputs import REPORTED_LINES, SHOWN_CHARACTERS, difference, matches, renewed
from checks.running.update import rewritten, update

NONE = Shapes()
GUIDE = Shapes.load(configuration.load(ROOT / "mkdocs.yml").shapes_file)


def shown(text: str, *varies: str) -> Output:
    """An output with this text; ``varies`` as "SHAPE" or "SHAPE: TEXT"."""
    return Output(text, 1, 1, varies=tuple(Varies(*each.split(": ", 1)) for each in varies))


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("", "", True),
        ("", "x", False),
        ("a\nb", "a\nb", True),
        ("a\nb", "a\nc", False),
        ("a", "a\nb", False),
        ("a\nb", "a", False),
        ("a\n...", "a", True),
        ("a\n...", "a\nb\nc", True),
        ("a\n...", "", False),
        ("...\nc", "a\nb\nc", True),
        ("...\nc", "a\nc\nb", False),
        ("a\n...\nc", "a\nb\nb\nc", True),
        ("a\n...\nc\n...\ne", "a\nc\nd\ne", True),
        ("a\n...\na", "a", False),
        ("...\nb\n...\nb", "b", False),
        ("...\nb\n...\nb", "b\nb", True),
        ("...\na\na\nb\n...", "a\na\na\nb\nc", True),
        ("...\na\na\nb\n...", "a\nb\na\nc", False),
        ("...\n...\na\n...\n...", "b\na\nb", True),
        ("  ...\na", "b\na", True),
        ("a...", "ab", False),
        ("a ", "a", True),
        (" a", "a", False),
        # a line \... stands for a line ... that was printed, \\... for \..., and so on
        ("\\...", "...", True),
        ("\\...", "anything", False),
        ("\\...", "", False),
        ("  \\...", "  ...", True),
        ("a\n\\...\nc", "a\nb\nc", False),
        ("\\\\...", "\\...", True),
        ("...\n\\...", "a\n...", True),
        ("\\... more", "\\... more", True),
    ],
)
def test_lines_and_elisions(expected, actual, same):
    assert matches(shown(expected), actual, NONE) is same


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("crashkernel=512M-:192M", "crashkernel=1G-:64M"),
        ("crashkernel=512M-:192M", "crashkernel=2G-4G:320M"),
        ("crashkernel=512M", "crashkernel=1B"),
        ("268435456", "20000"),
        ("201326592", "134217728"),
        ("uid 12345", "uid 99999"),
        ("linux 6.1.0-1", "linux 0.0.0-evil"),
        ("crash 8.0.6-1", "crash 9.0.1-1"),
        ("(192 MB)", "(1 MB)"),
        ("  6c000000-77ffffff : Crash kernel", "  00000000-00000000 : Crash kernel"),
        ("crashkernel addr: 0x6c000000", "crashkernel addr: 0x69000000"),
        ("/var/crash/202611231254", "/var/crash/202701010000"),
        ("took 4 s", "took 5 s"),
        ("exit status: 0", "exit status: 1"),
        ("1", "0"),
        # the name of a shape is text like any other
        ("<size>", "97M"),
        ("97M", "<size>"),
        ("size", "97M"),
        ("<uuid>", "3f0c2a4e-0d0b-4c57-9b7a-5f0f3a7c1e11"),
    ],
)
def test_what_a_page_does_not_declare_is_compared_exactly(expected, actual):
    assert not matches(shown(expected), actual, GUIDE)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("[  104.208641] mark", "[   99.000001] mark", True),
        ("[  104.208641] mark", "[   99.000001] Mark", False),
        ("[    0.0] mark", "[    0.1] mark", False),
        ("1c1 3f0c2a4e-0d0b-4c57-9b7a-5f0f3a7c1e11", "1c1 8d1f6a52-6a63-4a0e-8f2f-0c9f4f0f7b22", True),
        ("256 SHA256:" + "a" * 43, "256 SHA256:" + "B" * 43, True),
        ("256 SHA256:" + "a" * 43, "256 SHA256:" + "B" * 42, False),
        ("at 2026-11-23 12:54:01.5 UTC", "at 2027-01-02T03:04Z", True),
        ("on 2026-11-23", "on 2027-01-02", False),
    ],
)
def test_shapes_that_count_everywhere(expected, actual, same):
    assert matches(shown(expected), actual, GUIDE) is same


@pytest.mark.parametrize(
    ("varies", "expected", "actual", "same"),
    [
        ("address", "crashkernel addr: 0x69000000", "crashkernel addr: 0x6c000000", True),
        ("address", "crashkernel addr: 0x69000000", "crashkernel addr: 0x6c0000000", False),
        ("address", "crashkernel addr: 0x69000000", "crashkernel addr: none", False),
        ("address", "  69000000-7cffffff : Crash kernel", "  6c000000-7fffffff : Crash kernel", True),
        ("kernel-release", "linux 6.12.107+deb13-cloud-amd64", "linux 6.12.117+deb13-cloud-amd64", True),
        ("kernel-release", "linux 6.8.0-31-generic", "linux 6.17.0-1018-azure", True),
        ("version", "Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (1:1.11.7ubuntu3) ...", True),
        ("version", "Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (1:0.10.7) ...", False),
        ("version", "Setting up kdump-tools (1:1.10.7) ...", "Setting up kdump-tools (0.0.0-evil) ...", False),
        ("version", "Setting up crash (8.0.6-1) ...", "Setting up crash (8.1.1+~16.3-1ubuntu1) ...", True),
        ("version", "Setting up crash (8.0.6-1) ...", "Setting up drgn (8.0.6-1) ...", False),
        ("dump-stamp", "/var/crash/202611231254/dump.202611231254", "/var/crash/202701020000/dump.202701020001", True),
        ("dump-stamp", "purging /var/crash/202001010000", "purging /var/crash/202611231254", False),
        ("byte-count", "saved 123083120", "saved 91610266", True),
        ("byte-count", "saved 123083120", "saved 1230831", False),
        ("byte-count", "saved 123083120", "saved 0", False),
        ("size", "97M dump", "520M dump", True),
        ("size", "97M dump", "1.1G dump", False),
        ("size", "970M dump", "1.1G dump", True),
        ("size", "1.5 MiB", "900 KiB", True),
        ("size", "97M dump", "97 dump", False),
        ("seconds", "took 8 s", "took 14 s", True),
        ("seconds", "took 8 s", "took 800 s", False),
        ("code-offset", "sysrq_handle_crash+0x1a/0x20", "sysrq_handle_crash+0x16/0x30", True),
        ("code-offset", "sysrq_handle_crash+0x1a/0x20", "sysrq_handle_reboot+0x1a/0x20", False),
        # what a shape does not find stays exact, also on its line
        ("byte-count", "-rw-r--r-- 97000 dump", "-rw------- 52000 dump", False),
        # and so do the other lines
        ("size: saved", "saved 97M\nreserved 192M", "saved 98M\nreserved 192M", True),
        ("size: saved", "saved 97M\nreserved 192M", "saved 97M\nreserved 193M", False),
        # a line is compared by its own shapes, wherever it is looked for
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "x\nsaved 96M\nreserved 192M\ny", True),
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "x\nsaved 9M\nsaved 98M\nreserved 193M\nsaved 9M\nreserved 192M", True),
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "saved 96M\nreserved 193M", False),
        ("size: saved", "...\nsaved 97M\nreserved 192M\n...", "saved 96000M\nreserved 192M", False),
    ],
)
def test_what_a_page_declares_varies_within_its_bounds(varies, expected, actual, same):
    assert matches(shown(expected, varies), actual, GUIDE) is same


def test_a_search_agrees_with_the_plain_way_of_looking():
    """Shift-And against a loop over all places, on outputs of few different lines."""
    import random

    chance = random.Random(3)
    lines = ["a", "b", "saved 97M", "saved 8M", "saved 99999M", "keeps 97M"]
    for _ in range(3000):
        group = GUIDE.expected(shown("\n".join(chance.choices(lines, k=chance.randrange(1, 4))), "size: saved"))
        printed = chance.choices(lines, k=chance.randrange(9))
        at = chance.randrange(len(printed) + 1)
        places = range(at, len(printed) - len(group) + 1)
        plainly = next((n for n in places if all(line.agrees(printed[n + i]) for i, line in enumerate(group))), None)
        assert outputs._Search(group).first(printed, at) == plainly


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


SNIPPET = "---\nmachine: container\n---\n\n# X {{#x}}\n\n```bash {{#say}}\necho\n```\n\n```text {{{braces}}}\n{text}\n```\n"


@pytest.mark.parametrize(
    ("braces", "text", "told"),
    [
        (".output", "...", "an output of ... alone agrees with everything: show a line that a reader should see, or drop the output"),
        (".output", "...\n\n  ...", "an output of ... alone agrees with everything: show a line that a reader should see, or drop the output"),
        (".output", "\\...", None),
        (".output", "...\n\\...", None),
        (".ouput", "x", "unknown class .ouput: write .output for what the snippet prints, or drop it"),
        (".output .quiet", "x", "an output has the class .output only, found .quiet"),
        ('.output data-varies="size"', "97M", None),
        ('.output data-varies="size: saved; seconds: took"', "saved 97M\ntook 9 s\nkept 97M", None),
        ('.output data-varies="sizes"', "97M", "data-varies: no shape is called sizes: did you mean size?"),
        ('.output data-varies="colour"', "97M", "data-varies: no shape is called colour: known are size, seconds"),
        ('.output data-varies="id"', "0000", "data-varies: id counts on every line already: drop it"),
        ('.output data-varies="size"', "red", "data-varies: size finds nothing in this output: drop it"),
        ('.output data-varies="size: saved"', "saved\nkept 97M", "data-varies: size finds nothing on the lines with `saved`: drop it"),
        ('.output data-varies="size: kept"', "97M", "data-varies: no line of this output has the text `kept`"),
        ('.output data-varies="size"', "97M\n98M", "data-varies: size finds something on 2 lines: name a text of those that vary, like size: SOME TEXT"),
        ('.output data-varies="size: 97"', "97M", "data-varies: the text `97` varies itself: name a text that is the same in every run"),
        ('.output data-varies="size: d 9"', "saved 97M", "data-varies: the text `d 9` varies itself: name a text that is the same in every run"),
        ('.output data-varies="size; size"', "97M", "data-varies: the same stands there twice"),
        ('.output data-varies=""', "97M", "data-varies: expected \"SHAPE\" or \"SHAPE: TEXT\", more of them after semicolons, found ''"),
        ('.output data-varies="size:"', "97M", "data-varies: expected \"SHAPE\" or \"SHAPE: TEXT\", more of them after semicolons, found 'size:'"),
        ('.output varies="size"', "97M", "unknown attribute varies: write data-varies"),
    ],
)  # fmt: skip
def test_what_an_output_may_be(braces, text, told, tmp_path):
    page = SNIPPET.format(braces=braces, text=text)
    config = two_languages(tmp_path, {"en": {"x": page}, "zh": {"x": page}})
    config.shapes_file.write_text(SHAPES)
    if told is None:
        (first, *_), varies = read_guide(config).primary, re.search('data-varies="(.*)"', braces)
        assert "; ".join(map(str, first.snippets[0].outputs[0].varies)) == (varies[1] if varies else "")
    else:
        with pytest.raises(GuideError) as error:
            read_guide(config)
        assert str(error.value).split("\n") == [f"docs/{language}/x.md:11: {told}" for language in ("en", "zh")]


SHAPES = """\
size: {pattern: '\\b\\d++M', why: dumps differ, bound: magnitude}
seconds: {pattern: '\\d++ s', why: time}
id: {pattern: '0000', why: always another, everywhere: true}
"""


def test_the_difference_shows_what_agrees_by_shape_as_agreeing():
    diff = difference(shown("at 0x10\nold", "address"), "at 0x20\nnew", GUIDE)
    assert diff == "  at 0x20\n- old\n+ new"


def test_a_report_names_the_line_and_what_may_be_typed():
    snippet = Snippet("page", "say", "bash", "echo", Path("docs/en/page.md"), 5, 7, outputs=(Output("201326592", 9, 11),))
    report = judge(snippet, Outcome("say", "0", output=b"134217728\n", exit_status=0), GUIDE, "debian-13")
    assert report and report.split("\n")[:4] == [
        "docs/en/page.md:9: #say: it printed something else than the page shows", "(- the page, + this run)", "    - 201326592", "    + 134217728",
    ]  # fmt: skip


# What would take hours where a line is compared with every other, or fill a terminal.
HUGE = {
    "one missing of a million": ("\n".join(["a"] * 999 + ["b"] + ["a"] * 1000), "\n".join(["a"] * 1_000_000)),
    "one missing in the middle": ("\n".join(["a"] * 100_000 + ["b"] + ["a"] * 100), "\n".join(["a"] * 100_100)),
    "a against a, b": ("\n".join(["a"] * 3000), "\n".join(["a", "b"] * 1500)),
    "elided, and not there": ("...\n" + "\n".join(["a"] * 3000) + "\nb\n...", "\n".join(["a"] * 200_000)),
    "other lines": ("\n".join(f"x{n}" for n in range(3000)), "\n".join(f"y{n}" for n in range(3000))),
    "many elisions": ("...\n" + "\n...\n".join(["a"] * 2000) + "\nb", "\n".join(["a"] * 200_000)),
    "long lines": ("97M " * 100_000, "98M " * 100_000),
    "a line of numbers": ("97M " * 2000, "98M " * 2001),
}


@pytest.mark.parametrize("case", HUGE)
def test_a_huge_output_is_compared_and_reported_within_bounds(case):
    """A quadratic way would take hours for these; the bound of a minute is only there to end such a test."""
    expected, actual = HUGE[case]
    started = time.process_time()
    output = shown(expected, *(["size"] if "97M" in expected else []))
    assert not matches(output, actual, GUIDE)
    report = difference(output, actual, GUIDE).split("\n")
    assert len(report) <= REPORTED_LINES and max(map(len, report)) < SHOWN_CHARACTERS + 50
    assert time.process_time() - started < 60


def test_the_work_of_a_search_grows_with_what_was_printed_only(monkeypatch):
    """Each printed line is looked at once, however often the beginning of the expected lines is found."""
    looks = 0
    bits = outputs._Search._bits

    def counted(self, printed):
        nonlocal looks
        looks += 1
        return bits(self, printed)

    monkeypatch.setattr(outputs._Search, "_bits", counted)
    assert not matches(shown("...\n" + "a\n" * 50 + "b\n...\nc\n..."), "\n".join(["a"] * 5000), NONE)
    assert looks == 5000


def test_a_line_of_more_than_ten_thousand_characters_is_compared_as_it_is(monkeypatch):
    looked = []
    shape = Shape("size", re.compile(r"\d++M"), everywhere=True)
    monkeypatch.setattr(shapes_module, "cut", shapes_module.cut.__wrapped__)
    for length in (LONGEST_LINE, LONGEST_LINE + 1):
        line = "97M" + "x" * (length - 3)
        looked.append(bool(shapes_module.cut(line, (shape,)).found))
    assert looked == [True, False]


HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J\x9b31m\u202e"


def test_no_report_has_a_character_that_a_terminal_obeys():
    snippet = Snippet("page", "say", "bash", "echo", Path("docs/en/page.md"), 5, 7, outputs=(Output("fine", 9, 11),))
    printed = Outcome("say", "0", output=f"bad {HOSTILE}\n".encode(), exit_status=0)
    failed = Outcome("say", "0", output=f"bad {HOSTILE}\n".encode(), failure=f"panic: {HOSTILE}", console=HOSTILE)
    for outcome in (printed, failed):
        report = judge(snippet, outcome, GUIDE, "debian-13")
        assert report and "bad" in report
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", report)


@pytest.mark.parametrize("lines", [10, 3000])
def test_a_report_has_at_most_200_lines(lines):
    code = "\n".join(["true"] * lines)
    snippet = Snippet("page", "say", "bash", code, Path("docs/en/page.md"), 5, 7, outputs=(Output("fine", 9, 11),))
    many = "\n".join(["x" * 5000] * lines)
    for outcome in (Outcome("say", "0", output=many.encode()), Outcome("say", "0", output=many.encode(), failure=many, console=many)):
        report = judge(snippet, outcome, GUIDE, "debian-13")
        assert report and len(report.split("\n")) <= REPORTED_LINES and len(report) < 1_000_000


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


def test_renewing_keeps_the_fence_and_its_indent():
    text = "- item\n\n    ```text {.output}\n    old\n    ```\n\nend\n"
    out = Output("old", 3, 5)
    new = "- item\n\n    ```text {.output}\n    new\n\n    lines\n    ```\n\nend\n"
    assert rewritten(text, [(out, "new\n\nlines")], Path("x.md")) == new
    with pytest.raises(GuideError, match=r"x.md:3: the output has a line that would close its fence"):
        rewritten(text, [(out, "```")], Path("x.md"))


def page_with(name: str, braces: str, text: str) -> str:
    return SNIPPET.format(braces=braces, text=text).replace("#x", f"#{name}").replace("echo", f"echo {name}")


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
