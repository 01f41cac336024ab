"""Parallel coordinates: an axis for each key and one for the figure, a line for each trial.

A. Inselberg: The plane with parallel coordinates. The Visual Computer 1, 1985.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.search.info import StudyInfo, Trial
from cnnstudio.search.settings import Choices, Range, written
from cnnstudio.views import theme
from cnnstudio.views.search.trials import short_key, value_text
from cnnstudio.views.train.plot import small_font

LEFT, RIGHT, TOP, BOTTOM = 48.0, 60.0, 48.0, 20.0
# A pointer this near, in pixels, is on a line or an axis.
NEAR = 9.0
FIGURE = ""


@dataclass(frozen=True)
class Axis:
    """Where the values of a key lie, 0 at the foot to 1 at the head.

    `options` are the values of a choice, the first at the foot; else numbers from `low` to `high`.
    """

    key: str
    title: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    options: tuple[str, ...] = ()

    def place(self, value: Any) -> float | None:
        """The place of a value; None where it has none."""
        if self.options:
            text = written(value)
            if text not in self.options:
                return None
            return (self.options.index(text) + 0.5) / len(self.options)
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            return None
        low, high, here = self.low, self.high, float(value)
        if self.log:
            low, high, here = math.log(low), math.log(high), math.log(max(here, 1e-300))
        return min(max((here - low) / (high - low), 0.0), 1.0) if high > low else 0.5

    def marks(self) -> list[tuple[float, str]]:
        """Places with words beside them."""
        if self.options:
            return [
                ((number + 0.5) / len(self.options), value_text(json.loads(option)))
                for number, option in enumerate(self.options)
            ]
        return [(0.0, f"{self.low:.3g}"), (1.0, f"{self.high:.3g}")]


class ParallelPlot(QWidget):
    """Click a line to choose its trial; drag along an axis to keep only the trials there.

    Signals:
        chosen: the number of the trial that was clicked.
        brushed: numbers of the trials that are kept; None for all.
    """

    chosen = Signal(int)
    brushed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("parallelPlot")
        self.setAccessibleName("Trials as lines over the settings that were searched over")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 104)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip("Drag along an axis to keep only trials there; Esc shows all.")
        self.axes: list[Axis] = []
        self.trials: list[Trial] = []
        self.importance: Mapping[str, float] = {}
        self.selected: int | None = None
        self.hovered: int | None = None
        self.brushes: dict[str, tuple[float, float]] = {}
        self._pulled: tuple[str, float] | None = None
        self._maximizes = True

    def show_study(self, info: StudyInfo, importance: Mapping[str, float] | None = None) -> None:
        """Show the trials that have a figure."""
        self.trials = [trial for trial in info.trials if trial.figure is not None]
        self._maximizes = info.settings.maximizes
        self.importance = importance or {}
        self.axes = [_axis(key, entry) for key, entry in info.settings.space.items()]
        figures = [trial.figure for trial in self.trials if trial.figure is not None]
        low, high = min(figures, default=0.0), max(figures, default=1.0)
        if high - low < 1e-9:
            low, high = low - 0.5, high + 0.5
        title = info.settings.monitor.replace("_", " ")
        self.axes.append(Axis(FIGURE, title, low, high))
        known = {axis.key for axis in self.axes}
        self.brushes = {key: part for key, part in self.brushes.items() if key in known}
        self.update()

    def select(self, number: int | None) -> None:
        """Draw one trial's line in front."""
        if number != self.selected:
            self.selected = number
            self.update()

    def kept(self) -> list[Trial]:
        """The trials that lie within every brush."""
        return [trial for trial in self.trials if self._is_kept(trial)]

    def clear_brushes(self) -> None:
        """Keep all trials again."""
        if self.brushes:
            self.brushes = {}
            self.brushed.emit(None)
            self.update()

    # -- places -------------------------------------------------------------------------------

    def across(self, number: int) -> float:
        """Where axis `number` stands, in pixels."""
        room = self.width() - LEFT - RIGHT
        return LEFT + room * number / max(len(self.axes) - 1, 1)

    def down(self, share: float) -> float:
        """The height of a place on every axis, in pixels."""
        return self.height() - BOTTOM - share * (self.height() - TOP - BOTTOM)

    def line_of(self, trial: Trial) -> list[QPointF]:
        """The corners of a trial's line."""
        points = []
        for number, axis in enumerate(self.axes):
            value = trial.figure if axis.key == FIGURE else trial.values.get(axis.key)
            place = axis.place(value)
            if place is not None:
                points.append(QPointF(self.across(number), self.down(place)))
        return points

    def _is_kept(self, trial: Trial) -> bool:
        for axis in self.axes:
            if axis.key in self.brushes:
                low, high = self.brushes[axis.key]
                value = trial.figure if axis.key == FIGURE else trial.values.get(axis.key)
                place = axis.place(value)
                if place is None or not low - 1e-9 <= place <= high + 1e-9:
                    return False
        return True

    def trial_at(self, point: QPointF) -> int | None:
        """The number of the trial whose line is nearest, where one is near."""
        best, near = None, NEAR
        for trial in self.kept():
            line = self.line_of(trial)
            for a, b in itertools.pairwise(line):
                if not min(a.x(), b.x()) - near <= point.x() <= max(a.x(), b.x()) + near:
                    continue
                share = (point.x() - a.x()) / ((b.x() - a.x()) or 1.0)
                share = min(max(share, 0.0), 1.0)
                x, y = a.x() + share * (b.x() - a.x()), a.y() + share * (b.y() - a.y())
                far = math.hypot(point.x() - x, point.y() - y)
                if far < near:
                    best, near = trial.number, far
        return best

    # -- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = theme.current()
        front = {self.selected, self.hovered} - {None}
        for trial in sorted(self.trials, key=self._goodness):
            if trial.number not in front:
                self._paint_line(painter, look, trial, front=False)
        self._paint_axes(painter, look)
        for trial in self.trials:
            if trial.number in front:
                self._paint_line(painter, look, trial, front=True)
        painter.end()

    def _goodness(self, trial: Trial) -> float:
        """0 for the worst figure to 1 for the best."""
        place = self.axes[-1].place(trial.figure) if self.axes else None
        share = 0.0 if place is None else place
        return share if self._maximizes else 1.0 - share

    def _paint_line(
        self, painter: QPainter, look: theme.Theme, trial: Trial, *, front: bool
    ) -> None:
        kept = self._is_kept(trial)
        # Many are worse than the best: what is good should stand out.
        share = 0.35 + 0.65 * self._goodness(trial) ** 2
        colour = QColor(look.text) if front else QColor(look.tint("accent", "panel", share))
        if not kept and not front:
            colour = QColor(look.tint("secondary", "panel", 0.2))
        pen = QPen(colour, 3.0 if front else 1.6 if kept else 1.0)
        if trial.state != "complete":
            pen.setStyle(Qt.PenStyle.DashLine)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF(self.line_of(trial)))

    def _paint_axes(self, painter: QPainter, look: theme.Theme) -> None:
        small = small_font(self)
        metrics = QFontMetricsF(small)
        painter.setFont(small)
        apart = (self.width() - LEFT - RIGHT) / max(len(self.axes) - 1, 1)
        for number, axis in enumerate(self.axes):
            x = self.across(number)
            last = axis.key == FIGURE
            painter.setPen(QPen(QColor(look.text if last else look.secondary), 1.2))
            painter.drawLine(QPointF(x, self.down(0)), QPointF(x, self.down(1)))
            if axis.key in self.brushes:
                low, high = self.brushes[axis.key]
                area = QRectF(x - 6, self.down(high), 12, max(self.down(low) - self.down(high), 2))
                painter.setPen(QPen(QColor(look.accent), 1))
                painter.setBrush(look.color("accent", 0.3))
                painter.drawRoundedRect(area, 3, 3)
            self._paint_head(painter, look, axis, number, apart, metrics)
            painter.setPen(QColor(look.secondary))
            for place, text in axis.marks():
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, min(apart - 14, 90))
                width = metrics.horizontalAdvance(text)
                y = self.down(place)
                # A ground behind the words, so that lines do not run through them.
                box = QRectF(x + 5, y - 8, width + 4, 16)
                ground = QColor(look.panel)
                ground.setAlphaF(0.8)
                painter.fillRect(box, ground)
                painter.drawText(box.adjusted(2, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_head(
        self,
        painter: QPainter,
        look: theme.Theme,
        axis: Axis,
        number: int,
        apart: float,
        metrics: QFontMetricsF,
    ) -> None:
        x, room = self.across(number), max(apart - 8, 60.0)
        left = min(max(x - room / 2, 2.0), self.width() - room - 2)
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        if number == 0:
            left, centre = 8.0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        elif number == len(self.axes) - 1:
            left = self.width() - room - 8
            centre = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        title = metrics.elidedText(axis.title, Qt.TextElideMode.ElideMiddle, room)
        painter.setPen(QColor(look.text))
        painter.drawText(QRectF(left, 4, room, 16), int(centre), title)
        if axis.key in self.importance:
            painter.setPen(QColor(look.secondary))
            said = f"matters {self.importance[axis.key]:.0%}"
            painter.drawText(QRectF(left, 19, room, 16), int(centre), said)

    # -- pointer ------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pulled is not None:
            key, begun = self._pulled
            here = self._share(event.position().y())
            self.brushes[key] = (min(begun, here), max(begun, here))
            self.update()
            return
        found = self.trial_at(event.position())
        near_axis = self._axis_at(event.position()) is not None
        self.setCursor(
            Qt.CursorShape.SplitVCursor
            if near_axis
            else Qt.CursorShape.PointingHandCursor
            if found is not None
            else Qt.CursorShape.ArrowCursor
        )
        if found != self.hovered:
            self.hovered = found
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        axis = self._axis_at(event.position())
        if axis is not None:
            self._pulled = (axis.key, self._share(event.position().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._pulled is not None:
            key, begun = self._pulled
            self._pulled = None
            if abs(self._share(event.position().y()) - begun) < 0.02:
                # A click takes the brush away.
                self.brushes.pop(key, None)
            self._tell()
            return
        if (found := self.trial_at(event.position())) is not None:
            self.chosen.emit(found)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.brushes:
            self.clear_brushes()
            return
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        kept = sorted(self.kept(), key=self._goodness, reverse=True)
        if step is None or not kept:
            super().keyPressEvent(event)
            return
        numbers = [trial.number for trial in kept]
        at = numbers.index(self.selected) if self.selected in numbers else -step
        self.chosen.emit(numbers[(at + step) % len(numbers)])

    def _tell(self) -> None:
        self.update()
        numbers: Sequence[int] | None = [trial.number for trial in self.kept()]
        self.brushed.emit(numbers if self.brushes else None)

    def _axis_at(self, point: QPointF) -> Axis | None:
        if not TOP - 6 <= point.y() <= self.height() - BOTTOM + 6:
            return None
        for number, axis in enumerate(self.axes):
            if abs(point.x() - self.across(number)) <= NEAR - 2:
                return axis
        return None

    def _share(self, y: float) -> float:
        share = (self.height() - BOTTOM - y) / max(self.height() - TOP - BOTTOM, 1)
        return min(max(share, 0.0), 1.0)


def _axis(key: str, entry: Range | Choices) -> Axis:
    title = short_key(key)
    if isinstance(entry, Range):
        return Axis(key, title, entry.low, entry.high, entry.log)
    numbers = [each for each in entry.choices if type(each) in (int, float)]
    options = sorted(entry.choices, key=float) if len(numbers) == len(entry.choices) else None  # type: ignore[arg-type]
    return Axis(key, title, options=tuple(written(each) for each in options or entry.choices))
