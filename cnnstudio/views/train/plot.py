"""One panel of curves, painted by hand.

A redraw of two matplotlib panels with 2,000 points takes 48 ms (measured, Agg, 820×360), three
times the 16 ms that the event loop may pause while training; this widget paints the same in 1 to
2 ms, at any number of points, because the points are thinned to the pixels first. matplotlib
still writes the pictures a person saves (`cnnstudio.views.train.save`), off the GUI thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.graph.spec import Category
from cnnstudio.views import theme
from cnnstudio.views.train.series import History, Series, bounds, log_ticks, thinned, ticks

TITLES = {"loss": "Loss", "accuracy": "Accuracy"}
LABELS = {"batch": "batch", "training": "training", "validation": "validation"}
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 44, 28


@dataclass(frozen=True)
class Frame:
    """The mapping from values to pixels of one painting."""

    rect: QRectF
    x0: float
    x1: float
    y0: float
    y1: float
    log: bool

    def across(self, x: np.ndarray) -> np.ndarray:
        return self.rect.left() + (x - self.x0) / (self.x1 - self.x0) * self.rect.width()

    def down(self, y: np.ndarray) -> np.ndarray:
        low, high = self.y0, self.y1
        if self.log:
            y, low, high = np.log10(np.maximum(y, low)), math.log10(low), math.log10(high)
        return self.rect.bottom() - (y - low) / (high - low) * self.rect.height()


class Plot(QWidget):
    """The curves of one metric over the epochs. `hovered` carries the epoch under the pointer."""

    hovered = Signal(object)

    def __init__(self, measure: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.measure = measure
        self.history = History()
        self.epochs = 1.0
        self.smooth = False
        self.log = False
        self.cursor_epoch: float | None = None
        self.marks: list[tuple[float, str]] = []
        self.setObjectName(f"{measure}Plot")
        self.setAccessibleName(f"{TITLES.get(measure, measure)} over the epochs")
        self.setMouseTracking(True)
        self.setMinimumSize(220, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def curves(self) -> dict[str, Series]:
        found = {kind: self.history.get(self.measure, kind) for kind in LABELS}
        return {kind: series for kind, series in found.items() if len(series)}

    # -- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        curves = self.curves()
        frame = self._frame(curves)
        self._paint_heading(painter, colours, curves)
        self._paint_axes(painter, colours, frame, bool(curves))
        painter.setClipRect(frame.rect.adjusted(-1, -1, 1, 1))
        for kind, series in curves.items():
            self._paint_curve(painter, frame, kind, series)
        painter.setClipping(False)
        if self.cursor_epoch is not None and curves:
            self._paint_cursor(painter, colours, frame, curves)
        painter.end()

    def _frame(self, curves: dict[str, Series]) -> Frame:
        rect = QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        x1 = max(self.epochs, self.history.last_epoch, 1e-9)
        batch = bounds([curves["batch"].y], robust=True) if "batch" in curves else None
        epoch = bounds([s.y for k, s in curves.items() if k != "batch"], robust=False)
        both = [pair for pair in (batch, epoch) if pair]
        low = min((pair[0] for pair in both), default=0.0)
        high = max((pair[1] for pair in both), default=1.0)
        if self.log:
            positive = [s.y[s.y > 0] for s in curves.values()]
            smallest = min((float(p.min()) for p in positive if len(p)), default=1e-3)
            low = max(low, smallest)
            high = max(high, low * 1.5)
            return Frame(rect, 0.0, x1, low / 1.1, high * 1.1, True)
        if high - low < 1e-9:
            low, high = low - 0.05 * max(abs(low), 1.0), high + 0.05 * max(abs(high), 1.0)
        margin = (high - low) * 0.06
        top = min(high + margin, 1.0) if self.measure == "accuracy" and high <= 1 else high + margin
        bottom = max(low - margin, 0.0) if low >= 0 else low - margin
        if top <= bottom:
            bottom = top - 0.1
        return Frame(rect, 0.0, x1, bottom, top, False)

    def _paint_heading(
        self, painter: QPainter, colours: theme.Theme, curves: dict[str, Series]
    ) -> None:
        font = self.font()
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        title = TITLES.get(self.measure, self.measure)
        painter.drawText(QPointF(16, 24), title)
        left = 16 + QFontMetricsF(font).horizontalAdvance(title) + 14
        painter.setFont(small_font(self))
        metrics = QFontMetricsF(small_font(self))
        for kind in curves:
            label = LABELS[kind]
            width = metrics.horizontalAdvance(label) + 30
            if left + width > self.width() + 12:
                break
            painter.setPen(self._pen(kind))
            painter.drawLine(QPointF(left, 19.5), QPointF(left + 12, 19.5))
            painter.setPen(QColor(colours.secondary))
            painter.drawText(QPointF(left + 16, 23.5), label)
            left += width

    def _paint_axes(
        self, painter: QPainter, colours: theme.Theme, frame: Frame, filled: bool
    ) -> None:
        painter.setFont(small_font(self))
        grid, words = QPen(QColor(colours.border), 1), QColor(colours.secondary)
        rect = frame.rect
        about = max(2, int(rect.height() / 36))
        make = log_ticks if frame.log else ticks
        for value in make(frame.y0, frame.y1, about) if filled else []:
            y = round(float(frame.down(np.array(value)))) + 0.5
            painter.setPen(grid)
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
            painter.setPen(words)
            box = QRectF(0, y - 9, LEFT - 8, 18)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.4g}"
            )
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setPen(words)
        for value in ticks(frame.x0, frame.x1, max(2, int(rect.width() / 56))):
            if frame.x1 > 3 and value != int(value):
                continue
            x = float(frame.across(np.array(value)))
            box = QRectF(x - 30, rect.bottom() + 5, 60, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, f"{value:g}")
        if not filled:
            hint = f"{TITLES.get(self.measure, self.measure)} appears here while training."
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, hint)

    def _paint_curve(self, painter: QPainter, frame: Frame, kind: str, series: Series) -> None:
        values = series.smooth if self.smooth and kind == "batch" else series.y
        columns = max(1, int(frame.rect.width()))
        x, y = thinned(series.x, values, frame.x0, frame.x1, columns)
        if not len(x):
            return
        across, down = frame.across(x), frame.down(y)
        points = [QPointF(a, b) for a, b in zip(across.tolist(), down.tolist(), strict=True)]
        painter.setPen(self._pen(kind))
        # A line one pixel wide is ten times cheaper without antialiasing, and as good when dense.
        painter.setRenderHint(
            QPainter.RenderHint.Antialiasing, kind != "batch" or len(points) < columns
        )
        painter.drawPolyline(QPolygonF(points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if kind != "batch" and len(points) <= columns / 8:
            painter.setBrush(self._pen(kind).color())
            painter.setPen(Qt.PenStyle.NoPen)
            for point in points:
                painter.drawEllipse(point, 3, 3)

    def _paint_cursor(
        self, painter: QPainter, colours: theme.Theme, frame: Frame, curves: dict[str, Series]
    ) -> None:
        assert self.cursor_epoch is not None
        at = float(frame.across(np.array(self.cursor_epoch)))
        painter.setPen(QPen(QColor(colours.secondary), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(at, frame.rect.top()), QPointF(at, frame.rect.bottom()))
        lines = [f"epoch {self.cursor_epoch:.2f}"]
        lines += [f"{LABELS[kind]}  {value:.4g}" for kind, value in self.values_at(curves).items()]
        painter.setFont(small_font(self))
        metrics = QFontMetricsF(small_font(self))
        width = max(metrics.horizontalAdvance(line) for line in lines) + 20
        height = 18 * len(lines) + 10
        left = at + 10 if at + 10 + width < self.width() else at - 10 - width
        box = QRectF(left, frame.rect.top() + 4, width, height)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.setBrush(QColor(colours.surface))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(colours.text))
        for number, line in enumerate(lines):
            painter.drawText(QPointF(left + 10, box.top() + 18 + 18 * number), line)

    def values_at(self, curves: dict[str, Series] | None = None) -> dict[str, float]:
        """The value of each curve nearest to the pointer's epoch."""
        if self.cursor_epoch is None:
            return {}
        found = {}
        for kind, series in (curves or self.curves()).items():
            near = series.nearest(self.cursor_epoch)
            if near is not None:
                found[kind] = near[1]
        return found

    def _pen(self, kind: str) -> QPen:
        colours = theme.current()
        colour = QColor(colours.accent)
        if kind == "validation":
            colour = QColor(colours.family[Category.REGULARISATION])
        if kind == "batch":
            return QPen(QColor(colours.tint("accent", share=0.5)), 1)
        pen = QPen(colour, 2)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    # -- pointer ------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame = self._frame(self.curves())
        share = (event.position().x() - frame.rect.left()) / max(frame.rect.width(), 1)
        inside = -0.02 <= share <= 1.02
        self.hovered.emit(min(max(share, 0.0), 1.0) * frame.x1 if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)


def small_font(widget: QWidget):
    """The font of figures beside a drawing: 12 px, digits of equal width."""
    font = widget.font()
    font.setPixelSize(12)
    return font
