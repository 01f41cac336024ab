"""The rows of a comparison as a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from cnnstudio.analysis.compare import SIGNS, WORDS, Comparison, Kind, Row
from cnnstudio.analysis.info import LayerInfo
from cnnstudio.views.design.wording import shape_text
from cnnstudio.views.table_model import Column, Index, TableModel
from cnnstudio.views.widgets import TEXT_COLOR_ROLE

KIND, LAYER, TYPE, DETAILS, OUTPUT, PARAMETERS = range(6)
COLOURS: dict[Kind, str] = {
    "added": "success",
    "removed": "error",
    "changed": "warning",
    "relinked": "accent",
    "renamed": "accent",
    "figures": "secondary",
    "same": "secondary",
}


class RowModel(TableModel):
    """Layers of a comparison, all or only those that differ."""

    columns = (
        Column("Difference"),
        Column("Layer"),
        Column("Type"),
        Column("What changed"),
        Column("Output", right=True),
        Column("Parameters", right=True),
    )

    def show_rows(self, comparison: Comparison, *, only_differences: bool) -> None:
        self.show_entries(comparison.differences if only_differences else comparison.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.details.replace("; ", "\n") or None
        if role == TEXT_COLOR_ROLE and (column == KIND or row.kind == "same"):
            return COLOURS[row.kind]
        return super().data(index, role)


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
