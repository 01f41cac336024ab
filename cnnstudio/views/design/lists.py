"""Editors for several numbers: lists of any length, and from the lowest to the highest."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.graph.spec import Field, Kind
from cnnstudio.views.design.editor import Editor, sign
from cnnstudio.views.design.numbers import NumberEdit, evaluate, whole
from cnnstudio.views.design.wording import number_text


def numbers_in(text: str, number: Callable[[str], float]) -> list[float]:
    """The numbers of a list such as `1, 2, 3`, `1 2 3` or `1/255`.

    A single comma without a space may be a decimal one. Raises ValueError with a sentence.
    """
    decimal = number is evaluate and re.fullmatch(r"[^,;\s]*,[^,;\s]+", text.strip())
    if not decimal and re.search("[,;]", text):
        parts = re.split("[,;]", text)
    elif re.search(r"[\d.]\s+[-\d.]", text):
        parts = text.split()
    else:
        parts = [text]
    parts = [part for part in parts if part.strip()]
    if not parts:
        raise ValueError("Type numbers, with commas between them.")
    return [number(part) for part in parts]


class ListEditor(Editor):
    """WHOLES and NUMBERS: numbers in one line, between commas or spaces."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.edit = QLineEdit()
        self._say(self.edit)
        self.row.addWidget(self.edit)
        self.edit.textEdited.connect(lambda _text: self.edited.emit())

    @property
    def inputs(self) -> Sequence[QWidget]:
        return (self.edit,)

    def value(self) -> Any:
        return numbers_in(self.edit.text(), whole if self.field.kind is Kind.WHOLES else evaluate)

    def show_value(self, value: Any) -> None:
        try:
            if self.field.check(self.value()) == value:
                return
        except ValueError:
            pass
        parts = value if isinstance(value, tuple) else (value,)
        self.edit.setText(", ".join(map(number_text, parts)))


class RangeEditor(Editor):
    """RANGE: the lowest and the highest number."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.low, self.high = NumberEdit(), NumberEdit()
        for edit, part in ((self.low, "from"), (self.high, "to")):
            self._say(edit, part)
            edit.setMinimumWidth(36)
            edit.typed.connect(self.edited)
            self.row.addWidget(sign(part))
            self.row.addWidget(edit, 1)

    @property
    def inputs(self) -> Sequence[QWidget]:
        return (self.low, self.high)

    def value(self) -> Any:
        return self.low.parsed(), self.high.parsed()

    def show_value(self, value: Any) -> None:
        self.low.show_value(value[0])
        self.high.show_value(value[1])
