"""The serial console: panics, kernels that stand still, kernels that start."""

from __future__ import annotations

from pathlib import Path

from checks.machines.console import Console


def console(text: str) -> Console:
    made = Console(Path("/nonexistent"))
    made.data = text.encode()
    return made


def test_a_panic_that_nobody_takes_over_is_dead():
    boot = "[    9.000000] ready\n[   10.000001] Kernel panic - not syncing: sysrq triggered crash\n"
    assert console(boot).panics() == ["sysrq triggered crash"]
    assert not console(boot).dead()
    stands = console(boot + "[   10.500000] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---\n")
    assert stands.dead()
    assert stands.panics() == ["sysrq triggered crash"], "its last line is not another panic"


def test_a_panic_is_told_without_what_a_terminal_obeys():
    """sysctl and modules choose the text of a panic, and the serial line may lose bits."""
    made = Console(Path("/nonexistent"))
    made.data = b"[   10.000001] Kernel panic - not syncing: \x1b]0;owned\x07 \xff\xe2\x80\xae\n[   10.2] Rebooting\n"
    assert made.panics() == [r"\x1b]0;owned\x07 \xff\u202e"]
    made.data = b"[   50.000001] \x1b[2JOops: 0002 [#1]\n[   50.000002] Oops\x9b: 0002 [#1]\n[    1.000000] a new kernel\n"
    assert made.panics(oops=True) == [r"Oops\x9b: 0002 [#1]"]


def test_a_new_kernel_is_known_by_its_clock():
    panicked = "[   10.000001] Kernel panic - not syncing: x\n[   10.100000] Rebooting\n"
    assert not console(panicked).new_kernel()
    assert console(panicked + "[    1.000000] kdump-tools: running\n").new_kernel()
    until = len(panicked)
    assert not console(panicked + "[    1.000000] next\n").new_kernel(0, until)


def printed(*lines: tuple[float, str]) -> Console:
    """A console on which each line was read at a time of its own, in seconds since the machine was started."""
    made = Console(Path("/nonexistent"))
    for read_at, line in lines:
        made.data += line.encode() + b"\n"
        made.frames.append((read_at, len(made.data)))
    return made


def test_a_new_kernel_whose_first_message_is_late_has_fallen_behind_the_clock_of_the_host():
    """On a busy host a capture kernel may be up for longer than the kernel that crashed before it prints its first line."""
    oops = (
        130.0,
        "[   63.567214] Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b7b: 0000 [#1] SMP NOPTI",
    )
    late = printed(
        oops, (130.5, "[   63.577292] Modules linked in: depot(OE)"), (199.0, "[   67.741478] kdump-tools[255]: Starting kdump-tools:")
    )
    assert late.new_kernel()
    assert late.panics(oops=True) == ["Oops: general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b7b: 0000 [#1]"]


def test_a_kernel_that_pauses_or_is_read_late_is_the_same_kernel():
    oops = (130.0, "[   63.567214] Oops: 0002 [#1] SMP NOPTI")
    assert not printed(oops, (330.0, "[  263.600000] depot: loaded")).new_kernel(), "it went on after an oops that killed a process"
    assert not printed(oops, (175.0, "[   63.600000] depot: loaded")).new_kernel(), "the host was busy and read late"
    assert not printed((10.0, "[    1.000000] a"), (19.0, "[    1.100000] b")).new_kernel()
    assert printed(oops, (175.0, "[   63.600000] depot: loaded")).panics(oops=True) == []
