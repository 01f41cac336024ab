"""Editors of settings that hold several values: names out of a few, numbers by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.train.number_edit import parse, shortest
from cnnstudio.views.widgets import set_property


class NamesButton(QPushButton):
    """Says which of a few names are chosen; its menu has one to tick for each."""

    edited = Signal(object)

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "choice")
        self.setFixedHeight(theme.HIT)
        self.chosen: tuple[str, ...] = ()
        self.choices = QMenu(self)
        for name in names:
            action = self.choices.addAction(name)
            action.setObjectName(name)
            action.setCheckable(True)
            action.triggered.connect(self._changed)
        self.setMenu(self.choices)
        self.set_value(())

    def set_value(self, names: Sequence[str]) -> None:
        """Show these as chosen without emitting `edited`."""
        self.chosen = tuple(names)
        for action in self.choices.actions():
            action.setChecked(action.text() in names)
        self.setText(", ".join(names) or "none")
        self.setAccessibleDescription(self.text())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write at the left as the fields around do; a stylesheet cannot, beside a menu's arrow."""
        painter, option = QStylePainter(self), QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        room = self.rect().adjusted(9, 0, -24, 0)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(theme.current().color("text" if self.isEnabled() else "disabled"))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()

    def _changed(self) -> None:
        self.set_value([a.text() for a in self.choices.actions() if a.isChecked()])
        self.edited.emit(self.chosen)


class NumbersEdit(QLineEdit):
    """Takes `cat=2, dog=0.5`. Emits `edited` with a dict as soon as all of it can be read."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme.HIT)
        self.setPlaceholderText("name=2, …")
        self.textEdited.connect(self._typed)
        self.editingFinished.connect(self._leave)
        self._value: Mapping[str, float] = {}

    def set_value(self, value: Mapping[str, float]) -> None:
        """Show these numbers; text that means them already is left alone."""
        self._value = dict(value)
        if read_numbers(self.text()) != self._value:
            self.setText(", ".join(f"{name}={shortest(v)}" for name, v in value.items()))
        set_property(self, "state", "")

    def refuse(self) -> None:
        """Mark what is typed as not acceptable."""
        set_property(self, "state", "error")

    def _typed(self, text: str) -> None:
        numbers = read_numbers(text)
        set_property(self, "state", "error" if numbers is None else "")
        if numbers is not None:
            self.edited.emit(numbers)

    def _leave(self) -> None:
        if self.property("state") == "error":
            self.setText("")
            self.set_value(self._value)


def read_numbers(text: str) -> dict[str, float] | None:
    """The numbers by name that a person wrote, or None."""
    found: dict[str, float] = {}
    for part in text.split(","):
        if not part.strip():
            continue
        name, equals, number = part.rpartition("=")
        value = parse(number)
        if not equals or not name.strip() or value is None:
            return None
        found[name.strip()] = value
    return found
