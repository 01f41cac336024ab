"""One panel of curves, painted by hand.

A redraw of two matplotlib panels with 2,000 points takes 48 ms (measured, Agg, 820×360), three
times the 16 ms that the event loop may pause while training; this widget paints the same in 1 to
2 ms, at any number of points, because the points are thinned to the pixels first. matplotlib
still writes the pictures a person saves (`cnnstudio.views.train.save`), off the GUI thread.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.graph.spec import Category
from cnnstudio.views import theme
from cnnstudio.views.train.series import History, Series, bounds, log_ticks, thinned, ticks

TITLES = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    "learning_rate": "Learning rate",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1 score",
    "auc": "AUC",
}
LABELS = {"batch": "batch", "training": "training", "validation": "validation"}
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 44, 28
# Colours of runs laid over the first, which has the accent.
OTHERS = (Category.POOLING, Category.ACTIVATION, Category.MERGE, Category.NORMALISATION)


def title_of(measure: str) -> str:
    """What a metric is called above its curves."""
    if measure.startswith("top_"):
        return f"Top-{measure.removeprefix('top_')} accuracy"
    return TITLES.get(measure, measure)


def colour_of(place: int, colours: theme.Theme) -> str:
    """The colour of the run at a place of an overlay."""
    return colours.accent if place == 0 else colours.family[OTHERS[(place - 1) % len(OTHERS)]]


def short_name(run: str) -> str:
    """A run's name without the day that it begins with."""
    return re.sub(r"^\d{4}-\d\d-\d\d_", "", run)


