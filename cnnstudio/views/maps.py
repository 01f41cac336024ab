"""A zoomable grid of feature maps, painted from one strip of pixels.

The whole layer is coloured once, by a table look-up, into a single `QImage`; painting copies the
cells that are visible out of it, so that 64 maps take about a millisecond and thousands scroll.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from cnnstudio.views import theme
from cnnstudio.views.explore.grid import GAP, LABEL, LARGEST, MARGIN, SMALLEST, Grid
from cnnstudio.views.explore.levels import Levels, colour_table, coloured, make_levels


class MapsView(QAbstractScrollArea):
    """Feature maps as a grid: fits itself to the window, Ctrl+wheel or + and − zoom, 0 fits again.

    Signals:
        hovered: one line about the map under the pointer, or "" outside.
        placed: the row and column of it under the pointer, or None outside.
        chosen: the channel number a person clicked or stepped to.
    """

    hovered = Signal(str)
    chosen = Signal(int)
    placed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._levels: Levels | None = None
        self._order: NDArray[np.intp] = np.arange(0)
        self._strip: NDArray[np.uint32] | None = None
        self._image: QImage | None = None
        self._colours = "Viridis"
        self._shared = False
        self._by_activity = False
        self._zoom: float | None = None
        self._laid_out: Grid | None = None
        self._current: int | None = None
        self._names: tuple[str, ...] = ()
        self.empty_text = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Feature maps")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setMinimumSize(120, 100)

    # -- content ------------------------------------------------------------------------------

    @property
    def levels(self) -> Levels | None:
        return self._levels

    @property
    def current(self) -> int | None:
        return self._current

    def set_maps(self, maps: NDArray[np.floating]) -> None:
        """Show (height, width, channels) or (units,) values."""
        self.set_levels(make_levels(maps, shared=self._shared))

    def set_levels(self, levels: Levels, names: tuple[str, ...] = ()) -> None:
        """Show maps that were scaled elsewhere; `names` label units (the classes, for example)."""
        same = self._levels is not None and self._levels.values.shape == levels.values.shape
        self._levels, self._names = levels, names
        if not same:
            self._zoom, self._current = None, None
        self._sort()
        self._colour()
        self._layout()

    def clear(self) -> None:
        self._levels = self._image = self._strip = self._current = None
        self._layout()

    def set_colours(self, name: str) -> None:
        self._colours = name
        self._colour()
        self.viewport().update()

    def set_shared(self, shared: bool) -> None:
        """One scale for all maps, or each its own."""
        self._shared = shared
        if self._levels is not None:
            values, kind = self._levels.values.transpose(1, 2, 0), self._levels.kind
            self.set_levels(make_levels(values, shared=shared, kind=kind), self._names)

    def set_by_activity(self, by_activity: bool) -> None:
        self._by_activity = by_activity
        self._sort()
        self.viewport().update()

    def set_zoom(self, zoom: float | None) -> None:
        """The width of a map on the screen in pixels; None fits all of them in."""
        self._zoom = None if zoom is None else min(max(zoom, SMALLEST), LARGEST)
        self._layout()

    def zoom_by(self, factor: float) -> None:
        """Enlarge the maps by a factor; 0 fits all of them in."""
        if self._levels is not None:
            self.set_zoom(self._grid().width * factor if factor else None)

    def choose(self, channel: int) -> None:
        if self._levels is None or not 0 <= channel < len(self._levels.values):
            return
        self._current = channel
        self._reveal(channel)
        self.viewport().update()
        self.chosen.emit(channel)
        self.hovered.emit(self._levels.describe(channel))

    def _sort(self) -> None:
        if self._levels is None:
            return
        self._order = (
            self._levels.by_activity if self._by_activity else np.arange(len(self._levels.values))
        )

    def _colour(self) -> None:
        if self._levels is None:
            return
        if self._levels.pixels is None:
            strip = coloured(self._levels.levels, colour_table(self._colours))
        else:
            strip = self._levels.pixels.reshape(-1, self._levels.pixels.shape[2])
        strip = np.ascontiguousarray(strip)
        height, width = strip.shape
        # The QImage borrows the array's memory: both are kept and let go together.
        self._strip = strip
        self._image = QImage(strip.data, width, height, 4 * width, QImage.Format.Format_RGB32)

    # -- geometry -----------------------------------------------------------------------------

    def _grid(self) -> Grid:
        assert self._levels is not None
        if self._laid_out is None:
            count, height, width = self._levels.values.shape
            room = (self.viewport().width(), self.viewport().height())
            most = 72.0 if self._levels.units else 260.0
            self._laid_out = Grid.of(count, height / width, room, self._zoom, most)
        return self._laid_out

    def _place(self, index: int) -> QRectF:
        """The rectangle of the map at a place in the order, in viewport pixels."""
        grid = self._grid()
        left, top = grid.corner(index)
        return QRectF(left, top - self.verticalScrollBar().value(), grid.width, grid.height)

    def _layout(self) -> None:
        self._laid_out = None
        bar = self.verticalScrollBar()
        if self._levels is None:
            bar.setRange(0, 0)
        else:
            height = self.viewport().height()
            bar.setRange(0, max(0, self._grid().total_height - height))
            bar.setPageStep(height)
            bar.setSingleStep(40)
        self.viewport().update()

    def _reveal(self, channel: int) -> None:
        place = self._place(int(np.flatnonzero(self._order == channel)[0]))
        bar = self.verticalScrollBar()
        if place.top() < 0:
            bar.setValue(bar.value() + int(place.top()) - MARGIN)
        elif place.bottom() + LABEL > self.viewport().height():
            bar.setValue(bar.value() + int(place.bottom() + LABEL - self.viewport().height()) + 1)

    def _at(self, point: QPoint) -> tuple[int, int, int] | None:
        """Channel, row and column under a point of the viewport."""
        if self._levels is None:
            return None
        index = self._grid().index_at(point.x(), point.y() + self.verticalScrollBar().value())
        if index is None:
            return None
        _, rows, columns = self._levels.values.shape
        place = self._place(index)
        y = min(int((point.y() - place.top()) / place.height() * rows), rows - 1)
        x = min(int((point.x() - place.left()) / place.width() * columns), columns - 1)
        return int(self._order[index]), max(y, 0), max(x, 0)

    # -- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        colours = theme.current()
        if self._levels is None or self._image is None:
            painter.setPen(QColor(colours.secondary))
            painter.drawText(
                self.viewport().rect().adjusted(24, 0, -24, 0),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                self.empty_text,
            )
            painter.end()
            return
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        _, height, width = self._levels.values.shape
        dead = self._levels.dead
        grid = self._grid()
        # Pixels stay visible as squares when enlarged; when made smaller they are averaged.
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, grid.width * self.devicePixelRatioF() < width
        )
        top = self.verticalScrollBar().value()
        for index in grid.rows_seen(top, self.viewport().height()):
            channel, place = int(self._order[index]), self._place(index)
            source = QRectF(0, channel * height, width, height)
            painter.drawImage(place, self._image, source)
            if dead[channel] and not self._levels.units:
                self._paint_dead(painter, place, colours)
            if channel == self._current:
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(place.adjusted(-2, -2, 2, 2))
            self._paint_label(painter, place, channel, colours)
        painter.end()

    def _paint_label(
        self, painter: QPainter, place: QRectF, channel: int, colours: theme.Theme
    ) -> None:
        assert self._levels is not None
        label = self._names[channel] if channel < len(self._names) else str(channel)
        if self._levels.dead[channel] and not self._levels.units:
            label += " dead" if place.width() > 52 else ""
        painter.setPen(QColor(colours.secondary))
        box = QRectF(place.left(), place.bottom() + 1, place.width() + GAP - 2, LABEL)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)

    @staticmethod
    def _paint_dead(painter: QPainter, place: QRectF, colours: theme.Theme) -> None:
        """A dead map is no picture: an empty frame struck through."""
        painter.fillRect(place, QColor(colours.surface))
        painter.setPen(QPen(QColor(colours.warning), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.drawLine(place.bottomLeft(), place.topRight())

    # -- pointer and keys ---------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._layout()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found is None or self._levels is None:
            self._left()
            return
        self.hovered.emit(self._levels.describe(*found))
        self.placed.emit(found[1:])

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._left()

    def _left(self) -> None:
        self.hovered.emit("")
        self.placed.emit(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found is not None:
            self.choose(found[0])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enlarge the map under the pointer to the whole view, or fit all again."""
        found = self._at(event.position().toPoint())
        if found is None:
            return
        if self._zoom is None:
            grid, view = self._grid(), self.viewport()
            side = min(view.width(), view.height() * grid.width / grid.height)
            self.set_zoom(side - 2 * MARGIN - LABEL)
            self._reveal(found[0])
        else:
            self.set_zoom(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self._levels is not None:
            self.zoom_by(1.15 ** (event.angleDelta().y() / 120))
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._levels is None:
            super().keyPressEvent(event)
            return
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._grid().columns,
            Qt.Key.Key_Down: self._grid().columns,
        }
        if key in steps:
            last = len(self._order) - 1
            where = -1
            if self._current is not None:
                where = int(np.flatnonzero(self._order == self._current)[0])
            index = 0 if where < 0 else min(max(where + steps[key], 0), last)
            self.choose(int(self._order[index]))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(0.8)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Escape):
            self.set_zoom(None)
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(480, 320)
