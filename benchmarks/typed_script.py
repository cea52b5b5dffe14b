"""The commands of a branch of pages, typed into the branch's VM by a script that checks nothing.

``./guide bench states`` compares ./guide verify with this script. ``python -m benchmarks.typed_script FILE`` restores
the VM that the file describes, sends one command after the other to the reader's shell, waits over each reboot and
crash until the machine answers again, and ends the VM. The script compares no output, writes no evidence, saves no
state and ignores exit statuses.
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

WAIT_S = 1800  # longer than any page allows a snippet to take


@dataclass(frozen=True)
class TypedCommand:
    """One command for the shell, with ``data-expect`` and ``data-host`` of its snippet."""

    text: str
    expect: str | None = None
    host: str | None = None


@dataclass(frozen=True)
class TypedScript:
    """What the script works on: the VM, the folder of the saved state to begin with, and the commands of each page."""

    program: str  # of the container engine: "podman" or "docker"
    flags: list[str]  # of the container engine
    emulator_image: str
    disk: str
    hardware: Hardware
    accelerator: str
    state: str
    pages: list[list[TypedCommand]]

    def write(self, path: Path) -> None:
        """Write the description as JSON, for ``read`` in another process."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> TypedScript:
        """The description that ``write`` wrote."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        hardware = Hardware(**fields.pop("hardware"))
        pages = [[TypedCommand(**command) for command in page] for page in fields.pop("pages")]
        return cls(**fields, hardware=hardware, pages=pages)


def play(script: TypedScript) -> None:
    """Type all commands; raises MachineLost when the machine does not answer within WAIT_S."""
    engine = Engine(script.program, tuple(script.flags))
    vm = Vm(engine, script.emulator_image, Path(script.disk), script.hardware, script.accelerator)
    try:
        vm.restore(Path(script.state))
        for page in script.pages:
            vm.channel.send(op="shell")
            for command in page:
                _type(vm, command)
    finally:
        vm.stop()


def _type(vm: Vm, command: TypedCommand) -> None:
    """Type one command and wait for its end, or for the restart that it is announced to cause."""
    if command.expect in EMPTIES:
        vm.empty_at_restart()
    vm.channel.send(op="run", code=base64.b64encode(command.text.encode()).decode())
    if command.host:
        vm.channel.expect("done", WAIT_S, command.text)
        vm.press(command.host)
    if not command.expect:
        vm.channel.expect("done", WAIT_S, command.text)
        return
    vm.channel.expect("loader", WAIT_S, command.text)
    vm.channel.load("reader")
    vm.channel.expect("hello", WAIT_S, "the agent")


if __name__ == "__main__":
    play(TypedScript.read(Path(sys.argv[1])))
