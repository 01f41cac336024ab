"""The list beside the findings: the folder in figures, what was found, what was corrected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from cnnstudio.views import icons, theme
from cnnstudio.views.widgets import name_widget

if TYPE_CHECKING:
    from cnnstudio.data.doctor import Finding

Index = QModelIndex | QPersistentModelIndex
ROW = 48
ICON = 18
SEVERITY_WORDS = {"error": "error", "warning": "warning", "info": "hint"}
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Entry:
    """A line of the list: `key` tells it from the others after another look."""

    key: str
    icon: str
    colour: str
    title: str
    words: str
    finding: Finding | None = None


def entries(findings: tuple[Finding, ...], overview: str, corrected: str) -> list[Entry]:
    """All lines: the overview, the findings, and what was corrected, if anything."""
    found = [Entry("overview", "data", "secondary", "The folder in figures", overview)]
    icons_of = {
        "error": ("error", "error"),
        "warning": ("warning", "warning"),
        "info": ("info", "accent"),
    }
    for finding in findings:
        icon, colour = icons_of[finding.severity]
        words = f"{SEVERITY_WORDS[finding.severity].capitalize()} · {finding.amount}"
        key = finding.kind + "".join(finding.classes if finding.kind == "alike-names" else ())
        found.append(Entry(key, icon, colour, finding.title, words, finding))
    if corrected:
        found.append(Entry("corrected", "undo", "secondary", "Set aside and corrected", corrected))
    return found


class FindingsModel(QAbstractListModel):
    """The entries; titles for people and screen readers, the entry itself under `ENTRY_ROLE`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def set_entries(self, found: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = found
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{entry.title}\n{entry.words}"
        return entry if role == ENTRY_ROLE else None


class FindingsList(QListView):
    """One line chosen always."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "findingsList", "What was found in the folder")
        self.model_ = FindingsModel(self)
        self.setModel(self.model_)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def current(self) -> Entry | None:
        found = self.currentIndex().data(ENTRY_ROLE)
        return found if isinstance(found, Entry) else None

    def show_entries(self, found: list[Entry], *, anew: bool) -> None:
        """Show `found`; the line that was chosen stays chosen, or one near it, unless `anew`."""
        before = None if anew else self.current()
        row = self.currentIndex().row()
        self.model_.set_entries(found)
        keys = [entry.key for entry in found]
        if before is not None and before.key in keys:
            row = keys.index(before.key)
        # At first what matters most, and without findings the figures.
        elif before is None:
            row = 1 if len(found) > 1 and found[1].finding is not None else 0
        self.setCurrentIndex(self.model_.index(max(0, min(row, len(found) - 1))))


class _Delegate(QStyledItemDelegate):
    """An icon, the title, and below it how many."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        option = QStyleOptionViewItem(option)
        self.initStyleOption(option, index)
        option.text = ""
        view = option.widget
        style = view.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, view)
        entry = index.data(ENTRY_ROLE)
        colours = theme.current()
        area = option.rect.adjusted(theme.S16, 0, -theme.S12, 0)
        painter.save()
        picture = icons.pixmap(entry.icon, ICON, entry.colour, view.devicePixelRatioF())
        painter.drawPixmap(area.left(), area.top() + (ROW - ICON) // 2, picture)
        left = area.left() + ICON + theme.S12
        width = area.right() - left
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font())
        painter.setPen(colours.color("text"))
        title = painter.fontMetrics().elidedText(entry.title, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, area.top() + 6, width, 18), middle, title)
        painter.setFont(theme.font(theme.SECONDARY_SIZE))
        painter.setPen(colours.color("secondary"))
        words = painter.fontMetrics().elidedText(entry.words, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QRect(left, area.top() + 25, width, 16), middle, words)
        painter.restore()
