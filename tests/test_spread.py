"""Reading on all processors gives what reading in one process gives: the same guide, the same errors, in the same order."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from site_guide import HEAD, errors, one_language, small_guide

from checks import parity, snippets
from checks.model import GuideError
from checks.snippets import read_guide
from checks.spread import spread


@pytest.fixture(params=[1, 2, 3, 7])
def processes(request, monkeypatch) -> int:
    """How many processes read the pages."""
    monkeypatch.setattr(snippets, "PORTION_BYTES", 1)
    monkeypatch.setattr(snippets, "processors", lambda: request.param)
    return request.param


def test_the_same_guide(tmp_path, processes, monkeypatch):
    config = small_guide(tmp_path)
    spread_out = read_guide(config)
    monkeypatch.setattr(snippets, "processors", lambda: 1)
    alone = read_guide(config)
    assert repr(spread_out) == repr(alone)
    assert list(spread_out.pages) == list(alone.pages)
    assert parity.check(spread_out, config) == parity.check(alone, config)


def test_the_same_errors_in_the_same_order(tmp_path, processes, monkeypatch):
    wrong = HEAD + "```bash\nx\n```\n\n```sh\nx\n```\n"
    pages = {f"p{number}": wrong if number % 3 else "---\nafter: nope\n---\n" for number in range(12)}
    config = one_language(tmp_path, {**pages, "latin": b"# X\n\n\xb1\n"})
    spread_out = errors(config)
    monkeypatch.setattr(snippets, "processors", lambda: 1)
    assert spread_out == errors(config)
    assert len(spread_out) == 4 + 8 * 2 + 1


def test_every_item_is_done_in_its_place(processes):
    assert spread(lambda item: item * item, range(23), processes) == [item * item for item in range(23)]
    assert spread(lambda item: item, [], processes) == []


def test_the_first_error_of_all_is_raised(processes):
    def do(item: int) -> int:
        if item in (4, 5, 6, 11):
            raise GuideError(f"page {item}")
        return item

    with pytest.raises(GuideError, match="page 4"):
        spread(do, range(20), processes)


def test_what_a_process_does_not_bring_back_is_done_here(processes):
    here = os.getpid()

    def do(item: int):
        if os.getpid() != here and item > 10:
            os.kill(os.getpid(), signal.SIGKILL)  # what a system without memory does
        return threading.Lock() if item == 3 else item  # and what no process can send

    found = spread(do, range(20), processes)
    assert [item for item in found if isinstance(item, int)] == [item for item in range(20) if item != 3]


def test_no_process_is_left(processes, monkeypatch):
    fork, started = os.fork, []

    def noted() -> int:
        started.append(pid := fork())
        return pid

    monkeypatch.setattr(os, "fork", noted)
    # A job that was started in the background ignores the signal; here it has to arrive.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            spread(lambda item: signal.raise_signal(signal.SIGINT), range(20), processes)
    finally:
        signal.signal(signal.SIGINT, before)
    # where an earlier test has left a thread running, as Playwright's do, nothing is forked
    assert len(started) == (processes - 1 if threading.active_count() == 1 else 0)
    for pid in started:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
