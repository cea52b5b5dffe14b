"""What a snippet does in a reader's shell and not in a script is a finding, with its line; what a reader may paste is none."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import time

import pytest
from guides import HEAD, one_language, this_guide

from checks.lint import reader_shell
from checks.lint.bash_commands import commands
from checks.pages.reader import read_guide


def findings(folder, *codes: str, language: str = "bash") -> list[str]:
    """The findings in a page with these snippets, without the page's name: "LINE OF THE SNIPPET: TEXT"."""
    text = "".join(f"\n```{language} {{#s{number}}}\n{code}\n```\n" for number, code in enumerate(codes, 1))
    guide = read_guide(one_language(folder, {"x": f"{HEAD}{text}"}))
    lines = {snippet.id: snippet.line for snippet in guide.pages["en", "x"].snippets}
    found = []
    for problem in reader_shell.check(guide):
        snippet, message = problem.text.split(": ", 1)
        found.append(f"{problem.line - lines[snippet]}: {message}")
    return found


# The snippet, the line of the finding, and words of it.
FOUND = [
    ('echo "hi !foo"', 1, "history expansion"),
    ('echo "#!/bin/sh"', 1, "history expansion"),
    ("true\necho wow!wow", 2, "history expansion"),
    ("echo it\\'s !foo", 1, "history expansion"),
    ("echo !(x)", 1, "history expansion"),
    ('echo "a\n!foo"', 2, "history expansion"),
    ('echo "$(echo !foo)"', 1, "history expansion"),
    ("echo `echo !foo`", 1, "history expansion"),
    ("echo \"a!'b'\"", 1, "history expansion"),
    ("echo $((!0))", 1, "history expansion"),
    ('echo "${x:-!foo}"', 1, "history expansion"),
    ("echo a!;echo", 1, "history expansion"),
    ("set -e", 1, "set -o errexit stays on in the reader's shell after this snippet: the next command that fails closes"),
    ("set -euo pipefail\ntrue", 1, "set -o errexit stays on"),
    ("set -u", 1, "set -o nounset stays on"),
    ("set -o errexit", 1, "set -o errexit stays on"),
    ("set -o nounset", 1, "set -o nounset stays on"),
    ("set -o pipefail", 1, "set -o pipefail stays on"),
    ("set -eo pipefail\nset +e", 1, "set -o pipefail stays on"),
    ("set -f", 1, "set -o noglob stays on"),
    ("true && set -e", 1, "errexit"),
    ("if true; then set -e; fi", 1, "errexit"),
    ("{ set -e; true; }", 1, "errexit"),
    ("builtin set -e", 1, "errexit"),
    ("set +e\nset -e", 2, "errexit"),
    ("shopt -s nullglob", 1, "shopt -s nullglob stays in the reader's shell"),
    ("shopt -u progcomp", 1, "shopt -u progcomp stays"),
    ("exit", 1, "exit closes the reader's terminal"),
    ("exit 3", 1, "exit closes"),
    ("cd /nowhere || exit 1", 1, "exit closes"),
    ("for x in 1; do\n  exit\ndone", 2, "exit closes"),
    ("case $x in\n  a) exit ;;\nesac", 2, "exit closes"),
    ("case $x in a) true ;; (b) exit;; esac", 1, "exit closes"),
    ("logout", 1, "logout closes"),
    ("exec bash", 1, "exec replaces the reader's shell"),
    ("exec -a x bash", 1, "exec replaces"),
    ("exec >log", 1, "exec with a redirection"),
    ("exec 2>&1", 1, "exec with a redirection"),
    ("trap 'echo failed' ERR", 1, "this trap on ERR stays"),
    ("trap 'rm x' EXIT", 1, "this trap on EXIT stays"),
    ("trap 'rm x' 0", 1, "this trap on 0 stays"),
    ("trap 'echo \"$BASH_COMMAND\"' DEBUG", 1, "this trap on DEBUG stays"),
    ("trap true SIGEXIT", 1, "this trap on EXIT stays"),
    ("trap x ERR EXIT\ntrap - ERR", 1, "this trap on EXIT stays"),
    ("printf() { builtin printf; }", 1, "this function takes the place of printf"),
    ("function echo { true; }", 1, "this function takes the place of echo"),
    ("eval () { true; }", 1, "this function takes the place of eval"),
    ("read() ( true )", 1, "takes the place of read"),
    ("trap() { true; }", 1, "takes the place of trap"),
    ("sudo() { command sudo -n \"$@\"; }", 1, "takes the place of sudo"),
    ("alias rm='rm -i'", 1, "this alias takes the place of rm"),
    ("alias x=y ls='ls -l'", 1, "this alias takes the place of ls"),
    ("alias say='echo said'\nsay it", 2, "does not know the alias say yet"),
    ("ll /etc", 1, "ll is an alias of some readers' ~/.bashrc only: write ls -l"),
    ("true | la", 1, "la is an alias"),
    ("enable -n printf", 1, "enable -n takes a builtin away"),
    ("IFS=,", 1, "IFS stays changed"),
    ("PROMPT_COMMAND='date'", 1, "PROMPT_COMMAND stays changed"),
    ("read -r answer", 1, "read reads what is pasted next"),
    ("read -rp 'name: ' name", 1, "read reads"),
    ("while read -r line; do echo \"$line\"; done", 1, "read reads"),
    ("read x 3<file", 1, "read reads"),
    ("mapfile lines", 1, "mapfile reads"),
    ("select x in a b; do break; done", 1, "select reads"),
    ("cat", 1, "cat reads what is pasted next"),
    ("cat | tr a b", 1, "cat reads"),
    ("sudo tee", 1, "tee reads"),
    ("( read x )", 1, "read reads"),
    ("sudo nano /etc/fstab", 1, "nano takes the whole terminal"),
    ("true\nless /etc/fstab", 2, "less takes the whole terminal"),
    ("dmesg | less", 1, "less takes the whole terminal"),
    ("( " * 60 + "true" + " )" * 60, 1, "nested deeper"),
    ('echo "' + "$(" * 60, 1, "nested deeper"),
]  # fmt: skip