@dataclass(frozen=True)
class Curve:
    """One line of a plot: whose it is, what it was measured on, and how its x is scaled."""

    place: int
    run: str
    kind: str
    series: Series
    scale: float


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
    """The curves of one metric, of one run or of several laid over each other.

    `x` is in epochs, or in steps where `by_step`. `hovered` carries the place under the pointer as
    a share of the width's end, None outside.
    """

    hovered = Signal(object)

    def __init__(self, measure: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.measure = measure
        self.runs: list[tuple[str, History]] = [("", History())]
        self.epochs = 1.0
        self.smooth = False
        self.log = False
        self.by_step = False
        self.at: float | None = None
        self.setObjectName(f"{measure}Plot")
        self.setAccessibleName(f"{title_of(measure)} over the epochs")
        self.setMouseTracking(True)
        self.setMinimumSize(220, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def history(self) -> History:
        """The first run's."""
        return self.runs[0][1]

    def curves(self) -> list[Curve]:
        """The lines to draw; of several runs those by epoch, where there are any."""
        found = []
        for place, (name, history) in enumerate(self.runs):
            scale = float(history.steps) if self.by_step else 1.0
            of_run = {kind: history.get(self.measure, kind) for kind in LABELS}
            if len(self.runs) > 1 and len(of_run["training"]):
                del of_run["batch"]
            found += [
                Curve(place, name, kind, series, scale)
                for kind, series in of_run.items()
                if len(series)
            ]
        return found

    # -- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        curves = self.curves()
        frame = self._frame(curves)
        self._paint_heading(painter, colours, curves)
        self._paint_axes(painter, colours, frame, bool(curves))
        if curves:
            self._paint_marks(painter, colours, frame)
        # Room for the dots of the last epoch.
        painter.setClipRect(frame.rect.adjusted(-4, -4, 4, 4))
        for curve in curves:
            self._paint_curve(painter, frame, curve)
        painter.setClipping(False)
        if self.at is not None and curves:
            self._paint_cursor(painter, colours, frame, curves)
        painter.end()

    def _frame(self, curves: list[Curve]) -> Frame:
        rect = QRectF(self.rect()).adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        ends = [
            max(self.epochs if place == 0 else 0.0, history.last_epoch)
            * (history.steps if self.by_step else 1)
            for place, (_, history) in enumerate(self.runs)
        ]
        x1 = max(*ends, 1e-9) if len(ends) > 1 else max(ends[0], 1e-9)
        batch = bounds([c.series.y for c in curves if c.kind == "batch"], robust=True)
        epoch = bounds([c.series.y for c in curves if c.kind != "batch"], robust=False)
        both = [pair for pair in (batch, epoch) if pair]
        low = min((pair[0] for pair in both), default=0.0)
        high = max((pair[1] for pair in both), default=1.0)
        if self.log:
            positive = [c.series.y[c.series.y > 0] for c in curves]
            smallest = min((float(p.min()) for p in positive if len(p)), default=1e-3)
            low = max(low, smallest)
            high = max(high, low * 1.5)
            return Frame(rect, 0.0, x1, low / 1.1, high * 1.1, True)
        if high - low < 1e-9:
            margin = 0.05 * (abs(low) or 1.0)
            low, high = low - margin, high + margin
        margin = (high - low) * 0.06
        share = self.measure not in ("loss", "learning_rate") and high <= 1
        top = min(high + margin, 1.0) if share else high + margin
        bottom = max(low - margin, 0.0) if low >= 0 else low - margin
        if top <= bottom:
            bottom = top - 0.1
        return Frame(rect, 0.0, x1, bottom, top, False)

    def _paint_heading(self, painter: QPainter, colours: theme.Theme, curves: list[Curve]) -> None:
        font = self.font()
        font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(colours.text))
        title = title_of(self.measure)
        painter.drawText(QPointF(16, 24), title)
        left = 16 + QFontMetricsF(font).horizontalAdvance(title) + 14
        painter.setFont(small_font(self))
        metrics = QFontMetricsF(small_font(self))
        if len(self.runs) > 1:
            shown = {c.place: c for c in curves}
            legend = [(short_name(c.run), self._pen(c.place, "training")) for c in shown.values()]
        else:
            legend = [(LABELS[c.kind], self._pen(c.place, c.kind)) for c in curves]
        room = (self.width() - left) / max(len(legend), 1) - 30
        for label, pen in legend:
            label = metrics.elidedText(label, Qt.TextElideMode.ElideMiddle, max(int(room), 40))
            width = metrics.horizontalAdvance(label) + 30
            if left + width > self.width() + 12:
                break
            painter.setPen(pen)
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
            text = f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}"
            x = float(frame.across(np.array(value)))
            box = QRectF(x - 30, rect.bottom() + 5, 60, 18)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, text)
        if not filled:
            hint = f"{title_of(self.measure)} appears here while training."
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, hint)

    def _paint_marks(self, painter: QPainter, colours: theme.Theme, frame: Frame) -> None:
        """Where the learning rate was changed by hand or on a plateau."""
        painter.setFont(small_font(self))
        metrics = QFontMetricsF(small_font(self))
        scale = self.history.steps if self.by_step else 1
        for number, (epoch, text) in enumerate(self.history.marks):
            at = float(frame.across(np.array(epoch * scale)))
            painter.setPen(QPen(QColor(colours.warning), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(at, frame.rect.top()), QPointF(at, frame.rect.bottom()))
            width = metrics.horizontalAdvance(text)
            left = at + 4 if at + 4 + width < self.width() else at - 4 - width
            # One below the other, so that marks close together can be read.
            shift = 14 * (number % 4)
            falls = self.measure in ("loss", "learning_rate")
            y = frame.rect.top() + 12 + shift if falls else frame.rect.bottom() - 6 - shift
            painter.drawText(QPointF(left, y), text)

    def _paint_curve(self, painter: QPainter, frame: Frame, curve: Curve) -> None:
        kind, series = curve.kind, curve.series
        values = series.smooth if self.smooth else series.y
        columns = max(1, int(frame.rect.width()))
        x, y = thinned(series.x * curve.scale, values, frame.x0, frame.x1, columns)
        if not len(x):
            return
        across, down = frame.across(x), frame.down(y)
        points = [QPointF(a, b) for a, b in zip(across.tolist(), down.tolist(), strict=True)]
        pen = self._pen(curve.place, kind)
        painter.setPen(pen)
        # A line one pixel wide is ten times cheaper without antialiasing, and as good when dense.
        painter.setRenderHint(
            QPainter.RenderHint.Antialiasing, kind != "batch" or len(points) < columns
        )
        painter.drawPolyline(QPolygonF(points))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if kind != "batch" and len(points) <= columns / 8:
            painter.setBrush(pen.color())
            painter.setPen(Qt.PenStyle.NoPen)
            for point in points:
                painter.drawEllipse(point, 3, 3)

    def _paint_cursor(
        self, painter: QPainter, colours: theme.Theme, frame: Frame, curves: list[Curve]
    ) -> None:
        assert self.at is not None
        x = self.at * frame.x1
        at = float(frame.across(np.array(x)))
        painter.setPen(QPen(QColor(colours.secondary), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(at, frame.rect.top()), QPointF(at, frame.rect.bottom()))
        lines = [f"step {x:,.0f}" if self.by_step else f"epoch {x:.2f}"]
        lines += [f"{label}  {value:.4g}" for label, value in self.values_at(curves).items()]
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

    def values_at(self, curves: list[Curve] | None = None) -> dict[str, float]:
        """The value of each curve nearest to the pointer, by what it is called there."""
        if self.at is None:
            return {}
        curves = self.curves() if curves is None else curves
        x = self.at * self._frame(curves).x1
        found = {}
        for curve in curves:
            near = curve.series.nearest(x / curve.scale)
            label = LABELS[curve.kind]
            if near is not None:
                found[f"{curve.run} {label}" if len(self.runs) > 1 else label] = near[1]
        return found

    def _pen(self, place: int, kind: str) -> QPen:
        colours = theme.current()
        colour = QColor(colour_of(place, colours))
        if kind == "batch":
            tint = colours.tint("accent", share=0.5)
            return QPen(QColor(tint) if place == 0 else colour, 1)
        pen = QPen(colour, 2)
        if kind == "validation" and len(self.runs) == 1:
            pen.setColor(QColor(colours.family[Category.REGULARISATION]))
        elif kind == "training" and len(self.runs) > 1:
            # The colour says whose it is, so the line says what it was measured on.
            pen.setStyle(Qt.PenStyle.DotLine)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    # -- pointer ------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        frame = self._frame(self.curves())
        share = (event.position().x() - frame.rect.left()) / max(frame.rect.width(), 1)
        inside = -0.02 <= share <= 1.02
        self.hovered.emit(min(max(share, 0.0), 1.0) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)


def small_font(widget: QWidget):
    """The font of figures beside a drawing: 12 px, digits of equal width."""
    font = widget.font()
    font.setPixelSize(12)
    return font
