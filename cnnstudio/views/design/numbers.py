"""Line edits for numbers that never lose what was typed, right or wrong."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.views import theme
from cnnstudio.views.design.wording import number_text

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_LONGEST = 80


def evaluate(text: str) -> float:
    """The value of a sum of numbers such as `1/255` or `2*1e-4`.

    Raises ValueError with a sentence for the person; nothing but arithmetic is ever computed.
    """
    wrong = f"“{text.strip()}” is not a number: type 0.5, 1e-4 or 1/255."
    if not text.strip():
        raise ValueError("Type a number, such as 0.5, 1e-4 or 1/255.")
    if len(text) > _LONGEST:
        raise ValueError(wrong)
    try:
        return float(_value(ast.parse(text.strip().replace(",", "."), mode="eval").body))
    except ZeroDivisionError:
        raise ValueError(f"“{text.strip()}” divides by zero.") from None
    except (SyntaxError, TypeError, OverflowError, RecursionError, MemoryError):
        raise ValueError(wrong) from None


def whole(text: str) -> int:
    """A whole number. Raises ValueError with a sentence for the person."""
    stripped = text.strip().replace(",", "").replace(" ", "")
    if not stripped:
        raise ValueError("Type a whole number.")
    try:
        return int(stripped)
    except ValueError:
        pass
    try:
        value = evaluate(stripped)
    except ValueError:
        raise ValueError(f"“{text.strip()}” is not a whole number.") from None
    if value != value // 1:
        raise ValueError(f"“{text.strip()}” is not a whole number.")
    return int(value)


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value  # type: ignore[return-value]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        value = _value(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left), _value(node.right))
    raise TypeError(node)


class NumberEdit(QLineEdit):
    """A number as text. `parsed` raises ValueError for what is none; the text stays as typed."""

    # The text was changed by the person.
    typed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.textEdited.connect(lambda _text: self.typed.emit())

    def parsed(self) -> float:
        return evaluate(self.text())

    def show_value(self, value: float) -> None:
        """Show a value, unless what is typed already says the same."""
        try:
            if self.parsed() == value:
                return
        except ValueError:
            pass
        self.setText(self.written(value))

    def written(self, value: float) -> str:
        return number_text(value)


class WholeEdit(NumberEdit):
    """A whole number with arrows; Up and Down step by one, with Shift or Page by ten."""

    def __init__(
        self,
        minimum: float | None = None,
        maximum: float | None = None,
        parent: QWidget | None = None,
        *,
        arrows: bool = True,
    ) -> None:
        super().__init__(parent)
        self._minimum, self._maximum = minimum, maximum
        self._arrows = _Arrows(self) if arrows else None
        if self._arrows is not None:
            self._arrows.stepped.connect(self.step)
            self.setTextMargins(0, 0, 14, 0)
        else:
            self.setTextMargins(-2, 0, -2, 0)

    def parsed(self) -> int:
        return whole(self.text())

    def written(self, value: float) -> str:
        return str(int(value))

    def step(self, by: int) -> None:
        """Count up or down within the range; from what is no number, begin at the smallest."""
        try:
            value = self.parsed() + by
        except ValueError:
            value = int(self._minimum or 0)
        if self._minimum is not None:
            value = max(int(self._minimum), value)
        if self._maximum is not None:
            value = min(int(self._maximum), value)
        if self.text() != str(value):
            self.setText(str(value))
            self.typed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10,
        }  # fmt: skip
        by = steps.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self.step(by * 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else by)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Without the focus the wheel scrolls the panel instead of changing the network.
        if self.hasFocus() and event.angleDelta().y():
            self.step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._arrows is not None:
            self._arrows.setGeometry(self.width() - 20, 1, 18, self.height() - 2)


class _Arrows(QWidget):
    """Up above down at the right end of a line edit."""

    stepped = Signal(int)

    def __init__(self, edit: QLineEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setMouseTracking(True)
        self._under = 0

    def sizeHint(self) -> QSize:
        return QSize(18, 26)

    def _half(self, event: QMouseEvent) -> int:
        return 1 if event.position().y() < self.height() / 2 else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._edit.setFocus(Qt.FocusReason.MouseFocusReason)
            self.stepped.emit(self._half(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._under = self._half(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._under = 0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, x = self.height() / 2, self.width() / 2
        for way in (1, -1):
            color = look.color("text" if way == self._under else "secondary")
            painter.setPen(QPen(color, 1.4))
            tip = middle - way * 7.5
            base = middle - way * 4
            painter.drawPolyline(
                QPolygonF([QPointF(x - 3.5, base), QPointF(x, tip), QPointF(x + 3.5, base)])
            )


class LockButton(QWidget):
    """Ties numbers together: while it is closed they stay equal."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.locked = True
        self.setFixedSize(24, theme.HIT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._say()

    def set_locked(self, locked: bool) -> None:
        if locked != self.locked:
            self.locked = locked
            self._say()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return):
            self._toggle()
        else:
            super().keyPressEvent(event)

    def _toggle(self) -> None:
        self.set_locked(not self.locked)
        self.toggled.emit(self.locked)

    def _say(self) -> None:
        self.setToolTip("Kept equal: click to set each" if self.locked else "Click to keep equal")
        self.setAccessibleName("Keep equal: " + ("on" if self.locked else "off"))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = look.color("accent" if self.hasFocus() else "secondary")
        painter.setPen(QPen(color, 1.4))
        x, y = self.width() / 2, self.height() / 2
        body = QRectF(x - 4.5, y - 1, 9, 7)
        painter.setBrush(color if self.locked else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(body, 1.5, 1.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        bow = QRectF(x - 2.8 + (0 if self.locked else 3.4), y - 6.5, 5.6, 8)
        painter.drawArc(bow, 0, 180 * 16)
        painter.drawLine(QPointF(bow.left(), bow.center().y()), QPointF(bow.left(), y - 1))
        if self.locked:
            painter.drawLine(QPointF(bow.right(), bow.center().y()), QPointF(bow.right(), y - 1))
