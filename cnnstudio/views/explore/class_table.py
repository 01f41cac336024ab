"""Figures of each class: precision, recall, F1, support."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from cnnstudio.views import theme
from cnnstudio.views.table_model import Column, Index, TableModel
from cnnstudio.views.widgets import BAR_ROLE, BarDelegate

if TYPE_CHECKING:
    from cnnstudio.evaluation.evaluate import ClassFigures

SORT_ROLE = Qt.ItemDataRole.UserRole + 2
# The figure in each column.
NAMES = ("name", "precision", "recall", "f1", "support")


class _Model(TableModel):
    columns = (
        Column("Class"),
        Column("Precision", True, "Share of the pictures taken for this class that belong to it"),
        Column("Recall", True, "Share of this class's pictures that were recognised"),
        Column("F1", True, "Harmonic mean of precision and recall"),
        Column("Support", True, "Pictures of this class"),
    )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = getattr(self.entries[index.row()], NAMES[index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            if isinstance(value, float):
                return f"{value:.3f}"
            return f"{value:,}" if isinstance(value, int) else value
        if role == SORT_ROLE:
            return value
        if role == BAR_ROLE and isinstance(value, float):
            return value
        if role == Qt.ItemDataRole.ToolTipRole and not index.column():
            return value
        return super().data(index, role)


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
        self._model.show_entries(figures)
