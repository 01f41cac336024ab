"""A strip across a page: one message in place, with the way out beside it. Never a modal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.widgets import Button, PrimaryButton, name_widget

Kind = Literal["info", "error", "warning", "progress"]
StripAction = tuple[str, Callable[[], object]]
COLOURS = {"info": "accent", "progress": "accent", "error": "error", "warning": "warning"}


class Strip(QFrame):
    """A tinted bar with a sentence and buttons; `show_message` shows it, `hide` ends it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._kind: Kind = "info"
        self.label = QLabel()
        self.label.setObjectName(f"{name}Text")
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        name_widget(self.bar, f"{name}Progress", "Progress")
        self.bar.setFixedWidth(200)
        self.buttons: list[QPushButton] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        self._row.setSpacing(theme.S12)
        self._row.addWidget(self.label, 1)
        self._row.addWidget(self.bar)
        self.hide()

    @property
    def text(self) -> str:
        return self.label.text()

    def show_message(
        self, text: str, kind: Kind = "info", actions: Sequence[StripAction] = ()
    ) -> None:
        """Show `text` with a button for each `(label, slot)`; the first is the one to take."""
        self._kind = kind
        self.label.setText(text)
        self.setAccessibleName(text)
        self.bar.setVisible(kind == "progress")
        while self.buttons:
            button = self.buttons.pop()
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        for number, (label, slot) in enumerate(actions):
            make = PrimaryButton if number == 0 and kind == "info" else Button
            button = make(label, f"{self.objectName()}Button{number}", slot)
            self._row.addWidget(button)
            self.buttons.append(button)
        self.show()
        self.update()

    def set_progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Change the sentence and the bar; without a `total` the bar says that work goes on."""
        self.label.setText(text)
        self.bar.setRange(0, total or 0)
        self.bar.setValue(min(done, total) if total else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        colour = COLOURS[self._kind]
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.color(colours.tint(colour, "surface", 0.14)))
        painter.fillRect(QRectF(0, 0, 3, self.height()), colours.color(colour))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), colours.color("border"))
