"""The palette: every layer type by family, with a search, to drag, double-click or type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QMimeData,
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
    QDrag,
    QKeyEvent,
    QPainter,
    QPixmap,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.spec import Category, LayerSpec
from cnnstudio.views.design.paints import font, metrics, paints
from cnnstudio.views.theme import S8, S12
from cnnstudio.views.widgets import Secondary, name_widget

LAYER_MIME = "application/x-cnnstudio-layer-type"
FAMILY_ROLE = Qt.ItemDataRole.UserRole + 1
HEADING_ROLE = Qt.ItemDataRole.UserRole + 2


def matches(query: str) -> list[LayerSpec]:
    """Layer types that fit what was typed, best first: name, words of the name, keywords."""
    wanted = query.strip().lower()
    ranked = []
    for number, spec in enumerate(CATALOGUE.values()):
        type_ = spec.type.lower()
        parts = re.findall("[A-Z][a-z]+", spec.type)
        if type_.startswith(wanted):
            rank = 0
        elif any(part.lower().startswith(wanted) for part in parts):
            rank = 1
        elif any(word.startswith(wanted) for word in spec.keywords):
            rank = 2
        elif wanted in type_:
            rank = 3
        elif any(wanted in word for word in (*spec.keywords, spec.category.value.lower())):
            rank = 4
        else:
            continue
        ranked.append((rank, number, spec))
    return [spec for _, _, spec in sorted(ranked, key=lambda entry: entry[:2])]


def type_in(data: QMimeData) -> str | None:
    """The layer type a drag carries, if it carries one."""
    text = ""
    if data.hasFormat(LAYER_MIME):
        text = bytes(data.data(LAYER_MIME).data()).decode("utf-8", "replace")
    elif data.hasText():
        text = data.text()
    return text.strip() if text.strip() in CATALOGUE else None


class LayerModel(QStandardItemModel):
    """Families as headings, below each its layer types."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        for category in Category:
            specs = [spec for spec in CATALOGUE.values() if spec.category is category]
            if not specs:
                continue
            # The text of an item is a layer type; some families are called like one of theirs.
            heading = QStandardItem()
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            heading.setData(category.value, HEADING_ROLE)
            heading.setData(category.value, Qt.ItemDataRole.AccessibleTextRole)
            self.appendRow(heading)
            for spec in specs:
                item = QStandardItem(spec.type)
                item.setData(spec.category, FAMILY_ROLE)
                item.setToolTip(spec.summary)
                item.setData(spec.summary, Qt.ItemDataRole.AccessibleDescriptionRole)
                item.setFlags(
                    Qt.ItemFlag.ItemIsEnabled
                    | Qt.ItemFlag.ItemIsSelectable
                    | Qt.ItemFlag.ItemIsDragEnabled
                )
                self.appendRow(item)

    def mimeTypes(self) -> list[str]:
        return [LAYER_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        types = [index.data() for index in indexes if index.data() in CATALOGUE]
        if types:
            data.setData(LAYER_MIME, types[0].encode())
            data.setText(types[0])
        return data


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
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        style = option.widget.style()
        style.drawControl(style.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.family[category])
        left, middle = option.rect.left() + self._indent + 6, option.rect.center().y() + 0.5
        painter.drawRoundedRect(QRectF(left, middle - 5, 10, 10), 3, 3)
        painter.setPen(look.text)
        painter.setFont(font(13))
        area = option.rect.adjusted(self._indent + 25, 0, -4, 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(160, 30)


class LayerPalette(QListView):
    """The list itself: drag a type to the canvas, or double-click it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "layerPalette", "Layer types")
        self._model = LayerModel(self)
        self.setModel(self._model)
        self.setItemDelegate(SwatchDelegate(self))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self._choose)

    def filter(self, query: str) -> list[str]:
        """Show the types that fit the query; a family without any loses its heading."""
        found = [spec.type for spec in matches(query)]
        heading, shown = -1, 0
        for row in range(self._model.rowCount()):
            item = self._model.item(row)
            if item.data(FAMILY_ROLE) is None:
                if heading >= 0:
                    self.setRowHidden(heading, not shown)
                heading, shown = row, 0
                continue
            hit = item.text() in found
            shown += hit
            self.setRowHidden(row, not hit)
        if heading >= 0:
            self.setRowHidden(heading, not shown)
        return found

    def startDrag(self, actions: Qt.DropAction) -> None:
        indexes = self.selectedIndexes()
        if not indexes or indexes[0].data() not in CATALOGUE:
            return
        drag = QDrag(self)
        drag.setMimeData(self._model.mimeData(indexes))
        picture = card_picture(indexes[0].data(), self.devicePixelRatioF())
        drag.setPixmap(picture)
        size = picture.deviceIndependentSize()
        drag.setHotSpot(QPoint(round(size.width() / 2), round(size.height() / 2)))
        drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid() and index.data() in CATALOGUE:
            self.chosen.emit(index.data())


class PalettePanel(QWidget):
    """The search and the list below it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search layers  /")
        self.search.setClearButtonEnabled(True)
        name_widget(self.search, "layerSearch", "Search layers", "Enter adds the first hit")
        self.list = LayerPalette()
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
        self._found = [spec.type for spec in matches("")]

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
                    if not self.list.isRowHidden(row) and index.data() in CATALOGUE:
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
            self.chosen.emit(self._found[0])
            self.search.selectAll()


def card_picture(type_: str, ratio: float) -> QPixmap:
    """A small card that follows the mouse while a layer type is dragged."""
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
    painter.setBrush(look.family[CATALOGUE[type_].category])
    painter.drawRoundedRect(QRectF(9, 9, 4, height - 18), 2, 2)
    painter.setPen(look.text)
    painter.setFont(font(13, bold=True))
    area = QRectF(22, 0, width - 22, height)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), type_)
    painter.end()
    return picture
