"""What the reader's bash evaluates: the texts around a command, and a snippet taken apart into commands.

What a command may see, it may also forge, so nothing that reports an exit status is within its sight:

- The shell reads each text from a FIFO and reports each status by making a file whose name is the status. Both places
  are new for every command, in a folder that the reader cannot list. Their names stand in the part of the text that
  bash has already parsed while the command runs: in no variable, no function and no descriptor.
- What reports uses keywords and redirections only, and POSIX mode, in which no function can take the place of a special
  builtin such as ``eval`` and ``trap``.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess

# Notes how the shell is, for the next command, and waits for that command. POSIX mode begins and ends with the variable
# POSIXLY_CORRECT: an assignment is no command, so nothing can shadow it. A backslash keeps aliases away.
AWAIT = r"""__guide_back=
if [[ $- == *x* ]]; then __guide_back='\set -x; '; fi
if [[ $- == *v* ]]; then __guide_back+='\set -v; '; fi
if [[ :$SHELLOPTS: != *:posix:* ]]; then __guide_back+='\unset POSIXLY_CORRECT; '; fi
for __guide_option in inherit_errexit expand_aliases interactive_comments sourcepath; do
if [[ :$BASHOPTS: != *:$__guide_option:* ]]; then __guide_back+="\shopt -u $__guide_option; "; fi; done
POSIXLY_CORRECT=1
\set +xv; \trap - ERR DEBUG RETURN
__guide_text=$(<{fifo})
"""
# Where `eval` fails, the page has disabled it; the login then ends.
DRIVER = r"""
{{ {wait} }} >/dev/null 2>&1
while {{ [[ $__guide_text ]]; }} 2>/dev/null; do eval "$__guide_text"; [[ $? == 0 ]] || \break; done
"""

# One command: bash parses the whole group before the command runs. The inner loop catches a `break` of the command; its
# variable has a new name each time, since an attribute of a known one could change what the loop does. What the group
# does itself is silent under `set -x`. `{ time; }` is a redirection without a command, and so without a trap of DEBUG.
# With extdebug such a trap could skip any part of the group; then no status is reported.
TEXT = r"""{{ __guide_text=
for {once} in 1; do \eval {head}"$__guide_back"{tail}; done
{{ case $BASHOPTS in (*extdebug*) ;; (*) {{ time; }} 2>/dev/null >|"{answers}/$?" ;; esac
{{ time; }} 2>/dev/null >{bell}
{wait} \unset {once}; }} >/dev/null 2>&1; }}
"""

# What bash does before the command, on one line: it watches for a command that fails in the middle, also in functions
# and subshells; it goes back to how the last command left the shell, `$?` included (where `set -e` is on, setting `$?`
# would end the shell). The number of an eval's first line differs between versions of bash, so a file's name notes it.
HEAD = r"""{{ \set -E; \trap {trap} ERR; {{ time; }} 2>/dev/null >|"{failures}/first-$LINENO"; """
TAIL = """case $- in (*e*) ;; (*) if [[ {status} != 0 ]]; then ( POSIXLY_CORRECT=1; \\exit {status} ); fi ;; esac; }} 2>/dev/null
"""
# Each failure makes a file that is named STATUS-LINE-SUBSHELL-PROCESS, and one more where standard output is a pipe.
TRAP = (
    '{{ {{ time; }} 2>/dev/null >|"{failures}/$?-$LINENO-$BASH_SUBSHELL-$BASHPID"; '
    'if [[ -p /dev/fd/1 ]]; then {{ time; }} 2>/dev/null >|"{failures}/pipe-$BASHPID"; fi; }} 2>/dev/null'
)

_HEREDOC_UNFINISHED = re.compile(rb"warning: here-document .* delimited by end-of-file")
_COMMENT = re.compile(r"\s*(#.*)?")


def driver(fifo: str) -> str:
    """The program of the login's bash: it reads one text after the other, the first one from ``fifo``, and evaluates each."""
    return DRIVER.format(wait=AWAIT.format(fifo=fifo))


def around(command: str, status: int, *, answers: str, failures: str, bell: str, fifo: str) -> str:
    """The text with which bash runs one command; ``$?`` shows ``status`` to the command.

    ``answers`` and ``failures`` are the folders for the files that report, ``bell`` is the FIFO that is opened once the
    exit status is reported, and ``fifo`` is where the shell then waits for its next text.
    """
    head = HEAD.format(trap=shlex.quote(TRAP.format(failures=failures)), failures=failures)
    return TEXT.format(
        once=f"__guide_{os.urandom(8).hex()}",
        head=shlex.quote(head),
        tail=shlex.quote(TAIL.format(status=status) + command),
        answers=answers,
        bell=bell,
        wait=AWAIT.format(fifo=fifo),
    )


def commands(code: str) -> list[tuple[int, str]]:
    """The commands of a snippet as bash reads them at a prompt: (number of the first line from 1, text) of each.

    Lines are put together until bash finds nothing unfinished in them. What bash cannot read alone is one command with
    all that follows. Comments belong to the command below them, and at the end to the one above.
    """
    lines = code.split("\n")
    last = max((number for number, line in enumerate(lines, 1) if not _COMMENT.fullmatch(line)), default=0)
    found: list[tuple[int, str]] = []
    first = 0
    for end in range(1, last + 1):
        if _COMMENT.fullmatch(lines[end - 1]) and end < last:
            continue
        text = "\n".join(lines[first:end])
        if end == last:
            found.append((first + 1, "\n".join(lines[first:])))
        elif _is_whole(text):
            found.append((first + 1, text))
            first = end
    return found


def _is_whole(text: str) -> bool:
    """Whether bash would run this text, and not ask for another line."""
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return False
    done = subprocess.run(
        ["bash", "--norc", "-n"], input=text.encode(errors="surrogateescape"), capture_output=True, env={**os.environ, "LC_ALL": "C"}
    )
    return done.returncode == 0 and not _HEREDOC_UNFINISHED.search(done.stderr)
