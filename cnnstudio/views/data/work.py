"""The background work of the Data page: functions that run in a thread and touch no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio.app.collector import much_is_made
from cnnstudio.app.tasks import Task
from cnnstudio.data.settings import DataSettings, LayoutSettings, Split, SplitSettings
from cnnstudio.graph.network import Network

if TYPE_CHECKING:
    import numpy as np

    from cnnstudio.data.scan import FolderReport

FIELD_WORDS: Mapping[str, str] = {
    "image_size": "picture size",
    "color_mode": "colour mode",
    "validation_split": "validation share",
    "seed": "seed of the split",
    "layout": "layout of the folder",
    "resize": "fit of the pictures",
    "interpolation": "interpolation",
    "background": "background",
    "split": "split",
    "split.by": "way of splitting",
    "split.test_share": "test share",
    "split.validation_count": "number for validation",
    "split.test_count": "number for test",
    "split.folds": "number of folds",
    "split.fold": "fold that validates",
    "split.group_by": "groups of the split",
    "split.group_pattern": "pattern of the groups",
    "balance": "balance of the classes",
    "augmentation": "augmentation",
}


def scan(folder: Path, layout: LayoutSettings, *, task: Task) -> FolderReport:
    """The report on a folder, read in this way. Raises `DataError` or `Cancelled`."""
    from cnnstudio.data.scan import scan_folder

    with much_is_made() as lasting:
        report = scan_folder(folder, layout, progress=task.progress, cancelled=task.cancelled)
        # Kept by the report, and then there when the window asks.
        _ = report.by_key, report.suggested_size, report.suggested_color_mode, report.problems
        lasting(report.images)
    return report


def make_and_scan(name: str, folder: Path, file: Path | None, *, task: Task) -> FolderReport:
    """Write a sample set, or one of Keras's sets, unless it is there, and look through it.

    `file` is a set of Keras that the person has; without it Keras's place is asked.
    """
    from cnnstudio.data.keras_sets import KERAS_SETS, make_keras_set
    from cnnstudio.data.samples import make_sample

    if name in KERAS_SETS:
        make_keras_set(
            KERAS_SETS[name], folder, file=file, progress=task.progress, cancelled=task.cancelled
        )
    elif not any(folder.glob("test/*/*")):
        make_sample(name, folder)
    return scan(folder, LayoutSettings(), task=task)


@dataclass(frozen=True)
class Counts:
    """How many pictures each split has, and why the data cannot be trained on, if it cannot.

    `by_class` has a row for each class, its name and its numbers in each of `parts`.
    """

    counts: Mapping[str, int]
    problem: str = ""
    parts: tuple[Split, ...] = ()
    by_class: tuple[tuple[str, tuple[int, ...]], ...] = ()
    groups: int = 0
    warnings: tuple[str, ...] = ()


def count_splits(report: FolderReport, data: DataSettings) -> Counts:
    """How many pictures train, validate and test with these settings."""
    from cnnstudio.data.dataset import make_dataset
    from cnnstudio.data.report import DataError

    try:
        found = make_dataset(report, data)
    except DataError as error:
        whole = error.message if report.classes else report.problems[0]
        return Counts({"train": 0, "val": 0}, whole)
    counts: dict[str, int] = {part: len(samples) for part, samples in found.parts.items()}
    parts = tuple(part for part in found.parts if counts[part])
    rows = tuple(
        (name, tuple(found.counts[part][index] for part in parts))
        for index, name in enumerate(found.classes)
    )
    return Counts(counts, "", parts, rows, found.groups, found.warnings)


def recorded(report: FolderReport, data: DataSettings) -> SplitSettings:
    """The split as it is, written down. Raises `DataError`."""
    from cnnstudio.data.dataset import make_dataset
    from cnnstudio.data.dataset import recorded as record

    return record(make_dataset(report, data))


def of_other_folder(data: DataSettings, report: FolderReport) -> DataSettings:
    """The settings for the folder of `report`, without what was said of other pictures."""
    return data.model_copy(
        update={
            "folder": str(report.folder),
            "layout": report.asked,
            "image_size": tuple(report.suggested_size),
            "color_mode": report.suggested_color_mode,
            "split": data.split.model_copy(
                update={"recorded": None, "group_by": "none", "group_pattern": None}
            ),
            "excluded": (),
            "relabelled": {},
            "merged": {},
            "moved": {},
        }
    )


def folder_inside(report: FolderReport) -> Path | None:
    """The one folder inside, when that is where the classes are; None otherwise."""
    if report.splits or len(report.classes) != 1:
        return None
    inside = report.folder / next(iter(report.classes))
    depths = {len(picture.path.relative_to(inside).parts) for picture in report.pictures}
    return inside if depths == {2} else None


def picture(path: Path, data: DataSettings) -> np.ndarray:
    """A picture as the network gets it. Raises `PictureError`."""
    from cnnstudio.data.pictures import load_picture

    return load_picture(path, data.preparation)


def input_size(network: Network) -> tuple[int, int, int] | None:
    """Height, width and channels that the network takes; None without one Input."""
    if len(network.sources) != 1:
        return None
    height, width, channels = network[network.sources[0]]["shape"]
    return height, width, channels
