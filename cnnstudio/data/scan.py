"""Finding the pictures of a folder and what is wrong with it, from the first bytes of each file.

Two layouts are understood: a folder for each class (folders inside belong to their class), and
train, val (also valid, validation) and test folders of those, in any case of letters. Nothing is
ever changed.
"""

from __future__ import annotations

import hashlib
import io
import os
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cnnstudio.data.pictures import (
    SUFFIXES,
    Header,
    PictureError,
    explain,
    load_picture,
    read_header,
    too_large,
    why_no_picture,
)
from cnnstudio.data.report import (
    LAYOUTS,
    SPLITS,
    DataError,
    FolderReport,
    Picture,
    Skipped,
    count,
    listed,
)
from cnnstudio.data.settings import Split
from cnnstudio.errors import Cancelled
from cnnstudio.graph.preparation import Preparation

__all__ = [
    "DataError",
    "FolderReport",
    "Picture",
    "ScanProgress",
    "Skipped",
    "Split",
    "scan_folder",
]

SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_SYSTEM_NAMES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "icon\r", "@eadir"}
_SMALL = 65_536  # bytes: up to here one read gives header, end and digest
_INTERVAL = 0.05  # seconds between two reports of progress
_NO_CLASS = "not in a class folder"


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan is: files looked at, of how many, and the pictures found so far by class.

    `total` is None while the folder is listed.
    """

    files_seen: int
    total: int | None
    current: Path
    classes: Mapping[str, int]


def scan_folder(
    folder: str | os.PathLike[str],
    *,
    progress: Callable[[ScanProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> FolderReport:
    """Look at every file below `folder`. Files are opened, none is decoded without suspicion.

    `progress` is called some twenty times a second, `cancelled` for every file.
    Raises `DataError` if the folder is missing, is a file, cannot be read, or holds no picture;
    `Cancelled` when `cancelled` says so.
    """
    root = Path(os.path.abspath(folder))
    if not root.exists():
        raise DataError(f"There is no folder {root}.")
    if not root.is_dir():
        raise DataError(f"{root} is a file; choose the folder that holds the pictures.")
    return _Scan(root, progress, cancelled).report()


class _File(NamedTuple):
    path: str
    label: str | None
    split: Split | None


class _Scan:
    """One scan: first lists the files with their labels, then looks into each."""

    def __init__(
        self,
        root: Path,
        progress: Callable[[ScanProgress], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._root = root
        self._progress = progress
        self._cancelled = cancelled
        self._seen_folders: set[tuple[int, int]] = set()
        self._files: list[_File] = []
        self._class_folders: set[str] = set()
        self._skipped: list[Skipped] = []
        self._ignored: list[Skipped] = []
        self._found: Counter[str] = Counter()
        self._next_report = 0.0

    def report(self) -> FolderReport:
        self._list()
        pictures: list[Picture] = []
        digests: dict[bytes, list[int]] = defaultdict(list)
        large: dict[int, list[int]] = defaultdict(list)
        for number, file in enumerate(self._files):
            self._tick(number, len(self._files), file.path)
            try:
                header, size, digest = _inspect(file.path)
            except PictureError as error:
                self._skipped.append(Skipped(error.path, error.reason))
                continue
            if digest is None:
                large[size].append(len(pictures))
            else:
                digests[digest].append(len(pictures))
            if file.label is not None:
                self._found[file.label] += 1
            pictures.append(Picture(Path(file.path), file.label, file.split, *header))
        if not pictures:
            raise DataError(self._nothing())
        for same_size in large.values():
            if len(same_size) > 1:
                for index in same_size:
                    self._tick(len(self._files), len(self._files), str(pictures[index].path))
                    found = _digest_of(pictures[index].path)
                    if found is not None:
                        digests[found].append(index)
        groups = [group for group in digests.values() if len(group) > 1]
        self._skipped.sort(key=lambda skipped: skipped.path)
        return FolderReport(
            folder=self._root,
            pictures=tuple(sorted(pictures, key=_order)),
            skipped=tuple(self._skipped),
            ignored=tuple(self._ignored),
            duplicates=tuple(
                sorted(tuple(sorted(pictures[index].path for index in group)) for group in groups)
            ),
            empty_classes=tuple(sorted(self._class_folders - set(self._found))),
        )

    # Listing: which file belongs to which class and split.

    def _list(self) -> None:
        try:
            folders, files = self._entries(str(self._root))
        except OSError as error:
            raise DataError(f"The folder {self._root} {_unreadable(error)}.") from None
        splits = [entry for entry in folders if _name(entry).lower() in SPLIT_NAMES]
        others = [entry for entry in folders if entry not in splits]
        outside = [entry.path for entry in files]
        if splits and (not others or any(self._has_folders(entry) for entry in splits)):
            for entry in splits:
                split = SPLIT_NAMES[_name(entry).lower()]
                if self._enter(entry):
                    inner, loose = self._entries_or_skip(entry.path)
                    outside += [file.path for file in loose]
                    self._list_classes(inner, split)
            for entry in others:
                outside += self._below(entry)
        else:
            self._list_classes(folders, None)
        if not self._files and not self._class_folders:
            # A flat folder: its pictures are shown, and the report says what is missing.
            self._files = [_File(path, None, None) for path in outside]
            return
        for path in outside:
            picture = os.path.splitext(path)[1].lower() in SUFFIXES
            self._skipped.append(Skipped(Path(path), _NO_CLASS if picture else "not a picture"))

    def _list_classes(self, folders: list[os.DirEntry[str]], split: Split | None) -> None:
        for entry in folders:
            label = _name(entry)
            self._class_folders.add(label)
            self._files += [_File(path, label, split) for path in self._below(entry)]

    def _below(self, entry: os.DirEntry[str]) -> Iterator[str]:
        """Every file below a folder, in order of names; links back are not followed."""
        waiting = [entry]
        while waiting:
            entry = waiting.pop()
            if not self._enter(entry):
                continue
            folders, files = self._entries_or_skip(entry.path)
            for file in files:
                self._tick(len(self._files), None, file.path)
                yield file.path
            waiting += reversed(folders)

    def _enter(self, entry: os.DirEntry[str]) -> bool:
        try:
            found = os.stat(entry.path)
        except OSError as error:
            self._skipped.append(Skipped(Path(entry.path), explain(error)))
            return False
        identity = (found.st_dev, found.st_ino)
        if identity in self._seen_folders:
            reason = "a link to a folder that was read already"
            self._skipped.append(Skipped(Path(entry.path), reason))
            return False
        self._seen_folders.add(identity)
        return True

    def _entries_or_skip(
        self, folder: str
    ) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
        try:
            return self._entries(folder)
        except OSError as error:
            self._skipped.append(Skipped(Path(folder), explain(error)))
            return [], []

    def _entries(self, folder: str) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
        """Sub-folders (links last) and files of a folder, sorted by name."""
        folders, files = [], []
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith(".") or entry.name.lower() in _SYSTEM_NAMES:
                    self._ignored.append(Skipped(Path(entry.path), "system file"))
                elif entry.is_dir():
                    folders.append(entry)
                elif entry.is_file():
                    files.append(entry)
                elif entry.is_symlink():
                    self._skipped.append(Skipped(Path(entry.path), "a link that leads nowhere"))
                else:
                    self._skipped.append(Skipped(Path(entry.path), "not a file"))
        folders.sort(key=lambda entry: entry.is_symlink())
        identity = os.stat(folder)
        self._seen_folders.add((identity.st_dev, identity.st_ino))
        return folders, files

    def _has_folders(self, entry: os.DirEntry[str]) -> bool:
        try:
            with os.scandir(entry.path) as inner:
                return any(
                    found.is_dir()
                    and not found.name.startswith(".")
                    and found.name.lower() not in _SYSTEM_NAMES
                    for found in inner
                )
        except OSError:
            return False

    def _tick(self, seen: int, total: int | None, current: str) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._progress is None:
            return
        now = time.monotonic()
        if now >= self._next_report:
            self._next_report = now + _INTERVAL
            self._progress(ScanProgress(seen, total, Path(current), dict(self._found)))

    def _nothing(self) -> str:
        """What was found instead of pictures."""
        if not self._skipped:
            return f"The folder {self._root} is empty. {LAYOUTS}."
        reasons = Counter(skipped.reason for skipped in self._skipped).most_common()
        what = listed([f"{number:,} × {reason}" for reason, number in reasons])
        return (
            f"No picture that can be used was found in {self._root}, but "
            f"{count(len(self._skipped), 'other file')} ({what}). {LAYOUTS}."
        )


def _inspect(path: str) -> tuple[Header, int, bytes | None]:
    """Header, size in bytes, and the digest of small files. Raises `PictureError`."""
    try:
        with open(path, "rb") as file:
            start = file.read(_SMALL)
            if not start:
                raise PictureError(path, why_no_picture(start))
            size = os.fstat(file.fileno()).st_size
            small = size <= len(start)
            stream = io.BytesIO(start) if small else file
            stream.seek(0)
            header = read_header(stream, path)
            # A JPEG may be decoded at an eighth of its size.
            part = 8 if header.format in ("JPEG", "MPO") else 1
            refusal = too_large(header.width // part, header.height // part)
            if refusal is not None:
                raise PictureError(path, refusal)
            complete = _ends(header.format, start if small else _end_of(file))
    except OSError as error:
        raise PictureError(path, explain(error)) from None
    if not complete:
        # Some programs leave out the end mark: decoding tells a complete picture from half of one.
        load_picture(path, Preparation((8, 8), "grayscale"))
    return header, size, hashlib.blake2b(start, digest_size=16).digest() if small else None


def _end_of(file: BinaryIO) -> bytes:
    file.seek(-_SMALL, os.SEEK_END)
    return file.read(_SMALL)


def _ends(format_: str, content: bytes) -> bool:
    """Whether the end mark is in the last bytes; there may be others behind it."""
    if format_ in ("JPEG", "MPO"):
        return b"\xff\xd9" in content
    if format_ == "PNG":
        return b"IEND" in content
    return True


def _digest_of(path: Path) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError:
        return None


def _order(picture: Picture) -> tuple[int, str, str]:
    split = -1 if picture.split is None else SPLITS.index(picture.split)
    return split, picture.label or "", str(picture.path)


def _name(entry: os.DirEntry[str]) -> str:
    """A folder's name as a label: one spelling for accents, always writable as UTF-8."""
    return unicodedata.normalize("NFC", os.fsencode(entry.name).decode("utf-8", "replace"))


def _unreadable(error: OSError) -> str:
    return explain(error) + "; check its permissions"
