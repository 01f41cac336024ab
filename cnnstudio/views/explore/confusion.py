"""The confusion matrix, painted: a row a class, a column what the network took it for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.views import theme
from cnnstudio.views.explore.work import shares

READABLE = 28.0  # a cell narrower than this shows its colour only
TITLE = 22


class ConfusionMatrix(QWidget):
    """Shows `(classes, classes)` counts; what is right in the accent, what is wrong in red.

    Signals:
        hovered: a sentence about the cell under the pointer, or "".
        cell_chosen: numbers of the true and the predicted class of a clicked cell.
    """

    hovered = Signal(str)
    cell_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionMatrix")
        self.setAccessibleName("Confusion matrix")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 200)
        self.counts = np.zeros((0, 0), dtype=int)
        self.classes: tuple[str, ...] = ()
        self.current: tuple[int, int] | None = None
        self._shares = np.zeros((0, 0))
        self._light = np.zeros((0, 0), dtype=bool)
        self._as_shares = False
        self._image: QImage | None = None
        theme.watcher.theme_changed.connect(self._colour)

    def set_matrix(self, counts: np.ndarray, classes: tuple[str, ...]) -> None:
        """Show counts `[truth, predicted]`."""
        self.counts, self.classes = np.asarray(counts), classes
        self._shares = shares(self.counts)
        self.current = None
        self._colour()

    def set_as_shares(self, on: bool) -> None:
        """Write the share of the row's pictures in the cells rather than their number."""
        self._as_shares = on
        self.update()

    def cell_rect(self, truth: int, predicted: int) -> QRectF:
        """Where a cell lies in the widget, in pixels."""
        place = self._place()
        side_x, side_y = place.width() / len(self.counts), place.height() / len(self.counts)
        return QRectF(
            place.left() + predicted * side_x, place.top() + truth * side_y, side_x, side_y
        )

    def describe(self, truth: int, predicted: int) -> str:
        """A sentence about a cell."""
        count = int(self.counts[truth, predicted])
        total = int(self.counts[truth].sum())
        share = f"{100 * self._shares[truth, predicted]:.1f} %"
        row, column = self.classes[truth], self.classes[predicted]
        verb = "recognised" if truth == predicted else f"taken for {column}"
        return f"{row}: {count:,} of {total:,} {verb} ({share})"

    # -- painting -----------------------------------------------------------------------------

    def _colour(self, _theme: object = None) -> None:
        """One pixel a cell: how much of the row lies there. Any number of classes is one image."""
        colours = theme.current()
        if len(self.counts):
            ground = _rgb(colours.surface)
            right, wrong = _rgb(colours.accent), _rgb(colours.error)
            diagonal = np.eye(len(self.counts), dtype=bool)[:, :, None]
            # Rare confusions must still be seen: the root lifts small shares.
            strength = np.sqrt(self._shares)[:, :, None] * 0.85
            target = np.where(diagonal, right, wrong)
            pixels = (ground + (target - ground) * strength).round().astype(np.uint32)
            packed = (pixels[:, :, 0] << 16) | (pixels[:, :, 1] << 8) | pixels[:, :, 2]
            packed = np.ascontiguousarray(packed | np.uint32(0xFF000000))
            side = len(self.counts)
            image = QImage(packed.data, side, side, 4 * side, QImage.Format.Format_RGB32)
            self._image = image.copy()
            # Where dark figures have more contrast than bright ones (WCAG's luminance).
            luminance = (pixels / 255) ** 2.2 @ np.array([0.2126, 0.7152, 0.0722])
            self._light = luminance > 0.179
        self.update()

    def _label_width(self) -> float:
        metrics = QFontMetricsF(theme.font(theme.SECONDARY_SIZE))
        longest = max((metrics.horizontalAdvance(name) for name in self.classes), default=0.0)
        return min(longest + 12, self.width() * 0.25, 140.0)

    def _place(self) -> QRectF:
        """The square of the cells."""
        label = self._label_width()
        left, top = TITLE + label, 8.0
        bottom = TITLE + label
        side = min(self.width() - left - 8, self.height() - top - bottom)
        spare = max(0.0, self.width() - left - 8 - side) / 2
        return QRectF(left + spare, top, max(side, 10.0), max(side, 10.0))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None or not len(self.counts):
            return
        painter = QPainter(self)
        colours = theme.current()
        place = self._place()
        painter.drawImage(place, self._image)
        side = place.width() / len(self.counts)
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        if side >= 6:
            painter.setPen(QPen(QColor(colours.border), 1))
            for number in range(len(self.counts) + 1):
                at = round(number * side)
                painter.drawLine(
                    int(place.left()) + at,
                    int(place.top()),
                    int(place.left()) + at,
                    int(place.bottom()),
                )
                painter.drawLine(
                    int(place.left()),
                    int(place.top()) + at,
                    int(place.right()),
                    int(place.top()) + at,
                )
        if side >= READABLE:
            self._paint_figures(painter)
        if side >= 13:
            self._paint_labels(painter, colours, place, side)
        self._paint_titles(painter, colours, place)
        if self.current is not None:
            painter.setPen(QPen(QColor(colours.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.cell_rect(*self.current).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_figures(self, painter: QPainter) -> None:
        dark, bright = QColor(theme.DARK.window), QColor(theme.DARK.text)
        for (truth, predicted), count in np.ndenumerate(self.counts):
            if not count:
                continue
            painter.setPen(dark if self._light[truth, predicted] else bright)
            text = (
                f"{100 * self._shares[truth, predicted]:.0f} %" if self._as_shares else f"{count}"
            )
            painter.drawText(self.cell_rect(truth, predicted), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_labels(
        self, painter: QPainter, colours: theme.Theme, place: QRectF, side: float
    ) -> None:
        painter.setPen(QColor(colours.secondary))
        width = self._label_width()
        metrics = QFontMetricsF(painter.font())
        middle = Qt.AlignmentFlag.AlignVCenter
        for number, name in enumerate(self.classes):
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, width - 8)
            top = place.top() + number * side
            box = QRectF(place.left() - width, top, width - 8, side)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | middle, text)
            painter.save()
            painter.translate(place.left() + (number + 0.5) * side, place.bottom() + 6)
            painter.rotate(-90)
            box = QRectF(-width, -side / 2, width - 2, side)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | middle, text)
            painter.restore()

    def _paint_titles(self, painter: QPainter, colours: theme.Theme, place: QRectF) -> None:
        painter.setPen(QColor(colours.secondary))
        painter.setFont(theme.font(theme.SECONDARY_SIZE, bold=True))
        label = self._label_width()
        below = QRectF(place.left(), place.bottom() + label, place.width(), TITLE)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "taken for")
        painter.save()
        painter.translate(place.left() - label - TITLE, place.center().y())
        painter.rotate(-90)
        beside = QRectF(-place.height() / 2, 0, place.height(), TITLE)
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, "true class")
        painter.restore()

    # -- pointer and keys ---------------------------------------------------------------------

    def _at(self, point: QPoint) -> tuple[int, int] | None:
        place = self._place()
        if not len(self.counts) or not place.contains(point):
            return None
        side = place.width() / len(self.counts)
        last = len(self.counts) - 1
        row = min(int((point.y() - place.top()) / side), last)
        return row, min(int((point.x() - place.left()) / side), last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        words = "" if found is None else self.describe(*found)
        self.setToolTip(words)
        self.hovered.emit(words)

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit("")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position().toPoint())
        if found is not None:
            self.choose(*found)

    def choose(self, truth: int, predicted: int) -> None:
        self.current = (truth, predicted)
        self.update()
        self.hovered.emit(self.describe(truth, predicted))
        self.cell_chosen.emit(truth, predicted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not len(self.counts):
            super().keyPressEvent(event)
            return
        row, column = self.current or (0, 0)
        last = len(self.counts) - 1
        if self.current is not None:
            row, column = row + step[0], column + step[1]
        self.choose(min(max(row, 0), last), min(max(column, 0), last))

    def sizeHint(self) -> QSize:
        return QSize(520, 520)


def _rgb(colour: str) -> np.ndarray:
    found = QColor(colour)
    return np.array([found.red(), found.green(), found.blue()], dtype=float)
