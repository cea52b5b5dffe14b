"""Slots: how many VMs run on this host at a time."""

from __future__ import annotations

import logging
import threading
import time

from checks.machines import slots


def test_a_vm_waits_for_a_slot_and_takes_it_when_another_ends(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    monkeypatch.setenv("GUIDE_VMS", "1")
    caplog.set_level(logging.INFO, "guide")
    first = slots.take()
    threading.Timer(0.3, first.close).start()
    slots.take().close()
    assert caplog.messages == ["1 VMs run on this host already (GUIDE_VMS sets how many may): waiting for one to end"]


def test_a_page_with_two_vms_takes_two_slots_at_once_and_is_not_overtaken(monkeypatch, tmp_path):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    monkeypatch.setenv("GUIDE_VMS", "2")
    order = []

    def take(name, count):
        with slots.take(count):
            order.append(name)
            time.sleep(0.2)

    first = slots.take()
    pair = threading.Thread(target=take, args=("pair", 2))
    pair.start()
    time.sleep(0.2)
    single = threading.Thread(target=take, args=("single", 1))
    single.start()
    time.sleep(1)
    assert order == [], "one slot is free, and who came first needs two"
    first.close()
    pair.join()
    single.join()
    assert order == ["pair", "single"]


def test_where_there_is_one_slot_two_vms_share_it(monkeypatch, tmp_path):
    monkeypatch.setenv("GUIDE_CACHE", str(tmp_path))
    monkeypatch.setenv("GUIDE_VMS", "1")
    slots.take(2).close()
