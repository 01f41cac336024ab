"""The palette: every layer type by family and one's own blocks, to drag, double-click or type."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QBrush,
    QContextMenuEvent,
    QDrag,
    QKeyEvent,
    QPainter,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.own_blocks import OwnBlocks
from cnnstudio.graph.spec import Category
from cnnstudio.views.design.paints import font, metrics, paints
from cnnstudio.views.design.palette_model import (
    ASIDE_ROLE,
    FAMILY_ROLE,
    HEADING_ROLE,
    LayerModel,
    is_choice,
    is_own,
    matches,
)
from cnnstudio.views.theme import S8, S12
from cnnstudio.views.widgets import Secondary, name_widget, paint_without_text


def swatch(family: Category | str) -> QBrush:
    """The colour of a family of layers, or of blocks."""
    look = paints()
    return look.family[family] if isinstance(family, Category) else look.block


class SwatchDelegate(QStyledItemDelegate):
    """A swatch in the colour of the family and the name; headings small and grey."""

    def __init__(self, parent: QObject | None = None, *, indent: int = 12) -> None:
        super().__init__(parent)
        self._indent = indent

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        category = index.data(FAMILY_ROLE)
        look = paints()
        painter.save()
        if category is None:
            painter.setPen(look.secondary)
            painter.setFont(font(12, bold=True))
            area = option.rect.adjusted(self._indent, 0, -4, -3)
            text = index.data(HEADING_ROLE) or index.data()
            painter.drawText(area, int(Qt.AlignmentFlag.AlignBottom), text)
            painter.restore()
            return
        option, text = paint_without_text(self, painter, option, index)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(swatch(category))
        left, middle = option.rect.left() + self._indent + 6, option.rect.center().y() + 0.5
        painter.drawRoundedRect(QRectF(left, middle - 5, 10, 10), 3, 3)
        area = option.rect.adjusted(self._indent + 25, 0, -8, 0)
        aside = index.data(ASIDE_ROLE)
        if aside:
            painter.setPen(look.secondary)
            painter.setFont(font(12))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            # The name comes first: what is quiet takes the rest.
            name = metrics(13).horizontalAdvance(text) + 12
            quiet = area.adjusted(int(min(name, area.width() * 0.75)), 0, 0, 0)
            aside = painter.fontMetrics().elidedText(
                aside, Qt.TextElideMode.ElideRight, quiet.width()
            )
            taken = painter.drawText(quiet, int(right), aside)
            area.setRight(taken.left() - 8)
        painter.setPen(look.text)
        painter.setFont(font(13))
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(160, 30)


class LayerPalette(QListView):
    """The list itself: drag a type or a block to the canvas, or double-click it."""

    chosen = Signal(str)
    block_chosen = Signal(str)
    # A block of one's own shall be deleted.
    delete_requested = Signal(str)

    def __init__(self, own: OwnBlocks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "layerPalette", "Layer types")
        self._model = LayerModel(own, self)
        self.setModel(self._model)
        self.setItemDelegate(SwatchDelegate(self))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self.choose)

    def show_own(self) -> None:
        self._model.show_own()

    def filter(self, query: str) -> list[QModelIndex]:
        """Show what fits the query, and give it back, the best first.

        A family without any hit loses its heading.
        """
        ranks = {spec.type: rank for rank, spec in enumerate(matches(query))}
        wanted = query.strip().lower()
        found: list[tuple[int, QModelIndex]] = []
        heading, shown = -1, 0
        for row in range(self._model.rowCount()):
            index = self._model.index(row, 0)
            if not is_choice(index):
                if heading >= 0:
                    self.setRowHidden(heading, not shown)
                heading, shown = row, 0
                continue
            name = index.data()
            hit = wanted in name.lower() if is_own(index) else name in ranks
            if hit:
                # Blocks of one's own come first.
                found.append((-1 if is_own(index) else ranks[name], index))
            shown += hit
            self.setRowHidden(row, not hit)
        if heading >= 0:
            self.setRowHidden(heading, not shown)
        return [index for _, index in sorted(found, key=lambda pair: pair[0])]

    def startDrag(self, actions: Qt.DropAction) -> None:
        indexes = self.selectedIndexes()
        if not indexes or not is_choice(indexes[0]):
            return
        drag = QDrag(self)
        drag.setMimeData(self._model.mimeData(indexes))
        family = indexes[0].data(FAMILY_ROLE)
        picture = card_picture(indexes[0].data(), family, self.devicePixelRatioF())
        drag.setPixmap(picture)
        size = picture.deviceIndependentSize()
        drag.setHotSpot(QPoint(round(size.width() / 2), round(size.height() / 2)))
        drag.exec(Qt.DropAction.CopyAction)

    def event(self, event: QEvent) -> bool:
        # On a block of one's own these keys mean that block, not what is selected on the canvas.
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_F2, Qt.Key.Key_Delete)
            and is_own(self.currentIndex())
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(self.currentIndex())
            return
        index = self.currentIndex()
        if event.key() == Qt.Key.Key_F2 and is_own(index):
            self.edit(index)
        elif event.key() == Qt.Key.Key_Delete and is_own(index):
            self.delete_requested.emit(index.data())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos())
        if is_choice(index):
            self.setCurrentIndex(index)
            self.menu(index).popup(event.globalPos())

    def menu(self, index: QModelIndex) -> QMenu:
        """What can be done with an item."""
        menu = QMenu(self)
        menu.setObjectName("paletteMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = index.data()
        menu.addAction("Insert", lambda: self.choose(index))
        if is_own(index):
            menu.addSeparator()
            menu.addAction("Rename", lambda: self.edit(index))
            menu.addAction("Delete", lambda: self.delete_requested.emit(name))
        return menu

    def choose(self, index: QModelIndex) -> None:
        """Insert what an item stands for."""
        if is_own(index):
            self.block_chosen.emit(index.data())
        elif is_choice(index):
            self.chosen.emit(index.data())


class PalettePanel(QWidget):
    """The search and the list below it."""

    chosen = Signal(str)
    block_chosen = Signal(str)

    def __init__(self, own: OwnBlocks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = own
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search layers  /")
        self.search.setClearButtonEnabled(True)
        name_widget(self.search, "layerSearch", "Search layers", "Enter adds the first hit")
        self.list = LayerPalette(own)
        self.nothing = Secondary("")
        self.nothing.setObjectName("layerSearchNothing")
        self.nothing.setContentsMargins(S12, 0, S12, 0)
        self.nothing.hide()
        top = QVBoxLayout()
        top.setContentsMargins(S12, S12, S12, S8)
        top.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 1)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        self.search.installEventFilter(self)
        self.list.chosen.connect(self.chosen)
        self.list.block_chosen.connect(self.block_chosen)
        own.changed.connect(self._show_own)
        self._found = self.list.filter("")

    def _show_own(self) -> None:
        self.list.show_own()
        self._filter(self.search.text())

    def focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            if event.key() == Qt.Key.Key_Down:
                self.list.setFocus()
                for row in range(self.list.model().rowCount()):
                    index = self.list.model().index(row, 0)
                    if not self.list.isRowHidden(row) and is_choice(index):
                        self.list.setCurrentIndex(index)
                        break
                return True
        return super().eventFilter(watched, event)

    def _filter(self, query: str) -> None:
        self._found = self.list.filter(query)
        self.nothing.setText(f"No layer fits “{query.strip()}”.")
        self.nothing.setVisible(not self._found)

    def _choose_first(self) -> None:
        if self.search.text().strip() and self._found:
            self.list.choose(self._found[0])
            self.search.selectAll()


def card_picture(type_: str, family: Category | str, ratio: float) -> QPixmap:
    """A small card that follows the mouse while a layer type or a block is dragged."""
    look = paints()
    text_width = round(metrics(13, bold=True).horizontalAdvance(type_))
    width, height = text_width + 40, 36
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(look.selected)
    painter.setBrush(look.card)
    painter.drawRoundedRect(QRectF(1, 1, width - 2, height - 2), 8, 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(swatch(family))
    painter.drawRoundedRect(QRectF(9, 9, 4, height - 18), 2, 2)
    painter.setPen(look.text)
    painter.setFont(font(13, bold=True))
    area = QRectF(22, 0, width - 22, height)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), type_)
    painter.end()
    return picture
