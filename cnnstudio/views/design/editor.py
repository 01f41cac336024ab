"""What the editors of all kinds of settings have in common.

An editor shows a value and sends `edited` when the person changed it; `value()` raises ValueError
with a sentence while what is typed is no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cnnstudio.graph.spec import Field
from cnnstudio.views.theme import HIT, S4
from cnnstudio.views.widgets import Secondary, set_property


class Editor(QWidget):
    """Shows and changes the value of one field."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(S4)

    def value(self) -> Any:
        """What is entered. Raises ValueError with a sentence for the person."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show a value that came from elsewhere, such as undo; `edited` is not sent."""
        raise NotImplementedError

    @property
    def inputs(self) -> Sequence[QWidget]:
        """The controls that take the focus."""
        return ()

    def set_wrong(self, wrong: bool) -> None:
        for control in self.inputs:
            set_property(control, "state", "error" if wrong else "")

    def _say(self, control: QWidget, part: str = "") -> None:
        """Name a control for scripts and screen readers."""
        control.setObjectName(f"setting_{self.field.name}" + (f"_{part}" if part else ""))
        control.setAccessibleName(f"{self.field.name} {part}".strip())
        control.setToolTip(self.field.help)


def sign(text: str) -> QLabel:
    label = Secondary(text)
    label.setWordWrap(False)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setFixedHeight(HIT)
    return label
