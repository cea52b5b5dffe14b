"""What stands after an opening fence: which fields of a snippet or an output it decides, and what is wrong with it."""

# ruff: noqa: E501  a case stands in one line

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checks.model import Output, Snippet, Varies
from checks.pages.fences import Fence
from checks.pages.info_string import Attributes, never_chosen, of_other, of_output, repeated, wrong_language

TARGETS = ("debian-13", "ubuntu-22.04", "ubuntu-24.04")
DEFAULTS = {
    "exit_status": 0, "expect": None, "dump": True, "host": None, "timeout_s": None, "targets": ("*",), "skip": None, "file": None,
    "on": None, "examine": False,
}  # fmt: skip


def fence(attributes: dict[str, str | None] | None = None, language: str = "bash", name: str = "a", **more: object) -> Fence:
    classes = tuple(str(more.pop("classes", "")).split())
    return Fence(language, name, classes, dict(attributes or {}), dict(more), "true", 5, 7)


def snippet(targets: tuple[str, ...], *outputs: str) -> Snippet:
    made = tuple(Output("x", 10 * n, 10 * n + 2, tuple(globs.split())) for n, globs in enumerate(outputs, 1))
    return Snippet("page", "say", "bash", "echo", Path("docs/x.md"), 5, 7, targets=targets, outputs=made)


