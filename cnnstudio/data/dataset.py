"""From a folder report to the samples of training, validation and test.

The split is made from the names, not from an order: a picture keeps its side when others are added
or excluded, on every machine.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cnnstudio.data.report import (
    LAYOUTS,
    DataError,
    FolderReport,
    Picture,
    count,
    listed,
    shown,
)
from cnnstudio.data.settings import DataSettings


class Sample(NamedTuple):
    """A picture file and the index of its class."""

    path: Path
    label_index: int


@dataclass(frozen=True)
class Dataset:
    """Samples of each split, sorted by class and name; `classes` in the order of the indices."""

    folder: Path
    classes: tuple[str, ...]
    train: tuple[Sample, ...]
    val: tuple[Sample, ...]
    test: tuple[Sample, ...]
    settings: DataSettings


def make_dataset(report: FolderReport, settings: DataSettings) -> Dataset:
    """Choose the samples: excluded pictures left out, validation kept apart, test untouched.

    Validation is the folder's own val part, else `validation_split` of each class of train, at
    least one picture of every class with two or more. Raises `DataError` if fewer than two classes
    or no training pictures are left.
    """
    if not report.classes:
        raise DataError(f"{report.folder}: {report.problems[0]}")
    excluded = set(settings.excluded)
    pictures = [
        picture
        for picture in report.pictures
        if picture.label is not None and relative(report.folder, picture.path) not in excluded
    ]
    classes = tuple(sorted({picture.label for picture in pictures if picture.label is not None}))
    if len(classes) < 2:
        found = f"there is one class only, {classes[0]}" if classes else "every picture is excluded"
        raise DataError(
            f"{report.folder}: {found}; a classifier needs two or more classes. {LAYOUTS}."
        )
    index = {name: number for number, name in enumerate(classes)}
    by_split: dict[str | None, list[Picture]] = defaultdict(list)
    for picture in pictures:
        by_split[picture.split].append(picture)
    train = by_split["train"] + by_split[None]
    if not train:
        present = sorted(split for split, found in by_split.items() if split and found)
        raise DataError(
            f"{report.folder} has pictures for {listed(present)} "
            "but none in a train folder; training needs them."
        )
    if by_split["val"]:
        val = by_split["val"]
    else:
        kept = _validation(train, report.folder, settings)
        val = [picture for picture in train if picture.path in kept]
        train = [picture for picture in train if picture.path not in kept]

    def samples(chosen: list[Picture]) -> tuple[Sample, ...]:
        return tuple(Sample(picture.path, index[picture.label or ""]) for picture in chosen)

    return Dataset(
        report.folder, classes, samples(train), samples(val), samples(by_split["test"]), settings
    )


def evaluation_samples(report: FolderReport, classes: Sequence[str]) -> tuple[Sample, ...]:
    """The pictures a trained network is measured on: the test part, else val, else all.

    Classes are matched by name. Raises `DataError` when the folder has classes that the network
    does not know, or no classes.
    """
    if not report.classes:
        raise DataError(f"{report.folder}: {report.problems[0]}")
    unknown = [name for name in report.classes if name not in classes]
    if unknown:
        raise DataError(
            f"{report.folder} has {count(len(unknown), 'class folder')} the network does not "
            f"know: {listed(unknown)}. It was trained on {listed(list(classes), 10)}."
        )
    split = next((name for name in ("test", "val", "train") if name in report.splits), None)
    index = {name: number for number, name in enumerate(classes)}
    return tuple(
        Sample(picture.path, index[picture.label])
        for picture in report.pictures
        if picture.label is not None and picture.split == split
    )


def relative(folder: Path, path: Path) -> str:
    """A picture's path as `DataSettings.excluded` holds it: below the folder, parts joined by /."""
    return shown(path.relative_to(folder).as_posix())


def _validation(train: Iterable[Picture], folder: Path, settings: DataSettings) -> set[Path]:
    """The training pictures kept for validation, chosen class by class."""
    by_class: dict[str, list[Path]] = defaultdict(list)
    for picture in train:
        by_class[picture.label or ""].append(picture.path)
    kept: set[Path] = set()
    for paths in by_class.values():
        wanted = round(len(paths) * settings.validation_split)
        if settings.validation_split > 0:
            wanted = min(max(wanted, 1), len(paths) - 1)
        kept.update(sorted(paths, key=lambda path: _rank(path, folder, settings.seed))[:wanted])
    return kept


def _rank(path: Path, folder: Path, seed: int) -> bytes:
    """A number drawn from the seed and the picture's place in the folder."""
    name = relative(folder, path).encode()
    return hashlib.blake2b(name, digest_size=8, key=seed.to_bytes(8, "little")).digest()
