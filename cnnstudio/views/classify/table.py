"""The table of predictions as a widget: sorted, copied, opened large."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from cnnstudio.app.tasks import TaskRunner
from cnnstudio.evaluation.predict import Unreadable
from cnnstudio.views.classify.filtering import ResultFilter
from cnnstudio.views.classify.results import (
    CLASSES,
    CONFIDENCE,
    PICTURE,
    RESULT_ROLE,
    ROW_HEIGHT,
    SORT_ROLE,
    Result,
    ResultDelegate,
    ResultModel,
    results_csv,
)
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.viewer import PictureViewer
from cnnstudio.views.widgets import name_widget


class PredictionTable(QTableView):
    """Rows in the order of arrival until a heading is clicked; a third click goes back to it."""

    # Another row is the current one: a Prediction, an Unreadable or None.
    current_result = Signal(object)
    # What mattered in a picture is wanted: Path.
    why_wanted = Signal(object)

    def __init__(
        self, results: ResultModel, tasks: TaskRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        name_widget(self, "predictionTable", "Predictions")
        self._tasks = tasks
        self._viewer: PictureViewer | None = None
        self._sorted = self.filter = ResultFilter(self)
        self._sorted.setSourceModel(results)
        self._sorted.setSortRole(SORT_ROLE)
        self.setModel(self._sorted)
        self.setItemDelegate(ResultDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(PICTURE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(CLASSES, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(CONFIDENCE, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(PICTURE, 280)
        header.resizeSection(CLASSES, 168)
        self.selectionModel().currentRowChanged.connect(lambda *_: self._tell_current())
        self._sorted.dataChanged.connect(lambda *_: self._tell_current())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.activated.connect(self.open_large)

    def rows(self) -> list[Result]:
        """All results in the order shown."""
        count = self._sorted.rowCount()
        return [self._sorted.index(row, 0).data(RESULT_ROLE) for row in range(count)]

    def selected(self) -> list[Result]:
        """The results of the selected rows, in the order shown."""
        rows = sorted(self.selectionModel().selectedRows(), key=lambda index: index.row())
        return [index.data(RESULT_ROLE) for index in rows]

    def choose_first(self) -> None:
        """Make the first row current unless one is."""
        if not self.currentIndex().isValid():
            self.setCurrentIndex(self._sorted.index(0, 0))

    def copy(self) -> None:
        """Put the selected rows, or all, on the clipboard as CSV."""
        chosen = self.selected() or self.rows()
        if chosen:
            QGuiApplication.clipboard().setText(results_csv(chosen))

    def open_large(self, *_index: object) -> None:
        """Show the current picture in a window of its own."""
        current = self.currentIndex().data(RESULT_ROLE)
        if current is None or isinstance(current, Unreadable):
            return
        shown = [result.path for result in self.rows() if not isinstance(result, Unreadable)]
        if self._viewer is None:
            self._viewer = PictureViewer(self._tasks, self)
        self._viewer.show_picture(shown, shown.index(current.path))

    def _tell_current(self) -> None:
        self.current_result.emit(self.currentIndex().data(RESULT_ROLE))

    def menu(self, chosen: list[Result]) -> QMenu:
        """What can be done with results."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open large", self.open_large)
        first = chosen[0]
        if not isinstance(first, Unreadable):
            menu.addAction("What mattered", lambda: self.why_wanted.emit(first.path))
        menu.addAction("Show in file manager", lambda: show_in_folder(first.path))
        menu.addAction("Copy as CSV", self.copy)
        return menu

    def _menu(self, point: QPoint) -> None:
        chosen = self.selected()
        if chosen:
            self.menu(chosen).popup(self.viewport().mapToGlobal(point))
