"""The table of classes: a picture of each, counts, shares; merged and renamed by its menu."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSignalBlocker,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.data.class_model import PICTURE_ROLE, SORT_ROLE, ClassModel
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.pictures import Thumbnails, paint_picture
from cnnstudio.views.widgets import BarDelegate, name_widget, paint_without_text

if TYPE_CHECKING:
    from cnnstudio.data.report import FolderReport

ROW = 36
PICTURE = 28


class ClassTable(QTableView):
    """Choosing rows tells which classes are shown; the menu corrects them."""

    # Other classes are chosen; `chosen_classes` tells which.
    chosen = Signal()
    # All pictures of some classes are to be set aside: list of names.
    aside_wanted = Signal(object)

    def __init__(
        self, thumbnails: Thumbnails, corrector: Corrector, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_widget(self, "classTable", "Classes and how many pictures each has")
        self._corrector = corrector
        self.classes = ClassModel(thumbnails, self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.classes)
        self._sorted.setSortRole(SORT_ROLE)
        self._names = _NameDelegate(self)
        self._bars = BarDelegate(self, width=48)
        self._plain = QStyledItemDelegate(self)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(48)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._pop_up)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())
        thumbnails.loaded.connect(lambda _path: self.viewport().update())

    def show_report(self, report: FolderReport, firsts: Mapping[str, Path]) -> None:
        """Show the classes of `report`; those chosen stay chosen as far as they are there."""
        before = set(self.chosen_classes())
        blocker = QSignalBlocker(self.selectionModel())
        self.classes.set_report(report, firsts)
        for row, name in enumerate(self.classes.names):
            if name in before:
                self.selectionModel().select(
                    self._sorted.mapFromSource(self.classes.index(row, 0)),
                    QItemSelectionModel.SelectionFlag.Select
                    | QItemSelectionModel.SelectionFlag.Rows,
                )
        blocker.unblock()
        self._fit_columns()
        self.viewport().update()

    def chosen_classes(self) -> list[str]:
        """The classes whose rows are chosen, in the order of the table; empty for none."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._name(row) for row in rows]

    def _name(self, row: int) -> str:
        return self.classes.name(self._sorted.mapToSource(self._sorted.index(row, 0)).row())

    def _pop_up(self, point: QPoint) -> None:
        if self.chosen_classes():
            self.menu().popup(self.viewport().mapToGlobal(point))

    def menu(self) -> QMenu:
        """Everything that can be done with the classes chosen."""
        names = self.chosen_classes()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        corrector = self._corrector
        if len(names) == 1:
            menu.addAction(
                "Rename or merge…", lambda: corrector.ask_for_merging(self.window(), names)
            )
        else:
            for name in names[:8]:
                menu.addAction(f"Merge into {name}", self._merging(names, name))
            menu.addAction(
                "Merge into another class…",
                lambda: corrector.ask_for_merging(self.window(), names),
            )
        words = names[0] if len(names) == 1 else f"{len(names):,} classes"
        menu.addAction(f"Set {words} aside", lambda: self.aside_wanted.emit(names))
        return menu

    def _merging(self, names: list[str], into: str):
        return lambda: self._corrector.merge(names, into)

    def _fit_columns(self) -> None:
        header = self.horizontalHeader()
        if not header.count():
            return
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        share = self.classes.share_column
        for column in range(self.classes.columnCount()):
            # With one count only there is room for its long title.
            header.resizeSection(column, 120 if column == share else 88 if share == 2 else 56)
            delegate = self._names if column == 0 else self._plain
            self.setItemDelegateForColumn(column, self._bars if column == share else delegate)


class _NameDelegate(QStyledItemDelegate):
    """A small picture and the name of the class."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        option, text = paint_without_text(self, painter, option, index)
        pixmap = index.data(PICTURE_ROLE)
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        area = option.rect.adjusted(theme.S8, 0, -theme.S8, 0)
        frame = QRect(area.left(), area.center().y() - PICTURE // 2 + 1, PICTURE, PICTURE)
        paint_picture(painter, frame, pixmap, radius=4)
        area.setLeft(frame.right() + theme.S8)
        painter.setFont(option.font)
        painter.setPen(theme.current().color("text"))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()
