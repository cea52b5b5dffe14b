"""Files for the reader arrive whole, in as many commands as it takes, and a refusal is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checks.machines.machine import MachineLost
from checks.model import Program
from checks.sessions import programs


class Here:
    """A session whose machine is this host: the reader's home is ``home``, and no file gets another owner."""

    def __init__(self, home: Path):
        self.home, self.commands = home, 0

    def execute(self, *command: str) -> tuple[int, bytes]:
        self.commands += 1
        if command[0] == "chown":
            return 0, b""
        done = subprocess.run([word.replace("/home/reader", str(self.home)) for word in command], capture_output=True)
        return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("size", [1, programs.AT_A_TIME_BYTES, programs.AT_A_TIME_BYTES * (programs.PARTS_AT_A_TIME + 1) + 5])
def test_a_file_arrives_whole_also_in_the_place_of_an_older_one(size, tmp_path):
    content = bytes(number * 7 % 251 for number in range(size))
    source, home = tmp_path / "large", tmp_path / "home"
    home.mkdir()
    source.write_bytes(content)
    (home / "large").write_bytes(b"older")
    programs.put(Here(home), source)
    programs.give(Here(home), [Program("folder/small.py", content)])
    for name in ("large", "small.py"):
        assert (home / name).read_bytes() == content
        assert (home / name).stat().st_mode & 0o777 == 0o644


def test_what_the_machine_refuses_is_told_with_its_words(tmp_path):
    with pytest.raises(MachineLost, match=r"(?s)/home/reader/x.py could not be written on the machine: .*No such file or directory"):
        programs.give(Here(tmp_path / "none"), [Program("x.py", b"x")])
