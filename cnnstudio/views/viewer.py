"""One picture large, in a window of its own; the arrow keys go to the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.views import theme
from cnnstudio.views.pictures import fitted, read_thumbnail
from cnnstudio.views.widgets import Button, ElidedLabel, Secondary

LARGEST = 2048  # pixels a picture is decoded to at most


class Canvas(QWidget):
    """A picture as large as it fits; small ones enlarged so that their pixels show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap: QPixmap | None = None
        self._message = ""
        self.setMinimumSize(160, 120)

    def show_image(self, image: QImage | None, message: str = "") -> None:
        self._pixmap = None if image is None else QPixmap.fromImage(image)
        self._message = message
        self.setAccessibleDescription(message)
        self.update()

    @property
    def shown(self) -> bool:
        """Whether there is a picture, not a message."""
        return self._pixmap is not None

    @property
    def message(self) -> str:
        """What stands in place of a picture."""
        return self._message

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.color("window"))
        if self._pixmap is None:
            painter.setPen(colours.color("secondary"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap.value
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, self._message)
            return
        enlarged = max(self._pixmap.width(), self._pixmap.height()) <= 128
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not enlarged)
        painter.drawPixmap(fitted(self._pixmap.size(), self.rect()), self._pixmap)


class PictureViewer(QDialog):
    """Shows one of a list of pictures; decoding happens in the background."""

    def __init__(self, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pictureViewer")
        self.setModal(False)
        self.resize(880, 680)
        self._tasks = tasks
        self._task: Task | None = None
        self._paths: Sequence[Path] = ()
        self._row = 0
        self.canvas = Canvas()
        self.canvas.setObjectName("viewerCanvas")
        self._name = ElidedLabel("")
        self._place = Secondary("")
        self._place.setWordWrap(False)
        self._back = Button("Previous", "viewerPrevious", lambda: self.step(-1), icon="previous")
        self._next = Button("Next", "viewerNext", lambda: self.step(1), icon="next")
        line = QHBoxLayout()
        line.setContentsMargins(theme.S12, theme.S8, theme.S12, theme.S8)
        line.setSpacing(theme.S8)
        line.addWidget(self._name, 1)
        line.addWidget(self._place)
        line.addWidget(self._back)
        line.addWidget(self._next)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.canvas, 1)
        outer.addLayout(line)

    @property
    def path(self) -> Path | None:
        return self._paths[self._row] if self._paths else None

    def show_picture(self, paths: Sequence[Path], row: int) -> None:
        """Show `paths[row]`; the others can be reached from it."""
        self._paths, self._row = paths, row
        self._load()
        self.show()
        self.raise_()
        self.activateWindow()

    def step(self, by: int) -> None:
        if self._paths:
            self._row = max(0, min(len(self._paths) - 1, self._row + by))
            self._load()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}
        key = Qt.Key(event.key())
        if key in steps:
            self.step(steps[key])
        else:
            super().keyPressEvent(event)

    def _load(self) -> None:
        path = self._paths[self._row]
        self.setWindowTitle(path.name)
        self._name.setText(str(path))
        self._place.setText(f"{self._row + 1:,} of {len(self._paths):,}")
        self._back.setEnabled(self._row > 0)
        self._next.setEnabled(self._row < len(self._paths) - 1)
        if self._task is not None:
            self._task.cancel()
        self._task = self._tasks.run(
            read_thumbnail,
            path,
            LARGEST,
            on_done=self.canvas.show_image,
            on_failed=lambda reason: self.canvas.show_image(None, reason),
        )
