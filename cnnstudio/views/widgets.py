"""Small widgets that every page uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import icons, theme
from cnnstudio.views.theme import S4, S8, S12, S16

# Item data of a `BarDelegate` cell: the share of the bar, 0 to 1, and its colour's name.
BAR_ROLE = Qt.ItemDataRole.UserRole + 40
BAR_COLOR_ROLE = Qt.ItemDataRole.UserRole + 41
# Item data of a `ColoredTextDelegate` cell: the name of the theme's colour for its text.
TEXT_COLOR_ROLE = Qt.ItemDataRole.UserRole + 42


class _Label(QLabel):
    role = ""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", self.role)


class Heading(_Label):
    """The small grey heading above a group."""

    role = "heading"


class Title(_Label):
    """The title of a page or panel."""

    role = "title"


class Secondary(_Label):
    """Explaining text that wraps."""

    role = "secondary"

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the stylesheet looks at, such as `role` or `state`, and show it."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def name_widget(widget: QWidget, object_name: str, accessible: str, tip: str = "") -> None:
    """Give a control what scripts, screen readers and the mouse find it by."""
    widget.setObjectName(object_name)
    widget.setAccessibleName(accessible)
    if tip:
        widget.setToolTip(tip)


class Button(QPushButton):
    """A button with an object name, an accessible name and perhaps an icon."""

    role = ""
    icon_color = "text"

    def __init__(
        self,
        text: str,
        object_name: str = "",
        slot: Callable[[], object] | None = None,
        *,
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setObjectName(object_name)
        self.setAccessibleName(text.replace("…", "").strip())
        if self.role:
            self.setProperty("role", self.role)
        if icon:
            icons.set_icon(self, icon, self.icon_color)
        if slot is not None:
            # clicked carries a bool that slots do not want.
            self.clicked.connect(lambda _checked=False: slot())


class PrimaryButton(Button):
    """The one thing to do next on a page."""

    role = "primary"
    icon_color = "on_accent"


class QuietButton(Button):
    """A button without a frame."""

    role = "quiet"


class Line(QFrame):
    """A line of one pixel between two parts."""

    def __init__(
        self,
        orientation: Qt.Orientation = Qt.Orientation.Horizontal,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "line")
        if orientation is Qt.Orientation.Horizontal:
            self.setFixedHeight(1)
        else:
            self.setFixedWidth(1)


class Section(QWidget):
    """A heading, something at its right, and below it what is added to `body`."""

    def __init__(self, heading: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = Heading(heading)
        self.bar = QHBoxLayout()
        self.bar.addWidget(self.heading)
        self.bar.addStretch(1)
        self.body = QVBoxLayout()
        self.body.setSpacing(S8)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(S8)
        outer.addLayout(self.bar)
        outer.addLayout(self.body)


class EmptyState(QWidget):
    """What an empty page shows: what belongs there and the first steps.

    `actions` are buttons, the first the primary one: (text, slot) or (text, slot, object name).
    """

    def __init__(
        self,
        icon: str,
        title: str,
        text: str,
        actions: Iterable[tuple] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = Title(title)
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text = Secondary(text)
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setFixedWidth(420)
        self.buttons: list[QPushButton] = []
        row = QHBoxLayout()
        row.setSpacing(S8)
        row.addStretch(1)
        for label, slot, *name in actions:
            kind = Button if self.buttons else PrimaryButton
            button = kind(label, name[0] if name else "", slot)
            self.buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(S16, S16, S16, S16)
        outer.setSpacing(S12)
        outer.addStretch(2)
        outer.addWidget(self._picture)
        outer.addWidget(self.title)
        outer.addLayout(_centred(self.text))
        outer.addSpacing(S4)
        outer.addLayout(row)
        outer.addStretch(3)
        self._draw()
        theme.watcher.theme_changed.connect(self._draw)

    def _draw(self, _theme: object = None) -> None:
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(icons.pixmap(self._icon, 48, "secondary", ratio))


def _centred(widget: QWidget) -> QHBoxLayout:
    # An alignment flag instead would give a wrapped label one line of height.
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(widget)
    row.addStretch(1)
    return row


class ElidedLabel(QLabel):
    """A label of one line that shortens its text to the room it has; the tip shows all of it.

    Another text asks for no other layout: the room is what it is.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(parent)
        self._text = ""
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)
        self.setText(text)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text == self._text:
            return
        # Not Qt's own, which would lay out the whole window again.
        self._text = text
        self.setAccessibleName(text)
        self._tip()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tip()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), self._mode, area.width())
        self.style().drawItemText(
            painter, area, int(self.alignment()), self.palette(), self.isEnabled(), text,
            self.foregroundRole(),
        )  # fmt: skip

    def _tip(self) -> None:
        cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
        self.setToolTip(self.text() if cut else "")


