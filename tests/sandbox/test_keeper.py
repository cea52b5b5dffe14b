"""The first process of QEMU's container, with a program that sleeps in QEMU's place, and this test as QEMU's other end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checks.machines.qemu_process import KEEPER

MEMORY = os.urandom(1 << 20) + bytes(8 << 20)


@pytest.fixture
def keeper(tmp_path):
    command = [sys.executable, "-c", KEEPER, "sh", "-c", f"echo $$ >{tmp_path}/pid; exec sleep 1000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        yield process
        process.kill()
        qemu = (tmp_path / "pid").read_text()
        subprocess.run(["kill", "-9", qemu.strip()], stderr=subprocess.DEVNULL)


def wait_for(path: Path) -> None:
    while not path.exists():  # The run's own limit ends a wait that has none.
        time.sleep(0.01)


def order(keeper, *words: object) -> None:
    keeper.stdin.write(" ".join(map(str, words)).encode() + b"\n")


def pack(keeper, folder: Path, data: bytes = MEMORY) -> Path:
    packed = folder / "memory.zst"
    order(keeper, "pack", folder / "socket", packed)
    wait_for(folder / "socket")
    with socket.socket(socket.AF_UNIX) as qemu:
        qemu.connect(str(folder / "socket"))
        qemu.sendall(data)
    assert keeper.stdout.readline() == b"0\n"
    return packed


def unpack(keeper, folder: Path, packed: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as qemu:
        qemu.bind(str(folder / "incoming"))
        qemu.listen()
        order(keeper, "unpack", folder / "incoming", packed)
        connection, _ = qemu.accept()
        with connection:
            data = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    (folder / "incoming").unlink()
    return data


def test_what_is_packed_is_unpacked_as_often_as_is_asked(keeper, tmp_path):
    packed = pack(keeper, tmp_path)
    assert packed.stat().st_size < 2 << 20
    for _ in range(2):
        assert unpack(keeper, tmp_path, packed) == MEMORY
        assert keeper.stdout.readline() == b"0\n"


@pytest.mark.parametrize("place", [10, 500_000, -3], ids=["head", "middle", "checksum"])
def test_a_damaged_file_is_told_by_its_status(place, keeper, tmp_path):
    packed = pack(keeper, tmp_path)
    data = bytearray(packed.read_bytes())
    data[place] ^= 0xFF
    packed.write_bytes(data)
    unpack(keeper, tmp_path, packed)
    assert keeper.stdout.readline() not in (b"0\n", b"")


def test_a_file_that_was_cut_off_is_told_by_its_status(keeper, tmp_path):
    packed = pack(keeper, tmp_path)
    os.truncate(packed, packed.stat().st_size - 100)
    unpack(keeper, tmp_path, packed)
    assert keeper.stdout.readline() not in (b"0\n", b"")


def test_the_end_of_its_input_ends_qemu(keeper, tmp_path):
    wait_for(tmp_path / "pid")
    while not (text := (tmp_path / "pid").read_text()):
        time.sleep(0.01)
    keeper.stdin.close()
    assert keeper.wait() == -9 % 256 or keeper.returncode
    assert not Path(f"/proc/{text.strip()}").exists()


def test_the_end_of_qemu_ends_the_keeper_with_qemus_status(tmp_path):
    command = [sys.executable, "-c", KEEPER, "sh", "-c", "exit 7"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait() == 7
