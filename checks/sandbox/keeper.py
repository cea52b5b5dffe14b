"""The first process of QEMU's container: keeps QEMU, and packs what QEMU may not pack itself. Sent there as text.

It ends QEMU when the runner's end of its stdin is closed, which the kernel also does when the runner is killed by
SIGKILL. QEMU may start no programs (``-sandbox spawn=deny``), so this process runs zstd for a VM's memory. A line on
stdin says what to do, with which socket and file: "pack SOCKET FILE" listens on the socket, to which QEMU then
connects; "unpack SOCKET FILE" connects to the socket, on which QEMU listens. The answer, on stdout, is zstd's exit
status when zstd has ended.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys

ZSTD = ["zstd", "-q", "-c"]
PACKING = ["-1", "-T2"]  # the quickest level


class Keeper:
    """QEMU as a child, at most one socket that waits for QEMU, and at most one zstd."""

    def __init__(self, command: list[str]):
        self.qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.qemu_ended = os.pidfd_open(self.qemu.pid)
        self.listener: socket.socket | None = None
        self.target = ""  # the file that is packed into
        self.zstd: subprocess.Popen[bytes] | None = None
        self.zstd_ended = -1
        self.orders = b""

    def run(self) -> int:
        """Wait for whatever comes next, until QEMU has ended; returns QEMU's exit status."""
        while True:
            waiting: list[int] = [0, self.qemu_ended]
            waiting += [self.listener.fileno()] if self.listener else []
            waiting += [self.zstd_ended] if self.zstd else []
            ready, _, _ = select.select(waiting, [], [])
            if self.qemu_ended in ready:
                return self.qemu.wait()
            if self.zstd and self.zstd_ended in ready:
                os.write(1, b"%d\n" % self.zstd.wait())
                os.close(self.zstd_ended)
                self.zstd = None
            if self.listener and self.listener.fileno() in ready:
                connection, _ = self.listener.accept()
                self.listener.close()
                self.listener = None
                with connection, open(self.target, "xb") as file:
                    self.start([*ZSTD, *PACKING], connection.fileno(), file.fileno())
            if 0 in ready:
                data = os.read(0, 4096)
                if not data:
                    self.qemu.kill()
                    return self.qemu.wait()
                *lines, self.orders = (self.orders + data).split(b"\n")
                for line in lines:
                    self.obey(*line.decode().split(" "))

    def obey(self, word: str, address: str, path: str) -> None:
        """Begin to pack or to unpack."""
        line = socket.socket(socket.AF_UNIX)
        if word == "pack":
            line.bind(address)
            line.listen(1)
            self.listener, self.target = line, path
            return
        with line, open(path, "rb") as file:
            line.connect(address)
            self.start([*ZSTD, "-d"], file.fileno(), line.fileno())

    def start(self, command: list[str], source: int, sink: int) -> None:
        """Start zstd between two descriptors, which the caller closes."""
        self.zstd = subprocess.Popen(command, stdin=source, stdout=sink)
        self.zstd_ended = os.pidfd_open(self.zstd.pid)


if __name__ == "__main__":
    sys.exit(Keeper(sys.argv[1:]).run())
