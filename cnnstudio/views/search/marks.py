"""Marks of what is searched over: toggles in the inspector, signs on the cards of the canvas."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsScene,
    QStyleOptionGraphicsItem,
    QToolButton,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.search.defaults import default_entry
from cnnstudio.search.settings import entry_text
from cnnstudio.search.space import key_of_layer, layer_key, marked_layers
from cnnstudio.views import icons, theme
from cnnstudio.views.design import metrics as size
from cnnstudio.views.search.space_rows import within, without
from cnnstudio.views.widgets import name_widget

WIDTH = 16
_RADIUS = 9.0


class SettingMark(QToolButton):
    """Beside a setting of the inspector: whether it is searched over."""

    def __init__(self, row: QWidget, field: str) -> None:
        super().__init__(row.parentWidget())
        self._row = row
        self.field = field
        self.setCheckable(True)
        # The fields are what Tab goes along; the Search tab has all settings for the keyboard.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedSize(WIDTH, theme.HIT)
        row.installEventFilter(self)
        self._place()

    def show_entry(self, text: str) -> None:
        """Tell what is searched over; an empty text: nothing is."""
        self.setChecked(bool(text))
        said = f"Searched over: {text}" if text else f"Search over {self.field}"
        name_widget(self, f"mark_{self.field}", said, f"{said} (Train page, Search)")
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        places = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)
        if event.type() in places:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.move(self._row.pos() - QPoint(WIDTH, 0))
        self.setVisible(not self._row.isHidden())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = QPointF(7, self.height() / 2)
        if self.isChecked():
            # The sign that its card has.
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.current().color("accent"))
            painter.drawEllipse(middle, 6.5, 6.5)
            wide, colour = 10, "on_accent"
        else:
            wide, colour = 12, "text" if self.underMouse() else "secondary"
            painter.setOpacity(1.0 if self.underMouse() else 0.6)
        picture = icons.pixmap("search", wide, colour, self.devicePixelRatioF())
        painter.drawPixmap(middle - QPointF(wide / 2, wide / 2), picture)


class SettingMarks(QObject):
    """The marks of one form; each click is a step for undo."""

    def __init__(self, form: QWidget, rows: Mapping[str, QWidget], document: Document) -> None:
        super().__init__(form)
        self._document = document
        self._layer = ""
        self.marks = {name: SettingMark(row, name) for name, row in rows.items()}
        for name, mark in self.marks.items():
            mark.clicked.connect(lambda on, name=name: self._toggle(name, on))
        document.search_changed.connect(self.refresh)

    def show_layer(self, name: str) -> None:
        """Show what of a layer is searched over; layers that share weights have one owner."""
        self._layer = self._document.network[name].shares or name
        self.refresh()

    def refresh(self) -> None:
        """The search or the layer changed."""
        network = self._document.network
        if self._layer not in network:
            return
        for name, mark in self.marks.items():
            entry = self._document.search.space.get(layer_key(self._layer, name))
            key = key_of_layer(network, self._layer, name)
            mark.show_entry("" if entry is None else entry_text(entry))
            mark.setEnabled(entry is not None or key.kind != "other")

    def _toggle(self, field: str, on: bool) -> None:
        key = key_of_layer(self._document.network, self._layer, field)
        if on:
            within(self._document, (key.name, default_entry(key)))
        else:
            without(self._document, key.name)


class CardMark(QGraphicsItem):
    """On the corner of a card: settings of this layer are searched over."""

    def __init__(self, card: QGraphicsItem) -> None:
        super().__init__(card)
        self.setPos(size.CARD_WIDTH - 14, 1)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def boundingRect(self) -> QRectF:
        return QRectF(-_RADIUS - 1, -_RADIUS - 1, 2 * _RADIUS + 2, 2 * _RADIUS + 2)

    def shape(self) -> QPainterPath:
        # What is pointed at is the card.
        return QPainterPath()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("accent"))
        painter.drawEllipse(QPointF(0, 0), _RADIUS, _RADIUS)
        picture = icons.pixmap("search", 12, "on_accent", 2.0)
        painter.drawPixmap(QRectF(-6, -6, 12, 12), picture, QRectF(picture.rect()))


class CardMarks(QObject):
    """Keeps the signs on the cards of a scene; `cards` gives the cards by name."""

    def __init__(
        self,
        document: Document,
        scene: QGraphicsScene,
        cards: Callable[[], Mapping[str, QGraphicsItem]],
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._document = document
        self._scene = scene
        self._cards = cards
        self.marks: dict[str, CardMark] = {}
        # After the scene has followed the document.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        document.search_changed.connect(self._later.start)
        document.changed.connect(self._later.start)
        page.installEventFilter(self)

    def refresh(self) -> None:
        """Put signs on the cards of marked layers, and of blocks that hold one."""
        marked = marked_layers(self._document.search.space)
        if not marked and not self.marks:
            return
        kept: dict[str, CardMark] = {}
        for name, card in self._cards().items():
            layers = getattr(card, "layers", (name,))
            if marked.isdisjoint(layers):
                continue
            mark = self.marks.get(name)
            if mark is None or not shiboken6.isValid(mark) or mark.parentItem() is not card:
                mark = CardMark(card)
            kept[name] = mark
        for name, mark in self.marks.items():
            gone = kept.get(name) is not mark and shiboken6.isValid(mark)
            if gone and mark.scene() is self._scene:
                self._scene.removeItem(mark)
        self.marks = kept

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._later.start()
        return super().eventFilter(watched, event)
