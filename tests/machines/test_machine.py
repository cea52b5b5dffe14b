"""What a session and the runner ask of any machine: one suite, which the container and the VM both pass."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from guides import this_config

from checks.images.build import Builder
from checks.machines.accelerator import accelerator
from checks.machines.channel import decode
from checks.machines.container import Container
from checks.machines.hardware import Hardware
from checks.machines.machine import Machine, MachineLost, RestartableMachine
from checks.machines.vm import Vm
from checks.targets import choose_target, load_targets

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder(load_targets(this_config()))


def new_machine(kind: str, builder: Builder, image: str | None = None) -> Machine:
    """A machine of this kind that is not started; a container of ``image`` where one is given."""
    target = choose_target(builder.targets, None)
    if kind == "container":
        tag = image or builder.container(target).tag
        return Container(builder.engine(), tag)
    disk, emulator = builder.disk(target), builder.emulator(target)
    return Vm(builder.engine(), emulator.tag, disk.path, Hardware(), accelerator(builder.engine(), emulator.tag, disk.path))


KINDS = [pytest.param("container", marks=pytest.mark.container), pytest.param("vm", marks=pytest.mark.slow)]


def execute(machine: Machine, *argv: str) -> str:
    machine.channel.send(op="exec", argv=list(argv), timeout_s=600)
    return decode(machine.channel.expect("result", 900, argv[0], machine.tick), "out").decode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_machine_starts_answers_is_saved_restored_and_stops_twice(kind, builder, tmp_path):
    machine = new_machine(kind, builder)
    saved_image = None
    try:
        with pytest.raises(MachineLost, match="has not been started"):
            _ = machine.channel
        hello = machine.start()
        assert {"boot_id", "kernel", "python"} <= hello.keys()
        assert execute(machine, "sh", "-c", "echo saved >/root/mark; cat /root/mark") == "saved\n"
        machine.tick()
        assert machine.exhausted() is None
        assert machine.panic_since(machine.console_mark()) is None
        assert machine.last_words() == ""
        assert isinstance(machine.console_text(), str) and isinstance(machine.console_tail(), str)
        assert machine.kind == kind
        assert (machine.accelerator is None) == (kind == "container") == (machine.emulator is None)
        assert isinstance(machine, RestartableMachine) == (kind == "vm")
        tag = f"localhost/guide-checks/test-{uuid.uuid4().hex[:12]}:latest"
        size = machine.save(tmp_path, tag)
        assert machine.save_bytes() > 0
        assert (size is None) == (kind == "vm")
        saved_image = tag if size is not None else None
        assert execute(machine, "cat", "/root/mark") == "saved\n", "the machine goes on after it was saved"
        execute(machine, "sh", "-c", "echo later >/root/mark")
    finally:
        machine.stop()
        machine.stop()
    restored = new_machine(kind, builder, saved_image)
    try:
        restored.restore(tmp_path)
        assert execute(restored, "cat", "/root/mark") == "saved\n"
    finally:
        restored.stop()
        if saved_image:
            builder.engine().call("rmi", saved_image, check=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_whose_files_are_gone_is_told_in_words(kind, builder, tmp_path):
    machine = new_machine(kind, builder, "localhost/guide-checks/none:of-this-name")
    try:
        with pytest.raises(MachineLost):
            machine.restore(Path(tmp_path, "nothing"))
    finally:
        machine.stop()
