"""The memory that decoded pictures may take."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data import cache
from cnnstudio.data.cache import make_place, memory_budget

SHAPE = (8, 8, 3)
BYTES = 8 * 8 * 3


def test_budget_is_a_part_of_what_the_machine_has(monkeypatch):
    monkeypatch.delenv(cache.BUDGET_VARIABLE, raising=False)
    assert 2**20 < memory_budget() < 2**46


@pytest.mark.parametrize(("named", "budget"), [("0", 0), ("300", 300 * 2**20)])
def test_budget_by_name(monkeypatch, named, budget):
    monkeypatch.setenv(cache.BUDGET_VARIABLE, named)
    assert memory_budget() == budget


@pytest.mark.parametrize("named", ["", "-3", "much"])
def test_budget_that_is_no_number_is_left_to_the_machine(monkeypatch, named):
    monkeypatch.setenv(cache.BUDGET_VARIABLE, named)
    assert memory_budget() > 2**20


def test_memory_counts_until_nobody_looks_at_the_pictures():
    place = make_place(10, SHAPE, 15 * BYTES, None)
    pixels = place.pixels
    assert pixels.shape == (10, *SHAPE)
    assert pixels.ctypes.data % 64 == 0
    place.close()
    del place
    other = make_place(10, SHAPE, 15 * BYTES, None)
    assert other.name == "disk"
    other.close()
    del pixels
    gc.collect()
    assert make_place(10, SHAPE, 15 * BYTES, None).name == "memory"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_keeps_what_fitted(tmp_path):
    """Writing to it fails; what was written before is still read."""
    place = make_place(10, SHAPE, 0, tmp_path)
    assert place.name == "disk"
    picture = np.arange(BYTES, dtype=np.uint8).reshape(SHAPE)
    assert place.put(3, picture)
    with open("/dev/full", "r+b", buffering=0) as full:
        file, place._file = place._file, full
        assert not place.put(4, picture)
        place._file = file
    out = np.empty((1, *SHAPE), np.uint8)
    place.take(np.array([3]), out)
    assert (out[0] == picture).all()
    place.close()
    assert not list(tmp_path.iterdir())
