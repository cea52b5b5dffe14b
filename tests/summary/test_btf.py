"""Types out of BTF: a section made by hand, with every kind of entry, and what drgn then says of its types."""

from __future__ import annotations

import struct

import pytest
from program import summary

drgn = pytest.importorskip("drgn")


class Section:
    """A BTF section that grows entry by entry."""

    def __init__(self) -> None:
        self.types, self.strings, self.count = b"", b"\0", 0

    def string(self, text: str) -> int:
        if not text:
            return 0
        self.strings += text.encode() + b"\0"
        return len(self.strings) - len(text) - 1

    def add(self, kind: int, name: str = "", size: int = 0, rows: int = 0, flag: int = 0, extra: bytes = b"") -> int:
        """The id of the new entry. ``size`` is the size, or the id of the type that it refers to; ``extra`` what follows."""
        self.types += struct.pack("<III", self.string(name), flag << 31 | kind << 24 | rows, size) + extra
        self.count += 1
        return self.count

    def struct(self, kind: int, name: str, size: int, *members: tuple[str, int, int], flag: int = 0) -> int:
        rows = b"".join(struct.pack("<III", self.string(member), number, offset) for member, number, offset in members)
        return self.add(kind, name, size, len(members), flag, rows)

    def bytes(self) -> bytes:
        head = struct.pack("<HBBIIIII", summary.BTF_MAGIC, 1, 0, 24, 0, len(self.types), len(self.types), len(self.strings))
        return head + self.types + self.strings


@pytest.fixture(scope="module")
def btf():
    made = Section()
    number = made.add(summary.INT, "int", 4, extra=struct.pack("<I", 1 << 24 | 32))
    byte = made.add(summary.INT, "unsigned char", 1, extra=struct.pack("<I", 8))
    flag = made.add(summary.INT, "_Bool", 1, extra=struct.pack("<I", 4 << 24 | 8))
    real = made.add(summary.FLOAT, "double", 8)
    node = made.count + 2  # the id that the struct below will have
    pointer = made.add(summary.PTR, size=node)
    assert made.struct(summary.STRUCT, "node", 16, ("next", pointer, 0), ("value", number, 64)) == node
    word = made.add(summary.TYPEDEF, "word", number)
    fixed = made.add(summary.CONST, size=made.add(summary.VOLATILE, size=word))
    row = made.add(summary.ARRAY, extra=struct.pack("<III", fixed, number, 3))
    rest = made.add(summary.ARRAY, extra=struct.pack("<III", byte, number, 0))
    inner = made.struct(summary.UNION, "", 8, ("ratio", real, 0), ("ready", flag, 0))
    made.struct(
        summary.STRUCT, "packet", 24,
        ("low", number, 3 << 24 | 0), ("high", number, 29 << 24 | 3), ("row", row, 32), ("", inner, 128), ("rest", rest, 192), flag=1,
    )  # fmt: skip
    colours = struct.pack("<IiIi", made.string("RED"), -1, made.string("GREEN"), 7)
    made.add(summary.ENUM, "colour", 4, 2, 1, colours)
    made.add(summary.ENUM64, "wide", 8, 1, 0, struct.pack("<III", made.string("WIDE"), 5, 1))
    made.add(summary.FWD, "unknown")
    made.add(summary.FWD, "unknown_union", flag=1)
    call = made.add(summary.FUNC_PROTO, size=number, rows=2, extra=struct.pack("<IIII", made.string("count"), number, 0, 0))
    made.add(summary.TYPEDEF, "call", call)
    made.add(summary.FUNC, "function", call)
    variable = made.add(summary.VAR, "runqueue", node, extra=struct.pack("<I", 0))
    made.add(summary.DATASEC, ".data..percpu", 16, 1, extra=struct.pack("<III", variable, 0, 16))
    made.add(summary.DECL_TAG, "note", node, extra=struct.pack("<i", -1))
    made.add(summary.TYPEDEF, "tagged", made.add(summary.TYPE_TAG, "user", number))
    program = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
    types = summary.Btf(program, made.bytes())
    program.register_type_finder("btf", lambda _, kinds, name, filename: types.find(kinds, name), enable_index=0)
    return program, types


def members(kind: object) -> list[tuple[str | None, str, int, int | None]]:
    return [(one.name, one.type.type_name(), one.bit_offset, one.bit_field_size) for one in kind.members]


def test_a_structure_that_refers_to_itself(btf):
    kind = btf[0].type("struct node")
    assert (kind.size, members(kind)) == (16, [("next", "struct node *", 0, None), ("value", "int", 64, None)])
    assert kind.members[0].type.type.members[1].name == "value"


def test_bit_fields_arrays_and_unions_without_a_name(btf):
    kind = btf[0].type("struct packet")
    assert kind.size == 24
    assert members(kind)[:3] == [("low", "int", 0, 3), ("high", "int", 3, 29), ("row", "word [3]", 32, None)]
    assert members(kind.members[3].type) == [("ratio", "double", 0, None), ("ready", "_Bool", 0, None)]
    assert (kind.members[3].name, kind.members[3].bit_offset) == (None, 128)
    assert (kind.members[4].type.length, kind.members[4].bit_offset) == (None, 192)


def test_values_are_read_by_these_types(btf):
    packet = drgn.Object.from_bytes_(btf[0], "struct packet", struct.pack("<IiiiQ", 5 | 9 << 3, 1, -2, 3, 1))
    assert (packet.low.value_(), packet.high.value_(), packet.ready.value_()) == (-3, 9, True)  # three bits, with a sign
    assert [entry.value_() for entry in packet.row] == [1, -2, 3]


def test_enumerations_and_their_constants(btf):
    program, types = btf
    assert [tuple(one) for one in program.type("enum colour").enumerators] == [("RED", -1), ("GREEN", 7)]
    assert [tuple(one) for one in program.type("enum wide").enumerators] == [("WIDE", 2**32 + 5)]
    assert drgn.Object(program, *types.constant("GREEN")).value_() == 7
    assert types.constant("BLUE") is None


def test_types_that_are_only_announced(btf):
    program, types = btf
    numbers = [number for number in range(1, len(types._places)) if types._entry(number).kind == summary.FWD]
    assert [types.type(number).type_name() for number in numbers] == ["struct unknown", "union unknown_union"]
    assert not any(types.type(number).is_complete() for number in numbers)


def test_functions_and_type_tags(btf):
    program, _ = btf
    call = program.type("call").type
    assert (call.type.type_name(), [one.name for one in call.parameters], call.is_variadic) == ("int", ["count"], True)
    assert program.type("tagged").type.type_name() == "int"


def test_variables_have_their_types_and_are_no_types(btf):
    program, types = btf
    assert types.type(types.variables["runqueue"]).type_name() == "struct node"
    number = next(number for number in range(1, len(types._places)) if types._entry(number).kind == summary.FUNC)
    with pytest.raises(LookupError):
        types.type(number)
    with pytest.raises(LookupError):
        program.type("struct nothing")


@pytest.mark.parametrize("data", [b"", b"\x9f\xeb", bytes(64), b"\xeb\x9f" + bytes(64)])
def test_what_is_no_btf_is_refused(data):
    with pytest.raises(ValueError, match="BTF"):
        summary.Btf(drgn.Program(), data)
