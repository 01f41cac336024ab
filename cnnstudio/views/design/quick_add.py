"""The search that opens on the canvas: type, Enter, and the layer is there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from cnnstudio.app.own_blocks import OwnBlocks
from cnnstudio.graph.folding import BLOCK_TYPE
from cnnstudio.graph.spec import Arity
from cnnstudio.graph.templates import Template
from cnnstudio.views.design.palette import SwatchDelegate
from cnnstudio.views.design.palette_model import FAMILY_ROLE, matches
from cnnstudio.views.theme import S4
from cnnstudio.views.widgets import name_widget

_WIDTH, _ROW, _ROWS = 248, 30, 7


class QuickAdd(QFrame):
    """A small panel on the canvas; `ask` opens it, Enter or a click answers, Escape closes it."""

    def __init__(self, canvas: QWidget, own: OwnBlocks) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._own = own
        name_widget(self, "quickAdd", "Add a layer")
        self.setProperty("role", "card")
        self._answer: Callable[[str], object] | None = None
        self._block: Callable[[Template], object] | None = None
        self._accepts_input = False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Add a layer …")
        name_widget(self.search, "quickAddSearch", "Add a layer: type its name")
        self.hits = QListWidget()
        name_widget(self.hits, "quickAddHits", "Layers that fit")
        self.hits.setItemDelegate(SwatchDelegate(self.hits, indent=4))
        self.hits.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hits.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S4 + 2, S4 + 2, S4 + 2, S4 + 2)
        layout.setSpacing(S4)
        layout.addWidget(self.search)
        layout.addWidget(self.hits)
        self.search.textChanged.connect(self._show_hits)
        self.hits.itemClicked.connect(self._choose)
        self.search.installEventFilter(self)
        self.hide()

    def ask(
        self,
        at: QPoint,
        answer: Callable[[str], object],
        text: str = "",
        block: Callable[[Template], object] | None = None,
        *,
        accepts_input: bool = False,
    ) -> None:
        """Open at a point of the canvas; `answer` gets the type chosen, `block` the own block.

        With `accepts_input` only layers that something can be linked to are offered.
        """
        self._answer, self._block = answer, block
        self._accepts_input = accepts_input
        self.search.setText(text)
        self._show_hits(text)
        self.move(at)
        self.show()
        self.raise_()
        self.keep_inside()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)
        self.search.setCursorPosition(len(text))

    def dismiss(self) -> None:
        if self.isVisible():
            self._answer = None
            if self.search.hasFocus():
                self._canvas.setFocus(Qt.FocusReason.PopupFocusReason)
            self.hide()

    def keep_inside(self) -> None:
        """Stay within the canvas, whatever its size."""
        rows = max(1, min(_ROWS, self.hits.count()))
        self.hits.setFixedHeight(rows * _ROW)
        self.setFixedSize(_WIDTH, self.sizeHint().height())
        room = self._canvas.rect().adjusted(8, 8, -8, -8)
        x = max(room.left(), min(self.x(), room.right() - self.width()))
        y = max(room.top(), min(self.y(), room.bottom() - self.height()))
        self.move(x, y)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent):
            down = event.type() is QEvent.Type.KeyPress
            if event.key() == Qt.Key.Key_Escape:
                if down:
                    self.dismiss()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                # Taken here: the canvas has its own use for the key.
                if down:
                    self._choose()
                return True
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                if down:
                    step = 1 if event.key() == Qt.Key.Key_Down else -1
                    row = self.hits.currentRow() + step
                    self.hits.setCurrentRow(max(0, min(self.hits.count() - 1, row)))
                return True
        if watched is self.search and event.type() is QEvent.Type.FocusOut:
            # A click elsewhere closes it; one on its own list does not take the focus.
            self.dismiss()
        return super().eventFilter(watched, event)

    def _show_hits(self, query: str) -> None:
        self.hits.clear()
        wanted = query.strip().lower()
        for name in self._own.names if self._block and wanted else ():
            if wanted in name.lower():
                QListWidgetItem(name, self.hits).setData(FAMILY_ROLE, BLOCK_TYPE)
        for spec in matches(query):
            if self._accepts_input and spec.arity is Arity.NONE:
                continue
            item = QListWidgetItem(spec.type, self.hits)
            item.setData(FAMILY_ROLE, spec.category)
            item.setToolTip(spec.summary)
        if not self.hits.count():
            item = QListWidgetItem("No layer fits", self.hits)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        else:
            self.hits.setCurrentRow(0)
        if self.isVisible():
            self.keep_inside()

    def _choose(self) -> None:
        item, answer = self.hits.currentItem(), self._answer
        if item is None or item.data(FAMILY_ROLE) is None or answer is None:
            return
        name, block = item.text(), self._block
        self.dismiss()
        if item.data(FAMILY_ROLE) != BLOCK_TYPE:
            answer(name)
        elif block is not None and name in self._own:
            block(self._own[name])
