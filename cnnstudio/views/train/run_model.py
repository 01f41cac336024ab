"""The runs of a folder as rows and columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from cnnstudio.training.runs import RunInfo
from cnnstudio.views import theme
from cnnstudio.views.train.progress import in_words
from cnnstudio.views.widgets import BAR_ROLE

Index = QModelIndex | QPersistentModelIndex
RUN_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
STATE_COLOURS = {"failed": "error", "damaged": "error", "interrupted": "warning"}


def title_of(run: RunInfo) -> str:
    """What a person called a run, or its folder's name without the time that it begins with."""
    plain = re.sub(r"^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_", "", run.name)
    return run.remark.title or plain or run.name


def settings_of(run: RunInfo) -> str:
    """The settings that runs differ by most, in a few words."""
    training = run.settings.get("training", {})
    optimizer, schedule = training.get("optimizer", {}), training.get("schedule", {})
    said = (
        [f"{optimizer.get('name', '')} {optimizer.get('learning_rate', ''):g}"] if optimizer else []
    )
    if schedule.get("name", "constant") != "constant":
        said.append(str(schedule["name"]).replace("_", " "))
    if "batch_size" in training:
        said.append(f"batch {training['batch_size']:,}")
    return " · ".join(said)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _moment(when: datetime | None) -> str:
    """A time of this year without the year."""
    if when is None:
        return ""
    return f"{when:%d %b, %H:%M}" if when.year == datetime.now().year else f"{when:%d %b %Y}"


def _accuracy(run: RunInfo) -> float | None:
    return run.best_accuracy if run.best_val_accuracy is None else run.best_val_accuracy


def _loss(run: RunInfo) -> float | None:
    return run.best_loss if run.best_val_loss is None else run.best_val_loss


# Heading, text of a run, what it is sorted by, right-aligned.
COLUMNS: tuple[tuple[str, Callable[[RunInfo], str], Callable[[RunInfo], Any], bool], ...] = (
    (
        "Run",
        lambda run: ("★ " if run.remark.starred else "") + title_of(run),
        lambda run: (not run.remark.starred, title_of(run).lower()),
        False,
    ),
    ("State", lambda run: run.state, lambda run: run.state, False),
    (
        "Epochs",
        lambda run: f"{run.epochs_done:,} / {run.epochs:,}",
        lambda run: run.epochs_done,
        True,
    ),
    ("Accuracy", lambda run: _figure(_accuracy(run)), _accuracy, True),
    ("Loss", lambda run: _figure(_loss(run)), _loss, True),
    ("Settings", settings_of, settings_of, False),
    (
        "Time",
        lambda run: "" if run.seconds is None else in_words(run.seconds),
        lambda run: run.seconds,
        True,
    ),
    (
        "Notes",
        lambda run: run.remark.notes.partition("\n")[0][:40],
        lambda run: run.remark.notes.lower(),
        False,
    ),
    (
        "Date",
        lambda run: _moment(run.started),
        lambda run: run.started.timestamp() if run.started else None,
        False,
    ),
)
ACCURACY = 3
NOTES = next(number for number, column in enumerate(COLUMNS) if column[0] == "Notes")
TIPS = {
    "Accuracy": "On the validation pictures, of the epoch that is kept",
    "Loss": "On the validation pictures, of the epoch that is kept",
    "Time": "Training time without pauses",
}


class RunModel(QAbstractTableModel):
    """The runs of a folder, as `list_runs` found them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs: list[RunInfo] = []

    def set_runs(self, runs: list[RunInfo]) -> None:
        """Show these; rows that stay keep their place, so that a selection survives."""
        if [run.path for run in runs] == [run.path for run in self.runs]:
            self.runs = runs
            if runs:
                last = self.index(len(runs) - 1, len(COLUMNS) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.runs = runs
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        heading, _, _, right = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return heading
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS.get(heading)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if right else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run = self.runs[index.row()]
        _, text, sort, right = COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text(run)
        if role == SORT_ROLE:
            value = sort(run)
            if isinstance(value, tuple):
                # Qt compares text and numbers; stars come first.
                return "".join(str(int(v)) if isinstance(v, bool) else v for v in value)
            return -math.inf if value is None else value
        if role == RUN_ROLE:
            return run
        if role == BAR_ROLE and index.column() == ACCURACY:
            return _accuracy(run) or 0.0
        if role == Qt.ItemDataRole.TextAlignmentRole and right:
            return RIGHT
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 1:
            name = STATE_COLOURS.get(run.state)
            return theme.current().color(name) if name else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return run.reason or run.remark.notes or str(run.path)
        return None
