"""Pictures on screen: thumbnails decoded in the background, and a grid that loads what is visible.

`Thumbnails` holds at most a stated number of bytes, whatever the number of pictures; `PictureGrid`
shows any number of them and asks only for those it paints.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.views import theme

Index = QModelIndex | QPersistentModelIndex

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
SHADE_ROLE = Qt.ItemDataRole.UserRole + 2
THUMBNAIL_BUDGET = 96 * 2**20  # bytes of decoded thumbnails kept
SLICE = 12  # thumbnails decoded before other grids get their turn
WORKERS = max(2, min(4, os.cpu_count() or 1))  # threads that decode
WAITING_MOST = 400  # thumbnails asked for and not yet decoded; older wishes are forgotten
TILE = 116  # logical pixels: the narrowest a tile of the grid gets
CAPTION = 20
GAP = 8


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


class HasPath(Protocol):
    """Anything that lies in a file."""

    @property
    def path(self) -> Path: ...


class PictureModel(QAbstractListModel):
    """Any number of pictures; captions and tooltips are made when they are shown."""

    def __init__(
        self,
        thumbnails: Thumbnails,
        caption: Callable[[Any], str] = lambda picture: picture.path.name,
        tooltip: Callable[[Any], str] = lambda picture: str(picture.path),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.thumbnails = thumbnails
        self._caption = caption
        self._tooltip = tooltip
        self._pictures: Sequence[HasPath] = ()
        # Which pictures stand on a shade, to tell those that belong together.
        self.shade: Callable[[Any], bool] | None = None

    @property
    def pictures(self) -> Sequence[HasPath]:
        return self._pictures

    def set_pictures(self, pictures: Sequence[HasPath]) -> None:
        self.beginResetModel()
        self._pictures = pictures
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._pictures)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._pictures):
            return None
        picture = self._pictures[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._caption(picture)
        if role == Qt.ItemDataRole.DecorationRole:
            return self.thumbnails.pixmap(picture.path)
        if role == Qt.ItemDataRole.ToolTipRole:
            reason = self.thumbnails.reason(picture.path)
            return self._tooltip(picture) + (f"\n{reason}" if reason else "")
        if role == PATH_ROLE:
            return picture.path
        if role == SHADE_ROLE:
            return self.shade is not None and self.shade(picture)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        drag = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags
        return super().flags(index) | drag

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(index.data(PATH_ROLE))) for index in indexes])
        return mime


class TileDelegate(QStyledItemDelegate):
    """A picture fitted into its tile, its caption below, a frame when selected."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = option.widget
        return view.gridSize() if isinstance(view, QListView) else QSize(TILE, TILE + CAPTION)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = theme.current()
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        if index.data(SHADE_ROLE):
            painter.fillRect(option.rect, QColor(colours.tint("accent", "surface", 0.1)))
        tile = option.rect.adjusted(GAP // 2, GAP // 2, -GAP // 2, -GAP // 2)
        frame = tile.adjusted(0, 0, 0, -CAPTION)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        paint_picture(painter, frame, index.data(Qt.ItemDataRole.DecorationRole))
        if selected or hovered:
            pen = QPen(QColor(colours.accent if selected else colours.secondary), 2)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(frame).adjusted(1, 1, -1, -1), 6, 6)
        painter.setPen(QColor(colours.text if selected else colours.secondary))
        font = option.font
        font.setPixelSize(11)
        painter.setFont(font)
        room = QRect(tile.left() + 2, frame.bottom() + 1, tile.width() - 4, CAPTION)
        caption = painter.fontMetrics().elidedText(
            index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, caption)
        painter.restore()


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


class PictureGrid(QListView):
    """A grid of pictures whose columns fill the width; Enter or double-click opens one."""

    opened = Signal(object)  # Path

    def __init__(self, model: PictureModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setItemDelegate(TileDelegate(self))
        # Wrapped list mode lays out 100,000 uniform tiles at once; icon mode keeps a tree of them.
        self.setViewMode(QListView.ViewMode.ListMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().setSingleStep(32)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.activated.connect(self._open)
        model.thumbnails.loaded.connect(self._repaint)
        self._fit()

    def selected_paths(self) -> list[Path]:
        """The files of the selected pictures, in the order of the grid."""
        pictures = self._model.pictures
        return [pictures[row].path for rows in self._selected() for row in rows]

    def selected_count(self) -> int:
        """How many pictures are selected; quick for any number."""
        return sum(len(rows) for rows in self._selected())

    def first_selected(self) -> Path | None:
        """The file of the first selected picture; None if there is none."""
        rows = next(iter(self._selected()), None)
        return None if rows is None else self._model.pictures[rows[0]].path

    def _selected(self) -> list[range]:
        """The selected rows, as stretches in order."""
        found = [range(part.top(), part.bottom() + 1) for part in self.selectionModel().selection()]
        return sorted(found, key=lambda rows: rows.start)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        # Qt asks the model for every row; what is not seen need not be painted.
        return QRegion(self.viewport().rect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._fit()
        return super().viewportEvent(event)

    def _fit(self) -> None:
        width = max(self.viewport().width() - 1, TILE + GAP)
        columns = max(1, width // (TILE + GAP))
        side = width // columns
        if self.gridSize() != QSize(side, side + CAPTION):
            self.setGridSize(QSize(side, side + CAPTION))
        self._model.thumbnails.box = round(
            (2 * TILE if columns == 1 else TILE * 1.25) * self.devicePixelRatioF()
        )

    def _repaint(self, _path: Path) -> None:
        self.viewport().update()

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.data(PATH_ROLE))
