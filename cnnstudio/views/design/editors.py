"""An editor for each kind of setting.

`editor_for` makes the one a field declares; lists and ranges are in `lists`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.graph.spec import Field, Kind, Made
from cnnstudio.views.design.editor import Editor, sign
from cnnstudio.views.design.lists import ListEditor, PenaltyEditor, RangeEditor
from cnnstudio.views.design.numbers import LockButton, NumberEdit, WholeEdit
from cnnstudio.views.theme import S4
from cnnstudio.views.widgets import Secondary

# Letters that fit into a line beside a box to tick.
_LINE = 12


class NumberEditor(Editor):
    """INT and FLOAT."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.edit = _number_edit(field)
        self._say(self.edit)
        self.row.addWidget(self.edit)
        self.edit.typed.connect(self.edited)

    @property
    def inputs(self) -> Sequence[QWidget]:
        return (self.edit,)

    def value(self) -> Any:
        return self.edit.parsed()

    def show_value(self, value: Any) -> None:
        self.edit.show_value(value)


class BoolEditor(Editor):
    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.box = QCheckBox()
        self._say(self.box)
        self.row.addWidget(self.box)
        self.row.addStretch(1)
        self.box.clicked.connect(lambda _checked: self.edited.emit())

    @property
    def inputs(self) -> Sequence[QWidget]:
        return (self.box,)

    def value(self) -> bool:
        return self.box.isChecked()

    def show_value(self, value: Any) -> None:
        self.box.setChecked(value)


class Combo(QComboBox):
    """A list that the mouse wheel does not change in passing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling the panel must not change the network.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class ChoiceEditor(Editor):
    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.combo = Combo()
        self.combo.addItems(list(field.choices))
        self.combo.setMaxVisibleItems(16)
        self.combo.setMinimumContentsLength(6)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._say(self.combo)
        self.row.addWidget(self.combo)
        self.combo.activated.connect(lambda _index: self.edited.emit())

    @property
    def inputs(self) -> Sequence[QWidget]:
        return (self.combo,)

    def value(self) -> str:
        return self.combo.currentText()

    def show_value(self, value: Any) -> None:
        self.combo.setCurrentText(value)


class SeveralEditor(Editor):
    """PAIR, SHAPE and SIDES: whole numbers side by side, with a lock where they may be tied."""

    def __init__(
        self,
        field: Field,
        parts: Sequence[str],
        *,
        lock: bool,
        separator: str = "×",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(field, parent)
        self.edits: list[WholeEdit] = []
        for number, part in enumerate(parts):
            if number and separator:
                self.row.addWidget(sign(separator), 0, Qt.AlignmentFlag.AlignBottom)
            edit = WholeEdit(field.minimum, field.maximum, arrows=False)
            self._say(edit, part)
            edit.setToolTip(f"{part}: {field.help}")
            edit.setMinimumWidth(34)
            edit.typed.connect(lambda edit=edit: self._typed(edit))
            self.row.addLayout(_captioned(edit, part if len(parts) > 2 else ""), 1)
            self.edits.append(edit)
        self.lock = LockButton() if lock else None
        if self.lock is not None:
            self.lock.setObjectName(f"setting_{field.name}_lock")
            self.lock.toggled.connect(self._locked)
            self.row.addWidget(self.lock, 0, Qt.AlignmentFlag.AlignBottom)

    @property
    def inputs(self) -> Sequence[QWidget]:
        return self.edits

    def numbers(self) -> tuple[int, ...]:
        return tuple(edit.parsed() for edit in self.edits)

    def value(self) -> Any:
        numbers = self.numbers()
        if self.field.kind is Kind.SIDES:
            return (numbers[:2], numbers[2:])
        return numbers

    def show_value(self, value: Any) -> None:
        if self.field.kind is Kind.SIDES:
            value = (*value[0], *value[1])
        for edit, number in zip(self.edits, value, strict=True):
            edit.show_value(number)
        if self.lock is not None and len(set(value)) > 1:
            self.lock.set_locked(False)

    def _typed(self, changed: WholeEdit) -> None:
        if self.lock is not None and self.lock.locked:
            self._copy(changed)
        self.edited.emit()

    def _locked(self, locked: bool) -> None:
        if locked:
            self._copy(self.edits[0])
            self.edited.emit()

    def _copy(self, source: WholeEdit) -> None:
        for edit in self.edits:
            if edit is not source and edit.text() != source.text():
                edit.setText(source.text())


class ObjectEditor(Editor):
    """OBJECT: one of a list, and below it what can be set of the one that is chosen."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.choice = ChoiceEditor(field)
        self._column = QVBoxLayout()
        self._column.setSpacing(2)
        self._column.addWidget(self.choice)
        self.row.addLayout(self._column)
        self._shown = ""
        self._parts: dict[str, Editor] = {}
        self._rows: list[QWidget] = []
        self.choice.edited.connect(self._chosen)

    @property
    def inputs(self) -> Sequence[QWidget]:
        parts = [control for editor in self._parts.values() for control in editor.inputs]
        return (*self.choice.inputs, *parts)

    def value(self) -> Any:
        if not self._shown:
            raise ValueError("Choose one of the list.")
        parts = {key: editor.value() for key, editor in self._parts.items()}
        return {"name": self.choice.value(), **parts}

    def show_value(self, value: Any) -> None:
        name, given = (
            (value.name, dict(value.arguments)) if isinstance(value, Made) else (value, {})
        )
        self.choice.show_value(name)
        self._show_parts(name)
        for option in self.field.options[name]:
            self._parts[option.name].show_value(given.get(option.name, option.default))

    def _chosen(self) -> None:
        name = self.choice.value()
        self._show_parts(name)
        for option in self.field.options[name]:
            self._parts[option.name].show_value(option.default)
        self.edited.emit()

    def _show_parts(self, name: str) -> None:
        if name == self._shown:
            return
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._shown, self._parts, self._rows = name, {}, []
        for option in self.field.options[name]:
            # Its controls are named after both, as several objects may have the same setting.
            editor = editor_for(replace(option, name=f"{self.field.name}_{option.name}"))
            editor.edited.connect(self.edited)
            row = QWidget()
            # A word of a list needs the whole width.
            line = QVBoxLayout(row) if option.kind is Kind.CHOICE else QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            line.setSpacing(S4)
            line.addWidget(sign(option.name), 0, Qt.AlignmentFlag.AlignLeft)
            line.addWidget(editor, 1)
            self._column.addWidget(row)
            self._rows.append(row)
            self._parts[option.name] = editor


