"""A list of a network's layers with their output shapes; arrow keys step from layer to layer."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from cnnstudio.views import theme
from cnnstudio.views.explore.rows import ASIDE_ROLE, KEY_ROLE, RowDelegate
from cnnstudio.views.explore.work import LayerRow
from cnnstudio.views.widgets import name_widget


class LayerList(QListWidget):
    """`picked` says that another layer was chosen."""

    picked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, name, "Layers", "Arrow keys step from layer to layer")
        self.setUniformItemSizes(True)
        self.setItemDelegate(RowDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentRowChanged.connect(lambda _row: self.picked.emit())
        self._rows: tuple[LayerRow, ...] = ()

    @property
    def chosen(self) -> LayerRow | None:
        """The chosen layer."""
        return self._rows[self.currentRow()] if self.currentRow() >= 0 else None

    @property
    def layer(self) -> str | None:
        """The name of the chosen layer."""
        return self.chosen.name if self.chosen is not None else None

    def set_layers(self, rows: tuple[LayerRow, ...]) -> None:
        """Offer these layers, keeping the chosen one if it is among them; `picked` is not sent."""
        if rows == self._rows:
            return
        before = self.layer
        self.blockSignals(True)
        self.clear()
        self._rows = rows
        for row in rows:
            item = QListWidgetItem(row.name)
            item.setData(KEY_ROLE, row.name)
            item.setData(ASIDE_ROLE, row.words())
            item.setToolTip(f"{row.type}, {row.words()}")
            item.setSizeHint(QSize(0, theme.HIT))
            self.addItem(item)
        names = [row.name for row in rows]
        first = next((i for i, row in enumerate(rows) if "Conv" in row.type), 0)
        index = names.index(before) if before in names else first
        self.setCurrentRow(index if rows else -1)
        self.blockSignals(False)
