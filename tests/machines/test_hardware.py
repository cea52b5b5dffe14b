"""The hardware of a VM: what QEMU is given, and how long firmware may take."""

from __future__ import annotations

from checks.machines.hardware import Hardware
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
