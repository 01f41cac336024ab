"""A row of buttons of which one is pressed: views of the same thing, side by side."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QWidget

from cnnstudio.views import theme


class Segments(QFrame):
    """A segmented control; `chosen` tells the key of the segment that a person pressed."""

    chosen = Signal(str)

    def __init__(self, name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.S4)

    def add(self, key: str, title: str) -> None:
        """Another segment at the right; the first is pressed."""
        button = QPushButton(title)
        button.setObjectName(f"{self.objectName()}_{key}")
        button.setAccessibleName(title)
        button.setProperty("role", "tab")
        button.setCheckable(True)
        button.setChecked(not self._buttons)
        button.clicked.connect(lambda _checked=False: self.chosen.emit(key))
        self._buttons[key] = button
        self._group.addButton(button)
        self._row.addWidget(button)

    @property
    def current(self) -> str:
        """The key of the pressed segment."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def button(self, key: str) -> QPushButton:
        return self._buttons[key]

    def choose(self, key: str) -> None:
        """Press the segment `key`, as a person would."""
        self._buttons[key].click()

    def set_title(self, key: str, title: str) -> None:
        self._buttons[key].setText(title)
        self._buttons[key].setAccessibleName(title)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        keys = list(self._buttons)
        if step is None or not keys:
            super().keyPressEvent(event)
            return
        place = min(max(keys.index(self.current) + step, 0), len(keys) - 1)
        self.choose(keys[place])
        self._buttons[keys[place]].setFocus()