class SteadyLabel(QLabel):
    """A label for figures that change all the time: it keeps the width of its widest text.

    Qt lays out the whole window again where the text of a plain `QLabel` changes.
    """

    def setText(self, text: str) -> None:
        super().setText(text)
        self._fit(self.minimumWidth())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit(0)

    def _fit(self, least: int) -> None:
        # A layout asks nothing of what has one size only.
        size = self.sizeHint()
        self.setFixedSize(max(size.width(), least), size.height())


def paint_without_text(
    delegate: QStyledItemDelegate,
    painter: QPainter,
    option: QStyleOptionViewItem,
    index: QModelIndex | QPersistentModelIndex,
    *,
    focus: bool = True,
) -> tuple[QStyleOptionViewItem, str]:
    """Paint an item as its style does but for the text; what was painted, and the text."""
    option = QStyleOptionViewItem(option)
    delegate.initStyleOption(option, index)
    text, option.text = option.text, ""
    if not focus:
        option.state &= ~QStyle.StateFlag.State_HasFocus
    style = option.widget.style()
    style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
    return option, text


class BarDelegate(QStyledItemDelegate):
    """A table cell with a number and right of it a thin bar: `BAR_ROLE` is its share, 0 to 1."""

    def __init__(self, parent: QWidget | None = None, *, width: int = 64, color: str = "accent"):
        super().__init__(parent)
        self._width = width
        self._color = color

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        option, text = paint_without_text(self, painter, option, index)
        look = theme.current()
        area = option.rect.adjusted(S8, 0, -S8, 0)
        bar = QRectF(area.right() - self._width, area.center().y() - 2, self._width, 6)
        share = index.data(BAR_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if share:
            filled = QRectF(bar)
            filled.setWidth(max(3.0, bar.width() * min(1.0, float(share))))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(index.data(BAR_COLOR_ROLE) or self._color))
            painter.drawRoundedRect(filled, 3, 3)
        painter.setPen(look.color("text"))
        painter.setFont(option.font)
        place = QRect(area.left(), area.top(), area.width() - self._width - S8, area.height())
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, int(flags), text)
        painter.restore()

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width() + self._width + S8, max(hint.height(), theme.HIT))


class ColoredTextDelegate(QStyledItemDelegate):
    """Text in the colour that `TEXT_COLOR_ROLE` names: the stylesheet's would win otherwise."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        # The row that is chosen is marked as a whole.
        option, text = paint_without_text(self, painter, option, index, focus=False)
        painter.setPen(theme.current().color(index.data(TEXT_COLOR_ROLE) or "text"))
        painter.setFont(option.font)
        # Above the line between two rows.
        area = option.rect.adjusted(S8, 0, -S8, -1)
        fitted = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(option.displayAlignment), fitted)


class FlowLayout(QLayout):
    """Puts widgets side by side and goes on in the next line where they do not fit."""

    def __init__(self, parent: QWidget | None = None, spacing: int = S8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        area = rect.marginsRemoved(margins)
        x, y, row = area.x(), area.y(), 0
        for item in self._items:
            hint = item.sizeHint()
            # What is wider than a line is made to fit, as far as its minimum allows.
            hint.setWidth(max(item.minimumSize().width(), min(hint.width(), area.width())))
            if x > area.x() and x + hint.width() > area.x() + area.width():
                x, y, row = area.x(), y + row + self.spacing(), 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self.spacing()
            row = max(row, hint.height())
        return y + row - rect.y() + margins.bottom()
