"""Thousands of points on one surface: hover, lasso, zoom and pan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from cnnstudio.views import theme

MARGIN = 24
RADIUS = 4.0
REACH = 12.0  # pixels around the mouse in which a point is meant
MOST_ZOOM = 40.0


class Scatter(QWidget):
    """Points of colours; dragging draws a lasso, the wheel zooms, the middle button pans."""

    # The number of the point under the mouse, or −1.
    hovered = Signal(int)
    # Numbers of the points inside a lasso.
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 240)
        self._xy: NDArray[np.float64] = np.empty((0, 2))
        self._colours: NDArray[np.intp] = np.empty(0, np.intp)
        self._palette: Sequence[str] = ()
        self._marked: NDArray[np.bool_] = np.empty(0, bool)
        self._zoom, self._centre = 1.0, np.zeros(2)
        self._at = -1
        self._lasso: list[QPointF] = []
        self._pan_from: QPoint | None = None
        self._drawn: QPixmap | None = None
        theme.watcher.theme_changed.connect(self._redraw)

    def show_points(
        self, xy: NDArray[np.float64], colours: NDArray[np.intp], palette: Sequence[str]
    ) -> None:
        """Points (n, 2) between −1 and 1, with numbers of colours "#rrggbb" in `palette`."""
        same = len(xy) == len(self._xy) and bool((xy == self._xy).all())
        self._xy, self._colours, self._palette = xy, colours, palette
        if not same:
            self._marked = np.zeros(len(xy), bool)
            self.fit()
        self._redraw()

    def fit(self) -> None:
        """All points in view."""
        self._zoom, self._centre = 1.0, np.zeros(2)
        self._redraw()

    def places(self) -> NDArray[np.float64]:
        """Where the points are, (n, 2) in pixels of this widget."""
        scale = self._scale()
        moved = (self._xy - self._centre) * [scale, -scale]
        return moved + np.array([self.width() / 2, self.height() / 2])

    def choose(self, numbers: NDArray[np.intp]) -> None:
        """Mark these points."""
        self._marked[:] = False
        self._marked[numbers] = True
        self._redraw()

    # -- painting -----------------------------------------------------------------------------

    def _scale(self) -> float:
        return max(1.0, (min(self.width(), self.height()) / 2 - MARGIN) * self._zoom)

    def _redraw(self, _theme: object = None) -> None:
        self._drawn = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawn is None:
            self._drawn = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        if self._at >= 0:
            place = QPointF(*self.places()[self._at].tolist())
            painter.setPen(QPen(colours.color("text"), 2))
            painter.drawEllipse(place, RADIUS + 3, RADIUS + 3)
        if self._lasso:
            veil = colours.color("accent")
            painter.setPen(QPen(veil, 1.5, Qt.PenStyle.DashLine))
            veil.setAlphaF(0.12)
            painter.setBrush(veil)
            painter.drawPolygon(QPolygonF(self._lasso))

    def _draw(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(theme.current().color("surface"))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = theme.current().color("text")
        outline.setAlphaF(0.9)
        places = self.places()
        plain = not self._marked.any()
        for marked in (False, True):
            for number, name in enumerate(self._palette):
                fill = QColor(name)
                fill.setAlphaF(0.8 if marked or plain else 0.25)
                painter.setBrush(fill)
                painter.setPen(QPen(outline, 1) if marked else Qt.PenStyle.NoPen)
                here = places[(self._colours == number) & (self._marked == marked)]
                for x, y in here.tolist():
                    painter.drawEllipse(QRectF(x - RADIUS, y - RADIUS, 2 * RADIUS, 2 * RADIUS))
        painter.end()
        return pixmap

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw()

    # -- the mouse ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._lasso = [event.position()]
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._lasso:
            self._lasso.append(event.position())
            self.update()
        elif self._pan_from is not None:
            here = event.position().toPoint()
            moved = here - self._pan_from
            self._pan_from = here
            self._centre = self._centre - np.array([moved.x(), -moved.y()]) / self._scale()
            self._redraw()
        else:
            self._hover(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pan_from = None
        if event.button() != Qt.MouseButton.LeftButton or not self._lasso:
            return
        lasso, self._lasso = QPolygonF(self._lasso), []
        self._hover(event.position())
        if lasso.boundingRect().width() + lasso.boundingRect().height() < 2 * REACH:
            # A click: the point under the mouse, or none.
            found = np.array([self._at] if self._at >= 0 else [], np.intp)
        else:
            fill = Qt.FillRule.WindingFill
            inside = [lasso.containsPoint(QPointF(x, y), fill) for x, y in self.places().tolist()]
            found = np.flatnonzero(inside)
        self.choose(found)
        self.chosen.emit(found)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        zoom = min(MOST_ZOOM, max(1.0, self._zoom * 1.25**steps))
        # What is under the mouse stays there.
        here = event.position()
        from_middle = np.array([here.x() - self.width() / 2, self.height() / 2 - here.y()])
        held = self._centre + from_middle / self._scale()
        self._zoom = zoom
        self._centre = held - from_middle / self._scale()
        if zoom == 1.0:
            self._centre = np.zeros(2)
        self._redraw()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (self._lasso or self._marked.any()):
            self._lasso = []
            none = np.empty(0, np.intp)
            self.choose(none)
            self.chosen.emit(none)
            return
        super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._tell(-1)

    def _hover(self, place: QPointF) -> None:
        if not len(self._xy):
            return
        distance = np.hypot(*(self.places() - [place.x(), place.y()]).T)
        nearest = int(distance.argmin())
        self._tell(nearest if distance[nearest] <= REACH else -1)

    def _tell(self, number: int) -> None:
        if number != self._at:
            self._at = number
            self.update()
            self.hovered.emit(number)
