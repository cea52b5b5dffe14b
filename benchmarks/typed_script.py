"""The floor: the commands of a branch, typed into its VM by a script that checks nothing.

``python -m checks.bench.floor FILE`` takes up the machine that the file names,
types one command after the other, waits over each reboot and crash until the
machine calls again, and ends it. It compares no output, keeps no evidence and
no state, and looks at no exit status.
"""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.vm import Vm
from checks.sessions.session import EMPTIES

WAIT_S = 1800  # longer than anything that a page waits for


@dataclass(frozen=True)
class Typing:
    """What the script is told: a machine, the folder of the state that it begins in, and what is typed."""

    program: str
    flags: tuple[str, ...]
    emulator: str
    disk: str
    hardware: dict
    accelerator: str
    state: str
    pages: list[list[tuple[str, str | None, str | None]]]  # of each snippet the text, how the machine goes away, what is pressed then

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Typing:
        return cls(**json.loads(path.read_text()))


def play(typing: Typing) -> None:
    """All of it; Lost when the machine does not answer."""
    engine = Engine(typing.program, tuple(typing.flags))
    vm = Vm(engine, typing.emulator, Path(typing.disk), Hardware(**typing.hardware), typing.accelerator)
    try:
        vm.enter(Path(typing.state))
        for page in typing.pages:
            vm.wire.send(op="shell")
            for text, expect, button in page:
                if expect in EMPTIES:
                    vm.empty_at_restart()
                vm.wire.send(op="run", code=base64.b64encode(text.encode()).decode())
                if button:
                    vm.wire.expect("done", WAIT_S, text)
                    vm.press(button)
                vm.wire.expect("loader" if expect else "done", WAIT_S, text)
                if expect:
                    vm.wire.load("reader")
                    vm.wire.expect("hello", WAIT_S, "the agent")
    finally:
        vm.stop()


if __name__ == "__main__":
    play(Typing.read(Path(sys.argv[1])))