# What may be written, and the fields that differ from the defaults.
TAKEN = {
    "nothing": ({}, {}),
    "0": ({"data-exit": "0"}, {}),
    "a status": ({"data-exit": "255"}, {"exit_status": 255}),
    "a status with zeros": ({"data-exit": "003"}, {"exit_status": 3}),
    "a reboot": ({"data-expect": "reboot"}, {"expect": "reboot"}),
    "a kexec": ({"data-expect": "kexec"}, {"expect": "kexec"}),
    "a panic": ({"data-expect": "panic"}, {"expect": "panic"}),
    "a crash": ({"data-expect": "crash"}, {"expect": "crash"}),
    "a crash without a dump": ({"data-expect": "crash", "data-dump": "none"}, {"expect": "crash", "dump": False}),
    "a crash by the host": ({"data-expect": "crash", "data-host": "nmi"}, {"expect": "crash", "host": "nmi"}),
    "a time": ({"data-timeout": "120"}, {"timeout_s": 120.0}),
    "a part of a second": ({"data-timeout": "0.125"}, {"timeout_s": 0.125}),
    "four hours": ({"data-timeout": "14400"}, {"timeout_s": 14400.0}),
    "a target": ({"data-target": "debian-13"}, {"targets": ("debian-13",)}),
    "globs": ({"data-target": "ubuntu-*  debian-1?"}, {"targets": ("ubuntu-*", "debian-1?")}),
    "a reason": ({"data-skip": "needs a disk"}, {"skip": "needs a disk"}),
    "the peer": ({"data-on": "peer"}, {"on": "peer"}),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_snippet_has_the_fields_that_its_attributes_say(case):
    given, fields = TAKEN[case]
    attributes = Attributes(fence(given), TARGETS)
    assert attributes.fields() == {**DEFAULTS, **fields}
    assert attributes.problems == []


SECONDS = "data-timeout: expected seconds, like 120, at most 14400 (4 hours), found "
# What is wrong, the problem, and the fields that differ from the defaults all the same.
REFUSED = {
    "a status of 256": ({"data-exit": "256"}, ["data-exit: expected 0 to 255, found '256'"], {}),
    "a status in words": ({"data-exit": "x"}, ["data-exit: expected 0 to 255, found 'x'"], {}),
    "a status of strange digits": ({"data-exit": "\u0663"}, ["data-exit: expected 0 to 255, found '\u0663'"], {}),
    "a status of four digits": ({"data-exit": "0001"}, ["data-exit: expected 0 to 255, found '0001'"], {}),
    "a status without a value": ({"data-exit": None}, ["data-exit: expected 0 to 255, found ''"], {}),
    "another event": ({"data-expect": "halt"}, ["data-expect: expected reboot, kexec, crash or panic, found 'halt'"], {}),
    "a status and an event": (
        {"data-expect": "reboot", "data-exit": "0"},
        ['data-expect="reboot" leaves no exit status to compare: drop data-exit'],
        {"expect": "reboot"},
    ),
    "another button": ({"data-expect": "crash", "data-host": "x"}, ["data-host: expected nmi, found 'x'"], {"expect": "crash"}),
    "a button for a panic": (
        {"data-expect": "panic", "data-host": "nmi"},
        ['data-host="nmi" is for a snippet with data-expect="crash"'],
        {"expect": "panic", "host": "nmi"},
    ),
    "another dump": (
        {"data-expect": "crash", "data-dump": "all"},
        ["data-dump: expected none, found 'all'"],
        {"expect": "crash", "dump": False},
    ),
    "no dump of a reboot": (
        {"data-expect": "reboot", "data-dump": "none"},
        ['data-dump="none" says what a crash leaves: it needs data-expect="crash"'],
        {"expect": "reboot", "dump": False},
    ),
    "no time": ({"data-timeout": "0"}, [SECONDS + "'0'"], {}),
    "no time at all": ({"data-timeout": "0.000"}, [SECONDS + "'0.000'"], {}),
    "more than four hours": ({"data-timeout": "14400.1"}, [SECONDS + "'14400.1'"], {}),
    "a time in words": ({"data-timeout": "1e3"}, [SECONDS + "'1e3'"], {}),
    "an unknown target": (
        {"data-target": "debian-13 suse"},
        ["data-target: no target is called suse (known: debian-13, ubuntu-22.04, ubuntu-24.04)"],
        {"targets": ("debian-13", "suse")},
    ),
    "no target": ({"data-target": " "}, ['data-target: expected names of targets, like "ubuntu-*", found nothing'], {}),
    "no reason": ({"data-skip": " "}, ["data-skip: expected the reason, which the page shows"], {"skip": " "}),
    "another machine": ({"data-on": "lab"}, ["data-on: expected peer, found 'lab'"], {}),
    "a file of bash": ({"data-file": "x.py"}, ["data-file: only a python snippet is saved under a name"], {"file": "x.py"}),
    "an attribute without its data-": ({"exit": "3"}, ["unknown attribute exit: write data-exit"], {}),
    "an unknown attribute": (
        {"data-exits": "3"},
        ["unknown attribute data-exits (known: exit expect dump host on target skip timeout file examine, as data-*)"],
        {},
    ),
    "a bare word": ({"x": "x"}, ["bare word x in the braces (known: exit expect dump host on target skip timeout file examine, as data-*)"], {}),
    "a bare word without a value": ({"x": None}, ["bare word x in the braces (known: exit expect dump host on target skip timeout file examine, as data-*)"], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_with_an_attribute_is_told_once(case):
    given, problems, fields = REFUSED[case]
    attributes = Attributes(fence(given), TARGETS)
    assert attributes.fields() == {**DEFAULTS, **fields}
    assert attributes.problems == problems


def test_a_file_belongs_to_python_and_is_its_title():
    def problems(file: str, attributes: dict[str, str] | None = None, **options: str) -> list[str]:
        made = Attributes(fence({"data-file": file, **(attributes or {})}, "python", **options), None)
        assert made.fields()["file"] == file
        return made.problems

    assert problems("crash-kernel_2.py") == problems("x.py", {"linenums": "1"}, hl_lines="1") == []
    for name in ("X.py", "../x.py", ".x.py", "x.sh", "x.py\n", "x py.py"):
        assert problems(name) == [f"data-file: expected a file name like crashkernel.py, found {name!r}"]
    title = ["data-file already gives the block its title: drop title"]
    assert problems("x.py", {"title": "t"}) == problems("x.py", title="t") == title


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        ("load-2", []),
        ("", ["this snippet has no id: expected ```bash {#some-name}"]),
        *((name, [f"bad id {name}: expected lower-case letters, digits and single hyphens"]) for name in ("A", "a--b", "-a", "a-", "a_b", "\u00e4")),
    ],
)  # fmt: skip
def test_an_id_is_a_word_of_addresses(name, problems):
    attributes = Attributes(fence(name=name), TARGETS)
    attributes.fields()
    assert attributes.problems == problems
    assert of_other(fence(language="text", name=name)) == [text for text in problems if name]


def test_classes_belong_to_outputs_only():
    attributes = Attributes(fence(classes="x y"), None)
    attributes.fields()
    assert attributes.problems == ["a snippet has no classes, found .x", "a snippet has no classes, found .y"]
    assert of_other(fence(language="text", classes="Ouput annotate")) == [
        "unknown class .Ouput: did you mean .output?",
        "unknown class .annotate: the only class of a block is .output",
    ]
    assert of_output(fence(language="text", classes="output x output"), None)[1] == [
        "an output has the class output and no other, found .x"
    ]
    assert of_other(fence({"title": "t", "data-exit": "1"}, "text")) == ["unknown attribute data-exit (known: title hl_lines linenums)"]


@pytest.mark.parametrize(
    ("value", "entries", "wrong"),
    [
        (None, (), []),
        ("size", (Varies("size", ""),), []),
        (" size:  a b ;seconds", (Varies("size", "a b"), Varies("seconds", "")), []),
        ("size: a: b", (Varies("size", "a: b"),), []),
        ("size;", (Varies("size", ""),), [""]),
        ("size: ", (), ["size:"]),
        ("Size; size", (Varies("size", ""),), ["Size"]),
    ],
)
def test_what_varies_is_a_shape_and_a_text(value, entries, wrong):
    fields, problems = of_output(fence({"data-varies": value} if value is not None else {}, "text", classes="output"), TARGETS)
    assert fields == {"targets": ("*",), "varies": entries}
    expected = 'data-varies: expected "SHAPE" or "SHAPE: TEXT", more of them after semicolons, found '
    assert problems == [f"{expected}{text!r}" for text in wrong]


@pytest.mark.parametrize(
    ("targets", "outputs", "told"),
    [
        (("*",), ("*",), None),
        (("*",), ("debian-*", "*"), None),
        (("*",), ("*", "debian-*"), "an output of say that is never chosen: on each of its targets one before it is (line 10)"),
        (("*",), ("debian-*", "ubuntu-*", "*"), "an output of say that is never chosen: on each of its targets one before it is (line 10, 20)"),
        (("ubuntu-22.04", "ubuntu-24.04"), ("debian-13 debian-12",), "an output for debian-13 debian-12, but say runs on ubuntu-22.04 ubuntu-24.04 only"),
        (("ubuntu-*",), ("ubuntu-22.04", "*"), None),
        (("suse",), ("*", "*"), None),
    ],
)  # fmt: skip
def test_an_output_that_no_target_uses_is_told(targets, outputs, told):
    assert never_chosen(snippet(targets, *outputs), TARGETS) == told


@pytest.mark.parametrize(
    ("outputs", "chosen"),
    [(("*", "x"), False), (("a b", "a"), False), (("a", "a b"), True), (("a", "b", "a"), False), (("a*", "ab"), True), (("x",), True)],
)
def test_without_a_list_of_targets_only_equal_globs_are_known_to_be_the_same(outputs, chosen):
    assert (never_chosen(snippet(("*",), *outputs), None) is None) is chosen


def test_a_snippet_that_is_not_run_has_no_output():
    skipped = replace(snippet(("*",), "*"), skip="it takes a printer")
    assert str(never_chosen(skipped, TARGETS)).endswith("which is not run (data-skip): nobody has seen it print that")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("```bash {#a .b data-exit=\"1\"}", []),
        ("```bash {#a #b}", ["an id (#name)"]),
        ("```bash {#a id=b}", ["an id (#name)"]),
        ("```text {.output .output .x}", [".output"]),
        ("```bash\t{data-exit=1\tdata-exit=2 }  ", ["data-exit"]),
        ("## A {#a} b", []),
        ('```text title="a" title=\'b\'', ["title"]),
        ('```text {x title="a" title="b"', ["title"]),
        ('```text title="a" title="b" }', ["title"]),
        ('```text title="a" hl_lines="1" title="b" hl_lines="2"', ["title", "hl_lines"]),
        ('```bash {#a data-skip="{x} it wipes } the disk"}', []),
    ],
)  # fmt: skip
def test_an_attribute_that_is_there_twice_is_told(line, names):
    assert repeated(line) == [f"{name} is there twice, of which one would not count" for name in names]


