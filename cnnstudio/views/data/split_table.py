"""How many pictures of each class train, validate and test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnstudio.data.settings import Split
from cnnstudio.views import theme
from cnnstudio.views.widgets import name_widget

TITLES: dict[Split, str] = {"train": "Train", "val": "Val", "test": "Test"}
ROWS = 12  # shown at once
Row = tuple[str, tuple[int, ...]]
_Index = QModelIndex | QPersistentModelIndex


class SplitModel(QAbstractTableModel):
    """A row for each class: its name and its numbers in the parts that there are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[Split, ...] = ()
        self._rows: Sequence[Row] = ()

    def show_rows(self, parts: tuple[Split, ...], rows: Sequence[Row]) -> None:
        """Show `rows`, a name and a number for each of `parts`."""
        if (parts, rows) != (self._parts, self._rows):
            self.beginResetModel()
            self._parts, self._rows = parts, rows
            self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else 1 + len(self._parts)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        name, numbers = self._rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return name if column == 0 else f"{numbers[column - 1]:,}"
        if role == Qt.ItemDataRole.TextAlignmentRole and column:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        missing = column > 0 and not numbers[column - 1]
        if role == Qt.ItemDataRole.ForegroundRole and missing:
            return theme.current().color("warning")
        if role == Qt.ItemDataRole.ToolTipRole:
            part = TITLES[self._parts[column - 1]].lower() if column else ""
            return f"{name} has no pictures in {part}" if missing else name
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return "Class" if section == 0 else TITLES[self._parts[section - 1]]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class SplitTable(QTableView):
    """The numbers of each class, as high as its rows up to twelve."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "splitTable", "Pictures of each class in each part")
        self.rows = SplitModel(self)
        self.setModel(self.rows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        self.verticalHeader().setMinimumSectionSize(24)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(40)

    def show_rows(self, parts: tuple[Split, ...], rows: Sequence[Row]) -> None:
        """Show `rows`, a name and a number for each of `parts`."""
        self.rows.show_rows(parts, rows)
        header = self.horizontalHeader()
        for column in range(self.rows.columnCount()):
            fixed = QHeaderView.ResizeMode.Fixed
            header.setSectionResizeMode(column, fixed if column else QHeaderView.ResizeMode.Stretch)
            if column:
                header.resizeSection(column, 56)
        height = header.sizeHint().height() + 24 * min(len(rows), ROWS) + 2 * self.frameWidth()
        self.setFixedHeight(height)
