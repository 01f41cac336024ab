"""How many pictures train, validate and test."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.views import theme

PARTS = (("train", "to train", "accent"), ("val", "to validate", "success"))
TEST = ("test", "to test at the end", "secondary")


class SplitBar(QWidget):
    """How many pictures train, validate and test: one thin bar and a line for each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("splitCounts")
        self._counts: Mapping[str, int] = {}
        self._test_known = False
        self.setFixedHeight(64)

    @property
    def counts(self) -> Mapping[str, int]:
        return self._counts

    @property
    def text(self) -> str:
        """The counts in words."""
        count = self._counts
        parts = [*PARTS, TEST] if count.get("test") else PARTS
        words = [f"{count.get(key, 0):,} {word}" for key, word, _ in parts]
        return " · ".join(words)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        self._counts = dict(counts)
        self.setFixedHeight(88 if counts.get("test") else 64)
        self.setAccessibleName(self.text)
        self.setToolTip(self.text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._counts:
            return
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        parts = [*PARTS, TEST] if self._counts.get("test") else list(PARTS)
        total = sum(self._counts.get(key, 0) for key, _, _ in parts) or 1
        x, gap = 0.0, 2.0
        room = self.width() - gap * (len(parts) - 1)
        for key, _, colour in parts:
            width = room * self._counts.get(key, 0) / total
            if width > 0:
                painter.setBrush(colours.color(colour))
                painter.drawRoundedRect(QRectF(x, 0, width, 6), 3, 3)
                x += width + gap
        top = 16
        for key, word, colour in parts:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(colour))
            painter.drawRoundedRect(QRectF(0, top + 5, 8, 8), 2, 2)
            painter.setFont(theme.font())
            painter.setPen(colours.color("text"))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                QRectF(16, top, 44, 18),
                Qt.AlignmentFlag.AlignRight | middle,
                f"{self._counts.get(key, 0):,}",
            )
            painter.setPen(colours.color("secondary"))
            painter.drawText(
                QRectF(68, top, self.width() - 68, 18), Qt.AlignmentFlag.AlignLeft | middle, word
            )
            top += 24
