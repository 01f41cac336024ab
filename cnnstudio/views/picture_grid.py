"""A grid of pictures: any number of them, of which only those are decoded that are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.pictures import TILE, Thumbnails, paint_picture

Index = QModelIndex | QPersistentModelIndex

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
SHADE_ROLE = Qt.ItemDataRole.UserRole + 2
CAPTION = 20
BATCH = 5_000  # tiles placed at a time: a few milliseconds
GAP = 8


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
        self.setBatchSize(BATCH)
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

    def lay_out_at_once(self, at_once: bool) -> None:
        """Place all tiles before the next event, or `BATCH` at a time, from the top."""
        mode = QListView.LayoutMode.SinglePass if at_once else QListView.LayoutMode.Batched
        self.setLayoutMode(mode)

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
        selection = self.selectionModel().selection()
        parts = [selection.at(number) for number in range(selection.count())]
        found = [range(part.top(), part.bottom() + 1) for part in parts]
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
