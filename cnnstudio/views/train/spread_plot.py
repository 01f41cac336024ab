"""How the values of some weights moved over a run: colour for how many, height for the value."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.keras_build.spread import Histogram
from cnnstudio.views import theme
from cnnstudio.views.train.plot import small_font
from cnnstudio.views.train.series import ticks
from cnnstudio.views.train.spreads import Strip

LEFT, RIGHT, TOP, BOTTOM = 62, 12, 44, 24
# The outline of the newest measurement at the right.
OUTLINE = 44


class SpreadPlot(QWidget):
    """A strip over the epochs with the mean as a line, and the newest histogram beside it."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._title = title
        self._empty = ""
        self.strip = Strip((), ())
        self._low, self._high = -1.0, 1.0
        self._at: int | None = None
        self._image: QImage | None = None
        self._pixels: np.ndarray | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.watcher.theme_changed.connect(self._again)
        self.show_strip(self.strip, "")

    def show_strip(self, strip: Strip, empty: str) -> None:
        """Show this; `empty` is said where there is nothing to show."""
        self.strip, self._empty = strip, empty
        self._low, self._high = strip.reach()
        self._at = None
        self.setAccessibleName(f"{self._title} over the epochs. {self.words()}")
        self._again()

    def words(self) -> str:
        """The measurement under the pointer, or the newest, in words."""
        return "   ".join(self._lines()) or self._empty

    def _lines(self) -> list[str]:
        """When it was, with the share of zeros, and its mean and deviation."""
        found = self._shown()
        if found is None:
            return []
        when = f"epoch {self.strip.times[self._number()]:.4g}"
        if found.zeros >= 0.005:
            when = f"{found.zeros:.0%} are 0   {when}"
        return [when, f"{found.mean:.3g} ± {found.deviation:.3g}"]

    def _number(self) -> int:
        return len(self.strip.found) - 1 if self._at is None else self._at

    def _shown(self) -> Histogram | None:
        return self.strip.found[self._number()] if self.strip.found else None

    def _again(self, _theme: object = None) -> None:
        self._image = None
        self.update()

    # -- painting -----------------------------------------------------------------------------

    def _rect(self) -> QRectF:
        return QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT - OUTLINE - 8, -BOTTOM)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, rect = theme.current(), self._rect()
        self._paint_heading(painter, colours)
        if not self.strip.found or rect.width() < 8 or rect.height() < 8:
            painter.setPen(QColor(colours.secondary))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            room = self.rect().adjusted(theme.S16, TOP, -theme.S16, -theme.S8)
            painter.drawText(room, int(flags), self._empty)
            painter.end()
            return
        painter.drawImage(rect.topLeft(), self._drawn(rect, colours))
        self._paint_axes(painter, colours, rect)
        self._paint_mean(painter, colours, rect)
        self._paint_outline(painter, colours, rect)
        if self._at is not None:
            x = self._across(self.strip.times[self._at], rect)
            painter.setPen(QPen(QColor(colours.secondary), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, rect.bottom()))
        painter.end()

    def _paint_heading(self, painter: QPainter, colours: theme.Theme) -> None:
        painter.setFont(theme.font(theme.SECONDARY_SIZE, bold=True))
        painter.setPen(QColor(colours.text))
        painter.drawText(QPointF(theme.S16, 16), self._title)
        painter.setFont(small_font(self))
        painter.setPen(QColor(colours.secondary))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        lines = self._lines()
        if lines:
            painter.drawText(QRectF(0, 0, self.width() - RIGHT, 20), int(flags), lines[0])
            painter.drawText(QPointF(theme.S16, 34), lines[1])

    def _drawn(self, rect: QRectF, colours: theme.Theme) -> QImage:
        """The strip in colours from the ground to the accent, pixel by pixel."""
        width, height = int(rect.width()), int(rect.height())
        image = self._image
        if image is not None and (image.width(), image.height()) == (width, height):
            return image
        dense = self.strip.densities(self._low, self._high, height)
        ends = np.array(self.strip.times)
        moments = (np.arange(width) + 0.5) / width * ends[-1]
        found = dense[:, np.minimum(np.searchsorted(ends, moments), len(ends) - 1)]
        ground, full = colours.color("surface"), colours.color("accent")
        # What is there shows, however few it is.
        share = np.where(found > 0, 0.08 + 0.92 * np.sqrt(found), 0.0)
        pixels = np.full((height, width), 0xFF000000, np.uint32)
        for shift, low, high in (
            (16, ground.red(), full.red()),
            (8, ground.green(), full.green()),
            (0, ground.blue(), full.blue()),
        ):
            pixels |= (low + (high - low) * share).astype(np.uint32) << np.uint32(shift)
        # The QImage borrows the array's memory: both are kept and let go together.
        self._pixels = pixels
        self._image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        return self._image

    def _across(self, time: float, rect: QRectF) -> float:
        return rect.left() + time / self.strip.times[-1] * rect.width()

    def _down(self, value: float, rect: QRectF) -> float:
        return rect.bottom() - (value - self._low) / (self._high - self._low) * rect.height()

    def _paint_axes(self, painter: QPainter, colours: theme.Theme, rect: QRectF) -> None:
        painter.setFont(small_font(self))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in ticks(self._low, self._high, max(2, int(rect.height() / 32))):
            y = self._down(value, rect)
            painter.setPen(QPen(colours.color("border"), 1))
            painter.drawLine(QPointF(rect.left() - 4, y), QPointF(rect.left(), y))
            painter.setPen(QColor(colours.secondary))
            painter.drawText(QRectF(0, y - 9, LEFT - 8, 18), int(right), f"{value:.3g}")
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setPen(QColor(colours.secondary))
        last = self.strip.times[-1]
        for value in ticks(0.0, last, max(2, int(rect.width() / 56))):
            if last > 3 and value != int(value):
                continue
            box = QRectF(self._across(value, rect) - 30, rect.bottom() + 4, 60, 18)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignHCenter), f"{value:g}")

    def _paint_mean(self, painter: QPainter, colours: theme.Theme, rect: QRectF) -> None:
        points = [
            QPointF(self._across(time, rect), self._down(one.mean, rect))
            for time, one in zip(self.strip.times, self.strip.found, strict=True)
            if self._low <= one.mean <= self._high
        ]
        painter.setPen(QPen(QColor(colours.text), 1.2))
        if len(points) == 1:
            painter.drawLine(QPointF(rect.left(), points[0].y()), points[0])
        painter.drawPolyline(QPolygonF(points))

    def _paint_outline(self, painter: QPainter, colours: theme.Theme, rect: QRectF) -> None:
        """The newest histogram, or that under the pointer, standing on the right edge."""
        found = self._shown()
        assert found is not None
        rows = max(int(rect.height() / 2), 1)
        column = Strip((0.0,), (found,)).densities(self._low, self._high, rows)[:, 0]
        left = rect.right() + 8
        line = [QPointF(left, rect.top())]
        for row, share in enumerate(column):
            y = rect.top() + (row + 0.5) / rows * rect.height()
            line.append(QPointF(left + share * OUTLINE, y))
        line.append(QPointF(left, rect.bottom()))
        painter.setPen(QPen(colours.color("accent"), 1))
        painter.setBrush(QColor(colours.tint("accent", share=0.3)))
        painter.drawPolygon(QPolygonF(line))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # -- pointer ------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        rect, at = self._rect(), None
        if self.strip.times and rect.contains(event.position()):
            share = (event.position().x() - rect.left()) / rect.width()
            at = self.strip.nearest(share * self.strip.times[-1])
        if at != self._at:
            self._at = at
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._at = None
        self.update()