@pytest.mark.parametrize("rest", ['{data-skip="it wipes the disk"}', "{: onclick=x}", "{#b}", "x"])
def test_what_stands_after_the_attributes_is_told(rest):
    assert repeated(f"```bash {{#a}}{rest}}}" if rest == "x" else f"```bash {{#a}} {rest}")[0].startswith(
        "what stands after a } would not count"
    )


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [("hl_lines", "2-4 7", False), ("hl_lines", "9" * 5000, True), ("linenums", "1", False), ("linenums", "1e9", True)],
)
def test_numbers_of_lines_are_small(key, value, wrong):
    made = Attributes(fence(**{key: value}), TARGETS)
    made.fields()
    assert [problem for problem in made.problems if problem.startswith(f"{key}: expected numbers of lines")] == made.problems
    assert bool(made.problems) is wrong


@pytest.mark.parametrize(
    ("language", "told"),
    [
        *((language, None) for language in ("text", "ini", "c", "yaml", "INI")),
        ("", "a fence without a language: expected bash or python, or text for what is only shown"),
        ("Bash", "unknown language Bash: write bash"),
        ("PYTHON", "unknown language PYTHON: write python"),
        ("Console", "a Console fence would copy its prompts and output: write bash, then ```text {.output} for what it prints"),
        *((language, f"a {language} fence would not run: write bash") for language in ("sh", "SHELL", "zsh", "ksh", "dash", "ash", "openrc", "slurm", "csh", "fish")),
        *((language, f"a {language} fence would copy its prompts and output: write bash, then ```text {{.output}} for what it prints") for language in ("tcshcon", "ps1con", "irb")),
        ("pycon", "a pycon fence would copy its prompts and output: write python, then ```text {.output} for what it prints"),
        *((language, f"a {language} fence would not run: write python") for language in ("py", "Py3", "python3", "python2", "py2", "sage", "bazel", "starlark", "pyi", "numpy")),
        ("bahs", "unknown language bahs: did you mean bash?"),
        ("jsonn", "unknown language jsonn: did you mean json?"),
        ("qqqqqq", "unknown language qqqqqq: write text for what is only shown"),
    ],
)  # fmt: skip
def test_what_runs_is_bash_or_python_and_nothing_hides_behind_another_name(language, told):
    assert wrong_language(language) == told
