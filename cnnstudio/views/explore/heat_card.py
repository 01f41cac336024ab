"""One method's answer: a title, what its colours mean, and the heat laid over the picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.pictures import fitted, image_of, paint_picture
from cnnstudio.views.widgets import Heading, Secondary


class HeatView(QWidget):
    """A picture with colours laid over it, as strong as `set_strength` says.

    `heat` are the RGBA colours shown, or None.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QPixmap | None = None
        self.heat: np.ndarray | None = None
        self._heat: QPixmap | None = None
        self._words = ""
        self._strength = 0.7
        self.setMinimumSize(120, 120)

    @property
    def filled(self) -> bool:
        """Whether an answer is shown."""
        return self.heat is not None

    def set_picture(self, pixels: np.ndarray | None) -> None:
        """Show uint8 (h, w, c) pixels without heat."""
        self._picture = None if pixels is None else QPixmap.fromImage(image_of(pixels))
        self.heat = self._heat = None
        self.update()

    def set_heat(self, colours: np.ndarray) -> None:
        """Lay RGBA colours (h, w, 4) over the picture."""
        self.heat = colours
        self._heat = QPixmap.fromImage(image_of(colours))
        self._words = ""
        self.update()

    def set_strength(self, strength: float) -> None:
        """How opaque the heat is, from 0 to 1."""
        self._strength = strength
        self.update()

    def say(self, words: str) -> None:
        """A line over the lower edge: progress, or why there is no answer."""
        self._words = words
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if self._picture is None:
            return
        target = fitted(self._picture.size(), self.rect())
        paint_picture(painter, target, self._picture)
        if self._heat is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setOpacity(self._strength)
            painter.drawPixmap(target, self._heat)
            painter.setOpacity(1)
        if self._words:
            self._paint_words(painter, target)

    def _paint_words(self, painter: QPainter, target: QRect) -> None:
        colours = theme.current()
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        room = self.rect().adjusted(theme.S12, 0, -theme.S12, -theme.S8)
        words = painter.fontMetrics().boundingRect(room, flags, self._words)
        words.moveCenter(target.center())
        veil = colours.color("panel")
        veil.setAlphaF(0.9)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(veil)
        painter.drawRoundedRect(words.adjusted(-8, -6, 8, 6), 6, 6)
        painter.setPen(colours.color("text"))
        painter.drawText(words, flags, self._words)


class HeatCard(QFrame):
    """A method: title, picture with heat, and a sentence; a double click makes it large."""

    enlarged = Signal()

    def __init__(self, name: str, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"heat-{name}")
        self.setAccessibleName(title)
        self.setProperty("role", "card")
        self.title = title
        self.view = HeatView(self)
        self.view.setToolTip("Double-click to enlarge, and again to see all")
        self.words = Secondary(words, self)
        self._meaning = words
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.S12, theme.S8, theme.S12, theme.S8)
        column.setSpacing(theme.S8)
        column.addWidget(Heading(title, self))
        column.addWidget(self.view, 1)
        column.addWidget(self.words)

    def set_note(self, note: str) -> None:
        """What the person should know of this answer, in place of the general words."""
        self.words.setText(note or self._meaning)
        self.setAccessibleDescription(note or self._meaning)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.enlarged.emit()
