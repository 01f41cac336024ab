"""Curves of shares, both axes from 0 to 1: ROC, precision and recall, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cnnstudio.views import theme

LEFT, RIGHT, TOP, BOTTOM = 52, 20, 16, 44
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False)
class Line:
    """A curve of points (n,) with its name and colour; a strong one is drawn over the others."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str
    strong: bool = False


class UnitSquare(QWidget):
    """Lines or bars in a square from 0 to 1; `aside` is a sentence that sums them up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(220, 220)
        self.lines: tuple[Line, ...] = ()
        self.bars: NDArray[np.float64] = np.empty(0)
        self.counts: NDArray[np.int64] = np.empty(0, np.int64)
        self.aside = ""
        self._across = self._up = ""
        self._diagonal = False

    def show_lines(
        self,
        lines: Sequence[Line],
        across: str,
        up: str,
        *,
        diagonal: bool = False,
        bars: NDArray[np.float64] | None = None,
        counts: NDArray[np.int64] | None = None,
        aside: str = "",
    ) -> None:
        """Draw lines over the axes called `across` and `up`.

        `diagonal` draws what guessing, or perfect calibration, would give; `bars` are heights in
        equally wide columns, NaN for none, with `counts` written at their feet.
        """
        self.lines = tuple(sorted(lines, key=lambda line: line.strong))
        self.bars = np.empty(0) if bars is None else bars
        self.counts = np.empty(0, np.int64) if counts is None else counts
        self._across, self._up, self._diagonal = across, up, diagonal
        self.aside = aside
        self.setAccessibleDescription(aside)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        side = min(self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)
        area = QRectF(LEFT + (self.width() - LEFT - RIGHT - side) / 2, TOP, side, side)
        self._axes(painter, area)
        count = len(self.bars)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = colours.color("accent")
        ground.setAlphaF(0.55)
        painter.setBrush(ground)
        for number, height in enumerate(self.bars):
            if np.isfinite(height):
                width = side / count
                painter.drawRect(
                    QRectF(
                        area.left() + number * width + 1,
                        area.bottom() - height * side,
                        width - 2,
                        height * side,
                    )
                )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._diagonal:
            painter.setPen(QPen(colours.color("secondary"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(area.bottomLeft(), area.topRight())
        any_strong = any(line.strong for line in self.lines)
        for line in self.lines:
            colour = QColor(line.colour)
            colour.setAlphaF(1.0 if line.strong or not any_strong else 0.35)
            painter.setPen(QPen(colour, 2.5 if line.strong else 1.5))
            painter.drawPolyline(
                QPolygonF(
                    [
                        QPointF(area.left() + x * side, area.bottom() - y * side)
                        for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True)
                    ]
                )
            )

        self._write_counts(painter, area)

    def _write_counts(self, painter: QPainter, area: QRectF) -> None:
        """At the foot of each bar, where no line crosses them."""
        painter.setFont(theme.font(theme.SMALLEST_SIZE))
        painter.setPen(theme.current().color("text"))
        width = area.width() / max(1, len(self.counts))
        for number, count in enumerate(self.counts):
            if count:
                place = QRectF(area.left() + number * width, area.bottom() - 18, width, 16)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{count:,}")

    def _axes(self, painter: QPainter, area: QRectF) -> None:
        colours = theme.current()
        painter.setFont(theme.font(theme.SMALLEST_SIZE))
        for tick in TICKS:
            x, y = area.left() + tick * area.width(), area.bottom() - tick * area.height()
            painter.setPen(QPen(colours.color("border"), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(colours.color("secondary"))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(
                QRectF(area.left() - 40, y - 8, 34, 16),
                Qt.AlignmentFlag.AlignRight | middle,
                f"{tick:g}",
            )
            painter.drawText(
                QRectF(x - 20, area.bottom() + 4, 40, 16), Qt.AlignmentFlag.AlignCenter, f"{tick:g}"
            )
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        below = QRectF(area.left(), area.bottom() + 22, area.width(), 18)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._across)
        painter.save()
        painter.translate(area.left() - 46, area.bottom())
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, area.height(), 16), Qt.AlignmentFlag.AlignCenter, self._up)
        painter.restore()
