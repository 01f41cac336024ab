"""One picture with exactly the pixels that the network is given."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from cnnstudio.views import theme
from cnnstudio.views.pictures import fitted, image_of

FRAME = 148  # height of the picture's room
LINE = 18


class NetworkEye(QWidget):
    """Pixels as squares, as large as they fit by a whole factor; larger pictures made smaller."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkEye")
        self.setAccessibleName("The chosen picture as the network sees it")
        self.setFixedHeight(FRAME + theme.S4 + LINE)
        self._pixmap: QPixmap | None = None
        self._name = ""
        self._caption = ""

    def show_pixels(self, pixels: np.ndarray | None, name: str, caption: str) -> None:
        """Show uint8 (h, w, c) pixels of the file `name`; the caption says what they are."""
        self._pixmap = None if pixels is None else QPixmap.fromImage(image_of(pixels))
        self._name = name
        self._caption = caption
        self.setToolTip(name)
        self.setAccessibleDescription(f"{name}: {caption}" if name else "")
        self.update()

    @property
    def pixmap(self) -> QPixmap | None:
        """The picture shown, a pixel for each of the network's."""
        return self._pixmap

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRect(0, 0, self.width(), FRAME)
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(frame), theme.RADIUS, theme.RADIUS)
        painter.fillPath(ground, colours.color("window"))
        if self._pixmap is not None and not self._pixmap.isNull():
            target = _room(self._pixmap.size(), frame)
            smaller = target.width() < self._pixmap.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
            painter.drawPixmap(target, self._pixmap)
            # White margins on a light ground have an edge.
            painter.setPen(QPen(colours.color("border"), 1))
            painter.drawRect(QRectF(target).adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        painter.setPen(colours.color("secondary"))
        metrics = painter.fontMetrics()
        below = QRect(0, FRAME + theme.S4, self.width(), LINE)
        words = f"  ·  {self._caption}" if self._name else ""
        if self._pixmap is None:
            words = ""
            inside = frame.adjusted(theme.S12, theme.S8, -theme.S12, -theme.S8)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWrapAnywhere
            painter.drawText(inside, int(flags), self._caption)
        room = below.width() - metrics.horizontalAdvance(words)
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, name + words)


def _room(size: QSize, frame: QRect) -> QRect:
    """Where a picture is drawn: enlarged by a whole factor, or made to fit."""
    factor = min(frame.width() // size.width(), frame.height() // size.height())
    if factor == 0:
        return fitted(size, frame)
    target = QRect(QPoint(0, 0), size * factor)
    target.moveCenter(frame.center())
    return target
