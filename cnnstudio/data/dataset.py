"""From a folder report to the samples of training, validation and test."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

from cnnstudio.data.corrections import corrected
from cnnstudio.data.report import (
    LAYOUTS,
    SPLITS,
    DataError,
    FolderReport,
    listed,
    relative,
)
from cnnstudio.data.settings import DataSettings, Split, SplitSettings
from cnnstudio.data.split import divide

HELD_OUT: tuple[Split, ...] = ("test", "val")


class Sample(NamedTuple):
    """A picture file and the index of its class."""

    path: Path
    label_index: int


@dataclass(frozen=True)
class Dataset:
    """Samples of each split, sorted by class and name; `classes` in the order of the indices.

    `groups` is how many groups of pictures stay together. `warnings` are sentences on the split:
    groups that are divided, classes that a part has none of.
    """

    folder: Path
    classes: tuple[str, ...]
    train: tuple[Sample, ...]
    val: tuple[Sample, ...]
    test: tuple[Sample, ...]
    settings: DataSettings
    groups: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def parts(self) -> Mapping[Split, tuple[Sample, ...]]:
        """The samples by split."""
        return {"train": self.train, "val": self.val, "test": self.test}

    @cached_property
    def counts(self) -> Mapping[Split, tuple[int, ...]]:
        """How many pictures of each class are in each split, in the order of `classes`."""
        found = {}
        for part, samples in self.parts.items():
            numbers = Counter(sample.label_index for sample in samples)
            found[part] = tuple(numbers[index] for index in range(len(self.classes)))
        return found

    @property
    def held_out(self) -> Split:
        """The part a trained network is measured on."""
        part = measured_part(part for part, samples in self.parts.items() if samples)
        return part or "train"


def make_dataset(report: FolderReport, settings: DataSettings) -> Dataset:
    """Choose the samples: corrections applied, then divided as the settings say.

    Raises `DataError` if fewer than two classes or no training pictures are left.
    """
    if not report.classes:
        raise DataError(f"{report.folder}: {report.problems[0]}{_way_out(report)}")
    found = corrected(report, settings)
    pictures = tuple(picture for picture in found.pictures if picture.label is not None)
    classes = tuple(sorted({picture.label for picture in pictures if picture.label is not None}))
    if len(classes) < 2:
        what = f"there is one class only, {classes[0]}" if classes else "every picture is excluded"
        raise DataError(
            f"{report.folder}: {what}; a classifier needs two or more classes. {LAYOUTS}."
        )
    if len(pictures) < len(found.pictures):
        found = replace(found, pictures=pictures)
    division = divide(found, settings, report.splits.keys())
    index = {name: number for number, name in enumerate(classes)}
    parts: dict[Split, list[Sample]] = {part: [] for part in SPLITS}
    for picture, part in zip(pictures, division.parts, strict=True):
        parts[part].append(Sample(picture.path, index[picture.label or ""]))
    if not parts["train"]:
        raise DataError(_nothing_to_learn(report, division.parts))
    for samples in parts.values():
        samples.sort(key=lambda sample: (sample.label_index, str(sample.path)))
    return Dataset(
        report.folder,
        classes,
        tuple(parts["train"]),
        tuple(parts["val"]),
        tuple(parts["test"]),
        settings,
        division.groups,
        division.warnings,
    )


def _way_out(report: FolderReport) -> str:
    """The settings that read the classes where they seem to be written."""
    if not report.offers:
        return ""
    layout = report.offers[0].layout
    where = f"file={layout.file}" if layout.kind == "csv" else f"pattern={layout.pattern}"
    return f" Set data.layout.kind={layout.kind} and data.layout.{where} to use that."


def _nothing_to_learn(report: FolderReport, parts: Sequence[Split]) -> str:
    if report.splits and "train" not in report.splits:
        return (
            f"{report.folder} has pictures for {listed(sorted(report.splits))} "
            "but none in a train folder; training needs them."
        )
    kept = " and ".join(sorted(set(parts)))
    return (
        f"{report.folder}: the split leaves no picture to train on, all {len(parts):,} are kept "
        f"for {kept}. Keep fewer, or more groups or folds."
    )


def measured_part(present: Iterable[str]) -> Split | None:
    """The part of a folder that a network is measured on: test, else val; None for all of it."""
    found = set(present)
    return next((part for part in HELD_OUT if part in found), None)


def recorded(dataset: Dataset) -> SplitSettings:
    """The split of `dataset` written down, so that it stays whatever is added or changed."""
    kept: dict[Literal["val", "test"], tuple[str, ...]] = {
        "val": tuple(relative(dataset.folder, sample.path) for sample in dataset.val),
        "test": tuple(relative(dataset.folder, sample.path) for sample in dataset.test),
    }
    return dataset.settings.split.model_copy(update={"recorded": kept})


def split_table(dataset: Dataset) -> str:
    """The split as CSV text: path below the folder, class, split; a line for each picture."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("path", "class", "split"))
    for part, samples in dataset.parts.items():
        for path, index in samples:
            table.writerow((relative(dataset.folder, path), dataset.classes[index], part))
    return text.getvalue()
