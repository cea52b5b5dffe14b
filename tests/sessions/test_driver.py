"""What the reader's bash evaluates, evaluated by a bash of this host: statuses, failures in the middle, and how the shell is left."""

from __future__ import annotations

import fcntl
import os
import re
import select
import termios
import time

import pytest

from checks.machines.guest import driver
from checks.machines.guest.login import Shell

ANSWERS_WITHIN_S = 60


class LocalShell(Shell):
    """The reader's shell without a login: bash of this host, whose folder of commands only this process uses."""

    def _become_login(self, user: str) -> None:
        try:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(self.slave, descriptor)
            bash = ["bash", "--norc", "--noprofile", "-i", "-c", driver.driver(self.fifo), "bash"]
            os.execve("/bin/bash", bash, {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": "/"})
        finally:
            os._exit(127)

    def run(self, command: str, shown: int = 0) -> tuple[list[int], list[tuple[int, int]], str]:
        """(the reported statuses, the failures in the middle, what was printed) of one command, to which ``$?`` is ``shown``."""
        self.come_back()
        text = self.prepare(command, shown)
        while text:
            text = self.feed(text)
        ready, _, _ = select.select([self.bell, self.alive], [], [], ANSWERS_WITHIN_S)
        assert self.bell in ready, f"no status was reported; the shell printed {self.printed()!r}"
        seen = self.answers_seen(), self.failures_seen(), self.printed()
        self.silence_bell()
        self.come_back()
        return seen

    def come_back(self) -> None:
        deadline = time.monotonic() + ANSWERS_WITHIN_S
        while not self.is_back():
            assert time.monotonic() < deadline, f"the shell has not come back; it printed {self.printed()!r}"
            time.sleep(0.005)

    def printed(self) -> str:
        self.write_mark()
        output, ended = b"", False
        while not ended:
            data, ended = self.read()
            output += data
        return output.decode()


@pytest.fixture
def shell(tmp_path):
    made = LocalShell("nobody", str(tmp_path))
    yield made
    made.end()


def test_each_command_has_its_own_status_and_sees_the_one_before(shell):
    assert shell.run("true") == ([0], [], "")
    assert shell.run("(exit 7)") == ([7], [(1, 7)], "")
    assert shell.run("echo $?", 42) == ([0], [], "42\n")
    assert shell.run("echo $?; false") == ([1], [(1, 1)], "0\n")
    assert shell.run("x=1; cd /tmp") == ([0], [], "")
    assert shell.run("echo $x $PWD\necho two") == ([0], [], "1 /tmp\ntwo\n")


def test_a_failure_in_the_middle_is_seen_with_its_line(shell):
    assert shell.run("f() {\n  (exit 3)\n  true\n}") == ([0], [], "")
    assert shell.run("f") == ([0], [(1, 3)], "")
    assert shell.run("(\n  true\n  false\n  true\n)") == ([0], [(3, 1)], "")
    assert shell.run("for i in 1 2\ndo\n  (exit $i)\n  true\ndone") == ([0], [(3, 1), (3, 2)], "")
    assert shell.run("false || true\nif false\nthen true\nfi") == ([0], [], "")


def test_what_a_command_sets_stays_and_what_the_runner_needs_is_its_own(shell):
    """Options that a snippet turns on are on again for the next one; the variable of the loop is another one in each text."""
    assert shell.run("set -u; shopt -u expand_aliases; trap 'echo bye' DEBUG")[0] == [0]
    status, _, printed = shell.run("echo $(shopt expand_aliases) $-")
    assert status == [0] and re.fullmatch(r"(bye\n)*expand_aliases off \w*u\w*\n", printed)
    text = [driver.around("true", 0, answers="/a", failures="/f", bell="/b", fifo="/n") for _ in range(2)]
    names = [re.findall(r"__guide_[0-9a-f]{16}", each) for each in text]
    assert [len(set(each)) for each in names] == [1, 1] and names[0] != names[1]
    for part in ("/a/$?", "/f/first-$LINENO", ">/b", "$(</n)"):
        assert part in text[0]


def test_a_byte_that_is_no_text_is_a_part_of_a_command():
    assert driver.commands("echo '\udcff'\ntrue") == [(1, "echo '\udcff'"), (2, "true")]


def test_bash_is_asked_in_english_whatever_the_locale_is(monkeypatch):
    """What bash says of a here-document without an end is looked for in its messages."""
    seen = []

    class Done:
        returncode, stderr = 0, b""

    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setattr(driver.subprocess, "run", lambda command, **more: seen.append((command, more["env"])) or Done)
    driver.commands("true\nfalse")
    assert [(command[0], env["LC_ALL"], env["KEPT"]) for command, env in seen] == [("bash", "C", "1")]
