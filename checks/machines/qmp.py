"""QEMU's monitor: commands and events over QMP, for callers that use no event loop."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qemu.qmp import Message, QMPClient, QMPError

from checks.machines.machine import MachineLost

TIMEOUT_S = 120  # for one command
PAGE_TABLE_MASK = 0x000F_FFFF_FFFF_F000  # of CR3: the other bits are flags (Intel SDM, volume 3, 4.5)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Registers:
    """What QEMU shows of a machine's processors (x86, 64 bits), which no program in the machine can write for it.

    ``page_tables`` are the physical addresses in CR3, of all processors. ``kernel_gs_base`` is the first processor's GS
    base while it runs kernel code, else None.
    """

    page_tables: list[int]
    kernel_gs_base: int | None

    @classmethod
    def parse(cls, text: str) -> Registers:
        """Read the output of the monitor's command ``info registers -a``."""
        tables = [int(value, 16) & PAGE_TABLE_MASK for value in re.findall(r"\bCR3=([0-9a-f]{8,16})\b", text)]
        privilege, base = re.search(r"\bCPL=([0-3])\b", text), re.search(r"^GS =[0-9a-f]{4} ([0-9a-f]{16})\b", text, re.MULTILINE)
        in_kernel = privilege is not None and privilege[1] == "0" and base is not None and int(base[1], 16) >> 63
        return cls(tables, int(base[1], 16) if in_kernel and base else None)


class Monitor:
    """One QMP connection.

    The connection's event loop runs in a thread of its own, since the caller's thread may already run an event loop
    of somebody else, as Playwright does in pytest's thread.
    """

    def __init__(self, name: str):
        self._loop: asyncio.AbstractEventLoop | None = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = QMPClient(name)
        self._client.logger.disabled = True

    def connect(self, path: Path) -> None:
        """Connect to QEMU's socket, which must exist; MachineLost when nobody answers there."""
        try:
            self._await(self._client.connect(str(path)))
        except QMPError as error:
            raise MachineLost(f"QEMU does not answer: {error}") from None

    def __call__(self, command: str, **arguments: object) -> Any:
        """Execute one command and return QEMU's answer; MachineLost with QEMU's own words when QEMU refuses.

        An underscore in an argument's name stands for QMP's hyphen.
        """
        named = {key.replace("_", "-"): value for key, value in arguments.items()}
        try:
            return self._await(self._client.execute(command, named or None))
        except (QMPError, EOFError, OSError) as error:
            raise MachineLost(f"QEMU: {command}: {error}") from None

    def registers(self) -> Registers:
        """The processors as they are at this moment."""
        return Registers.parse(self("human-monitor-command", command_line="info registers -a"))

    def events(self) -> list[Message]:
        """The events that QEMU has sent since the last call, the oldest first."""

        async def clear() -> list[Message]:
            return self._client.events.clear()

        return self._await(clear())

    def close(self) -> None:
        """Disconnect; safe to call twice, and when QEMU has ended."""
        if self._loop is None:
            return
        with suppress(QMPError, OSError, EOFError, MachineLost):
            self._await(self._client.disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        if not self._thread.is_alive():
            self._loop.close()
        self._loop = None

    def _await(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            coroutine.close()
            raise MachineLost("the connection to QEMU's monitor is closed")
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(TIMEOUT_S)
        except TimeoutError:
            raise MachineLost(f"QEMU did not answer within {TIMEOUT_S} s") from None
