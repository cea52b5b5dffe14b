"""A program of drgn whose memory is made here: a kernel with frame pointers in the place of ORC. Prints the stack after a panic."""

from __future__ import annotations

import struct

import drgn
from program import summary

TEXT, STACK, LENGTH = 0xFFFFFFFF81000000, 0xFFFFC90000001000, 0x100
CALLS = ["__crash_kexec", "vpanic", "panic", "sysrq_handle_crash"]  # the innermost first


def symbols(program: drgn.Program, name: str | None, address: int | None, one: bool) -> list[drgn.Symbol]:
    """Each function of CALLS is 256 bytes long, one behind the other."""
    known = [
        drgn.Symbol(call, TEXT + LENGTH * number, LENGTH, drgn.SymbolBinding.GLOBAL, drgn.SymbolKind.FUNC)
        for number, call in enumerate(CALLS)
    ]
    found = [symbol for symbol in known if name in (None, symbol.name)]
    return [symbol for symbol in found if address is None or symbol.address <= address < symbol.address + symbol.size]


def crashed_kernel() -> tuple[drgn.Program, drgn.Object]:
    """The program, and the registers that were saved within the innermost of CALLS.

    A frame of 32 bytes: two words of the function, the caller's frame pointer, the return address. The words look like
    return addresses into panic(), as words that an earlier call has left may.
    """
    program = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    stack = b""
    for number in range(1, len(CALLS)):
        following = STACK + 32 * number + 16 if number + 1 < len(CALLS) else 0
        stack += struct.pack("<4Q", TEXT + 2 * LENGTH + 8, TEXT + LENGTH + 8, following, TEXT + LENGTH * number + 16)
    stack = stack.ljust(0x2000, b"\0")
    program.add_memory_segment(STACK, len(stack), lambda address, count, offset, physical: stack[offset : offset + count])
    program.register_symbol_finder("calls", symbols, enable_index=0)
    word = program.int_type("unsigned long", 8, False)
    names = [f"r{n}" for n in (15, 14, 13, 12)] + ["bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax"]
    names += ["ip", "cs", "flags", "sp", "ss"]
    members = [drgn.TypeMember(word, name, 64 * number) for number, name in enumerate(names)]
    registers = {"ip": TEXT + 16, "sp": STACK, "bp": STACK + 16, "cs": 0x10}
    return program, drgn.Object(program, program.struct_type("pt_regs", 8 * len(names), members), registers)


if __name__ == "__main__":
    kernel, registers = crashed_kernel()
    print(*(call["function"] for call in summary.functions(kernel, summary.crashed_stack(kernel, registers))))
