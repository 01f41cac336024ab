"""The table of classes: how many pictures each has, in which split, and its share of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from cnnstudio.views.widgets import BAR_ROLE

if TYPE_CHECKING:
    from pathlib import Path

    from cnnstudio.data.scan import FolderReport, Split
    from cnnstudio.views.pictures import Thumbnails

Index = QModelIndex | QPersistentModelIndex

SORT_ROLE = Qt.ItemDataRole.UserRole + 1
PICTURE_ROLE = Qt.ItemDataRole.UserRole + 2
SPLIT_TITLES: dict[Split, str] = {"train": "Train", "val": "Val", "test": "Test"}


class ClassModel(QAbstractTableModel):
    """Rows are classes; columns the name, a count for each split there is, and the share."""

    def __init__(self, thumbnails: Thumbnails, parent: Any = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._firsts: Mapping[str, Path] = {}
        self._names: list[str] = []
        self._totals: Mapping[str, int] = {}
        self._splits: dict[Split, Mapping[str, int]] = {}
        self._most = 1
        self._all = 1

    def set_report(self, report: FolderReport | None, firsts: Mapping[str, Path]) -> None:
        """Show the classes of `report`; `firsts` has a picture of each."""
        self.beginResetModel()
        self._firsts = firsts
        self._totals = dict(report.classes) if report else {}
        self._names = list(self._totals)
        given = report.splits if report else {}
        self._splits = {key: given[key] for key in SPLIT_TITLES if given.get(key)}
        if len(self._splits) < 2:
            self._splits = {}
        self._most = max(self._totals.values(), default=1) or 1
        self._all = sum(self._totals.values()) or 1
        self.endResetModel()

    @property
    def names(self) -> list[str]:
        return self._names

    def name(self, row: int) -> str:
        return self._names[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._names)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 3 + len(self._splits)

    @property
    def share_column(self) -> int:
        return 2 + len(self._splits)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            titles = [SPLIT_TITLES[key] for key in self._splits]
            return ["Class", *titles, "All" if titles else "Pictures", "Share"][section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        name, column = self._names[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        total = self._totals[name]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{name}: {total:,} of {self._all:,} pictures"
        if role == BAR_ROLE:
            return total / self._most
        if role == PICTURE_ROLE and column == 0:
            first = self._firsts.get(name)
            return None if first is None else self._thumbnails.pixmap(first)
        value: Any
        if column == 0:
            value = name
        elif column == self.share_column:
            value = total / self._all
        elif column == self.share_column - 1:
            value = total
        else:
            value = list(self._splits.values())[column - 1].get(name, 0)
        if role == SORT_ROLE:
            return value.casefold() if column == 0 else value
        if role == Qt.ItemDataRole.DisplayRole:
            if column == 0:
                return name
            return (
                f"{value:.1%}".replace("%", " %") if column == self.share_column else f"{value:,}"
            )
        return None
