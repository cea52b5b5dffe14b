"""QEMU's list of a machine's registers: what it tells about the kernel that runs."""

from __future__ import annotations

from checks.machines.qmp import Registers

# Two processors under TCG (QEMU 10.0), shortened: the first one in the kernel, the second one in a program.
TWO = """
CPU#0

RAX=0000000000000000 RBX=ffffffff9d60c980 RCX=0000000000000001 RDX=0000000000000000
RIP=ffffffff9cc1a0cf RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
FS =0000 0000000000000000 00000000 00000000
GS =0000 ffff9a6dbfa00000 00000000 00000000
CR0=80050033 CR2=00007f0b6ae3d000 CR3=000000000b2ce001 CR4=000006f0
CPU#1

RIP=00007f0b6ae3d000 RFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=0
GS =0000 0000000000000000 00000000 00000000
CR0=80050033 CR2=00007f0b6ae3d000 CR3=000000016e004000 CR4=000006f0
"""


def test_page_tables_and_the_kernels_base_are_read():
    assert Registers.parse(TWO) == Registers([0x0B2CE000, 0x16E004000], 0xFFFF9A6DBFA00000)


def test_a_base_of_a_program_says_nothing_of_the_kernel():
    assert Registers.parse(TWO.replace("CPL=0", "CPL=3")).kernel_gs_base is None
    assert Registers.parse(TWO.replace("ffff9a6dbfa00000", "00007f0000000000")).kernel_gs_base is None
    assert Registers.parse("") == Registers([], None)
