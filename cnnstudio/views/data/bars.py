"""Small histograms: a line for each value with its count and a thin bar."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.views import theme

ROW = 22
MOST = 10
NAME, COUNT = 116, 64


class Bars(QWidget):
    """Counts by name; where there are more than `MOST`, the rest in one line."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._title = title
        self._counts: Mapping[str, int] = {}
        self.setMinimumWidth(NAME + COUNT + 60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(2 * ROW)

    @property
    def counts(self) -> Mapping[str, int]:
        return self._counts

    def show_counts(self, counts: Mapping[str, int]) -> None:
        shown = dict(list(counts.items())[:MOST])
        rest = sum(counts.values()) - sum(shown.values())
        if rest:
            shown[f"{len(counts) - MOST} others"] = rest
        self._counts = shown
        words = ", ".join(f"{name}: {number:,}" for name, number in shown.items())
        self.setAccessibleName(f"{self._title}. {words}")
        self.setFixedHeight(ROW * (len(shown) + 1))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(theme.SECONDARY_SIZE, bold=True))
        painter.setPen(colours.color("secondary"))
        painter.drawText(0, 0, self.width(), ROW, left, self._title)
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        most = max(self._counts.values(), default=1) or 1
        room = self.width() - NAME - COUNT - theme.S12
        for row, (name, number) in enumerate(self._counts.items(), 1):
            top = row * ROW
            painter.setPen(colours.color("text"))
            shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, NAME - 4)
            painter.drawText(0, top, NAME, ROW, left, shown)
            painter.drawText(NAME, top, COUNT, ROW, right, f"{number:,}")
            if number:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colours.color("accent"))
                width = max(3.0, room * number / most)
                bar = QRectF(NAME + COUNT + theme.S12, top + ROW / 2 - 3, width, 6)
                painter.drawRoundedRect(bar, 3, 3)
