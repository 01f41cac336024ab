"""The picture that feature maps are made of: dropped, chosen, or the next of the data."""

from __future__ import annotations

import random
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.app.document import Document
from cnnstudio.app.tasks import Task
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.intake import Intake, given_in
from cnnstudio.views.pictures import fitted, paint_picture, read_thumbnail
from cnnstudio.views.widgets import Button, ElidedLabel, Secondary, name_widget

SUFFIXES = "*.png *.jpg *.jpeg *.bmp *.gif *.webp *.tif *.tiff"


def held_out_first(document: Document) -> list[tuple[Path, str]]:
    """The pictures of the project's data with their classes: test, else val, else all.

    In a mixed order, the same every time: the classes take turns and a lesson can be repeated.
    """
    pictures = [] if document.report is None else list(document.report.pictures)
    splits = {picture.split for picture in pictures}
    for part in ("test", "val"):
        if part in splits:
            pictures = [picture for picture in pictures if picture.split == part]
            break
    order = [(picture.path, picture.label or "") for picture in pictures]
    random.Random(0).shuffle(order)
    return order


class PictureView(QWidget):
    """Paints one picture whole, small ones enlarged with their pixels visible."""

    def __init__(self, side: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixmap: QPixmap | None = None
        self.marked = False
        self._outlined: tuple[float, float, float, float] | None = None
        self.empty_text = "Drop a picture"
        self.setFixedSize(side, side)
        self.setAccessibleName("The picture")

    def set_image(self, image: QImage | None) -> None:
        self._pixmap = None if image is None else QPixmap.fromImage(image)
        self.update()

    @property
    def outlined(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of what is outlined, as shares of the picture's sides."""
        return self._outlined

    def outline(self, sides: tuple[float, float, float, float] | None) -> None:
        """Outline a part of the picture, left, top, right, bottom as shares of its sides."""
        if sides != self._outlined:
            self._outlined = sides
            self.update()

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Height and width of the picture on show, made smaller or not."""
        return None if self._pixmap is None else (self._pixmap.height(), self._pixmap.width())

    @property
    def empty(self) -> bool:
        return self._pixmap is None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_picture(painter, self.rect(), self._pixmap)
        colours = theme.current()
        if self.marked or self._pixmap is None:
            style = Qt.PenStyle.SolidLine if self.marked else Qt.PenStyle.DashLine
            painter.setPen(
                QPen(QColor(colours.accent if self.marked else colours.secondary), 1.5, style)
            )
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)
        if self._pixmap is not None and self._outlined is not None:
            self._paint_outline(painter, self._pixmap)
        if self._pixmap is None:
            painter.setPen(QColor(colours.secondary))
            words = QRect(4, 0, self.width() - 8, self.height())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(words, int(flags), self.empty_text)
        painter.end()

    def _paint_outline(self, painter: QPainter, pixmap: QPixmap) -> None:
        """Everything around the outlined part goes dim; the frame shows on any picture."""
        assert self._outlined is not None
        whole = QRectF(fitted(pixmap.size(), self.rect()))
        left, top, right, bottom = self._outlined
        part = QRectF(
            whole.left() + left * whole.width(),
            whole.top() + top * whole.height(),
            max((right - left) * whole.width(), 2.0),
            max((bottom - top) * whole.height(), 2.0),
        )
        around = QPainterPath()
        around.addRect(whole)
        around.addRect(part)
        painter.fillPath(around, QColor(0, 0, 0, 110))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((QColor(0, 0, 0, 200), 4.0), (QColor(255, 255, 255), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawRect(part.intersected(whole.adjusted(1, 1, -1, -1)))


class PictureBox(QWidget):
    """Shows the picture in use and ways to another; takes drops.

    `picked` carries the path a person (or the first show) chose.
    """

    picked = Signal(object)

    def __init__(
        self,
        context: Context,
        *,
        side: int = 72,
        stacked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self.path: Path | None = None
        self._order: list[tuple[Path, str]] = []
        self._labels: dict[Path, str] = {}
        self._at = -1
        self._stale = True
        self._task: Task | None = None
        self._intake = Intake(context, self._take, lambda words: context.notify(words, "error"))
        self.setAcceptDrops(True)
        self.setObjectName("pictureBox")
        self.setAccessibleName("The picture whose feature maps are shown; drop another here")

        self.view = PictureView(side, self)
        self.name_label = ElidedLabel("No picture", self)
        self.class_label = Secondary("", self)
        self.next_button = Button("Next picture", "nextPictureButton", self.next_picture)
        name_widget(
            self.next_button,
            "nextPictureButton",
            "Next picture of the data",
            "Another picture of the test or validation part",
        )
        self.choose_button = Button("Choose…", "choosePictureButton", self._choose)
        direction = QBoxLayout.Direction
        buttons = QBoxLayout(direction.TopToBottom if stacked else direction.LeftToRight)
        buttons.setSpacing(theme.S8)
        buttons.addWidget(self.next_button)
        buttons.addWidget(self.choose_button)
        if not stacked:
            buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.name_label)
        column.addWidget(self.class_label)
        column.addStretch(1)
        column.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.S12)
        layout.addWidget(self.view, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(column, 1)
        context.document.data_changed.connect(self.refresh_data)
        self.refresh_data()

    def refresh_data(self) -> None:
        """The data changed: "next" goes through its pictures, in an order made when asked for."""
        self._stale = True
        self.next_button.setEnabled(self._context.document.report is not None)

    def _refresh(self) -> None:
        if not self._stale:
            return
        self._stale = False
        order = held_out_first(self._context.document)
        if order != self._order:
            self._order, self._labels, self._at = order, dict(order), -1

    def next_picture(self) -> None:
        self._refresh()
        if self._order:
            self._at = (self._at + 1) % len(self._order)
            self.set_path(self._order[self._at][0])

    def ensure(self) -> None:
        """Take the first picture of the data if there is none yet."""
        if self.path is None:
            self.next_picture()

    def set_path(self, path: Path, label: str | None = None) -> None:
        """Use a picture file from now on."""
        self.path = Path(path)
        self._refresh()
        label = self._labels.get(self.path, "") if label is None else label
        self.name_label.setText(self.path.name)
        self.name_label.setToolTip(str(self.path))
        self.class_label.setText(label)
        if self._task is not None:
            self._task.cancel()
        side = round(self.view.width() * self.devicePixelRatioF())
        self._task = self._context.tasks.run(
            read_thumbnail, self.path, side, on_done=self.view.set_image, on_failed=self._unreadable
        )
        self.picked.emit(self.path)

    def _unreadable(self, message: str) -> None:
        self.view.set_image(None)
        self._context.notify(message, "error")

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose a picture", "", f"Pictures ({SUFFIXES});;All files (*)"
        )
        if path:
            self.set_path(Path(path))

    # -- drops --------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if given_in(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._mark(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark(False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._intake.take(given_in(event.mimeData()))

    def paste(self) -> None:
        """Use the picture on the clipboard."""
        given = given_in(QGuiApplication.clipboard().mimeData(), text=True)
        if given:
            self._intake.take(given)
        else:
            self._context.notify("The clipboard holds no picture: copy one, or a file, first.")

    def _take(self, files: list[Path]) -> None:
        found = [path for path in files if path.is_file()]
        if found:
            self.set_path(found[0])

    def _mark(self, marked: bool) -> None:
        self.view.marked = marked
        self.view.update()
