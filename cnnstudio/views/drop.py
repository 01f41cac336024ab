"""Files dropped on a page: what they are, and the veil that says what will happen."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, QUrl
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from cnnstudio.views import theme


def local_paths(mime: QMimeData) -> list[Path]:
    """The files and folders of this computer in dropped or pasted data."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def path_from_text(text: str) -> Path | None:
    """A path somebody typed or pasted: with quotes, `~` or `file://` too. None for no path."""
    text = text.strip().strip("\"'")
    if not text or "\n" in text or "\0" in text:
        return None
    if text.startswith("file:"):
        return Path(QUrl(text).toLocalFile())
    try:
        return Path(os.path.expandvars(text)).expanduser()
    except RuntimeError:  # no home folder is known
        return Path(text)


class DropVeil(QWidget):
    """Covers a page while something that it takes is dragged over it."""

    def __init__(self, page: QWidget, text: str) -> None:
        super().__init__(page)
        self._text = text
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        page.installEventFilter(self)
        self.hide()

    def raise_over(self) -> None:
        """Show it over everything on the page."""
        self._cover()
        self.raise_()
        self.show()

    def _cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colours.color("panel", 0.86))
        frame = QRectF(self.rect()).adjusted(16, 16, -16, -16)
        painter.setPen(QPen(colours.color("accent"), 2, Qt.PenStyle.DashLine))
        painter.setBrush(colours.color("accent", 0.08))
        painter.drawRoundedRect(frame, 12, 12)
        painter.setFont(theme.font(theme.TITLE_SIZE, bold=True))
        painter.setPen(colours.color("text"))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._text)


class DropFrame(QFrame):
    """A dashed frame around what can be dropped on, brighter while something is over it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lit = False

    def light(self, lit: bool) -> None:
        """Show that what is dragged would be taken, or that nothing is."""
        self._lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colours.color("accent" if self._lit else "border"), 2 if self._lit else 1.5)
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(
            colours.color("accent", 0.1) if self._lit else colours.color("surface", 0.5)
        )
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
