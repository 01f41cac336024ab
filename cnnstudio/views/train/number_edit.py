"""A field for numbers that live on a scale of factors, such as learning rates."""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QWidget

from cnnstudio.views import theme

Scale = Literal["factor", "share", "plain", "whole"]


class NumberEdit(QAbstractSpinBox):
    """Takes `0.001`, `1e-3`, `.001` or `0,001`; the arrows step 1, 2, 5, 10 … times.

    On the scale "share" the distance to 1 steps instead: 0.8, 0.9, 0.95, 0.98, 0.99, as suits a
    momentum. "whole" takes whole numbers. An empty field is None where `optional`; what it means
    is shown by `set_default`.

    `edited` carries the number while a person types, as soon as it can be read; nothing is emitted
    for text that is no number, which is marked as an error and undone on leaving the field.
    """

    edited = Signal(object)

    def __init__(
        self,
        scale: Scale = "factor",
        *,
        optional: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._scale = scale
        self._optional = optional
        self._value: float | None = None
        self._before: float | None = None
        self.set_default(None)
        self.setFont(theme.font(mono=True))
        # The stylesheet's padding does not reach the field inside.
        self.lineEdit().setTextMargins(6, 0, 0, 0)
        self.setFixedHeight(theme.HIT)
        self.lineEdit().textEdited.connect(self._typed)
        self.editingFinished.connect(self._leave)

    @property
    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        """Show a number without emitting `edited`; text that means it already is left alone."""
        self._mark(True)
        if value == self._value and parse(self.lineEdit().text()) == value:
            return
        self._value = value
        self.lineEdit().setText("" if value is None else shortest(value))

    def set_default(self, default: float | None) -> None:
        """Show what an empty field means."""
        self._default: float | None = default
        text = "" if not self._optional else "none" if default is None else shortest(default)
        self.lineEdit().setPlaceholderText(text)

    def refuse(self) -> None:
        """Mark what is typed as not acceptable; called while `edited` is emitted."""
        self._value = self._before
        self._mark(False)

    def _typed(self, text: str) -> None:
        number = self._parsed(text)
        if number is None and not (self._optional and not text.strip()):
            self._mark(False)
            return
        self._mark(True)
        self._before, self._value = self._value, number
        self.edited.emit(number)

    def _parsed(self, text: str) -> float | None:
        number = parse(text)
        if self._scale != "whole" or number is None:
            return number
        return int(number) if number.is_integer() else None

    def _leave(self) -> None:
        if self.property("state") == "error":
            self._mark(True)
            self.lineEdit().setText("" if self._value is None else shortest(self._value))

    def _mark(self, good: bool) -> None:
        state = "" if good else "error"
        if (self.property("state") or "") != state:
            self.setProperty("state", state)
            self.style().unpolish(self)
            self.style().polish(self)

    # -- QAbstractSpinBox ---------------------------------------------------------------------

    def stepBy(self, steps: int) -> None:
        number = parse(self.lineEdit().text())
        if number is None:
            # From nothing the first step is to the default.
            first = 1.0 if not self._optional or self._scale == "whole" else 0.01
            usual = first if self._default is None else self._default
            number = usual if self._value is None else self._value
            steps = 0 if self._value is None else steps
        if self._scale == "whole":
            number = float(max(int(number) + steps, 0))
        elif self._scale == "share":
            number = 1 - _stepped(1 - number, -steps)
            number = min(max(round(number, 12), 0.0), 1.0)
        elif self._scale == "factor":
            number = _stepped(number, steps)
        else:
            number = round(number + 0.1 * steps, 12)
        self.lineEdit().setText(shortest(number))
        self._typed(shortest(number))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flag = QAbstractSpinBox.StepEnabledFlag
        return flag.StepUpEnabled | flag.StepDownEnabled

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position


def parse(text: str) -> float | None:
    """The finite number that a person wrote, or None."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def shortest(value: float) -> str:
    """A number as people write it: `0.001`, `1e-7`, `0.9`."""
    text = f"{value:.12g}"
    if "e" in text:
        digits, exponent = text.split("e")
        text = f"{digits}e{int(exponent)}"
    return text


def _stepped(value: float, steps: int) -> float:
    """The number `steps` places further in … 0.1, 0.2, 0.5, 1, 2, 5, 10 …"""
    for _ in range(abs(steps)):
        value = _next(value, up=steps > 0)
    return value


def _next(value: float, *, up: bool) -> float:
    if value <= 0:
        return 1e-4 if up else 0.0
    power = math.floor(math.log10(value) + 1e-9)
    places = [float(f"{digit}e{power + by}") for by in (-1, 0, 1) for digit in (1, 2, 5)]
    if up:
        return min(place for place in places if place > value * (1 + 1e-9))
    return max(place for place in places if place < value * (1 - 1e-9))
