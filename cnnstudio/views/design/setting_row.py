"""One setting in the inspector: label, editor, way back to the default, and what is wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from cnnstudio.graph.network import Layer
from cnnstudio.graph.spec import Field, Kind
from cnnstudio.views import icons
from cnnstudio.views.design.editors import OptionalEditor, editor_for
from cnnstudio.views.design.wording import value_text
from cnnstudio.views.theme import HIT, S4
from cnnstudio.views.widgets import set_property

LABEL_WIDTH, RESET_WIDTH = 110, 20


class SettingRow(QWidget):
    """Sends `changed(field name, value)` for values that fit; others get their sentence here."""

    changed = Signal(str, object)
    # The field got the focus: its visit begins.
    visited = Signal(str)
    left = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.setObjectName(f"row_{field.name}")
        self._layer: Layer | None = None
        self.wrong = False
        self.label = QLabel(field.name)
        self.label.setProperty("role", "secondary")
        self.label.setToolTip(field.help)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.editor = editor_for(field)
        self.reset = QToolButton()
        self.reset.setProperty("role", "bare")
        self.reset.setObjectName(f"reset_{field.name}")
        self.reset.setAccessibleName(f"Reset {field.name} to its default")
        self.reset.setToolTip(f"Default: {value_text(field, field.default)}")
        self.reset.setFixedSize(RESET_WIDTH, HIT)
        icons.set_icon(self.reset, "undo", "secondary")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.message = QLabel()
        self.message.setObjectName(f"error_{field.name}")
        self.message.setWordWrap(True)
        set_property(self.message, "role", "error")
        self.message.hide()
        wide = field.kind in (Kind.SHAPE, Kind.SIDES)
        line = QHBoxLayout()
        line.setSpacing(S4)
        line.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        self.label.setFixedHeight(HIT)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(2)
        outer.addLayout(line)
        if wide:
            # Three or four numbers need the whole width.
            line.addStretch(1)
            line.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignTop)
            below = QHBoxLayout()
            below.addWidget(self.editor)
            below.addSpacing(RESET_WIDTH + S4)
            outer.addLayout(below)
        else:
            line.addWidget(self.editor, 1)
            line.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignTop)
        outer.addWidget(self.message)
        self.editor.edited.connect(self._edited)
        self.reset.clicked.connect(self._reset)
        for control in self.editor.inputs:
            control.installEventFilter(self)

    def show_layer(self, layer: Layer, *, other: bool) -> None:
        """Show the setting of a layer, another one or as it is now.

        What is typed and wrong stays unless the value is new.
        """
        before, self._layer = self._layer, layer
        value = layer[self.field.name]
        new = other or before is None or before[self.field.name] != value
        if isinstance(self.editor, OptionalEditor) and self.field.none_means.startswith("same as "):
            self.editor.offer(layer[self.field.none_means.removeprefix("same as ")])
        if new or not self.wrong:
            self._show_message("")
            if not self._says(value):
                self.editor.show_value(value)
        self.reset.setVisible(self.wrong or value != self.field.default)

    def _says(self, value: Any) -> bool:
        try:
            return self.field.check(self.editor.value()) == value
        except ValueError:
            return False

    def _edited(self) -> None:
        try:
            value = self.field.check(self.editor.value())
        except ValueError as error:
            self._show_message(str(error))
            return
        self._show_message("")
        self.changed.emit(self.field.name, value)

    def _reset(self) -> None:
        self._show_message("")
        self.editor.show_value(self.field.default)
        self.visited.emit(self.field.name)
        self.changed.emit(self.field.name, self.field.default)

    def _show_message(self, text: str) -> None:
        self.wrong = bool(text)
        if text:
            text = text[0].upper() + text[1:] if text.startswith("type ") else text
        self.message.setText(text)
        self.message.setVisible(self.wrong)
        self.editor.set_wrong(self.wrong)
        if self.wrong:
            self.reset.setVisible(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusIn:
            self.visited.emit(self.field.name)
        elif event.type() is QEvent.Type.FocusOut:
            self.left.emit()
        return super().eventFilter(watched, event)