NOT_FOUND = [
    "echo 'a !b'", "echo $'!foo'", "! true", "until ! true; do sleep 1; done", "[ 1 != 2 ]", "test a != b", "echo a!=b", "echo \\!foo",
    "kill $! && wait $!", "echo ${!HOME}", "echo [!a]*", 'echo "hi! there"', 'echo "hi!"', "echo a!", "# never !mind", "true # it's !so",
    "cat <<'E'\n#!/bin/sh\nset -e\nexit 3\nread x\nE", "cat <<E\n!foo\nE\ntrue", "cat <<-E\n\texit\n\tE\ntrue", "find . ! -name x",
    "( set -e; false )", "(\n  set -eu\n  exit 3\n)", "set -e\ntrue\nset +e", "set -euo pipefail\nset +euo pipefail",
    "set -x", "set -- -e", "set +e",
    "bash -c 'set -e; exit 3'", "sudo sh -c 'exit 1'", "f() { exit 1; }", "f() ( set -e; exit )", "( (exit) )", "true | set -e",
    "set -e | true", "set -e &",
    "x=$(set -e; exit 3; read y)", "(exit 3)", "shopt -s nullglob\nshopt -u nullglob", "shopt nullglob", "shopt -q login_shell",
    "exec 3<file\nread -u 3 x", "exec {log}>file", "( exec true )", "find . -exec true {} +", "sudo exec true",
    "trap 'rm x' EXIT\ntrap - EXIT", "( trap 'rm x' EXIT; true )", "trap -p", "trap 'echo x' INT", "trap -l",
    "greet() { echo \"hello $1\"; }", "alias say='echo said'", "( printf() { true; } )", "command -v printf",
    "IFS=: read -r a b <<< x:y", "IFS=, eval true", "( IFS=, )", "IFS=x true",
    "read -r x <<< y", "read -r x < file", "echo x | read -r y", "while read -r line; do echo \"$line\"; done < file",
    "grep x file | while IFS=: read -r a b; do\n  echo \"$a\"\ndone", "{ read -r x; } < file", "read -u 3 x 3< file", "mapfile -t x < file",
    "cat file", "cat <<< x", "cat < file", "cat > file <<E\nx\nE", "echo x | cat", "echo x | sudo tee file", "sudo tee file < x",
    "less --version | cat", "vim --version > file", "dmesg | tail", "x=(read exit 'a b')", "for exit in read exec; do true; done",
    "case $exit in read) true ;; set) true ;; esac", "[[ $x == exit ]] && true", "echo exit; echo 'exit'", "((x = 1 << 3, exit))",
    "echo \"$(cat <<E\nx)\nE\n)\"", "ls -l # ll", "echo ll", "for ((i = 0; i < 3; i++)); do true; done",
    "time ( set -e )", "if [ -e x ]; then true; else false; fi",
]  # fmt: skip


@pytest.mark.parametrize(("code", "line", "words"), FOUND, ids=[code[:30].replace("\n", "\\n") for code, _, _ in FOUND])
def test_what_a_readers_shell_would_do_otherwise_is_found_at_its_line(tmp_path, code, line, words):
    found = findings(tmp_path, code)
    assert any(text.startswith(f"{line}: ") and words in text for text in found), found


