"""Classified pictures copied into a folder for each class, the doubtful ones into one of their own.

Files are only ever copied; nothing that is there already is overwritten.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.evaluation.predict import Prediction, Unreadable

UNSURE = "unsure"


class SortingError(StudioError):
    """Pictures that cannot be copied, naming the file or folder and the way out."""


@dataclass(frozen=True)
class Sorted:
    """What was copied.

    Attributes:
        folder: where the folders of the classes are.
        copied: pictures by the name of the folder they were put into.
        known: pictures that were there already with the same bytes, and were left alone.
        failed: files that could not be read or copied, with reasons.
    """

    folder: Path
    copied: dict[str, int]
    known: int
    failed: tuple[Unreadable, ...]


def folder_of(result: Prediction, threshold: float) -> str:
    """The folder's name for a prediction: its class, or `UNSURE` below `threshold` (0–1)."""
    name, share = result.ranked[0]
    if share < threshold:
        return UNSURE
    # A class may be called what no folder can be.
    plain = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(" .")
    return plain or "_"


def sort_into(
    results: Iterable[Prediction | Unreadable],
    folder: Path,
    *,
    threshold: float = 0.0,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Sorted:
    """Copy pictures into `folder`/class, making the folders.

    A name that is taken by another picture gets a number. `progress` gets how many are done after
    each. Raises `SortingError` where the folder cannot be written or the disk is full, and
    `Cancelled`; what was copied by then stays.
    """
    copied: Counter[str] = Counter()
    failed: list[Unreadable] = []
    known = 0
    for done, result in enumerate(results, 1):
        if cancelled is not None and cancelled():
            raise Cancelled
        if isinstance(result, Unreadable):
            failed.append(result)
        elif not result.path.is_file():
            failed.append(Unreadable(result.path, "the file is gone"))
        else:
            name = folder_of(result, threshold)
            if _copy(result.path, folder / name):
                copied[name] += 1
            else:
                known += 1
        if progress is not None:
            progress(done)
    return Sorted(folder, dict(sorted(copied.items())), known, tuple(failed))


def _copy(file: Path, folder: Path) -> bool:
    """Copy a file into a folder under a name that is free; False if it is there already."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target, number = folder / file.name, 1
        while target.exists():
            if _same(file, target):
                return False
            number += 1
            target = folder / f"{file.stem} ({number}){file.suffix}"
        # Beside first: a copy broken off leaves no half picture under the name.
        part = folder / f".{target.name}.part"
        try:
            shutil.copy2(file, part)
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise SortingError(
            f"{file.name} could not be copied into {folder}: {error.strerror or error}. Choose "
            "another folder, or make room."
        ) from None
    return True


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    return one.read_bytes() == other.read_bytes()
