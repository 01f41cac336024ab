"""Pictures on screen: thumbnails decoded in the background, and how pictures are drawn.

`Thumbnails` holds at most a stated number of bytes, whatever the number of pictures.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
from PySide6.QtCore import (
    QObject,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPixmap,
)

from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.views import theme

THUMBNAIL_BUDGET = 96 * 2**20  # bytes of decoded thumbnails kept
SLICE = 12  # thumbnails decoded before other grids get their turn
WORKERS = max(2, min(4, os.cpu_count() or 1))  # threads that decode
WAITING_MOST = 400  # thumbnails asked for and not yet decoded; older wishes are forgotten
TILE = 116  # logical pixels: the narrowest a tile of the grid gets


def image_of(pixels: np.ndarray) -> QImage:
    """A QImage that owns its pixels, from uint8 (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)."""
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    height, width = pixels.shape[:2]
    if pixels.ndim == 2:
        kind, stride = QImage.Format.Format_Grayscale8, width
    elif pixels.shape[2] == 4:
        kind, stride = QImage.Format.Format_RGBA8888, 4 * width
    else:
        kind, stride = QImage.Format.Format_RGB888, 3 * width
    return QImage(pixels.data, width, height, stride, kind).copy()


def read_thumbnail(path: Path, box: int) -> QImage:
    """The picture at most `box` pixels wide and high. Raises what `data.pictures` raises."""
    from cnnstudio.data.pictures import thumbnail

    return image_of(thumbnail(path, box))


class Thumbnails(QObject):
    """Decodes thumbnails in background threads, the latest wish first, and keeps the last used.

    `box` is the largest side in physical pixels, `budget` the bytes of pixels kept.
    """

    loaded = Signal(object)  # Path: its pixmap, or the reason it has none, is known now

    def __init__(
        self,
        tasks: TaskRunner,
        box: int = TILE,
        budget: int = THUMBNAIL_BUDGET,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.box = box
        self._runner = tasks.beside("thumbnails", WORKERS)
        self._budget = budget
        self._bytes = 0
        self._kept: OrderedDict[Path, QPixmap] = OrderedDict()
        self._reasons: dict[Path, str] = {}
        self._wanted: OrderedDict[Path, None] = OrderedDict()
        self._lock = threading.Lock()
        self._tasks: list[Task] = []

    @property
    def bytes(self) -> int:
        """Bytes of decoded pixels held."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept)

    def pixmap(self, path: Path) -> QPixmap | None:
        """The thumbnail if it is there; otherwise it is asked for and `loaded` tells."""
        found = self._kept.get(path)
        if found is not None:
            self._kept.move_to_end(path)
            return found
        if path not in self._reasons:
            self._ask(path)
        return None

    def reason(self, path: Path) -> str | None:
        """Why the picture could not be read, if that is known."""
        return self._reasons.get(path)

    def keep(self, path: Path, image: QImage) -> None:
        """Keep `image` as the thumbnail of `path`: for pictures that lie in no file."""
        size = Qt.AspectRatioMode.KeepAspectRatio
        smooth = Qt.TransformationMode.SmoothTransformation
        self._keep(path, image.scaled(self.box, self.box, size, smooth))

    def clear(self) -> None:
        """Forget everything, as before a folder is read again."""
        with self._lock:
            self._wanted.clear()
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        self._kept.clear()
        self._reasons.clear()
        self._bytes = 0

    def _ask(self, path: Path) -> None:
        with self._lock:
            self._wanted[path] = None
            self._wanted.move_to_end(path)
            while len(self._wanted) > WAITING_MOST:
                self._wanted.popitem(last=False)
        self._start()

    def _start(self) -> None:
        """Let as many threads decode as there are wishes, and at most `WORKERS`."""
        with self._lock:
            wanted = min(WORKERS, len(self._wanted))
        while len(self._tasks) < wanted:
            self._tasks.append(
                self._runner.run(
                    self._decode,
                    on_done=self._done,
                    on_failed=self._done,
                    on_progress=self._arrived,
                )
            )

    def _decode(self, *, task: Task) -> None:
        # A few at a time: other grids wait for the same threads.
        for _ in range(SLICE):
            if task.cancelled():
                return
            with self._lock:
                if not self._wanted:
                    return
                path = self._wanted.popitem(last=True)[0]
            try:
                task.progress((path, read_thumbnail(path, self.box)))
            except Exception as error:  # noqa: BLE001 - whatever a broken file does, say it there
                task.progress((path, getattr(error, "reason", "") or str(error)))

    def _arrived(self, result: tuple[Path, QImage | str]) -> None:
        path, image = result
        if isinstance(image, QImage):
            self._keep(path, image)
        else:
            self._reasons[path] = image
            self.loaded.emit(path)

    def _keep(self, path: Path, image: QImage) -> None:
        self._drop(path)
        pixmap = QPixmap.fromImage(image)
        self._kept[path] = pixmap
        self._bytes += _bytes(pixmap)
        while self._bytes > self._budget and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))
        self.loaded.emit(path)

    def _drop(self, path: Path) -> None:
        old = self._kept.pop(path, None)
        if old is not None:
            self._bytes -= _bytes(old)

    def _done(self, _result: object) -> None:
        self._tasks = [task for task in self._tasks if not task.finished]
        self._start()


def _bytes(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * max(pixmap.depth(), 8) // 8


def paint_picture(painter: QPainter, frame: QRect, pixmap: QPixmap | None, radius: int = 6) -> None:
    """Draw `pixmap` whole in a rounded `frame`, tiny ones enlarged with their pixels visible."""
    colours = theme.current()
    clip = QPainterPath()
    clip.addRoundedRect(QRectF(frame), radius, radius)
    painter.fillPath(clip, QColor(colours.raised))
    if pixmap is None or pixmap.isNull():
        return
    target = fitted(pixmap.size(), frame)
    painter.save()
    painter.setClipPath(clip)
    if max(pixmap.width(), pixmap.height()) <= 64:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawPixmap(target, pixmap)
    painter.restore()


def fitted(size: QSize, frame: QRect) -> QRect:
    """The rectangle of a picture of `size` shown as large as it fits in the middle of `frame`."""
    scaled = size.scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
    rect = QRect(QPoint(0, 0), scaled)
    rect.moveCenter(frame.center())
    return rect
