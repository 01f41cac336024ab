"""The totals of two networks side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from cnnstudio.analysis.compare import Comparison, Figure, Side, difference_text, figure_text
from cnnstudio.views.design.wording import bytes_text, memory_tip
from cnnstudio.views.theme import S4, S12, S16, S24
from cnnstudio.views.widgets import ElidedLabel, Secondary, name_widget

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_TIPS = {
    "depth": "The most convolution, dense and attention layers on one way through the network",
    "activation_bytes": "The outputs of all layers for one picture",
    "receptive_field": "Rows and columns of the picture that a value of the last feature maps sees",
}


class Totals(QFrame):
    """A line for each total: before, after, and how much that is more or less."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        name_widget(self, "compareTotals", "Figures of both networks")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(S16, S12, S16, S12)
        self._grid.setHorizontalSpacing(S24)
        self._grid.setVerticalSpacing(S4)
        for column, stretch in enumerate((3, 3, 3, 2)):
            self._grid.setColumnStretch(column, stretch)
        self._titles = (
            ElidedLabel("", mode=Qt.TextElideMode.ElideLeft),
            ElidedLabel("", mode=Qt.TextElideMode.ElideLeft),
        )
        for column, label in enumerate(self._titles, 1):
            label.setAlignment(_RIGHT)
            label.setFont(_bold(label.font()))
            self._grid.addWidget(label, 0, column)
        self._cells: dict[str, tuple[QLabel, ...]] = {}

    def show_comparison(self, comparison: Comparison) -> None:
        old, new = comparison.old, comparison.new
        for label, side in zip(self._titles, (old, new), strict=True):
            label.setText(side.title)
        for figure in comparison.figures:
            title, before, after, share = self._row(figure)
            title.setText(_title(figure, old, new))
            title.setToolTip(_TIPS.get(figure.key, ""))
            before.setText(figure_text(figure, figure.old, bytes_text))
            after.setText(figure_text(figure, figure.new, bytes_text))
            after.setFont(_bold(after.font(), figure.old != figure.new))
            share.setText(difference_text(figure))
            if figure.key in ("inference_bytes", "training_bytes"):
                before.setToolTip(memory_tip(old.memory))
                after.setToolTip(memory_tip(new.memory))

    def _row(self, figure: Figure) -> tuple[QLabel, ...]:
        cells = self._cells.get(figure.key)
        if cells is None:
            cells = (Secondary(), QLabel(), QLabel(), Secondary())
            line = len(self._cells) + 1
            for column, label in enumerate(cells):
                label.setWordWrap(False)
                if column:
                    label.setAlignment(_RIGHT)
                    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._grid.addWidget(label, line, column)
            for label, what in zip(cells[1:], ("before", "after", "difference"), strict=True):
                name_widget(label, f"{figure.key}_{what}", f"{figure.title}, {what}")
            self._cells[figure.key] = cells
        return cells


def _title(figure: Figure, old: Side, new: Side) -> str:
    if figure.key != "training_bytes":
        return figure.title
    ways = dict.fromkeys(
        f"batch {side.memory.batch_size:,}, {side.memory.optimizer}" for side in (old, new)
    )
    return f"{figure.title} ({' → '.join(ways)})"


def _bold(font: QFont, bold: bool = True) -> QFont:
    made = QFont(font)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made