@pytest.mark.parametrize("code", NOT_FOUND, ids=[code[:30].replace("\n", "\\n") for code in NOT_FOUND])
def test_what_a_reader_may_paste_is_not_found(tmp_path, code):
    assert findings(tmp_path, code) == []


def test_functions_and_aliases_of_the_page_are_known_in_its_later_snippets(tmp_path):
    assert findings(tmp_path, "ll() { ls -l; }\nalias say='echo x'", "ll\nsay it") == []


def test_an_alias_that_the_page_does_not_define_is_found_in_any_of_its_snippets(tmp_path):
    (found,) = findings(tmp_path, "true", "ll")
    assert found.startswith("1: ll is an alias of some readers' ~/.bashrc only")


def test_python_that_asks_the_reader_is_found(tmp_path):
    (found,) = findings(tmp_path, 'x = 1\nname = input("name: ")\nprint(name)', language="python")
    assert found.startswith("2: input() reads what is pasted next")


def test_a_finding_ends_a_run_and_a_skipped_snippet_is_looked_at_too(tmp_path):
    from checks.lint import snippets

    config = one_language(tmp_path, {"x": f'{HEAD}\n```bash {{#a data-skip="no time"}}\nexit\n```\n'})
    (problem,) = snippets.check(read_guide(config), config)
    assert str(problem).startswith("docs/x.md:6: a: exit closes the reader's terminal: ")


def test_the_guide_has_no_finding():
    guide = this_guide()
    assert [str(problem) for problem in reader_shell.check(guide)] == []
    count = sum(len(commands(snippet.code)[0]) for page in guide.primary for snippet in page.snippets if snippet.language == "bash")
    assert count > 1000, "the commands of the guide were read"


def test_what_is_no_bash_raises_nothing(tmp_path):
    pieces = [
        "'",
        '"',
        "`",
        "$(",
        "${",
        ")",
        "}",
        "((",
        "))",
        "[[",
        "]]",
        "case",
        "esac",
        "in",
        "if",
        "fi",
        "do",
        "done",
        "{",
        "<<E",
        "E",
        "\n",
    ]
    pieces += [
        ";",
        ";;",
        "&",
        "&&",
        "|",
        "<",
        ">",
        "<(",
        "x",
        " ",
        "\\",
        "#",
        "!",
        "function",
        "select",
        "0",
        "=",
        "exit",
        "$",
        "2>&1",
        "<<<",
        "|&",
    ]
    generator = random.Random(12)
    for _ in range(20_000):
        text = "".join(generator.choice(pieces) + generator.choice(("", " ")) for _ in range(generator.randint(1, 25)))
        with contextlib.suppress(reader_shell.TooDeep):
            commands(text)


@pytest.mark.parametrize(
    "piece", ["x ", "'", '"', "$( ) ", "; ", "\n", "[!", "<<E\n", "case x in ", "# ", "`x` ", "x() { ", "${", "\\", "a|", "!"]
)
def test_the_time_grows_with_the_text_and_no_faster(piece):
    """A text of twice the length takes about twice as long; four times would be a square."""
    times = []
    for count in (5_000, 20_000):
        began = time.process_time()
        with contextlib.suppress(reader_shell.TooDeep):
            commands(piece * count)
        times.append(time.process_time() - began)
    assert times[1] < 10 * times[0] + 0.2, times


# ---- the same lines in a real, interactive Bash


@pytest.mark.parametrize(
    "code",
    ['echo "hi !foo"', "echo !(x)", 'echo "a\n!foo"', "echo it\\'s !foo", "echo $((!0))", 'echo "$(echo !foo)"', "echo 'a !b'", "! true",
     'echo "hi!"', 'echo "hi! x"', "echo $!", "echo ${!HOME}", "echo [!a]", "echo \\!foo", "true # it's !foo", "cat <<E\n!foo\nE",
     "echo $'!foo'", "echo a!=b", "echo \"it's !foo\"", "echo \"a '!foo' b\"", "echo `echo !foo`", 'echo -e "#!/bin/sh"'],
)  # fmt: skip
def test_bash_itself_takes_the_same_lines_for_earlier_commands(code):
    """Bash reads these lines as from a terminal (-i), with an empty history: each ! that stands for a command is an error."""
    environment = {"PATH": os.environ["PATH"], "HISTFILE": "/dev/null"}
    ran = subprocess.run(
        ["bash", "--norc", "--noprofile", "-i"], input=f"{code}\n", env=environment, capture_output=True, text=True, start_new_session=True
    )
    assert ("event not found" in ran.stderr) == bool(commands(code)[1]), ran.stderr
