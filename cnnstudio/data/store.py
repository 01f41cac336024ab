"""Decoded pictures, kept so that no picture is decoded twice: in memory, or in a file beyond that.

Filled as batches ask for pictures, in parallel; the first epoch trains while it decodes.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cnnstudio.data.cache import GIB, InMemory, Nowhere, make_place, memory_budget
from cnnstudio.data.pictures import PictureError, Pixels, load_picture
from cnnstudio.data.report import Skipped
from cnnstudio.graph.preparation import Preparation

_UNKNOWN, _READY, _BROKEN = 0, 1, 2

# Seconds a picture takes below which threads only stand in each other's way: small files are
# mostly work of Python, which does one thing at a time.
_QUICK = 0.0002
# Pictures decoded ahead in one go.
_AHEAD = 32


class PictureStore:
    """Pictures of one size by number, decoded when first asked for.

    They are kept in memory if all open stores together then hold at most `budget` bytes (else
    what `cache.memory_budget` says). Otherwise they go to a file in `cache_folder` (else the
    system's folder for temporary files) that vanishes with the store, and on a full disk nothing
    is kept. A picture that cannot be decoded is named in `skipped` once and left out from then on.

    Attributes:
        skipped: the broken pictures met so far; `on_skipped` is called for each, in any thread.
        kept: where decoded pictures are: "memory", "disk" or "nowhere".
        complete: whether every picture was decoded or found broken.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        preparation: Preparation,
        *,
        budget: int | None = None,
        cache_folder: Path | None = None,
        workers: int | None = None,
        on_skipped: Callable[[Skipped], None] | None = None,
    ) -> None:
        self.paths = tuple(paths)
        self.shape = preparation.shape
        self.skipped: list[Skipped] = []
        self.complete = False
        self._preparation = preparation
        self._on_skipped = on_skipped
        self._state = np.zeros(len(self.paths), np.uint8)
        self._lock = threading.Lock()
        self._closed = False
        self._pool: ThreadPoolExecutor | None = None
        self._pending: dict[int, Future[dict[int, Pixels]]] = {}
        self._ahead: threading.Thread | None = None
        self._quick = False
        self._alone = threading.Lock()
        self._workers = workers or min(16, _processors())
        self._place = make_place(
            len(self.paths),
            self.shape,
            memory_budget() if budget is None else budget,
            cache_folder,
        )
        self.kept: Literal["memory", "disk", "nowhere"] = self._place.name

    @property
    def pixels(self) -> Pixels | None:
        """All pictures (pictures, height, width, channels), those not decoded yet with any numbers.

        None if they are not in memory.
        """
        return self._place.pixels if isinstance(self._place, InMemory) else None

    @property
    def usable(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """For each picture, whether it is decoded and kept."""
        return self._state == _READY

    @property
    def remark(self) -> str | None:
        """What a person may want to know of where the pictures are, or None."""
        if self.kept == "memory":
            return None
        size = f"The pictures take {self.nbytes / GIB:,.1f} GB once decoded, too much for memory"
        if self.kept == "disk":
            return f"{size}: they are kept in a file while they are used."
        return (
            f"{size}, and there is no room for a file on the disk: each is decoded whenever it is "
            "needed, which takes time."
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all pictures once they are decoded."""
        return len(self.paths) * int(np.prod(self.shape))

    @property
    def broken(self) -> int:
        """How many pictures turned out to be broken."""
        return len(self.skipped)

    def gather(self, numbers: np.ndarray[Any, Any]) -> tuple[Pixels, np.ndarray[Any, Any]]:
        """The pictures `numbers`, without the broken ones.

        Returns uint8 pixels (n, height, width, channels) and, for each of `numbers`, whether it
        is among them. May be called from many threads; an empty answer after `close`.
        """
        fresh = self._decode(numbers)
        good = self._state[numbers] != _BROKEN
        if self._closed:
            good[:] = False
        chosen = numbers[good]
        out = np.empty((len(chosen), *self.shape), np.uint8)
        try:
            self._fill(out, chosen, fresh)
        except ValueError:
            if not self._closed:
                raise
            good[:] = False
        return out[: int(good.sum())], good

    def read_ahead(self, numbers: np.ndarray[Any, Any]) -> None:
        """Begin to decode pictures in the background, in the order of `numbers`, to be kept.

        Only the first call counts, and only if there is a place to keep them.
        """

        def run() -> None:
            for start in range(0, len(numbers), _AHEAD):
                if self._closed:
                    break
                self._decode(numbers[start : start + _AHEAD])

        with self._lock:
            if self._closed or self._ahead is not None or self.kept == "nowhere":
                return
            self._ahead = threading.Thread(target=run, name="cnnstudio-pictures-ahead")
            self._ahead.start()

    def _fill(self, out: Pixels, numbers: np.ndarray[Any, Any], fresh: dict[int, Pixels]) -> None:
        if not fresh:
            if len(numbers):
                self._place.take(numbers, out)
            return
        # What was decoded just now is at hand, whether it could be kept or not.
        old = np.array([number not in fresh for number in numbers.tolist()], bool)
        if old.any():
            earlier = np.empty((int(old.sum()), *self.shape), np.uint8)
            self._place.take(numbers[old], earlier)
            out[old] = earlier
        for row in np.flatnonzero(~old):
            out[row] = fresh[int(numbers[row])]

    def close(self) -> None:
        """End the threads and let go of the pictures and the file."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
            ahead = self._ahead
        if ahead is not None:
            ahead.join()
        if pool is not None:
            # Not cancelled: who waits for a cancelled future waits for ever. They end at once.
            pool.shutdown(wait=True)
        place, self._place = self._place, Nowhere()
        place.close()

    def __enter__(self) -> PictureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self, numbers: np.ndarray[Any, Any]) -> dict[int, Pixels]:
        """Decode and keep pictures that are not kept yet; those that are broken are noted."""
        wanted = np.unique(numbers[self._state[numbers] == _UNKNOWN]).tolist()
        if not wanted:
            return {}
        here: Future[dict[int, Pixels]] | None = None
        with self._lock:
            if self._closed:
                return {}
            # What another batch is decoding just now is waited for.
            futures = {self._pending[number] for number in wanted if number in self._pending}
            mine = [
                number
                for number in wanted
                if number not in self._pending and self._state[number] == _UNKNOWN
            ]
            if mine and self._quick:
                here = Future()
                self._pending.update(dict.fromkeys(mine, here))
                futures.add(here)
            elif mine:
                futures |= self._submitted(mine)
        if here is not None:
            try:
                here.set_result(self._decode_some(mine, alone=True))
            except BaseException as error:
                here.set_exception(error)
                raise
        found: dict[int, Pixels] = {}
        for future in futures:
            found |= future.result()
        self._rest_when_done()
        return found

    def _submitted(self, numbers: list[int]) -> set[Future[dict[int, Pixels]]]:
        """Have the threads decode pictures, with `_lock` held."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, "cnnstudio-pictures")
        futures = set()
        for start in range(min(self._workers, len(numbers))):
            part = numbers[start :: self._workers]
            future = self._pool.submit(self._decode_some, part)
            self._pending.update(dict.fromkeys(part, future))
            futures.add(future)
        return futures

    def _decode_some(self, numbers: list[int], *, alone: bool = False) -> dict[int, Pixels]:
        found: dict[int, Pixels] = {}
        times = []
        try:
            with self._alone if alone else contextlib.nullcontext():
                for number in numbers:
                    if self._closed:
                        break
                    start = time.thread_time()
                    try:
                        picture = load_picture(self.paths[number], self._preparation)
                    except PictureError as error:
                        self._note(number, error)
                        continue
                    found[number] = picture
                    if self._place.put(number, picture):
                        self._state[number] = _READY
                    times.append(time.thread_time() - start)
            if times:
                # Threads in each other's way make all seem slow but the luckiest.
                self._quick = (sum(times) / len(times) if alone else min(times)) < _QUICK
        finally:
            with self._lock:
                for number in numbers:
                    del self._pending[number]
        return found

    def _note(self, number: int, error: PictureError) -> None:
        with self._lock:
            if self._state[number] == _BROKEN:
                return
            self._state[number] = _BROKEN
            skipped = Skipped(self.paths[number], error.reason)
            self.skipped.append(skipped)
        if self._on_skipped is not None:
            self._on_skipped(skipped)

    def _rest_when_done(self) -> None:
        """Once every picture was decoded, the threads are of no more use."""
        if self._state.all():
            with self._lock:
                self.complete = True
                pool, self._pool = self._pool, None
            if pool is not None:
                pool.shutdown(wait=False)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
