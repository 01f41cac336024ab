"""Finding the pictures of a folder and what is wrong with it, from the first bytes of each file.

`walk` goes through the folders, `layouts` says what class each file has, `headers` looks into it.
Nothing is ever changed.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cnnstudio.data.headers import digest_of, inspect
from cnnstudio.data.layouts import File, list_files
from cnnstudio.data.pictures import PictureError
from cnnstudio.data.report import (
    LAYOUTS,
    DataError,
    FolderReport,
    Picture,
    Skipped,
    count,
    picture_order,
)
from cnnstudio.data.report import (
    listed as words,
)
from cnnstudio.data.settings import LayoutSettings, Split
from cnnstudio.data.walk import Walk
from cnnstudio.errors import Cancelled

__all__ = [
    "DataError",
    "FolderReport",
    "Picture",
    "ScanProgress",
    "Skipped",
    "Split",
    "scan_folder",
]

_INTERVAL = 0.05  # seconds between two reports of progress
_FIRST = 4  # pictures of a class told while the scan goes on
_FEW = 500  # so many things are let go of in one step


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan is: files looked at, of how many, and the pictures found so far by class.

    `total` is None while the folder is listed. With the unit "bytes" a file is downloaded first.
    `first` has the first few pictures of each class.
    """

    files_seen: int
    total: int | None
    current: Path
    classes: Mapping[str, int]
    unit: Literal["files", "bytes"] = "files"
    first: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)


def scan_folder(
    folder: str | os.PathLike[str],
    layout: LayoutSettings = LayoutSettings(),  # noqa: B008 - frozen
    *,
    progress: Callable[[ScanProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FolderReport:
    """Look at every file below `folder`. Files are opened, none is decoded without suspicion.

    `layout` says where the classes are written. `progress` is called some twenty times a second,
    `cancelled` for every file.
    Raises `DataError` if the folder is missing, is a file, cannot be read, or holds no picture;
    `Cancelled` when `cancelled` says so.
    """
    root = Path(os.path.abspath(folder))
    if not root.exists():
        raise DataError(f"There is no folder {root}.")
    if not root.is_dir():
        raise DataError(f"{root} is a file; choose the folder that holds the pictures.")
    scan = _Scan(root, layout, progress, cancelled)
    try:
        return scan.report()
    except Cancelled:
        scan.let_go()
        raise


class _Scan:
    """One scan: first lists the files with their labels, then looks into each."""

    def __init__(
        self,
        root: Path,
        layout: LayoutSettings,
        progress: Callable[[ScanProgress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._root = root
        self._layout = layout
        self._progress = progress
        self._cancelled = cancelled
        self._walk = Walk(self._visit)
        self._visited = 0
        self._skipped = self._walk.skipped
        self._found: Counter[str] = Counter()
        self._first: dict[str, tuple[Path, ...]] = {}
        self._files: list[File] = []
        self._pictures: list[Picture] = []
        self._digests: dict[bytes, list[int]] = defaultdict(list)
        self._next_report = 0.0

    def report(self) -> FolderReport:
        listed = list_files(self._root, self._layout, self._walk)
        self._skipped += listed.skipped
        self._files = files = listed.files
        pictures, digests = self._pictures, self._digests
        large: dict[int, list[int]] = defaultdict(list)
        for number, file in enumerate(files):
            self._tick(number, len(files), file.path)
            try:
                header, size, digest = inspect(file.path)
            except PictureError as error:
                self._skipped.append(Skipped(error.path, error.reason))
                continue
            if digest is None:
                large[size].append(len(pictures))
            else:
                digests[digest].append(len(pictures))
            if file.label is not None:
                self._found[file.label] += 1
            path = Path(file.path)
            if file.label is not None and self._found[file.label] <= _FIRST:
                self._first[file.label] = (*self._first.get(file.label, ()), path)
            pictures.append(Picture(path, file.label, file.split, *header))
        if not pictures:
            raise DataError(self._nothing())
        for same_size in large.values():
            if len(same_size) > 1:
                for index in same_size:
                    self._tick(len(files), len(files), str(pictures[index].path))
                    found = digest_of(pictures[index].path)
                    if found is not None:
                        digests[found].append(index)
        groups = [group for group in digests.values() if len(group) > 1]
        self._skipped.sort(key=lambda skipped: skipped.path)
        self._tick(len(files), len(files), str(self._root))
        in_order = tuple(sorted(pictures, key=picture_order))
        self._tick(len(files), len(files), str(self._root))
        return FolderReport(
            folder=self._root,
            pictures=in_order,
            skipped=tuple(self._skipped),
            ignored=tuple(self._walk.ignored),
            duplicates=tuple(
                sorted(tuple(sorted(pictures[index].path for index in group)) for group in groups)
            ),
            empty_classes=tuple(sorted(listed.classes - set(self._found))),
            asked=self._layout,
            layout=listed.layout,
            offers=listed.offers,
            remarks=listed.remarks,
        )

    def let_go(self) -> None:
        """Free what was found, a little at a time: meanwhile no other thread would run."""
        for found in (self._files, self._pictures):
            while found:
                del found[-_FEW:]
        while self._digests:
            self._digests.popitem()

    def _visit(self, path: str) -> None:
        self._visited += 1
        self._tick(self._visited, None, path)

    def _tick(self, seen: int, total: int | None, current: str) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._progress is None:
            return
        now = time.monotonic()
        if now >= self._next_report:
            self._next_report = now + _INTERVAL
            found, first = dict(self._found), dict(self._first)
            self._progress(ScanProgress(seen, total, Path(current), found, first=first))

    def _nothing(self) -> str:
        """What was found instead of pictures."""
        if not self._skipped:
            return f"The folder {self._root} is empty. {LAYOUTS}."
        reasons = Counter(skipped.reason for skipped in self._skipped).most_common()
        what = words([f"{number:,} × {reason}" for reason, number in reasons])
        return (
            f"No picture that can be used was found in {self._root}, but "
            f"{count(len(self._skipped), 'other file')} ({what}). {LAYOUTS}."
        )
