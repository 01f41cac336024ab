"""A slider with one handle, or with two for the least and the greatest of a range."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.views import theme
from cnnstudio.views.widgets import name_widget

RADIUS = 8
_KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
}


class RangeSlider(QWidget):
    """Numbers from `low` to `high` in steps; each handle takes the focus and the arrow keys.

    `values` are as many as handles, in order. `moved` carries them while a handle is dragged,
    `settled` when it is let go or a key was pressed. With `fine` small numbers have more room than
    large ones: places go by the square root of their distance from 0, or from `low` above 0.
    """

    moved = Signal(object)
    settled = Signal(object)

    def __init__(
        self,
        name: str,
        accessible: tuple[str, ...],
        low: float,
        high: float,
        step: float,
        *,
        fine: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(" and ".join(accessible))
        self._low, self._high, self._step = low, high, step
        self._power = 2.0 if fine else 1.0
        self._values = (low,) * len(accessible)
        self._dragged: int | None = None
        self._pressed_at = 0.0
        self._settled = self._values
        self.handles = tuple(_Handle(number, self) for number in range(len(accessible)))
        ends = ("low", "high") if len(accessible) == 2 else ("handle",)
        for handle, words, end in zip(self.handles, accessible, ends, strict=True):
            name_widget(handle, f"{name}_{end}", words)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(theme.HIT)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def values(self) -> tuple[float, ...]:
        return self._values

    def set_values(self, values: tuple[float, ...]) -> None:
        """Show values without sending anything; a handle being dragged stays with the pointer."""
        if self._dragged is None:
            self._show(values)
            self._settled = self._values

    def step_by(self, number: int, steps: float) -> None:
        """Move the handle `number`, as an arrow key does; endless steps go to the end."""
        value = self._values[number] + steps * self._step
        if steps in (float("inf"), float("-inf")):
            value = self._high if steps > 0 else self._low
        self._set(number, value)
        self._settle()

    def sizeHint(self) -> QSize:
        return QSize(160, theme.HIT)

    # --- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self._pressed_at = event.position().x()
        self._dragged = self._nearest(self._pressed_at)
        self.handles[self._dragged].setFocus(Qt.FocusReason.MouseFocusReason)
        if abs(self.place_of(self._values[self._dragged]) - self._pressed_at) > RADIUS:
            self._drag(self._pressed_at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged is None:
            return
        x = event.position().x()
        apart = self._values[0] != self._values[-1]
        if not apart and x != self._pressed_at:
            # Both handles lie in one place: the way the mouse goes tells which is meant.
            self._dragged = 0 if x < self._pressed_at else len(self.handles) - 1
            self.handles[self._dragged].setFocus(Qt.FocusReason.MouseFocusReason)
        self._drag(x)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None and event.button() is Qt.MouseButton.LeftButton:
            self._dragged = None
            self._settle()

    def _drag(self, x: float) -> None:
        assert self._dragged is not None
        before = self._values
        self._set(self._dragged, self._value_at(x))
        if self._values != before:
            self.moved.emit(self._values)

    def _nearest(self, x: float) -> int:
        distances = [abs(self.place_of(value) - x) for value in self._values]
        if len(distances) == 2 and distances[0] == distances[1]:
            return 0 if x < self.place_of(self._values[0]) else 1
        return distances.index(min(distances))

    # --- values

    def _set(self, number: int, value: float) -> None:
        """Move one handle, on the steps and no further than the other one."""
        steps = round((value - self._low) / self._step)
        value = min(self._high, max(self._low, round(self._low + steps * self._step, 6)))
        values = list(self._values)
        if number > 0:
            value = max(value, values[0])
        if number < len(values) - 1:
            value = min(value, values[-1])
        values[number] = value
        self._show(tuple(values))

    def _show(self, values: tuple[float, ...]) -> None:
        self._values = values
        for handle, value in zip(self.handles, values, strict=True):
            handle.setAccessibleDescription(f"{value:g}")
        self._place()
        self.update()

    def _settle(self) -> None:
        if self._values != self._settled:
            self._settled = self._values
            self.settled.emit(self._values)

    # --- where things are

    def place_of(self, value: float) -> float:
        """Where the middle of a handle with this value lies, in pixels from the left."""
        zero = self._zero
        side = self._high - zero if value >= zero else zero - self._low
        part = abs(value - zero) / side if side else 0.0
        bent = math.copysign(part ** (1 / self._power) * side, value - zero)
        share = (zero + bent - self._low) / (self._high - self._low)
        return RADIUS + share * (self.width() - 2 * RADIUS)

    def _value_at(self, x: float) -> float:
        share = (x - RADIUS) / max(1.0, self.width() - 2 * RADIUS)
        straight = self._low + min(1.0, max(0.0, share)) * (self._high - self._low)
        zero = self._zero
        side = self._high - zero if straight >= zero else zero - self._low
        part = abs(straight - zero) / side if side else 0.0
        return zero + math.copysign(part**self._power * side, straight - zero)

    @property
    def _zero(self) -> float:
        """Where the fine end of the scale is."""
        return min(self._high, max(self._low, 0.0))

    def _place(self) -> None:
        for handle, value in zip(self.handles, self._values, strict=True):
            middle = round(self.place_of(value))
            handle.setGeometry(middle - RADIUS, 0, 2 * RADIUS, self.height())

    def resizeEvent(self, event: object) -> None:
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        y = self.height() / 2 - 2
        painter.setBrush(look.color("raised"))
        painter.drawRoundedRect(QRectF(RADIUS, y, self.width() - 2 * RADIUS, 4), 2, 2)
        left = self.place_of(self._values[0]) if len(self._values) == 2 else float(RADIUS)
        right = self.place_of(self._values[-1])
        painter.setBrush(look.color("accent" if self.isEnabled() else "border"))
        painter.drawRoundedRect(QRectF(left, y, right - left, 4), 2, 2)


class _Handle(QWidget):
    """What takes the focus and the keys; the mouse goes to the slider below."""

    def __init__(self, number: int, slider: RangeSlider) -> None:
        super().__init__(slider)
        self._number = number
        self._slider = slider
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._slider.step_by(self._number, float("inf" if key == Qt.Key.Key_End else "-inf"))
        elif key in _KEYS:
            self._slider.step_by(self._number, _KEYS[key])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.raise_()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(look.color("accent" if self.isEnabled() else "border"))
        radius = RADIUS - 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        if self.hasFocus():
            painter.setPen(QPen(look.color("text"), 2))
            radius -= 1
        painter.drawEllipse(QPointF(self.width() / 2, self.height() / 2), radius, radius)
