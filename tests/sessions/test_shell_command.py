"""What the reader's shell is given for a snippet."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from checks.model import Snippet
from checks.sessions.shell_command import shell_command


def test_python_is_started_as_a_reader_would(tmp_path):
    code = 'import sys\nprint(\'it\'\'s\', len(sys.argv))\ntext = """GUIDE-END\n"""'
    made = Snippet("p", "s", "python", code, Path("x.md"), 1, 3)
    ran = subprocess.run(["bash", "-c", shell_command(made)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "its 1\n", ran
    saved = replace(made, file="my prog.py")
    ran = subprocess.run(["bash", "-c", shell_command(saved)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.stdout == "its 1\n", ran
    assert (tmp_path / "my prog.py").read_text() == code + "\n"
