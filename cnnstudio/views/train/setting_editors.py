"""Editors of single settings, made from the pydantic fields that define them."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QLabel,
    QLineEdit,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.views import theme
from cnnstudio.views.train.list_editors import NamesButton, NumbersEdit
from cnnstudio.views.train.number_edit import NumberEdit, Scale

Path = tuple[str, ...]
# Numbers whose distance to 1 matters, not their size.
SHARES = {
    "momentum",
    "rho",
    "beta_1",
    "beta_2",
    "adam_beta_1",
    "adam_beta_2",
    "ema_momentum",
}
PLAIN = {"beta_2_decay", "learning_rate_power", "muon_a", "muon_b", "muon_c", "label_smoothing"}


@dataclass
class Row:
    """One setting: its label and editor, how to show a value in it, and its help.

    `show_default` says what an empty editor means, where one may be empty.
    """

    label: QLabel
    editor: QWidget
    show: Callable[[Any], None]
    help: str
    show_default: Callable[[Any], None]
    default: Any


def make_editor(
    field: Any, name: str, edited: Callable[[Any], None], parent: QWidget
) -> tuple[QWidget, Callable[[Any], None], Callable[[Any], None]]:
    """An editor for a field, how to show a value, and how to show what an empty one means.

    `edited` is called with the value as a person changes it.
    """
    kind, optional = without_none(field.annotation)
    if get_origin(kind) is Literal:
        combo = _choice([str(choice) for choice in get_args(kind)], parent)
        combo.textActivated.connect(edited)
        return combo, combo.setCurrentText, _nothing
    if get_origin(kind) is tuple:
        names = NamesButton([str(name) for name in get_args(get_args(kind)[0])], parent)
        names.edited.connect(edited)
        return names, names.set_value, _nothing
    if get_origin(kind) is dict:
        numbers = NumbersEdit(parent)
        numbers.edited.connect(edited)
        return numbers, numbers.set_value, _nothing
    if kind is bool:
        return _box(edited, parent)
    if kind is str:
        line = QLineEdit(parent)
        line.setFixedHeight(theme.HIT)
        line.editingFinished.connect(lambda: edited(line.text().strip()))
        return line, line.setText, _nothing
    if kind is int and not optional:
        spin = QSpinBox(parent)
        low, high = _range(field)
        spin.setRange(int(low), int(min(high, 2**31 - 1)))
        spin.setFont(theme.font(mono=True))
        # The stylesheet's padding does not reach the field inside.
        spin.lineEdit().setTextMargins(6, 0, 0, 0)
        spin.setFixedHeight(theme.HIT)
        spin.valueChanged.connect(edited)
        return spin, spin.setValue, _nothing
    scale: Scale = "share" if name in SHARES else "plain" if name in PLAIN else "factor"
    number = NumberEdit("whole" if kind is int else scale, optional=optional, parent=parent)
    number.edited.connect(edited)
    return number, number.set_value, number.set_default


def offer_layers(line: QWidget, document: Document) -> None:
    """Complete what is typed into a line by the names of the network's layers."""
    if not isinstance(line, QLineEdit):
        raise TypeError(line)
    names = QStringListModel(line)
    completer = QCompleter(names, line)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    line.setCompleter(completer)
    line.setPlaceholderText("the first layer")

    def follow() -> None:
        names.setStringList(list(document.network.layers))

    def settle(text: str) -> None:
        # An open list takes the next click for itself, the one on Start too.
        popup = completer.popup()
        if popup is not None and text in names.stringList():
            popup.hide()

    # Later than the line itself, which opens the list.
    line.textEdited.connect(settle, Qt.ConnectionType.QueuedConnection)
    document.changed.connect(follow)
    follow()


def _nothing(_default: Any) -> None:
    """Editors that are never empty show no default."""


class ChoiceBox(QComboBox):
    """A combo box that elides what is chosen, with the end that tells it apart left to read."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


def _choice(choices: list[str], parent: QWidget) -> QComboBox:
    combo = ChoiceBox(parent)
    combo.addItems(choices)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    longest = max(combo.fontMetrics().horizontalAdvance(choice) for choice in choices)
    combo.view().setMinimumWidth(longest + 48)
    return combo


def _box(
    edited: Callable[[Any], None], parent: QWidget
) -> tuple[QWidget, Callable[[Any], None], Callable[[Any], None]]:
    """A tick box; where nothing is given it shows the default."""
    box = QCheckBox(parent)
    box.setFixedHeight(theme.HIT)
    box.toggled.connect(edited)
    given: list[Any] = [None, False]

    def show() -> None:
        box.setChecked(bool(given[1] if given[0] is None else given[0]))

    def show_value(value: Any) -> None:
        given[0] = value
        show()

    def show_default(default: Any) -> None:
        given[1] = default
        show()

    return box, show_value, show_default


def flatten(path: Path, field: Any) -> Iterator[tuple[Path, Any]]:
    """The field itself, or the fields of the model it holds."""
    inner = getattr(field.annotation, "model_fields", None)
    if inner is None:
        yield path, field
        return
    for name, found in inner.items():
        yield from flatten((*path, name), found)


def value_at(settings: Any, path: Path) -> Any:
    """The value of a setting."""
    for part in path:
        settings = getattr(settings, part)
    return settings


def with_value(settings: Any, path: Path, value: Any) -> Any:
    """The settings with another value. Raises ValueError as pydantic does."""
    changed = settings.model_dump()
    inside = changed
    for part in path[:-1]:
        inside = inside[part]
    inside[path[-1]] = value
    return type(settings).model_validate(changed)


def without_none(annotation: Any) -> tuple[Any, bool]:
    """The type itself, and whether None is allowed beside it."""
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return kinds[0], len(kinds) < len(get_args(annotation))
    return annotation, False


def _range(field: Any) -> tuple[float, float]:
    low, high = 0.0, float(2**31 - 1)
    for limit in field.metadata:
        low = getattr(limit, "ge", low)
        high = getattr(limit, "le", high)
    return low, high
