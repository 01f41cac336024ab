"""Rows of a list: a name on the left, a few words or a figure on the right."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from cnnstudio.views import theme
from cnnstudio.views.widgets import paint_without_text

KEY_ROLE = Qt.ItemDataRole.UserRole + 1
ASIDE_ROLE = Qt.ItemDataRole.UserRole + 2


class RowDelegate(QStyledItemDelegate):
    """A name, and right-aligned what is said of it."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        aside = index.data(ASIDE_ROLE)
        room = option.rect.adjusted(0, 0, -theme.S8, 0)
        width = QFontMetrics(theme.font(theme.SECONDARY_SIZE)).horizontalAdvance(aside) + theme.S12
        _, name = paint_without_text(self, painter, option, index)
        painter.save()
        painter.setPen(theme.current().color("text"))
        painter.setFont(option.font)
        middle = Qt.AlignmentFlag.AlignVCenter
        text = painter.fontMetrics().elidedText(
            name, Qt.TextElideMode.ElideRight, room.width() - width - theme.S8
        )
        left = room.adjusted(theme.S8, 0, 0, 0)
        painter.drawText(left, int(Qt.AlignmentFlag.AlignLeft | middle), text)
        painter.setPen(theme.current().color("secondary"))
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | middle), aside)
        painter.restore()
