"""The trials of a study as a ranking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QWidget

from cnnstudio.search.info import StudyInfo, Trial
from cnnstudio.search.settings import written
from cnnstudio.search.space import LAYERS, split_layer_key
from cnnstudio.views import theme
from cnnstudio.views.table_model import Column, Index, TableModel

TRIAL_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
_COLOURS = {
    "complete": "success",
    "failed": "error",
    "interrupted": "warning",
    "running": "accent",
}
_WORDS = {"waiting": "stopped"}
_TIPS = {
    "interrupted": "The program that trained it has gone; it goes on with Continue",
    "waiting": "It goes on with Continue, here or on another computer",
}
# Before and after the values, which should be in sight beside the figure.
_FIRST, _LAST = ("Rank", "Trial", "figure"), ("Epochs", "State")


def short_key(key: str) -> str:
    """A key for a narrow place: `conv1 filters`, `learning_rate`."""
    if key.startswith(LAYERS):
        return " ".join(split_layer_key(key))
    *above, last = key.split(".")
    # `name` or `enabled` alone would say nothing.
    return f"{above[-1]} {last}" if last in ("name", "enabled", "range", "probability") else last


def value_text(value: Any) -> str:
    """A value in few characters."""
    if isinstance(value, bool) or value is None:
        return {True: "on", False: "off", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, (list, dict)):
        return written(value).replace('"', "")
    return str(value)


class TrialModel(TableModel):
    """One row a trial, the best first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keys: list[str] = []
        self.monitor = ""
        self._shape: tuple[Any, ...] = ()

    def show_study(self, info: StudyInfo) -> None:
        """Show a study; rows stay selected where only what they say changed."""
        keys = list(info.settings.space)
        ranked = info.ranked
        shape = (tuple(keys), info.settings.monitor, tuple(trial.number for trial in ranked))
        if shape == self._shape:
            self.entries = ranked
            if ranked:
                last = self.index(len(ranked) - 1, len(self.columns) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self._shape, self.keys, self.monitor = shape, keys, info.settings.monitor
        self.columns = (
            Column("Rank", True),
            Column("Trial", True, "In the order in which they began"),
            Column(
                self.monitor.replace("_", " "), True, "Of the best epoch; trials are ranked by it"
            ),
            *(Column(short_key(key), True, key) for key in keys),
            Column("Epochs", True),
            Column("State"),
        )
        self.show_entries(ranked)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        trial: Trial = self.entries[index.row()]
        name = self._name(index.column())
        if role == TRIAL_ROLE:
            return trial
        if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE):
            value = self._value(trial, name, index.row())
            if role == SORT_ROLE:
                if isinstance(value, (list, dict)):
                    return written(value)
                return -math.inf if value is None else value
            if name == "figure":
                return "" if value is None else f"{value:.4f}"
            return "" if value is None and not name.startswith(".") else value_text(value)
        if role == Qt.ItemDataRole.ForegroundRole and name == "State":
            colour = _COLOURS.get(trial.state)
            return theme.current().color(colour) if colour else None
        if role == Qt.ItemDataRole.ToolTipRole:
            where = f"on {trial.host}" if trial.host else ""
            found = (_TIPS.get(trial.state, ""), trial.reason, str(trial.run or ""), where)
            return "\n".join(each for each in found if each) or None
        return super().data(index, role)

    def _name(self, column: int) -> str:
        return [*_FIRST, *(f".{key}" for key in self.keys), *_LAST][column]

    def _value(self, trial: Trial, name: str, row: int) -> Any:
        if name.startswith("."):
            return trial.values.get(name[1:])
        if name == "State":
            return _WORDS.get(trial.state, trial.state)
        complete = trial.state == "complete"
        return {
            "Rank": row + 1 if complete else None,
            "Trial": trial.number,
            "figure": trial.figure,
            "Epochs": trial.epochs,
        }[name]


class TrialSorter(QSortFilterProxyModel):
    """Sorts as a person clicks; shows only trials that were not brushed away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers: set[int] | None = None
        self.setSortRole(SORT_ROLE)

    def show_only(self, numbers: Sequence[int] | None) -> None:
        """Show only these trials; None shows all."""
        self._numbers = None if numbers is None else set(numbers)
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        if self._numbers is None:
            return True
        trial = self.sourceModel().index(row, 0, parent).data(TRIAL_ROLE)
        return trial.number in self._numbers
