"""QEMU from outside: who it runs as, what it may not do, and a memory that was packed, unpacked and damaged. No VM boots here."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from guides import this_config

from checks.images.build import Builder
from checks.machines import snapshot
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm
from checks.sandbox.flags import QEMU_OWNER
from checks.targets import choose_target, load_targets

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]


@pytest.fixture(scope="module")
def builder() -> Builder:
    return Builder(load_targets(this_config()))


@pytest.fixture
def new_vm(builder):
    """A way to make VMs, which end with the test."""
    made = []

    def make() -> Vm:
        target = choose_target(builder.targets, None)
        disk, emulator = builder.disk(target), builder.emulator(target)
        made.append(Vm(builder.engine(), emulator.tag, disk.path, Hardware(memory="512M"), "tcg"))
        return made[-1]

    yield make
    for vm in made:
        vm.stop()


def status_of_qemu(vm: Vm) -> dict[str, list[str]]:
    """/proc/PID/status of the QEMU that has the VM's sockets."""
    pids = vm.engine.call("top", vm.qemu.name, "hpid", "comm").stdout.splitlines()
    pid = next(line.split()[0] for line in pids if "qemu-system" in line)
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.split() for key, _, value in (line.partition(":") for line in lines)}


def power_on(vm: Vm) -> None:
    """Start the VM; returns when its firmware has printed something."""
    vm.power_on()
    while not vm.console.data:  # QEMU's end raises MachineLost.
        vm.tick()
        time.sleep(0.1)


def test_qemu_is_nobody_and_can_start_nothing(new_vm):
    vm = new_vm()
    power_on(vm)
    status = status_of_qemu(vm)
    owner = str(QEMU_OWNER) if os.geteuid() == 0 else str(os.geteuid())
    assert status["Uid"] == [owner] * 4
    assert status["CapEff"] == status["CapBnd"] == ["0000000000000000"]
    assert status["NoNewPrivs"] == ["1"]
    assert status["Seccomp"] == ["2"] and int(status["Seccomp_filters"][0]) >= 2, "the container's filter and QEMU's own"
    vm.monitor("stop")
    with pytest.raises(MachineLost):
        vm.monitor("migrate", uri="exec:cat >/machine/escaped")
        snapshot._follow(vm.monitor, "migrate")
    assert not (vm.folder / "escaped").exists()


def test_a_memory_is_packed_taken_up_and_refused_when_damaged(new_vm, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    vm = new_vm()
    power_on(vm)
    vm.save(folder)
    vm.tick()
    assert vm.monitor("query-status")["status"] == "running"
    for path in folder.glob("layer-*"):
        assert path.stat().st_mode & 0o222 == 0 and path.stat().st_uid == os.geteuid(), "no QEMU writes to what states share"
    vm.stop()

    def resumed() -> Vm:
        again = new_vm()
        again.layers = snapshot.lay_out(again.qemu, folder, again.folder)
        again._make_drives(f"/machine/{again.layers[-1]}")
        again._launch("-incoming", "defer")
        snapshot.resume(again.qemu, again.folder)
        return again

    assert resumed().monitor("query-status")["status"] == "running"
    memory = folder / snapshot.MEMORY
    data = bytearray(memory.read_bytes())
    for place in (len(data) // 2, len(data) - 2):
        data[place] ^= 0xFF
        memory.unlink()
        memory.write_bytes(data)
        with pytest.raises(MachineLost):
            resumed()
        data[place] ^= 0xFF
    memory.unlink()
    with pytest.raises(OSError):
        resumed()
