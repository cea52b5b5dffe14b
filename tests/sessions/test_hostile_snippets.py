"""Snippets that would like to have another exit status, or to hide a failure, in the login shell of a real container.

Each case is the snippets of one login, and what becomes of each: None where it passes, or a part of the failure's text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from guides import this_config

from checks.images.build import Builder
from checks.machines.container import Container
from checks.model import Outcome, Snippet
from checks.sessions.session import OUTPUT_BYTES, Session
from checks.targets import choose_target, load_targets

pytestmark = [pytest.mark.container, pytest.mark.usefixtures("nothing_left")]

PASSES = None
STATUS_1 = "exit status 1, expected 0"
IN_THE_MIDDLE = "the lines after it hid that"
NO_STATUS = "the shell reported 0 exit statuses"
SHELL_ENDED = "ended the reader's shell"
OVERDUE = "did not end within"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    builder = Builder(load_targets(this_config()))
    image = builder.container(choose_target(builder.targets, None))
    session = Session(Container(builder.engine(), image.tag))
    session.open()
    yield session
    session.close()


def run(session: Session, code: str, exit_status: int = 0, timeout_s: float = 60) -> Outcome:
    snippet = Snippet("p", "s", "bash", code, Path("docs/en/p.md"), 10, 0, exit_status=exit_status, timeout_s=timeout_s)
    return session.run(snippet)


SHADOWS = "; ".join(
    f"{name}() {{ :; }}"
    for name in ("printf", "read", "trap", "set", "shopt", "unset", "break", "exit", "command", "eval", "builtin", "declare")
)
FORGERIES = {
    "functions in place of all that the driver could call": [(SHADOWS, PASSES), ("false", STATUS_1)],
    "a function that answers 0": [("printf() { builtin printf '\\036x 0 \\036'; }", PASSES), ("false", STATUS_1)],
    "aliases in place of builtins": [("alias eval=true trap=true set=true printf=true", PASSES), ("false", STATUS_1)],
    "aliases in place of keywords": [("alias time=true while=true for=true if=true case=true", PASSES), ("false", STATUS_1)],
    "builtins that are disabled": [("enable -n trap eval set", IN_THE_MIDDLE), ("true", SHELL_ENDED)],
    "no trap of errors": [("trap - ERR\nfalse\ntrue", "p.md:12: line 2 of the snippet failed with exit status 1")],
    "an empty trap of errors": [("trap '' ERR\nfalse\ntrue", IN_THE_MIDDLE)],
    "a trap of DEBUG": [("trap 'echo \"$BASH_COMMAND\" >>/tmp/seen' DEBUG", PASSES), ("false", STATUS_1)],
    "bash's debugger": [("shopt -s extdebug", NO_STATUS)],
    "a debugger that skips commands": [("shopt -s extdebug; trap 'builtin false' DEBUG", NO_STATUS)],
    "the driver's variables made constant": [("readonly __guide_text", PASSES), ("true", SHELL_ENDED)],
    "the driver's variables made others": [
        ("declare -n __guide_once=FUNCNAME __guide_back=FUNCNAME __guide_option=FUNCNAME", PASSES),
        ("false", STATUS_1),
        ("false\ntrue", IN_THE_MIDDLE),
    ],
    "numbers instead of variables": [("declare -i __guide_text", PASSES), ("true", SHELL_ENDED)],
    "POSIX mode, exported and constant": [("export POSIXLY_CORRECT; readonly POSIXLY_CORRECT", SHELL_ENDED)],
    "another shell in its place": [("exec bash --norc", OVERDUE)],
    "a shell that answers everything": [
        ("exec python3 -c 'while 1: print(bytes(9999), flush=True)' 2>/dev/null", "printed more than 16 MiB")
    ],
    "nothing to read from": [("exec 0<&- 1>&- 2>&-", PASSES), ("echo lost", STATUS_1)],
    "all output elsewhere": [("exec >/dev/null 2>&1", PASSES), ("false", STATUS_1)],
    "a trace elsewhere": [("exec 9>/tmp/trace; BASH_XTRACEFD=9; set -x", PASSES), ("false", STATUS_1)],
    "words cut at digits": [("IFS=0123456789abcdef", PASSES), ("false", STATUS_1)],
    "no files may be made": [("ulimit -f 0; umask 777; set -C -f", PASSES), ("false", STATUS_1)],
    "a job that reads what the shell reads": [
        ("for i in 1 2 3; do while :; do cat /run/guide-*/* /tmp/guide-*/*; sleep 0.1; done >/dev/null 2>&1 & done", PASSES),
        ("false", STATUS_1),
    ],
    "a job that makes every status": [
        ("(while :; do for d in /run/guide-*/* /proc/$$/fd/*; do : >$d/0; done; done) >/dev/null 2>&1 &", PASSES),
        ("false", STATUS_1),
    ],
    "a terminal made raw, signals ignored": [("stty raw -echo eof a; trap '' INT TERM HUP QUIT; cat", OVERDUE)],
    "half a mark": [("printf '\\036%016d' 0; false", STATUS_1), ("echo in order", PASSES)],
    "a loop left": [("break; continue", PASSES), ("false", STATUS_1)],
    "a return": [("return 0 2>/dev/null || true", PASSES), ("false", STATUS_1)],
    "marks on the terminal": [("printf '\\036%032d\\036' 0; false", STATUS_1), ("echo in order", PASSES)],
    "set -e, as a reader would see it": [("set -e", PASSES), ("false", SHELL_ENDED)],
}
HIDDEN = {
    "in a subshell": "(\n  false\n  echo in\n)\necho ok",
    "in a function": "f() {\n  false\n  echo in\n}\nf\necho ok",
    "in a loop": "for i in 1 2; do\n  false\n  echo $i\ndone",
    "in a group before a pipe": "{ false; echo in; } | cat",
    "on the same line": "false; true",
    "an unbound variable": 'set -u\necho "$nope"\necho after',
    "an unbound variable in a function": 'f() { set -u; echo "$nope"; echo after; }\nf\ntrue',
    "a parameter that is wanted": "echo ${nope?wanted}\necho after",
    "a division by zero": "echo $((1/0))\necho after",
    "an assignment to a constant": "readonly fixed=1\nfixed=2\ntrue",
    "a command that is not there": "no-such-command\ntrue",
    "in a while body": "while read -r line; do\n  false\n  echo $line\ndone <<<x\ntrue",
    "before a background job": "false\nsleep 0.1 &\nwait",
    "in a case": "case x in\n  x) false\n     true ;;\nesac",
    "after a trap in a function": "f() { trap - ERR; }\nf\nfalse\ntrue",
}
SEEN_OTHERWISE = {
    "handled": "false || true\necho x",
    "a condition": "if false; then echo no; fi\n! false\n[ 1 = 2 ] && echo no\necho x",
    "a substitution": "echo $(false)\nx=$(false; echo hi)\necho $x",
    "a here-document with a command's name": "cat <<EOF\nfalse\nEOF\ntrue",
    "a line that goes on": "echo a \\\n  b\ncat <<'E' &&\nx\nE\ntrue",
    "comments": "# one\n\necho x # two\n# three",
    "in the background": "( false; true ) &\nwait\ntrue",
    "only comments": "# one\n# two",
    "several lines in quotes": "echo 'a\nfalse\nb'",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_no_snippet_has_another_status_than_its_own(session, name):
    session.new_shell()
    for code, failure in FORGERIES[name]:
        outcome = run(session, code, timeout_s=3 if failure == OVERDUE else 60)
        if failure is None:
            assert outcome.failure is None, (code, outcome.output)
        else:
            assert failure in (outcome.failure or "passed"), code
    session.new_shell()
    assert run(session, "echo fresh").output == b"fresh\n", "the next login is as good as new"


@pytest.mark.parametrize("name", HIDDEN)
def test_a_failure_in_the_middle_is_seen(session, name):
    session.new_shell()
    assert IN_THE_MIDDLE in (run(session, HIDDEN[name]).failure or "passed")


@pytest.mark.parametrize("name", SEEN_OTHERWISE)
def test_what_a_reader_would_not_call_a_failure_is_none(session, name):
    session.new_shell()
    assert run(session, SEEN_OTHERWISE[name]).failure is None


def test_what_comes_before_an_announced_failure_must_not_fail(session):
    session.new_shell()
    assert run(session, "true\n( echo in; exit 3 )", exit_status=3).failure is None
    assert IN_THE_MIDDLE in run(session, "false\n( exit 3 )", exit_status=3).failure
    assert IN_THE_MIDDLE in run(session, "f() { false; return 3; }\nf", exit_status=3).failure


def test_the_last_status_is_there_for_the_next_snippet(session):
    session.new_shell()
    assert run(session, "( exit 7 )", exit_status=7).failure is None
    assert run(session, "echo $?").output == b"7\n"


def test_output_is_bounded_and_says_so(session):
    session.new_shell()
    outcome = run(session, "yes | head -c 40000000")
    assert "printed more than 16 MiB" in outcome.failure
    assert len(outcome.output) == OUTPUT_BYTES


def test_the_agent_is_out_of_the_reach_of_root_in_the_container(session):
    session.new_shell()
    message = '{\\"op\\": \\"done\\", \\"status\\": 0}'
    for code in (
        f'sudo sh -c "echo {message} >/proc/1/fd/3"',
        "sudo cat /proc/1/mem",
        "sudo readlink /proc/1/fd/3",
        "sudo cat /proc/1/environ",
    ):
        assert run(session, code).failure, code
