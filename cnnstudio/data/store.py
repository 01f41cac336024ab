"""Decoded pictures, kept so that no picture is decoded twice: in memory, or in a file beyond that.

Filled as batches ask for pictures, in parallel; the first epoch trains while it decodes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from cnnstudio.data.pictures import PictureError, Pixels, load_picture
from cnnstudio.data.report import Skipped
from cnnstudio.graph.preparation import Preparation

MEMORY_BUDGET = 2 * 1024**3
_UNKNOWN, _READY, _BROKEN = 0, 1, 2


class _Kept(Protocol):
    """Where decoded pictures are kept, by number."""

    def put(self, number: int, picture: Pixels) -> bool: ...
    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None: ...
    def close(self) -> None: ...


class PictureStore:
    """Pictures of one size by number, decoded when first asked for.

    They are kept in memory if all open stores together then hold at most `memory_budget` bytes.
    Otherwise they go to a file in `cache_folder` (else the
    system's folder for temporary files) that vanishes with the store, and on a full disk nothing
    is kept. A picture that cannot be decoded is named in `skipped` once and left out from then on.

    Attributes:
        skipped: the broken pictures met so far; `on_skipped` is called for each, in any thread.
        kept: where decoded pictures are: "memory", "disk" or "nowhere".
    """

    def __init__(
        self,
        paths: Sequence[Path],
        preparation: Preparation,
        *,
        memory_budget: int = MEMORY_BUDGET,
        cache_folder: Path | None = None,
        workers: int | None = None,
        on_skipped: Callable[[Skipped], None] | None = None,
    ) -> None:
        self.paths = tuple(paths)
        self.shape = preparation.shape
        self.skipped: list[Skipped] = []
        self.kept: Literal["memory", "disk", "nowhere"]
        self._preparation = preparation
        self._on_skipped = on_skipped
        self._state = np.zeros(len(self.paths), np.uint8)
        self._lock = threading.Lock()
        self._closed = False
        self._pool: ThreadPoolExecutor | None = None
        self._workers = workers or min(8, _processors())
        self._place = self._make_place(memory_budget, cache_folder)

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
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        place, self._place = self._place, _Nowhere()
        place.close()

    def __enter__(self) -> PictureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self, numbers: np.ndarray[Any, Any]) -> dict[int, Pixels]:
        """Decode and keep pictures that are not kept yet; those that are broken are noted."""
        wanted = numbers[self._state[numbers] == _UNKNOWN].tolist()
        if not wanted or self._closed:
            return {}
        found: dict[int, Pixels] = {}
        if len(wanted) == 1 or self._workers == 1:
            self._decode_some(wanted, found)
            return found
        parts = [wanted[start :: self._workers] for start in range(self._workers)]
        with self._lock:
            if self._closed:
                return {}
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._workers, "cnnstudio-pictures")
            futures = [self._pool.submit(self._decode_some, part, found) for part in parts if part]
        wait(futures)
        for future in futures:
            if not future.cancelled():
                future.result()
        self._rest_when_done()
        return found

    def _decode_some(self, numbers: list[int], found: dict[int, Pixels]) -> None:
        for number in numbers:
            if self._closed:
                return
            try:
                picture = load_picture(self.paths[number], self._preparation)
            except PictureError as error:
                self._note(number, error)
                continue
            found[number] = picture
            if self._place.put(number, picture):
                self._state[number] = _READY

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
                pool, self._pool = self._pool, None
            if pool is not None:
                pool.shutdown(wait=False)

    def _make_place(self, memory_budget: int, cache_folder: Path | None) -> _Kept:
        reservation = _Reservation.of(self.nbytes, memory_budget)
        if reservation is not None:
            # Without memory for it, the disk.
            with contextlib.suppress(MemoryError):
                place = _Memory(len(self.paths), self.shape, reservation)
                self.kept = "memory"
                return place
            reservation.release()
        try:
            folder = Path(tempfile.gettempdir()) if cache_folder is None else cache_folder
            folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(folder).free > self.nbytes * 1.1:
                on_disk = _Disk(folder, self.shape)
                self.kept = "disk"
                return on_disk
        except OSError:
            pass
        self.kept = "nowhere"
        return _Nowhere()


class _Reservation:
    """A part of the memory that all stores of this process share."""

    _lock = threading.Lock()
    _reserved = 0

    def __init__(self, size: int) -> None:
        self._size = size

    @classmethod
    def of(cls, size: int, budget: int) -> _Reservation | None:
        """`size` bytes if no more than `budget` are then reserved, or None."""
        with cls._lock:
            if cls._reserved + size > budget:
                return None
            cls._reserved += size
            return cls(size)

    def release(self) -> None:
        with self._lock:
            _Reservation._reserved -= self._size
            self._size = 0


class _Memory:
    """One array; the system gives it memory page by page as pictures arrive."""

    def __init__(self, pictures: int, shape: tuple[int, ...], reservation: _Reservation) -> None:
        self._pixels = np.empty((pictures, *shape), np.uint8)
        self._reservation = reservation
        weakref.finalize(self, reservation.release)

    def put(self, number: int, picture: Pixels) -> bool:
        self._pixels[number] = picture
        return True

    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None:
        np.take(self._pixels, numbers, axis=0, out=out, mode="clip")

    def close(self) -> None:
        self._pixels = np.empty((0, *self._pixels.shape[1:]), np.uint8)
        self._reservation.release()


class _Disk:
    """A nameless file, read and written picture by picture: what is not asked for uses no memory.

    (Mapped into memory, every page touched would count as memory of this process.)
    """

    def __init__(self, folder: Path, shape: tuple[int, ...]) -> None:
        self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed by close()
            prefix="pictures-", dir=folder, buffering=0
        )
        self._bytes = int(np.prod(shape))
        self._lock = threading.Lock()

    def put(self, number: int, picture: Pixels) -> bool:
        try:
            with self._lock:
                self._file.seek(number * self._bytes)
                return self._file.write(picture.data.cast("B")) == self._bytes
        except (OSError, ValueError):
            return False  # full, or closed: decoded again when asked for again

    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None:
        with self._lock:
            for row, number in enumerate(numbers.tolist()):
                self._file.seek(number * self._bytes)
                self._file.readinto(out[row].data.cast("B"))

    def close(self) -> None:
        with self._lock:
            self._file.close()


class _Nowhere:
    """Keeps nothing."""

    def put(self, number: int, picture: Pixels) -> bool:  # noqa: ARG002
        return False

    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None:  # noqa: ARG002
        raise ValueError("no picture is kept")

    def close(self) -> None:
        pass


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1
