"""The full check: every picture decoded, once, to find damaged files and near duplicates.

Pictures are read as training reads them (`data/pictures.py`), at a small size. What was found is
kept by file with its time and size, so that a second check reads only what changed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.data import near
from cnnstudio.data.pictures import PictureError, explain, thumbnail
from cnnstudio.data.report import FolderReport, Picture, Skipped
from cnnstudio.errors import Cancelled

_INTERVAL = 0.05  # seconds between two reports of progress
_AHEAD = 4  # pictures waiting for each thread
_MOST_THREADS = 8


@dataclass(frozen=True)
class Check:
    """What reading every picture of a folder found.

    `broken`: pictures that cannot be decoded; `near`: groups of near duplicates, the exact ones
    not among them; `flat`: pictures of one tone.
    """

    folder: Path
    pictures: int
    broken: tuple[Skipped, ...] = ()
    near: tuple[tuple[Path, ...], ...] = ()
    flat: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """Pictures read, of how many, how many of them are broken, and the seconds left, if known."""

    done: int
    total: int
    broken: int
    seconds_left: float | None


class Checker:
    """Reads pictures in several threads and remembers what it found."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[int, int, near.Print | str]] = {}
        self._lock = threading.Lock()

    def check(
        self,
        report: FolderReport,
        *,
        progress: Callable[[CheckProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Check:
        """Read every picture of `report`. Raises `Cancelled`; what was read by then is kept."""
        pictures = report.pictures
        found: list[near.Print | str] = []
        broken: list[Skipped] = []
        began = told = time.monotonic()
        for picture, result in self._all(pictures, cancelled):
            found.append(result)
            if isinstance(result, str):
                broken.append(Skipped(picture.path, result))
            now = time.monotonic()
            if progress is not None and now - told >= _INTERVAL:
                told = now
                left = None
                if now - began > 1:
                    left = (now - began) / len(found) * (len(pictures) - len(found))
                progress(CheckProgress(len(found), len(pictures), len(broken), left))
        if progress is not None:
            progress(CheckProgress(len(pictures), len(pictures), len(broken), 0))
        copies = {path for group in report.duplicates for path in group[1:]}
        paths, prints = [], []
        for picture, result in zip(pictures, found, strict=True):
            if not isinstance(result, str) and picture.path not in copies:
                paths.append(picture.path)
                prints.append(result)
        groups = near.near_groups(prints, cancelled)
        return Check(
            report.folder,
            len(pictures),
            tuple(broken),
            tuple(tuple(paths[index] for index in group) for group in groups),
            tuple(path for path, each in zip(paths, prints, strict=True) if near.is_flat(each)),
        )

    def _all(
        self, pictures: Iterable[Picture], cancelled: Callable[[], bool] | None
    ) -> Iterator[tuple[Picture, near.Print | str]]:
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        waiting: list[tuple[Picture, Future[near.Print | str]]] = []
        pool = ThreadPoolExecutor(threads, thread_name_prefix="cnnstudio-check")
        try:
            coming = iter(pictures)
            while True:
                while len(waiting) < threads * _AHEAD:
                    picture = next(coming, None)
                    if picture is None:
                        break
                    waiting.append((picture, pool.submit(self._read, picture)))
                if not waiting:
                    return
                if cancelled is not None and cancelled():
                    raise Cancelled
                picture, future = waiting.pop(0)
                yield picture, future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, picture: Picture) -> near.Print | str:
        """The print of a picture, or why it cannot be read."""
        try:
            state = os.stat(picture.path)
        except OSError as error:
            return explain(error)
        known = self._known.get(picture.path)
        if known is not None and known[:2] == (state.st_mtime_ns, state.st_size):
            return known[2]
        result: near.Print | str
        try:
            pixels = thumbnail(picture.path, near.SIDE)
        except PictureError as error:
            result = error.reason
        else:
            small = min(picture.width, picture.height) < near.SMALL
            result = near.print_of(pixels, small)
        with self._lock:
            self._known[picture.path] = (state.st_mtime_ns, state.st_size, result)
        return result
