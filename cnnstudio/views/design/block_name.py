"""The little field on the canvas that asks for a block's name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QWidget

from cnnstudio.graph.blocks import LONGEST_NAME
from cnnstudio.views.theme import S4, S8
from cnnstudio.views.widgets import name_widget

_WIDTH = 248


class AskName(QFrame):
    """`ask` opens it, Enter answers, Escape or a click elsewhere closes it."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        name_widget(self, "blockNamePanel", "Name of the block")
        self.setProperty("role", "card")
        self._answer: Callable[[str], bool] | None = None
        self.label = QLabel("Block")
        self.label.setProperty("role", "secondary")
        self.field = QLineEdit()
        self.field.setMaxLength(LONGEST_NAME)
        name_widget(self.field, "blockNameField", "Name of the block, Enter to make it")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(S8, S4 + 2, S4 + 2, S4 + 2)
        layout.setSpacing(S8)
        layout.addWidget(self.label)
        layout.addWidget(self.field, 1)
        self.field.installEventFilter(self)
        self.setFixedWidth(_WIDTH)
        self.hide()

    def ask(self, at: QPoint, text: str, answer: Callable[[str], bool]) -> None:
        """Open at a point of the canvas with a proposal; stay open until `answer` is content."""
        self._answer = answer
        self.field.setText(text)
        self.field.selectAll()
        self.adjustSize()
        room = self._canvas.rect().adjusted(8, 8, -8, -8)
        x = max(room.left(), min(at.x(), room.right() - self.width()))
        y = max(room.top(), min(at.y(), room.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        if self.isVisible():
            self._answer = None
            if self.field.hasFocus():
                self._canvas.setFocus(Qt.FocusReason.PopupFocusReason)
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            down = event.type() is QEvent.Type.KeyPress
            if event.key() == Qt.Key.Key_Escape:
                if down:
                    self.dismiss()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                # Taken here: the canvas has its own use for the key.
                if down and self._answer is not None and self._answer(self.field.text()):
                    self.dismiss()
                return True
        if event.type() is QEvent.Type.FocusOut:
            self.dismiss()
        return super().eventFilter(watched, event)
