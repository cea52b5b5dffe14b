"""The store of states: nothing half-written is found, nothing in use is removed, nothing of another key is taken."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from guides import ROOT, this_config

from checks.config import StateLimits
from checks.host import require_free_space
from checks.model import GuideError, Outcome, PageRun
from checks.states import retention
from checks.states.record import Record
from checks.states.store import StateImage, Store
from checks.targets import load_targets

TARGET = load_targets(this_config())["debian-13"]


def key(number: int) -> str:
    return f"{number:02x}" * 32


def record(number: int, run: str = "run", page: str = "page") -> Record:
    outcome = Outcome(id="s1", sha256="0" * 64, exit_status=0, output=b"\xff\x00", ran_at="2026-11-23T12:00:00Z")
    page_run = PageRun(page, "debian-13", "sha256:1", "r", None, None, "6.12", "2026-11-23T12:00:00Z", 1.5, {}, [outcome])
    return Record(key(number), run, "2026-11-23T12:00:00Z", page_run, "boot", {"file": "1:5.46"}, instance="i")


@pytest.fixture
def store(tmp_path):
    return Store("run", folder=tmp_path / "states")


def saved(store, number, megabytes=1, used=None):
    """A state with a memory of its own and a layer."""
    folder = store.new_folder()
    (folder / "memory.zst").write_bytes(os.urandom(megabytes << 20))
    store.save(record(number), folder)
    store.wait()
    found = store.machine(key(number))
    if used:
        os.utime(found.folder / "used", (used, used))
    return found


def test_a_record_comes_back_as_it_was(store):
    store.save_record(record(1))
    assert store.record(key(1), "page") == record(1)
    assert store.record(key(2), "page") is None


def test_a_damaged_record_is_no_record(tmp_path, caplog):
    caplog.set_level(logging.INFO, "guide")
    store = Store("run", folder=tmp_path)
    store.save_record(record(1))
    file = tmp_path / "records" / f"{key(1)}.json"
    for content in (file.read_text()[:100], "[]", json.dumps({**json.loads(file.read_text()), "page_run": {}})):
        file.write_text(content)
        assert store.record(key(1)) is None
    assert len(caplog.messages) == 3
    assert str(file) in caplog.messages[0]


def test_without_reuse_only_this_runs_own_records_of_the_page_are_found(tmp_path):
    Store("earlier", folder=tmp_path).save_record(record(1, "earlier"))
    base = record(2, "earlier")
    base.page_run.outcomes = []
    store = Store("run", reuse=False, folder=tmp_path)
    store.save_record(base)
    store.save_record(record(3))
    assert store.record(key(1), "page") is None
    assert store.record(key(2), "page") is not None, "a machine that was only started"
    assert store.record(key(3), "page") is not None
    assert store.record(key(3), "another page with the same snippets") is None


def test_what_is_being_written_is_not_found_and_a_sweep_removes_it_when_its_run_is_gone(store):
    folder = store.new_folder()
    (folder / "memory.zst").write_bytes(b"half")
    assert store.machines() == []
    assert retention.sweep(store) == []
    assert folder.exists(), "its run lives"
    orphan = folder.with_name(".1000000:1:abc")
    folder.rename(orphan)
    assert retention.sweep(store) == [str(orphan)]


def test_a_damaged_file_is_told(store):
    found = saved(store, 1)
    assert store.damage(found) is None
    memory = found.folder / "memory.zst"
    data = bytearray(memory.read_bytes())
    data[5000] ^= 1
    memory.write_bytes(data)
    assert store.damage(found) == "memory.zst is damaged"
    memory.unlink()
    assert store.damage(found) == "memory.zst is damaged"


def test_the_longest_unused_go_first_and_never_one_in_use(store):
    now = time.time()
    for number, hours in ((1, 5), (2, 9), (3, 1)):
        saved(store, number, used=now - hours * 3600)
    assert retention.usage(store).machines == 3
    assert retention.usage(store).bytes >= 3 << 20
    store.locks.use(key(2))
    gone = retention.prune(store, StateLimits(bytes=2 << 20), lambda image: True, room_for=1 << 20)
    assert gone == [key(1), key(3)], "the second is the oldest, and somebody is in it"
    store.locks.release(key(2))
    assert retention.prune(store, StateLimits(age_s=8 * 3600), lambda image: True) == [key(2)]
    assert retention.usage(store).machines == 0


def test_one_in_use_by_another_process_is_not_removed(store):
    saved(store, 1)
    code = (
        "import sys; from pathlib import Path; from checks.states.locks import Locks\n"
        "Locks(Path(sys.argv[1])).use(sys.argv[2]); print('in use', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(store.root / "locks"), key(1)]
    other = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"in use\n"
    try:
        assert retention.prune(store, StateLimits(bytes=0), lambda image: True) == []
        store.forget(key(1))
        assert store.machine(key(1)) is not None
    finally:
        other.communicate()
    assert retention.prune(store, StateLimits(bytes=0), lambda image: True) == [key(1)], "its lock ended with it"


def test_a_containers_image_goes_with_its_state_or_both_stay(store):
    store.save(record(1), store.new_folder(), StateImage("localhost/x:1", 5 << 20))
    store.wait()
    assert retention.usage(store).bytes == 5 << 20
    assert retention.prune(store, StateLimits(bytes=0), lambda image: False) == []
    removed = []
    assert retention.prune(store, StateLimits(bytes=0), lambda image: removed.append(image) or True) == [key(1)]
    assert removed == ["localhost/x:1"]


def test_a_layer_that_two_states_stand_on_counts_once(store):
    first = saved(store, 1, megabytes=4)
    folder = store.new_folder()
    os.link(first.folder / "memory.zst", folder / "layer-1.qcow2")
    store.save(record(2), folder)
    store.wait()
    assert retention.usage(store).bytes < 6 << 20


def test_a_full_disk_is_told_before_anything_is_started(tmp_path):
    with pytest.raises(GuideError, match=r"MiB are free, and a VM .* clean --states"):
        require_free_space(tmp_path, 1 << 60, "a VM")


def test_a_state_that_cannot_be_written_is_told_and_the_run_goes_on(tmp_path, caplog):
    caplog.set_level(logging.INFO, "guide")
    after = threading.Event()
    store = Store("run", folder=tmp_path)
    folder = store.new_folder()
    (folder / "gone").symlink_to("nowhere")
    store.save(record(1), folder, then=after.set)
    store.wait()
    assert after.is_set()
    assert "could not be saved" in caplog.messages[0]
    assert store.machine(key(1)) is None
    assert not folder.exists()


def test_a_second_state_of_the_same_key_takes_the_place_of_the_first_unless_that_is_in_use(store):
    saved(store, 1)
    store.locks.use(key(1))
    first = (store.machine(key(1)).folder / "memory.zst").stat().st_ino
    assert (saved(store, 1).folder / "memory.zst").stat().st_ino == first
    store.locks.release(key(1))
    assert (saved(store, 1).folder / "memory.zst").stat().st_ino != first
    assert datetime.now(UTC) >= store.machine(key(1)).used


def test_a_file_of_the_second_machine_is_looked_at_too(store):
    folder = store.new_folder()
    (folder / "peer").mkdir()
    (folder / "peer" / "memory").write_bytes(b"1234")
    store.save(record(1), folder)
    kept = store.machine(key(1))
    assert store.damage(kept) is None
    (kept.folder / "peer" / "memory").write_bytes(b"1235")
    assert store.damage(kept) == "peer/memory is damaged"
