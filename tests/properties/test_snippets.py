"""However a snippet is written: its commands give back its text, and what stands around a command is a program of bash."""

# ruff: noqa: E501  tables of pieces, which are read by column and not by line

from __future__ import annotations

import subprocess

import pytest
from examples import examples
from hypothesis import example, given
from hypothesis import strategies as st

from checks.machines.guest import driver

LINES = [
    "", "true", "echo 'a", "b'", 'echo "x', 'y"', "if true; then", "fi", "for i in 1 2; do", "done", "f() {", "}", "( cd /", ")", "cat <<E", "cat <<-'E'", "E",
    "\tE", "echo \\", "echo \\\\", "# note", "  # 'quoted", "a && ", "b |", "c", "case x in", "x) ;;", "esac", "[[ a == b ]]", "`echo", "$(", "${x", "}'",
    "! true", "echo # \\", "x=1", "set -e", "汉字", "!!", "\\",
]  # fmt: skip
characters = st.characters(blacklist_characters="\0\r\n", blacklist_categories=("Cs",))
codes = st.lists(st.sampled_from(LINES) | st.text(characters, max_size=6), min_size=1, max_size=7).map("\n".join)


def is_program(text: str) -> tuple[bool, str]:
    done = subprocess.run(["bash", "--norc", "-n"], input=text.encode(errors="surrogateescape"), capture_output=True)
    return done.returncode == 0, done.stderr.decode(errors="replace")


@given(codes)
@example("# only\n\n# comments")
@example("cat <<E\n# no comment\nE")
@examples(80)
def test_the_commands_of_a_snippet_are_its_text_in_pieces(code):
    found = driver.commands(code)
    if not found:
        assert all(not line.strip() or line.strip().startswith("#") for line in code.split("\n"))
        return
    assert "\n".join(text for _, text in found) == code
    line = 1
    for number, text in found:
        assert number == line
        line += text.count("\n") + 1
    for number, (_, text) in enumerate(found):
        if number < len(found) - 1:
            whole, complaints = is_program(text)
            assert whole and "here-document" not in complaints, text


@given(codes)
@examples(40)
def test_a_snippet_that_bash_reads_is_cut_where_bash_ends_a_command(code):
    """Commands that are whole one by one are whole together, so no command takes a line of the next one."""
    found = driver.commands(code)
    if is_program(code)[0]:
        assert all(is_program(text)[0] for _, text in found)


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=80) | codes, st.integers(0, 255))
@example("'; exit 0; '", 0)
@example("}; done; }\n'\"\\", 1)
@examples(100)
def test_what_stands_around_a_command_is_a_program_whatever_the_command_is(command, status):
    text = driver.around(command, status, answers="/r/a", failures="/r/f", bell="/r/bell", fifo="/r/fifo")
    whole, complaints = is_program(text)
    assert whole, complaints
    assert is_program(driver.driver("/r/fifo")) == (True, "")
    assert driver.driver("/r/fifo").count("/r/fifo") == 1
    # The command is one quoted word: without it, the text is the same for every command.
    assert text.count("\\eval") == 1 + command.count("\\eval")


@given(st.text(st.characters(blacklist_characters="\0\r", blacklist_categories=("Cs",)), max_size=40), st.integers(1, 255))
@examples(60)
def test_bash_gives_the_command_to_eval_as_it_is(command, status):
    text = driver.around(command, status, answers="/r/a", failures="/r/f", bell="/r/bell", fifo="/r/fifo")
    words = text[text.index("\\eval ") + 6 : text.index("; done\n{ case $BASHOPTS")]
    done = subprocess.run(
        ["bash", "--norc", "-c", f"printf '%s\\0' {words}"], capture_output=True, env={"__guide_back": "", "PATH": "/usr/bin:/bin"}
    )
    assert done.stdout.decode().rstrip("\0").endswith(f"; }} 2>/dev/null\n{command}"), done.stderr


# Where bash ends a command: (snippet, the commands with their first lines).
CUT = [
    ("true", [(1, "true")]),
    ("", []),
    ("# only\n# comments", []),
    ("true\nfalse", [(1, "true"), (2, "false")]),
    ("if true\nthen echo\nfi\necho", [(1, "if true\nthen echo\nfi"), (4, "echo")]),
    ("cat <<E\na\nE\necho", [(1, "cat <<E\na\nE"), (4, "echo")]),
    ("cat <<E\na\n# b\nE\necho", [(1, "cat <<E\na\n# b\nE"), (5, "echo")]),
    ("echo a \\\nb\necho", [(1, "echo a \\\nb"), (3, "echo")]),
    ("echo a \\\\\necho b", [(1, "echo a \\\\"), (2, "echo b")]),
    ("# above\ntrue\n\n# below\nfalse\n# end\n", [(1, "# above\ntrue"), (3, "\n# below\nfalse\n# end\n")]),
    ("true\nif\nfalse", [(1, "true"), (2, "if\nfalse")]),
    ("echo 'a\nb'\ntrue", [(1, "echo 'a\nb'"), (3, "true")]),
    ("true &&\nfalse\ntrue", [(1, "true &&\nfalse"), (3, "true")]),
]


@pytest.mark.parametrize(("code", "found"), CUT)
def test_where_a_snippet_is_cut(code, found):
    assert driver.commands(code) == found
