"""The controls of one operation of the augmentation, made from its declaration."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cnnstudio.data.augmentation import Operation, Scale
from cnnstudio.data.augmentation.operation import figure
from cnnstudio.views import theme
from cnnstudio.views.range_slider import RangeSlider
from cnnstudio.views.widgets import QuietButton, Secondary, name_widget

Numbers = float | tuple[float, float]


class NumberRow(QWidget):
    """One number or range on a scale: its name, fields to type in, and a slider below them.

    `moved` carries what is shown while a slider moves, `settled` what is chosen.
    """

    moved = Signal(object)
    settled = Signal(object)

    def __init__(self, name: str, accessible: str, scale: Scale, help_: str, *, pair: bool) -> None:
        super().__init__()
        self._scale = scale
        ends = ("from", "to") if pair else ("",)
        words = tuple(f"{accessible} {end}".strip() for end in ends)
        low, high = scale.shown(scale.low), scale.shown(scale.high)
        self.slider = RangeSlider(name, words, low, high, scale.step, fine=scale.fine)
        self.fields = tuple(
            NumberField(f"{name}_field{number}", word, scale) for number, word in enumerate(words)
        )
        label = Secondary(scale.label)
        label.setWordWrap(False)
        for widget in (label, self.slider, *self.fields):
            widget.setToolTip(f"<p>{help_}</p>")
        line = QHBoxLayout()
        line.setSpacing(theme.S4)
        line.addWidget(label, 1)
        for number, field in enumerate(self.fields):
            if number:
                dash = Secondary("to")
                dash.setWordWrap(False)
                line.addWidget(dash)
            line.addWidget(field)
            field.chosen.connect(lambda _value, number=number: self._typed(number))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        if pair:
            column.addWidget(self.slider)
        else:
            line.insertWidget(1, self.slider, 3)
        self.slider.moved.connect(self._slid)
        self.slider.settled.connect(self._slid_to)

    def show_value(self, value: Numbers) -> None:
        """Show a value without sending anything."""
        pair = value if isinstance(value, tuple) else (value,)
        shown = tuple(self._scale.shown(number) for number in pair)
        self.slider.set_values(shown)
        self._put(shown)

    def _put(self, shown: tuple[float, ...]) -> None:
        for field, number in zip(self.fields, shown, strict=True):
            field.set_value(number)

    def _slid(self, shown: tuple[float, ...]) -> None:
        self._put(shown)
        self.moved.emit(self._meant(shown))

    def _slid_to(self, shown: tuple[float, ...]) -> None:
        self._put(shown)
        self.settled.emit(self._meant(shown))

    def _typed(self, number: int) -> None:
        shown = [field.value for field in self.fields]
        # A least above the greatest takes that along.
        if shown[0] > shown[-1]:
            shown = [shown[number]] * 2
        self._put(tuple(shown))
        self.slider.set_values(tuple(shown))
        self.settled.emit(self._meant(tuple(shown)))

    def _meant(self, shown: tuple[float, ...]) -> Numbers:
        meant = tuple(self._scale.meant(number) for number in shown)
        return meant[0] if len(meant) == 1 else (meant[0], meant[1])


class NumberField(QLineEdit):
    """A number with its unit; `chosen` carries it when another was typed, or stepped to by a key.

    What is no number is undone on leaving the field.
    """

    chosen = Signal(float)

    def __init__(self, name: str, accessible: str, scale: Scale) -> None:
        super().__init__()
        name_widget(self, name, accessible)
        self._scale = scale
        self._value = 0.0
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(64)
        self.editingFinished.connect(self._typed)

    @property
    def value(self) -> float:
        """The number as it is shown."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show a number without sending anything."""
        self._value = value
        self.setText(f"{figure(value)}{self._scale.unit}")

    def _typed(self) -> None:
        text = self.text().replace(self._scale.unit.strip() or " ", "").replace("−", "-")
        try:
            self._choose(float(text.replace(",", ".")))
        except ValueError:
            self.set_value(self._value)

    def _choose(self, value: float) -> None:
        before, scale = self._value, self._scale
        # To the limits and back: what is shown is what is meant.
        self.set_value(scale.shown(scale.meant(value)))
        if self._value != before:
            self.chosen.emit(self._value)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            undoing = event.matches(keys.Undo) or event.matches(keys.Redo)
            if undoing and not self.isModified():
                # What was typed is in the project: Undo means that, not the letters.
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
        else:
            self._choose(self._value + steps * self._scale.step)


class OperationRow(QWidget):
    """An operation: its switch, and while it is on its numbers. They are made when first shown.

    `moved` carries the settings of the operation while a slider moves; `settled` the name of what
    was chosen, empty for the operation as a whole, and its value.
    """

    moved = Signal(object)
    settled = Signal(str, object)

    def __init__(self, name: str, operation: Operation) -> None:
        super().__init__()
        self._name = f"augment_{name}"
        self._kind = type(operation)
        self._shown = operation
        self._grey = False
        self.rows: dict[str, NumberRow] = {}
        self.switch = QCheckBox(operation.title)
        name_widget(self.switch, self._name, operation.title, f"<p>{operation.help}</p>")
        self.switch.setAccessibleDescription(operation.help)
        self.switch.clicked.connect(lambda on: self.settled.emit("enabled", on))
        self.reset = QuietButton("Reset", f"{self._name}_reset", self._reset)
        self.reset.setAccessibleName(f"Reset {operation.title.lower()}")
        self.reset.setToolTip("Set its numbers to what they are at first")
        head = QHBoxLayout()
        head.addWidget(self.switch, 1)
        head.addWidget(self.reset)
        self.note = Secondary("No effect on grey pictures.")
        self.body = QWidget()
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(theme.S24, 0, 0, theme.S8)
        self._column.setSpacing(theme.S4)
        self._column.addWidget(self.note)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.body)

    def show_settings(self, operation: Operation, *, grey: bool) -> None:
        """Show the settings of the operation without sending anything."""
        self._shown, self._grey = operation, grey
        self.switch.setChecked(operation.enabled)
        self.body.setVisible(operation.enabled)
        first = self._kind(enabled=operation.enabled)
        self.reset.setVisible(operation.enabled and operation != first)
        self.note.setVisible(grey and operation.colours_only)
        if operation.enabled:
            self._make_rows()
            for name, row in self.rows.items():
                row.show_value(getattr(operation, name))

    def _make_rows(self) -> None:
        if self.rows:
            return
        for name, scale in self._kind.scales():
            field = self._kind.model_fields[name]
            row = NumberRow(
                f"{self._name}_{name}",
                f"{self._kind.title}: {scale.label.lower()}",
                scale,
                field.description or "",
                pair=isinstance(getattr(self._shown, name), tuple),
            )
            row.moved.connect(lambda value, name=name: self._preview(name, value))
            row.settled.connect(lambda value, name=name: self.settled.emit(name, value))
            self.rows[name] = row
            self._column.addWidget(row)

    def _preview(self, name: str, value: object) -> None:
        self.moved.emit(self._shown.model_copy(update={name: value}))

    def _reset(self) -> None:
        self.settled.emit("", self._kind(enabled=True))
