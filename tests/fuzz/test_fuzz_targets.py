"""Each target of the fuzzer passes its seeds, so that a target is no older than what it fuzzes."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TARGETS = sorted(path.stem for path in HERE.glob("fuzz_*.py"))


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_passes_its_seeds_and_what_is_near_them(name, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    target = importlib.import_module(name)
    near = random.Random(0)
    for seed in target.SEEDS:
        target.one(seed)
        for _ in range(20):
            at = near.randrange(len(seed) + 1)
            target.one(seed[:at] + bytes([near.randrange(256)]) + seed[at + near.randrange(2) :])
