"""Which pictures a trained network is measured on: those it has not learned from.

A run keeps how its folder was read, corrected and divided; measured on that folder, exactly what
was held out counts. Of another folder it is the test part, else val, else everything.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cnnstudio.data.corrections import corrected
from cnnstudio.data.dataset import make_dataset, measured_part
from cnnstudio.data.report import FolderReport
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings, Split
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.data.walk import SPLIT_NAMES
from cnnstudio.errors import StudioError
from cnnstudio.evaluation.predict import Unreadable
from cnnstudio.graph.project import SUFFIX, load_project
from cnnstudio.keras_build.trained import MODEL_FILE, PROJECT_FILE, SPLIT_FILE


class EvaluationError(StudioError):
    """A folder a network cannot be measured on, with the reason and the way out."""


@dataclass(frozen=True)
class Measured:
    """Pictures with their classes, files that are none, and the part of the folder they are."""

    samples: list[tuple[Path, str | None]]
    skipped: list[Unreadable]
    split: str | None


def run_data(path: Path) -> DataSettings | None:
    """The data settings a run was trained with, its split as it was; None for a model file.

    Raises `SettingsError` or `ProjectError`.
    """
    folder = path.parent if path.name == MODEL_FILE else path
    file = path if path.suffix == SUFFIX else folder / PROJECT_FILE
    if not file.is_file():
        return None
    data = settings_from_json(DataSettings, load_project(file).data, f"{file}: data")
    kept = _kept(folder / SPLIT_FILE)
    if kept is None:
        return data
    split = data.split.model_copy(update={"recorded": kept})
    return data.model_copy(update={"split": split})


def pictures_of(
    path: Path,
    folder: str | Path,
    split: str | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Measured:
    """What the network at `path` (a run or model) is measured on in `folder`.

    `split` chooses a part ("train", "val" or "test"). Raises `EvaluationError`, `DataError` or
    `Cancelled`.
    """
    data = run_data(path) or DataSettings()
    inside = _inside(folder, data)
    if inside == "":
        return _of_own_folder(scan_folder(folder, data.layout, cancelled=cancelled), data, split)
    report = scan_folder(folder, cancelled=cancelled)
    if not report.classes and data.layout.kind == "filename":
        report = scan_folder(folder, data.layout, cancelled=cancelled)
    return _of_other_folder(corrected(report, _corrections(data, inside)), split)


def _of_own_folder(report: FolderReport, data: DataSettings, split: str | None) -> Measured:
    dataset = make_dataset(report, data)
    parts: dict[str, Split] = {"train": "train", "val": "val", "test": "test"}
    part = parts.get(split, "train") if split is not None else dataset.held_out
    if not dataset.parts[part]:
        raise EvaluationError(f"{report.folder} has no part {split!r} to evaluate on.")
    samples = [(sample.path, dataset.classes[sample.label_index]) for sample in dataset.parts[part]]
    skipped = _skipped(report, part) if part in report.splits else []
    return Measured(list(samples), skipped, part)


def _of_other_folder(report: FolderReport, split: str | None) -> Measured:
    present = {picture.split for picture in report.pictures}
    if split is None:
        split = measured_part(part for part in present if part is not None)
    elif split not in present:
        raise EvaluationError(f"{report.folder} has no part {split!r} to evaluate on.")
    samples = [
        (picture.path, picture.label)
        for picture in report.pictures
        if split is None or picture.split == split
    ]
    return Measured(samples, _skipped(report, split), split)


def _skipped(report: FolderReport, split: str | None) -> list[Unreadable]:
    return [
        Unreadable(each.path, each.reason)
        for each in report.skipped
        if split is None or _part_of(each.path, report.folder) == split
    ]


def _part_of(path: Path, folder: Path) -> str | None:
    """The part ("train", "val" or "test") a file below a folder with parts belongs to."""
    return SPLIT_NAMES.get(path.relative_to(folder).parts[0].lower())


def _inside(folder: str | Path, data: DataSettings) -> str | None:
    """Where `folder` lies below the folder of `data`: "" for itself, None for elsewhere."""
    if data.folder is None:
        return None
    here, own = Path(folder).resolve(), Path(data.folder).resolve()
    if here == own:
        return ""
    return here.relative_to(own).as_posix() + "/" if here.is_relative_to(own) else None


def _corrections(data: DataSettings, inside: str | None) -> DataSettings:
    """The corrections that hold for another folder: merged classes, and what names its files."""
    if inside is None:
        return DataSettings(merged=data.merged)
    start = len(inside)
    return DataSettings(
        merged=data.merged,
        excluded=tuple(key[start:] for key in data.excluded if key.startswith(inside)),
        relabelled={
            key[start:]: label for key, label in data.relabelled.items() if key.startswith(inside)
        },
    )


def _kept(file: Path) -> dict[Literal["val", "test"], tuple[str, ...]] | None:
    """The split that a run wrote down; None where it cannot be read."""
    try:
        with file.open(encoding="utf-8", newline="") as table:
            rows = [(row["path"], row["split"]) for row in csv.DictReader(table)]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError):
        return None
    return {
        "val": tuple(path for path, part in rows if part == "val"),
        "test": tuple(path for path, part in rows if part == "test"),
    }
