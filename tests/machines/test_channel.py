"""The line to a machine: what is looked after by the clock is looked after also while the machine prints."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from checks.machines.channel import Channel
from checks.machines.machine import MachineLost, PageTime


@pytest.fixture
def printing():
    """(a channel, an event that ends its other end): something is printed all the time."""
    read_fd, write_fd = os.pipe()
    ended = threading.Event()

    def print_on() -> None:
        while not ended.is_set():
            os.write(write_fd, json.dumps({"op": "out", "data": "eA=="}).encode() + b"\n")
            time.sleep(0.002)

    thread = threading.Thread(target=print_on)
    thread.start()
    yield Channel(read_fd, write_fd)
    ended.set()
    thread.join()
    os.close(read_fd)
    os.close(write_fd)


def test_the_clock_ticks_while_the_machine_prints(printing):
    ticks = []
    while len(ticks) < 5:  # Without a tick the test does not end, and the run's own limit ends it.
        assert printing.receive(time.monotonic() + 60, lambda: ticks.append(time.monotonic()), tick_s=0.05) is not None
    assert all(later - earlier >= 0.05 for earlier, later in zip(ticks, ticks[1:], strict=False)), "and not for each message"


def test_what_a_tick_finds_ends_the_wait_while_the_machine_prints(printing):
    time_is_over = PageTime(5, time.monotonic() - 1)
    with pytest.raises(MachineLost, match=r"the page has run for more than 5 minutes: .*page_minutes. in mkdocs.yml"):
        while True:
            printing.receive(time.monotonic() + 60, time_is_over.check, tick_s=0.01)