class OptionalEditor(Editor):
    """Any editor with the state None, which is said in words: `same as pool_size`."""

    def __init__(self, field: Field, inner: Editor, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.inner = inner
        self.none = QCheckBox("\n".join(textwrap.wrap(field.none_means or "none", _LINE)))
        self.none.setObjectName(f"setting_{field.name}_none")
        self.none.setAccessibleName(f"{field.name}: {field.none_means or 'none'}")
        self._fallback = field.minimum if field.minimum is not None else 0
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.none)
        column.addWidget(inner)
        self.row.addLayout(column)
        self.none.clicked.connect(self._toggled)
        inner.edited.connect(self.edited)

    @property
    def inputs(self) -> Sequence[QWidget]:
        return (self.none, *self.inner.inputs)

    def set_wrong(self, wrong: bool) -> None:
        self.inner.set_wrong(wrong)

    def value(self) -> Any:
        return None if self.none.isChecked() else self.inner.value()

    def show_value(self, value: Any) -> None:
        self.none.setChecked(value is None)
        self.inner.setVisible(value is not None)
        if value is not None:
            self.inner.show_value(value)

    def offer(self, value: Any) -> None:
        """What to begin with when None is given up, such as the pool size for strides."""
        self._fallback = value

    def _toggled(self, none: bool) -> None:
        if not none:
            try:
                self.inner.value()
            except ValueError:
                self.inner.show_value(self._first())
        self.inner.setVisible(not none)
        self.edited.emit()

    def _first(self) -> Any:
        if self.field.kind is Kind.OBJECT:
            return self.field.choices[0]
        if self.field.kind is Kind.RANGE and not isinstance(self._fallback, tuple):
            return self.field.check(0.0)
        if isinstance(self._fallback, tuple) or self.field.kind not in (Kind.PAIR, Kind.SHAPE):
            return self._fallback
        return (int(self._fallback),) * (2 if self.field.kind is Kind.PAIR else 3)


def _number_edit(field: Field) -> NumberEdit:
    if field.kind is Kind.INT:
        return WholeEdit(field.minimum, field.maximum)
    return NumberEdit()


def _captioned(edit: QWidget, caption: str) -> QVBoxLayout:
    """An edit with its part's name in small letters above it."""
    column = QVBoxLayout()
    column.setSpacing(0)
    if caption:
        label = Secondary(caption)
        label.setWordWrap(False)
        label.setProperty("role", "caption")
        column.addWidget(label)
    column.addWidget(edit)
    return column


_EDITORS: dict[Kind, Callable[[Field], Editor]] = {
    Kind.INT: NumberEditor,
    Kind.FLOAT: NumberEditor,
    Kind.BOOL: BoolEditor,
    Kind.CHOICE: ChoiceEditor,
    Kind.PAIR: lambda field: SeveralEditor(field, ("height", "width"), lock=True),
    Kind.SHAPE: lambda field: SeveralEditor(field, ("height", "width", "channels"), lock=False),
    Kind.SIDES: lambda field: SeveralEditor(
        field, ("top", "bottom", "left", "right"), lock=True, separator=""
    ),
    Kind.WHOLES: ListEditor,
    Kind.NUMBERS: ListEditor,
    Kind.RANGE: RangeEditor,
    Kind.REGULARIZER: PenaltyEditor,
    Kind.OBJECT: ObjectEditor,
}


def editor_for(field: Field) -> Editor:
    """The editor for a field of any kind."""
    editor = _EDITORS[field.kind](field)
    # No penalty is said by zeros; every other None in words.
    if field.optional and field.kind is not Kind.REGULARIZER:
        return OptionalEditor(field, editor)
    return editor
