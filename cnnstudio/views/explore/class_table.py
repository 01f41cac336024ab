"""Figures of each class: precision, recall, F1, support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnstudio.views import theme
from cnnstudio.views.widgets import BAR_ROLE, BarDelegate

if TYPE_CHECKING:
    from cnnstudio.evaluation.evaluate import ClassFigures

Index = QModelIndex | QPersistentModelIndex
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
COLUMNS = (
    ("Class", "name", ""),
    ("Precision", "precision", "Share of the pictures taken for this class that belong to it"),
    ("Recall", "recall", "Share of this class's pictures that were recognised"),
    ("F1", "f1", "Harmonic mean of precision and recall"),
    ("Support", "support", "Pictures of this class"),
)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Model(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.figures: Sequence[ClassFigures] = ()

    def set_figures(self, figures: Sequence[ClassFigures]) -> None:
        self.beginResetModel()
        self.figures = figures
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.figures)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        heading, _, meaning = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return heading
        if role == Qt.ItemDataRole.ToolTipRole:
            return meaning or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return RIGHT if section else left
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        name = COLUMNS[index.column()][1]
        value = getattr(self.figures[index.row()], name)
        if role == Qt.ItemDataRole.DisplayRole:
            if isinstance(value, float):
                return f"{value:.3f}"
            return f"{value:,}" if isinstance(value, int) else value
        if role == SORT_ROLE:
            return value
        if role == BAR_ROLE and isinstance(value, float):
            return value
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and not index.column():
            return value
        return None


class ClassTable(QTableView):
    """Sortable; each share with a thin bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classFigures")
        self.setAccessibleName("Figures of each class")
        self._model = _Model(self)
        proxy = QSortFilterProxyModel(self)
        proxy.setSourceModel(self._model)
        proxy.setSortRole(SORT_ROLE)
        self.setModel(proxy)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.HIT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2, 3):
            self.setItemDelegateForColumn(column, BarDelegate(self, width=28))

    def show_figures(self, figures: Sequence[ClassFigures]) -> None:
        self._model.set_figures(figures)
