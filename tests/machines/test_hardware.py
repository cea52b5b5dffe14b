"""The hardware of a VM: what QEMU is given, and how long firmware may take."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.machines import qemu_process
from checks.machines import vm as vms
from checks.machines.engine import Engine
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost, PageTime
from checks.machines.qemu_process import QemuProcess
from checks.machines.vm import Vm


def test_qemu_gets_no_kernel_and_no_command_line():
    for firmware in (None, "secure-boot"):
        for accelerator in ("tcg", "kvm"):
            words = Hardware(firmware=firmware).arguments(accelerator, "d", "v", "/m")
            assert not {"-kernel", "-initrd", "-append", "-no-reboot", "-nic", "-netdev"} & set(words)
            assert "crashkernel" not in " ".join(words)


def test_firmware_that_checks_what_it_starts_is_given_longer():
    waits = []
    for firmware in (None, "secure-boot"):
        vm = object.__new__(Vm)
        vm.hardware, vm.power_on, vm.await_boot = Hardware(firmware=firmware), lambda: None, waits.append
        vm.start()
    plain_s, secure_s = waits
    assert secure_s >= 2 * plain_s


def test_two_machines_are_joined_by_two_sockets():
    one, two = (" ".join(Hardware(lan=place).arguments("tcg", "d", "v", "/m")) for place in (1, 2))
    assert "local.path=/lan/1.sock,remote.type=unix,remote.path=/lan/2.sock" in one
    assert "local.path=/lan/2.sock,remote.type=unix,remote.path=/lan/1.sock" in two
    assert "mac=02:00:c0:00:02:01" in one and "mac=02:00:c0:00:02:02" in two


@pytest.mark.parametrize("firmware", [None, "secure-boot"])
def test_qemu_gives_up_what_it_does_not_need(firmware):
    words = Hardware(firmware=firmware).arguments("tcg", "d", "v", "/m")
    assert words[words.index("-sandbox") + 1] == "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


# (user, engine, accelerator, mode of /dev/kvm) -> what says who QEMU is in its container
USERS = {
    "root's podman": (0, "podman", "tcg", 0o660, ["--user=1900065536:1900065536"]),
    "root's docker": (0, "docker", "tcg", 0o660, ["--user=1900065536:1900065536"]),
    "with KVM": (0, "podman", "kvm", 0o660, ["--user=1900065536:1900065536", "--group-add=993"]),
    "where only root may open KVM": (0, "podman", "kvm", 0o600, []),
    "a user's podman": (1000, "podman", "tcg", 0o660, []),
    "a user's docker": (1000, "docker", "tcg", 0o660, ["--user=1000:1000"]),
}


@pytest.mark.parametrize("name", USERS)
def test_qemu_is_not_root(name, monkeypatch, tmp_path):
    user, program, accelerator, mode, flags = USERS[name]

    class Kvm:
        st_mode, st_gid = 0o20000 | mode, 993

    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "getegid", lambda: user)
    monkeypatch.setattr(qemu_process, "KVM", type("Device", (), {"stat": lambda self: Kvm})())
    qemu = QemuProcess(Engine(program, ()), "image", Hardware(), accelerator, tmp_path, Path("/disks/disk.qcow2"), None)
    command = qemu._container(["true"])
    assert [word for word in command if word.startswith(("--user", "--group-add"))] == flags
    for word in ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--network=none", "--log-driver=none"):
        assert word in command


@pytest.fixture
def idle_vm(tmp_path):
    """A VM whose QEMU was never started: what its folder and its console hold is looked at all the same."""
    vm = Vm(Engine("podman", ()), "image", tmp_path / "disk.qcow2", Hardware(), "tcg")
    yield vm
    vm.stop()


def test_a_console_that_never_ends_ends_the_page(idle_vm, monkeypatch):
    monkeypatch.setattr(vms, "CONSOLE_BYTES", 1 << 20)
    idle_vm.console.path.write_bytes(b"x" * (2 << 20))
    with pytest.raises(MachineLost, match="printed more than 1 MiB to the serial console"):
        idle_vm.tick()


def test_layers_that_grow_without_end_end_the_page(idle_vm, monkeypatch):
    monkeypatch.setattr(vms, "DISK_BYTES", 4 << 20)
    monkeypatch.setattr(vms, "DISK_CHECK_S", 0)
    for number in range(3):
        (idle_vm.folder / f"layer-{number}.qcow2").write_bytes(b"x" * (2 << 20))
    with pytest.raises(MachineLost, match="the VM's files take 6 MiB; those of a machine may take 4 MiB"):
        idle_vm.tick()


def test_the_time_of_a_page_is_over_also_for_a_vm(idle_vm):
    idle_vm.page_time = PageTime(1, 0.0)
    with pytest.raises(MachineLost, match="the page has run for more than 1 minutes"):
        idle_vm.tick()
