"""The rows of a comparison as a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from cnnstudio.analysis.compare import SIGNS, WORDS, Comparison, Kind, Row
from cnnstudio.analysis.info import LayerInfo
from cnnstudio.views.design.wording import shape_text

Index = QModelIndex | QPersistentModelIndex
HEADINGS = ("Difference", "Layer", "Type", "What changed", "Output", "Parameters")
KIND, LAYER, TYPE, DETAILS, OUTPUT, PARAMETERS = range(6)
# The name of the theme's colour for the text of a cell.
COLOUR_ROLE = Qt.ItemDataRole.UserRole + 1
COLOURS: dict[Kind, str] = {
    "added": "success",
    "removed": "error",
    "changed": "warning",
    "relinked": "accent",
    "renamed": "accent",
    "figures": "secondary",
    "same": "secondary",
}


class RowModel(QAbstractTableModel):
    """Layers of a comparison, all or only those that differ."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, comparison: Comparison, *, only_differences: bool) -> None:
        self.beginResetModel()
        self.rows = comparison.differences if only_differences else comparison.rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADINGS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.details.replace("; ", "\n") or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == COLOUR_ROLE and (column == KIND or row.kind == "same"):
            return COLOURS[row.kind]
        return None


def cell(row: Row, column: int) -> str:
    """The text of a cell; figures that differ as before and after."""
    if column == KIND:
        return f"{SIGNS[row.kind]} {WORDS[row.kind]}".strip()
    if column == LAYER:
        return row.info.name
    if column == TYPE:
        return row.info.type
    if column == DETAILS:
        return row.details
    if column == OUTPUT:
        return _both(row.old, row.new, lambda info: shape_text(info.output_shape, tight=True))
    return _both(row.old, row.new, lambda info: f"{info.parameters:,}")


def _both(old: LayerInfo | None, new: LayerInfo | None, text: Any) -> str:
    found = [text(info) for info in (old, new) if info is not None]
    return " → ".join(dict.fromkeys(found))


def _alignment(column: int) -> Qt.AlignmentFlag:
    right = column in (OUTPUT, PARAMETERS)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
