"""The pictures of a folder, and the table of classes that chooses among them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QSplitter,
    QStyledItemDelegate,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data.class_model import SORT_ROLE, SPLIT_TITLES, ClassModel
from cnnstudio.views.drop import show_in_folder
from cnnstudio.views.pictures import PictureGrid, PictureModel, Thumbnails
from cnnstudio.views.viewer import PictureViewer
from cnnstudio.views.widgets import (
    BarDelegate,
    Button,
    Heading,
    name_widget,
)

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport, Picture

LEFT = 416


class Browser(QWidget):
    """Shows a `FolderReport`; choosing a class shows its pictures."""

    # Another picture is the chosen one; `current_path` tells which.
    picture_chosen = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._report: FolderReport | None = None
        self.thumbnails = Thumbnails(context.tasks, parent=self)
        self._viewer: PictureViewer | None = None
        self._make_classes()
        self._make_pictures()
        self._lay_out()

    def show_report(self, report: FolderReport) -> None:
        """Show `report`; the same again changes nothing."""
        if report is self._report:
            return
        self._report = report
        self.classes.set_report(report)
        self._fit_columns()
        self.splits.blockSignals(True)
        self.splits.clear()
        self.splits.addItem("All splits", "")
        for key, title in SPLIT_TITLES.items():
            if report.splits.get(key):
                self.splits.addItem(title, key)
        self.splits.setVisible(self.splits.count() > 2)
        self.splits.blockSignals(False)
        self._filter()

    def forget(self) -> None:
        """The folder was looked through again: its pictures may have changed."""
        self.thumbnails.clear()
        self._report = None

    def current_path(self) -> Path | None:
        """The picture that is chosen, or the first that is shown."""
        chosen = self.grid.selected_paths()
        if chosen:
            return chosen[0]
        return self.pictures.pictures[0].path if self.pictures.pictures else None

    def chosen_class(self) -> str | None:
        """The class whose pictures are shown; None for all."""
        rows = self.table.selectionModel().selectedRows()
        if not rows:
            return None
        return self.classes.name(self._sorted.mapToSource(rows[0]).row())

    # --- showing

    def _filter(self) -> None:
        if self._report is None:
            return
        label, split = self.chosen_class(), self.splits.currentData() or ""
        shown: Any = self._report.pictures
        if label is not None:
            shown = [picture for picture in shown if picture.label == label]
        if split:
            shown = [picture for picture in shown if picture.split == split]
        self.pictures.set_pictures(shown)
        self.grid.scrollToTop()
        count = f"{len(shown):,} picture" + ("" if len(shown) == 1 else "s")
        self.shown.setText(f"{label or 'All classes'}  ·  {count}")
        self.show_all.setVisible(label is not None)
        self.picture_chosen.emit()

    def _fit_columns(self) -> None:
        header = self.table.horizontalHeader()
        if not header.count():
            return
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        share = self.classes.share_column
        for column in range(self.classes.columnCount()):
            # With one count only there is room for its long title.
            header.resizeSection(column, 120 if column == share else 88 if share == 2 else 56)
            self.table.setItemDelegateForColumn(
                column, self._bars if column == share else self._plain
            )

    def _open(self, path: Path) -> None:
        paths = [picture.path for picture in self.pictures.pictures]
        if self._viewer is None:
            self._viewer = PictureViewer(self._context.tasks, self)
        self._viewer.show_picture(paths, paths.index(path))

    def _picture_menu(self, point: QPoint) -> None:
        chosen = self.grid.selected_paths()
        if chosen:
            menu = self._menu_for(chosen)
            menu.addAction("Open large", lambda: self._open(chosen[0]))
            menu.popup(self.grid.viewport().mapToGlobal(point))

    def show_menu(self, path: Path, place: QPoint) -> None:
        """The menu of one picture, at a place on the screen."""
        self._menu_for([path]).popup(place)

    def _menu_for(self, chosen: list[Path]) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        many = f" {len(chosen):,} pictures" if len(chosen) > 1 else ""
        menu.addAction(f"Classify{many}", lambda: self._context.classify_paths(chosen))
        menu.addAction("Show in file manager", lambda: show_in_folder(chosen[0]))
        menu.addAction(
            "Copy path",
            lambda: QGuiApplication.clipboard().setText("\n".join(map(str, chosen))),
        )
        return menu

    # --- parts

    def _make_classes(self) -> None:
        self.classes = ClassModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.classes)
        self._sorted.setSortRole(SORT_ROLE)
        self._bars = BarDelegate(self, width=48)
        self._plain = QStyledItemDelegate(self)
        self.table = QTableView()
        name_widget(self.table, "classTable", "Classes and how many pictures each has")
        self.table.setModel(self._sorted)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.HIT)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setMinimumSectionSize(48)
        self.table.setTabKeyNavigation(False)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._filter())

    def _make_pictures(self) -> None:
        self.shown = Heading("")
        self.shown.setObjectName("shownPictures")
        self.show_all = Button("Show all", "showAllButton", self.table.clearSelection)
        self.splits = QComboBox()
        name_widget(self.splits, "splitFilter", "Which split is shown")
        self.splits.currentIndexChanged.connect(lambda _row: self._filter())
        self.pictures = PictureModel(self.thumbnails, _caption, _tooltip, self)
        self.grid = PictureGrid(self.pictures)
        name_widget(self.grid, "imagePreview", "Pictures of the folder")
        self.grid.opened.connect(self._open)
        self.grid.selectionModel().selectionChanged.connect(lambda *_: self.picture_chosen.emit())
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._picture_menu)

    def _lay_out(self) -> None:
        right = QFrame()
        right.setProperty("role", "panel")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, 0, theme.S16, 0)
        bar.setSpacing(theme.S8)
        bar.addWidget(self.shown)
        bar.addStretch(1)
        bar.addWidget(self.show_all)
        bar.addWidget(self.splits)
        strip = QFrame()
        strip.setProperty("role", "panel")
        strip.setFixedHeight(44)
        strip.setLayout(bar)
        column.addWidget(strip)
        grid = QHBoxLayout()
        grid.setContentsMargins(theme.S12, 0, theme.S4, 0)
        grid.addWidget(self.grid)
        column.addLayout(grid, 1)
        middle = QSplitter(Qt.Orientation.Horizontal)
        middle.setChildrenCollapsible(False)
        middle.addWidget(self.table)
        middle.addWidget(right)
        middle.setStretchFactor(0, 0)
        middle.setStretchFactor(1, 1)
        middle.setSizes([LEFT, 800])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(middle, 1)


def _caption(picture: Picture) -> str:
    return f"{picture.label}/{picture.path.name}" if picture.label else picture.path.name


def _tooltip(picture: Picture) -> str:
    size = f"{picture.height} × {picture.width}"
    return f"{picture.path}\n{size}, {picture.mode}, {picture.format}"
