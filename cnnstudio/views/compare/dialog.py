"""The window that shows a comparison: totals side by side, and every layer that differs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.analysis.compare import Comparison, Side, compare
from cnnstudio.views import theme
from cnnstudio.views.compare.model import DETAILS, RowModel
from cnnstudio.views.compare.totals import Totals
from cnnstudio.views.design.wording import bytes_text
from cnnstudio.views.theme import S8, S12, S16
from cnnstudio.views.widgets import (
    Button,
    ColoredTextDelegate,
    PrimaryButton,
    Secondary,
    Title,
    name_widget,
)


class LayerTable(QTableView):
    """The layers; `opened` names both versions of the one that was double-clicked."""

    opened = Signal(tuple)
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "compareTable", "Layers that differ")
        self.rows = RowModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(ColoredTextDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.HIT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(64)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(DETAILS, QHeaderView.ResizeMode.Stretch)
        self.doubleClicked.connect(lambda index: self._open(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex().row())
        else:
            super().keyPressEvent(event)

    def _open(self, row: int) -> None:
        if row >= 0:
            found = self.rows.entries[row]
            self.opened.emit(tuple(info.name for info in (found.new, found.old) if info))


class ComparePanel(QWidget):
    """Two networks: totals, and the layers that differ or all. `layer_opened` as the table's."""

    layer_opened = Signal(tuple)

    def __init__(self, old: Side, new: Side, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.totals = Totals()
        self.headline = Secondary()
        self.headline.setObjectName("compareHeadline")
        self.only = QCheckBox("Only differences")
        name_widget(self.only, "onlyDifferences", "Only differences")
        self.only.setChecked(True)
        self.table = LayerTable()
        self.comparison = compare(old, new)
        above = QHBoxLayout()
        above.setSpacing(S12)
        above.addWidget(self.headline, 1)
        above.addWidget(self.only)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(S12)
        layout.addWidget(self.totals)
        layout.addLayout(above)
        layout.addWidget(self.table, 1)
        self.only.toggled.connect(lambda _on: self._show_rows())
        self.table.opened.connect(self.layer_opened)
        self.table.copy_wanted.connect(self.copy_text)
        theme.watcher.theme_changed.connect(self._new_theme)
        self._show()

    def show_new(self, new: Side) -> None:
        """The later of the two networks has changed."""
        self.comparison = compare(self.comparison.old, new)
        self._show()

    def text(self) -> str:
        """What is shown, as text."""
        return self.comparison.to_text(bytes_text, only_differences=self.only.isChecked())

    def copy_text(self) -> None:
        """Put what is shown on the clipboard, as text."""
        QGuiApplication.clipboard().setText(self.text())

    def _new_theme(self, _theme: object = None) -> None:
        self.table.viewport().update()

    def _show(self) -> None:
        self.totals.show_comparison(self.comparison)
        self.headline.setText(self.comparison.headline)
        self._show_rows()

    def _show_rows(self) -> None:
        self.table.rows.show_rows(self.comparison, only_differences=self.only.isChecked())


class CompareDialog(QDialog):
    """Stays open beside the canvas. `layer_opened`: the names of a layer, the later one first."""

    layer_opened = Signal(tuple)

    def __init__(self, old: Side, new: Side, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compareDialog")
        self.setWindowTitle("Compare networks")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.panel = ComparePanel(old, new)
        self.panel.layer_opened.connect(self.layer_opened)
        self.table = self.panel.table
        below = QHBoxLayout()
        below.setSpacing(S8)
        below.addWidget(Secondary("Double-click a layer to see it on the canvas."), 1)
        below.addWidget(Button("Copy as text", "copyComparison", self.panel.copy_text))
        below.addWidget(PrimaryButton("Close", "closeComparison", self.accept))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S12)
        layout.addWidget(Title("Compare networks"))
        layout.addWidget(self.panel, 1)
        layout.addLayout(below)
        # Return opens a layer in the table instead of closing the window.
        for button in self.findChildren(Button):
            button.setAutoDefault(False)
        self.table.setFocus()
        self.resize(1080, 720)

    @property
    def comparison(self) -> Comparison:
        return self.panel.comparison

    def show_new(self, new: Side) -> None:
        """The later of the two networks has changed."""
        self.panel.show_new(new)
