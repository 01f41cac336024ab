"""The runs of a folder as rows and columns."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.training.runs import RunInfo
from cnnstudio.views.train.run_columns import COLUMNS, PLACES, accuracy_of, settings_of, title_of
from cnnstudio.views.widgets import BAR_ROLE, TEXT_COLOR_ROLE

Index = QModelIndex | QPersistentModelIndex
RUN_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
STATE_COLOURS = {"failed": "error", "damaged": "error", "interrupted": "warning"}
NAME, STATE, ACCURACY, NOTES = (PLACES[key] for key in ("run", "state", "accuracy", "notes"))


class RunModel(QAbstractTableModel):
    """The runs of a folder, as `list_runs` found them. Names and notes can be edited.

    `remarked`: a run, and what a person says of it now.
    """

    remarked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs: list[RunInfo] = []

    def set_runs(self, runs: list[RunInfo]) -> None:
        """Show these; rows that stay keep their place, so that a selection survives."""
        if [run.path for run in runs] == [run.path for run in self.runs]:
            for row, run in enumerate(runs):
                self._set(row, run)
            return
        self.beginResetModel()
        self.runs = runs
        self.endResetModel()

    def set_run(self, run: RunInfo) -> None:
        """Show what is known now of a run, if it has a row."""
        for row, known in enumerate(self.runs):
            if known.path == run.path:
                self._set(row, run)

    def _set(self, row: int, run: RunInfo) -> None:
        if self.runs[row] != run:
            self.runs[row] = run
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        editable = index.isValid() and index.column() in (NAME, NOTES)
        return flags | Qt.ItemFlag.ItemIsEditable if editable else flags

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.heading
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if column.right else LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run, place = self.runs[index.row()], index.column()
        column = COLUMNS[place]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(run)
        if role == Qt.ItemDataRole.EditRole:
            return title_of(run) if place == NAME else run.remark.notes
        if role == SORT_ROLE:
            value = column.value(run)
            return -math.inf if value is None else value
        if role == RUN_ROLE:
            return run
        if role == BAR_ROLE and place == ACCURACY:
            return accuracy_of(run) or 0.0
        if role == Qt.ItemDataRole.TextAlignmentRole and column.right:
            return RIGHT
        if role == TEXT_COLOR_ROLE and place == STATE:
            return STATE_COLOURS.get(run.state, "warning" if run.damages else None)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(run, place)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() not in (NAME, NOTES):
            return False
        run, text = self.runs[index.row()], str(value).strip()
        if text == str(self.data(index, role)):
            return False
        if index.column() == NAME:
            remark = replace(run.remark, title=text)
        else:
            remark = replace(run.remark, notes=text)
        # Shown at once; the table reads it back from the disk.
        self.runs[index.row()] = replace(run, remark=remark)
        self.dataChanged.emit(index, index)
        self.remarked.emit(run, remark)
        return True


def _tip(run: RunInfo, place: int) -> str:
    if place == NOTES and run.remark.notes:
        return run.remark.notes
    if place == PLACES["settings"]:
        return settings_of(run)
    told = [run.reason] if run.reason else []
    told += [text for text in map(str, run.damages) if text not in told]
    return "\n".join(told) or run.remark.notes or str(run.path)
