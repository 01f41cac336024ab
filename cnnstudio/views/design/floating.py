"""Small panels on the canvas: a field to type into, and where there is a choice, what fits."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from cnnstudio.views.design.palette import SwatchDelegate
from cnnstudio.views.design.palette_model import FAMILY_ROLE
from cnnstudio.views.theme import S4
from cnnstudio.views.widgets import name_widget

_ROW, _ROWS = 30, 7
_EDGE = 8


class FloatingField(QFrame):
    """`open_at` shows it, Enter answers, Escape or a click elsewhere closes it."""

    wide = 248

    def __init__(self, canvas: QWidget, object_name: str, accessible_name: str) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        name_widget(self, object_name, accessible_name)
        self.setProperty("role", "card")
        self.field = QLineEdit()
        self.field.installEventFilter(self)
        self.hide()

    def open_at(self, at: QPoint, text: str) -> None:
        """Open at a point of the canvas, the cursor behind `text`."""
        self.field.setText(text)
        self.move(at)
        self.show()
        self.raise_()
        self.keep_inside()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Close it; the canvas has the focus again."""
        if self.isVisible():
            if self.field.hasFocus():
                self._canvas.setFocus(Qt.FocusReason.PopupFocusReason)
            self.hide()

    def keep_inside(self) -> None:
        """Stay within the canvas, whatever its size."""
        self.setFixedSize(self.wide, self.sizeHint().height())
        room = self._canvas.rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        x = max(room.left(), min(self.x(), room.right() - self.width()))
        y = max(room.top(), min(self.y(), room.bottom() - self.height()))
        self.move(x, y)

    def answer(self) -> None:
        """Enter was pressed."""
        raise NotImplementedError

    def step(self, down: int) -> None:
        """An arrow up or down was pressed."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            # Taken here, pressed and released: the canvas has its own uses for these keys.
            down = event.type() is QEvent.Type.KeyPress
            key = event.key()
            if key == Qt.Key.Key_Escape:
                if down:
                    self.dismiss()
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if down:
                    self.answer()
                return True
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                if down:
                    self.step(1 if key == Qt.Key.Key_Down else -1)
                return True
        if event.type() is QEvent.Type.FocusOut:
            self.dismiss()
        return super().eventFilter(watched, event)


class FloatingSearch(FloatingField):
    """A field with a list of what fits what is typed; a click on an entry answers too."""

    def __init__(self, canvas: QWidget, object_name: str, accessible_name: str) -> None:
        super().__init__(canvas, object_name, accessible_name)
        self.hits = QListWidget()
        self.hits.setItemDelegate(SwatchDelegate(self.hits, indent=4))
        # A click on the list must not take the focus: that would close the panel.
        self.hits.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hits.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hits.itemClicked.connect(self.answer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S4 + 2, S4 + 2, S4 + 2, S4 + 2)
        layout.setSpacing(S4)
        layout.addWidget(self.field)
        layout.addWidget(self.hits)
        self.field.textChanged.connect(self._show_hits)

    def open_at(self, at: QPoint, text: str) -> None:
        self._show_hits(text)
        super().open_at(at, text)

    def keep_inside(self) -> None:
        self.hits.setFixedHeight(max(1, min(_ROWS, self.hits.count())) * _ROW)
        super().keep_inside()

    def step(self, down: int) -> None:
        row = self.hits.currentRow() + down
        self.hits.setCurrentRow(max(0, min(self.hits.count() - 1, row)))

    def chosen(self) -> QListWidgetItem | None:
        """The entry that is marked; None where nothing fits."""
        item = self.hits.currentItem()
        return item if item is not None and item.data(FAMILY_ROLE) is not None else None

    def fill(self, query: str) -> None:
        """List what fits; `add` puts each into the list."""
        raise NotImplementedError

    def add(self, text: str, family: object) -> QListWidgetItem:
        """Put an entry into the list, with the swatch of its family."""
        item = QListWidgetItem(text, self.hits)
        item.setData(FAMILY_ROLE, family)
        return item

    def _show_hits(self, query: str) -> None:
        blocked = self.hits.blockSignals(True)
        self.hits.clear()
        self.fill(query)
        if not self.hits.count():
            QListWidgetItem("No layer fits", self.hits).setFlags(Qt.ItemFlag.NoItemFlags)
        self.hits.blockSignals(blocked)
        self.hits.setCurrentRow(0 if self.hits.item(0).data(FAMILY_ROLE) is not None else -1)
        if self.isVisible():
            self.keep_inside()
