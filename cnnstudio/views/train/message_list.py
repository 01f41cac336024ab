"""What a training had to say: skipped pictures, hints, decisions."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from cnnstudio.training.events import Failed, Message, Skipped
from cnnstudio.views import icons, theme

# A folder of broken pictures must not grow the list without end.
MOST = 500
EMPTY = "Nothing to tell so far. Hints, skipped pictures and decisions of a training appear here."


class MessageList(QListWidget):
    """The messages of the run that trains, the newest last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainingMessages")
        self.setAccessibleName("Messages of the training")
        self.setWordWrap(True)
        self.setIconSize(QSize(16, 16))
        self.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.left_out = 0

    def add(self, event: Skipped | Message | Failed) -> None:
        if self.count() >= MOST:
            self.left_out += 1
            return
        if isinstance(event, Skipped):
            # The class folder and the name say enough in a line; the tip has the whole path.
            name = "/".join(Path(event.path).parts[-2:])
            text, icon, colour = f"Skipped {name}: {event.reason}", "picture", "warning"
        elif isinstance(event, Failed):
            text, icon, colour = event.message, "error", "error"
        else:
            text, icon, colour = event.text, "info", "accent"
        moment = time.strftime("%H:%M:%S", time.localtime(event.time))
        item = QListWidgetItem(icons.icon(icon, colour), f"{moment}   {text}")
        item.setToolTip(f"{event.path}: {event.reason}" if isinstance(event, Skipped) else text)
        self.addItem(item)
        self.scrollToBottom()

    def begin(self) -> None:
        """A new run: forget the last one's."""
        self.clear()
        self.left_out = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setPen(theme.current().color("secondary"))
            room = self.viewport().rect().adjusted(theme.S24, 0, -theme.S24, 0)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, wrapped, EMPTY)
            painter.end()
