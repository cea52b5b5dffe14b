"""QEMU's monitor: commands and events over QMP, for a caller that knows nothing of event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

from qemu.qmp import QMPClient, QMPError

from checks.machines.machine import MachineLost

TIMEOUT_S = 120


class Monitor:
    """One connection. Its event loop runs in a thread of its own: the caller's may have somebody else's, as Playwright's."""

    def __init__(self, name: str):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._client = QMPClient(name)
        self._client.logger.disabled = True

    def connect(self, path: Path) -> None:
        """Lost when nobody answers there."""
        try:
            self._await(self._client.connect(str(path)))
        except QMPError as error:
            raise MachineLost(f"QEMU does not answer: {error}") from None

    def __call__(self, command: str, **arguments):
        """One command, answered; Lost with QEMU's own words if it refuses."""
        try:
            return self._await(self._client.execute(command, {key.replace("_", "-"): value for key, value in arguments.items()} or None))
        except (QMPError, EOFError, OSError) as error:
            raise MachineLost(f"QEMU: {command}: {error}") from None

    def events(self) -> list[dict]:
        """What QEMU has told by itself since the last call."""

        async def clear() -> list[dict]:
            return self._client.events.clear()

        return self._await(clear())

    def close(self) -> None:
        """Hang up; safe to call twice, and when QEMU is gone."""
        if self._loop is None:
            return
        with suppress(QMPError, OSError, EOFError, MachineLost):
            self._await(self._client.disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        if not self._thread.is_alive():
            self._loop.close()
        self._loop = None

    def _await(self, what: Coroutine):
        try:
            return asyncio.run_coroutine_threadsafe(what, self._loop).result(TIMEOUT_S)
        except TimeoutError:
            raise MachineLost(f"QEMU did not answer within {TIMEOUT_S} s") from None
