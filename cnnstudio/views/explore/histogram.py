"""How values are spread: bars over a line from the smallest to the largest, and the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.views import theme

if TYPE_CHECKING:
    from cnnstudio.keras_build.spread import Histogram

HEIGHT, LINE = 112, 18


class HistogramView(QWidget):
    """One histogram with its title; without one it says why."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._title, self._reason = title, ""
        self.shown: Histogram | None = None
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_histogram(None)

    def show_histogram(self, found: Histogram | None, reason: str = "Nothing yet.") -> None:
        """Show a histogram, or the `reason` why there is none."""
        self.shown, self._reason = found, reason
        self.setAccessibleName(f"{self._title}. {self._words() or reason}")
        self.update()

    def _words(self) -> str:
        found = self.shown
        if found is None:
            return ""
        words = f"{found.count:,} values   mean {found.mean:.3g}   deviation {found.deviation:.3g}"
        return words + (f"   {found.zeros:.0%} are 0" if found.zeros >= 0.005 else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(theme.SECONDARY_SIZE, bold=True))
        painter.setPen(colours.color("secondary"))
        painter.drawText(0, 0, self.width(), LINE, left, self._title)
        taken = painter.fontMetrics().horizontalAdvance(self._title) + theme.S12
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        words = painter.fontMetrics().elidedText(
            self._words(), Qt.TextElideMode.ElideRight, self.width() - taken
        )
        painter.drawText(taken, 0, self.width() - taken, LINE, right, words)
        found = self.shown
        if found is None:
            painter.drawText(0, LINE, self.width(), LINE + theme.S8, left, self._reason)
            painter.end()
            return
        top, bottom = LINE + theme.S4, HEIGHT - LINE
        most = max(int(found.counts.max()), 1)
        step = self.width() / len(found.counts)
        for number, count in enumerate(found.counts):
            # What is there shows, however seldom it is.
            high = max(count / most * (bottom - top), 1.0) if count else 0.0
            bar = QRectF(number * step, bottom - high, max(step - 1, 1), high)
            painter.fillRect(bar, colours.color("accent"))
        painter.fillRect(QRectF(0, bottom, self.width(), 1), colours.color("border"))
        if found.low < 0 < found.high:
            zero = -found.low / (found.high - found.low) * self.width()
            painter.fillRect(QRectF(zero, top, 1, bottom - top), colours.color("secondary"))
            painter.drawText(QRectF(zero - 20, bottom, 40, LINE), Qt.AlignmentFlag.AlignCenter, "0")
        painter.drawText(0, bottom, self.width() // 2, LINE, left, f"{found.low:.3g}")
        half = self.width() // 2
        painter.drawText(half, bottom, self.width() - half, LINE, right, f"{found.high:.3g}")
        painter.end()
