"""Decoded pictures: decoded once, the same from memory and disk, broken ones named once."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from awkward import folder_of

from cnnstudio.data.pictures import load_picture
from cnnstudio.data.store import PictureStore
from cnnstudio.graph.preparation import Preparation

BYTES = 8 * 8 * 3


@pytest.fixture
def paths(tmp_path):
    folder_of(tmp_path, {"a": 40})
    return sorted((tmp_path / "a").iterdir())


def expected(paths) -> np.ndarray:
    return np.stack([load_picture(path, Preparation((8, 8))) for path in paths])


@pytest.mark.parametrize(("budget", "kept"), [(40 * BYTES, "memory"), (40 * BYTES - 1, "disk")])
def test_pictures_are_decoded_once(paths, tmp_path, budget, kept):
    wanted = expected(paths)
    cache = tmp_path / "cache"
    with PictureStore(
        paths, Preparation((8, 8)), budget=budget, cache_folder=cache, workers=3
    ) as store:
        assert store.kept == kept
        assert ("in a file" in (store.remark or "")) == (kept == "disk")
        half = np.arange(0, 40, 2)
        pixels, good = store.gather(half)
        assert (pixels == wanted[half]).all()
        assert good.all()
        for path in paths:
            path.unlink()
        assert (store.gather(half[::-1])[0] == wanted[half[::-1]]).all()
        # The others were never asked for, and now they are gone.
        mixed = np.array([0, 1, 2, 3])
        pixels, good = store.gather(mixed)
        assert good.tolist() == [True, False, True, False]
        assert (pixels == wanted[[0, 2]]).all()
        assert {skipped.path for skipped in store.skipped} == {paths[1], paths[3]}
        assert {skipped.reason for skipped in store.skipped} == {"the file is gone"}
        store.gather(mixed)
        assert len(store.skipped) == 2
    if cache.exists():
        assert not list(cache.iterdir())


def test_open_stores_share_the_budget(paths, tmp_path):
    options = {"budget": 60 * BYTES, "cache_folder": tmp_path}
    with PictureStore(paths, Preparation((8, 8)), **options) as first:
        with PictureStore(paths, Preparation((8, 8)), **options) as second:
            with PictureStore(paths[:20], Preparation((8, 8)), **options) as third:
                assert [s.kept for s in (first, second, third)] == ["memory", "disk", "memory"]
            third.close()
        assert second.kept == "disk"
    with PictureStore(paths, Preparation((8, 8)), **options) as fourth:
        assert fourth.kept == "memory"


def test_nowhere_to_keep_them(paths, tmp_path):
    no_folder = tmp_path / "file"
    no_folder.write_text("x")
    with PictureStore(
        paths, Preparation((8, 8)), budget=0, cache_folder=no_folder, workers=2
    ) as store:
        assert store.kept == "nowhere"
        assert "no room for a file on the disk" in store.remark
        for _ in range(2):
            pixels, good = store.gather(np.arange(40)[::-1])
            assert good.all()
            assert (pixels == expected(paths)[::-1]).all()


def test_grayscale_has_one_channel(paths):
    with PictureStore(paths, Preparation((5, 6), "grayscale")) as store:
        assert store.gather(np.array([3]))[0].shape == (1, 5, 6, 1)
        assert store.nbytes == 40 * 30


def test_from_many_threads_at_once(paths):
    wanted = expected(paths)
    for number in (3, 7, 11):
        paths[number].write_bytes(b"")
    told = []
    with PictureStore(paths, Preparation((8, 8)), workers=4, on_skipped=told.append) as store:
        wrong: list[int] = []

        def ask(seed: int) -> None:
            for _ in range(20):
                numbers = np.random.default_rng(seed).permutation(40)[:16]
                pixels, good = store.gather(numbers)
                if not (pixels == wanted[numbers[good]]).all():
                    wrong.append(seed)

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong
        assert {skipped.path for skipped in told} <= {paths[3], paths[7], paths[11]}
        assert len(told) == len(set(told)) == len(store.skipped) == store.broken


@pytest.mark.parametrize("place", ["memory", "disk", "nowhere"])
def test_what_others_decode_is_waited_for(paths, tmp_path, monkeypatch, place):
    """Batches that share pictures, as those of short epochs do, decode each of them once."""
    decoded: list[Path] = []
    wait = threading.Barrier(2)

    def slowly(path, preparation):
        decoded.append(path)
        if len(decoded) == 1:
            wait.wait()  # until both have asked
        return load_picture(path, preparation)

    monkeypatch.setattr("cnnstudio.data.store.load_picture", slowly)
    folder = tmp_path / "a" / "000.png" if place == "nowhere" else tmp_path
    wanted = expected(paths)
    with PictureStore(
        paths,
        Preparation((8, 8)),
        budget=10**9 if place == "memory" else 0,
        cache_folder=folder,
        workers=1,
    ) as store:
        assert store.kept == place
        found: dict[int, np.ndarray] = {}

        def ask(first: int) -> None:
            found[first] = store.gather(np.arange(first, first + 10))[0]

        threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 5)]
        for thread in threads:
            thread.start()
            while len(store._pending) < 10 + 5 * threads.index(thread):
                pass
        wait.wait()
        for thread in threads:
            thread.join()
        assert len(decoded) == len(set(decoded)) == 15
        assert all((found[first] == wanted[first : first + 10]).all() for first in (0, 5))


def test_after_closing_nothing_comes(paths):
    store = PictureStore(paths, Preparation((8, 8)))
    store.gather(np.arange(10))
    store.close()
    store.close()
    pixels, good = store.gather(np.arange(5))
    assert pixels.shape == (0, 8, 8, 3)
    assert not good.any()


def test_threads_rest_when_all_is_decoded(paths):
    store = PictureStore(paths, Preparation((8, 8)), workers=3)
    store.gather(np.arange(40))
    assert store._pool is None
    store.close()


@pytest.mark.parametrize(("budget", "kept"), [(40 * BYTES, "memory"), (0, "disk")])
def test_pictures_are_decoded_ahead(paths, tmp_path, budget, kept):
    wanted = expected(paths)
    paths[7].write_bytes(b"")
    order = np.random.default_rng(0).permutation(40)
    with PictureStore(paths, Preparation((8, 8)), budget=budget, cache_folder=tmp_path) as store:
        assert store.kept == kept
        store.read_ahead(order)
        pixels, good = store.gather(np.arange(20))
        assert good.tolist() == [number != 7 for number in range(20)]
        store._ahead.join()
        assert store.complete
        for path in paths:
            path.unlink()
        assert (pixels == wanted[np.flatnonzero(good)]).all()
        assert (store.gather(np.arange(20, 40))[0] == wanted[20:]).all()
        assert [skipped.path for skipped in store.skipped] == [paths[7]]


def test_reading_ahead_ends_with_the_store(paths):
    store = PictureStore(paths * 500, Preparation((8, 8)))
    store.read_ahead(np.arange(20_000))
    store.gather(np.arange(32))
    store.close()
    assert not store._ahead.is_alive()
    assert not store.complete
