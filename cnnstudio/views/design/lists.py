"""Editors for several numbers: lists of any length, two numbers with their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.graph.spec import L1L2, Field, Kind
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


class TwoNumbers(Editor):
    """Two numbers in one line, each behind its word."""

    words = ("", "")

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self.edits = (NumberEdit(), NumberEdit())
        for edit, word in zip(self.edits, self.words, strict=True):
            self._say(edit, word)
            edit.setMinimumWidth(36)
            edit.typed.connect(self.edited)
            self.row.addWidget(sign(word))
            self.row.addWidget(edit, 1)

    @property
    def inputs(self) -> Sequence[QWidget]:
        return self.edits

    def value(self) -> Any:
        return tuple(edit.parsed() for edit in self.edits)

    def show_value(self, value: Any) -> None:
        for edit, number in zip(self.edits, value, strict=True):
            edit.show_value(number)


class RangeEditor(TwoNumbers):
    """RANGE: the lowest and the highest number."""

    words = ("from", "to")


class PenaltyEditor(TwoNumbers):
    """REGULARIZER: L1 and L2; both zero is no penalty."""

    words = ("L1", "L2")

    def value(self) -> Any:
        return L1L2(*super().value())

    def show_value(self, value: Any) -> None:
        penalty = value or L1L2()
        super().show_value((penalty.l1, penalty.l2))
