"""A grid of numbers with shaded cells: pictures, kernels, products and outputs of a lesson."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.views import theme

CELL, SMALLEST_CELL = 44, 22


class GridView(QWidget):
    """Shows a matrix; a window of cells can be outlined, the border shown as padding, cells hidden.

    Values are shaded from the ground colour (0) to the accent (largest), negative ones to the error
    colour. Arrow keys and clicks choose a cell.

    Signals:
        chosen(row, column): a person chose a cell.
    """

    chosen = Signal(int, int)

    def __init__(self, name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._values: NDArray[np.float64] = np.zeros((1, 1))
        self._window: QRect | None = None
        self._padding = 0
        self._shown: int | None = None
        self._largest = 1.0

    def show_values(
        self,
        values: NDArray[np.float64],
        *,
        window: tuple[int, int, int, int] | None = None,
        padding: int = 0,
        shown: int | None = None,
    ) -> None:
        """Show `values` (rows, columns).

        `window` is (top, left, height, width) of the outlined cells, `padding` the rows and columns
        of zeros around the picture, `shown` how many cells, row by row, are filled in yet.
        """
        self._values = np.asarray(values, float)
        self._window = QRect(window[1], window[0], window[3], window[2]) if window else None
        self._padding = padding
        self._shown = shown
        self._largest = max(float(np.abs(self._values).max()), 1e-9)
        self.updateGeometry()
        self.update()

    @property
    def values(self) -> NDArray[np.float64]:
        return self._values

    def sizeHint(self) -> QSize:
        rows, columns = self._values.shape
        return QSize(columns * CELL + 2, rows * CELL + 2)

    def minimumSizeHint(self) -> QSize:
        rows, columns = self._values.shape
        return QSize(columns * SMALLEST_CELL + 2, rows * SMALLEST_CELL + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell, origin = self._metrics()
        rows, columns = self._values.shape
        painter.setFont(theme.font(max(9, min(13, int(cell * 0.34)))))
        for row in range(rows):
            for column in range(columns):
                place = QRectF(origin.x() + column * cell, origin.y() + row * cell, cell, cell)
                inner = place.adjusted(1, 1, -1, -1)
                if self._shown is not None and row * columns + column >= self._shown:
                    painter.setPen(QPen(look.color("border"), 1, Qt.PenStyle.DotLine))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(inner, 3, 3)
                    continue
                value = float(self._values[row, column])
                ground = self._ground(value, self._is_padding(row, column))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(ground)
                painter.drawRoundedRect(inner, 3, 3)
                if cell >= SMALLEST_CELL:
                    painter.setPen(_readable_on(ground))
                    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, number(value))
        if self._window is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color("warning"), 3))
            frame = self._window
            painter.drawRoundedRect(
                QRectF(
                    origin.x() + frame.x() * cell,
                    origin.y() + frame.y() * cell,
                    frame.width() * cell,
                    frame.height() * cell,
                ),
                4,
                4,
            )
        if self.hasFocus():
            painter.setPen(QPen(look.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                QRectF(origin.x() - 1, origin.y() - 1, columns * cell + 2, rows * cell + 2), 4, 4
            )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell, origin = self._metrics()
        row = math.floor((event.position().y() - origin.y()) / cell)
        column = math.floor((event.position().x() - origin.x()) / cell)
        rows, columns = self._values.shape
        if 0 <= row < rows and 0 <= column < columns:
            self.chosen.emit(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._window is None:
            super().keyPressEvent(event)
            return
        rows, columns = self._values.shape
        row, column = self._window.y() + step[0], self._window.x() + step[1]
        if 0 <= row < rows and 0 <= column < columns:
            self.chosen.emit(row, column)

    def cell_center(self, row: int, column: int) -> QPointF:
        """The middle of a cell in widget coordinates."""
        cell, origin = self._metrics()
        return QPointF(origin.x() + (column + 0.5) * cell, origin.y() + (row + 0.5) * cell)

    def _metrics(self) -> tuple[float, QPointF]:
        rows, columns = self._values.shape
        cell = min((self.width() - 2) / columns, (self.height() - 2) / rows, CELL)
        return cell, QPointF(1, 1)

    def _is_padding(self, row: int, column: int) -> bool:
        rows, columns = self._values.shape
        edge = self._padding
        return not (edge <= row < rows - edge and edge <= column < columns - edge)

    def _ground(self, value: float, padding: bool) -> QColor:
        look = theme.current()
        if padding:
            return look.color("window")
        share = min(abs(value) / self._largest, 1.0)
        return QColor(look.tint("accent" if value >= 0 else "error", "raised", 0.85 * share))


def number(value: float) -> str:
    """A number short enough for a cell: whole if it is, else two decimals; with a real minus."""
    text = f"{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{value:.2f}"
    return "0" if text in {"-0", "-0.00"} else text.replace("-", "−")


def _readable_on(ground: QColor) -> QColor:
    """Black or white, whichever has the higher contrast (WCAG relative luminance)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (ground.redF(), ground.greenF(), ground.blueF())
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return QColor("#101216") if luminance > 0.179 else QColor("#ffffff")
