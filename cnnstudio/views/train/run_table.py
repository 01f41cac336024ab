"""The runs on disk as a table: what they reached, their curves, and what can be done with one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStackedLayout,
    QTableView,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.training.runs import RunInfo, list_runs
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.drop import show_in_folder
from cnnstudio.views.train.reading import read_curves
from cnnstudio.views.train.run_model import ACCURACY, COLUMNS, RUN_ROLE, SORT_ROLE, RunModel
from cnnstudio.views.widgets import BarDelegate, Secondary


class RunTable(QWidget):
    """Lists the runs in the background; choosing one reads its curves.

    Signals:
        chosen: the folder of the run a person selected.
        history_read: folder, curves, epochs in all; after `read`.
        continue_wanted: the folder of the run a person wants to go on with.
        longer_wanted: the same, for more epochs than it was to have.
        several_chosen: the folders of the runs that are selected, where they are several.
    """

    chosen = Signal(object)
    continue_wanted = Signal(object)
    longer_wanted = Signal(object)
    several_chosen = Signal(object)
    history_read = Signal(object, object, int)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._listing: Task | None = None
        self._again = False
        self._reading: Task | None = None
        self._marked: Path | None = None
        self._marking = False
        self._several = False
        self.model = RunModel(self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.model)
        self._proxy.setSortRole(SORT_ROLE)
        self.view = QTableView(self)
        self.view.setObjectName("runTable")
        self.view.setAccessibleName("Runs")
        self.view.setModel(self._proxy)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        # Two runs can be compared.
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(len(COLUMNS) - 1, Qt.SortOrder.DescendingOrder)
        self.view.setShowGrid(False)
        self.view.setTabKeyNavigation(False)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(theme.HIT)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(56)
        self.view.setItemDelegateForColumn(ACCURACY, BarDelegate(self.view, width=40))
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self._empty = Secondary("No runs yet. Each training is kept here with its curves.", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)

    # -- the list -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the folder of runs again, in the background."""
        if self._listing is not None:
            self._again = True
            return
        self._listing = self._context.tasks.run(
            list_runs, self._context.runs_folder, on_done=self._listed, on_failed=self._not_listed
        )

    def _not_listed(self, message: str) -> None:
        self._listing = None
        self._context.notify(message, "error")

    def _listed(self, runs: list[RunInfo]) -> None:
        self._listing = None
        self._marking = True
        self.model.set_runs(runs)
        self._marking = False
        self._stack.setCurrentWidget(self.view if runs else self._empty)
        if self._marked is not None:
            self.mark(self._marked)
        if self._again:
            self._again = False
            self.refresh()

    def mark(self, path: Path) -> None:
        """Select the row of a run without reading it."""
        self._marked = path
        for row, run in enumerate(self.model.runs):
            if run.path == path:
                place = self._proxy.mapFromSource(self.model.index(row, 0))
                if not self.view.selectionModel().isRowSelected(place.row()):
                    self._marking = True
                    self.view.selectRow(place.row())
                    self._marking = False
                return

    def selected(self) -> RunInfo | None:
        """The run that is selected, if it is just one."""
        runs = self.selected_runs()
        return runs[0] if len(runs) == 1 else None

    def selected_runs(self) -> list[RunInfo]:
        """The selected runs, the oldest first."""
        rows = self.view.selectionModel().selectedRows()
        runs: list[RunInfo] = [row.data(RUN_ROLE) for row in rows]
        return sorted(runs, key=lambda run: run.name)

    def _selected(self) -> None:
        if self._marking:
            return
        runs = self.selected_runs()
        if len(runs) > 1:
            self.several_chosen.emit([run.path for run in runs])
        elif runs and (runs[0].path != self._marked or self._several):
            self._marked = runs[0].path
            self.chosen.emit(runs[0].path)
        self._several = len(runs) > 1

    # -- curves -------------------------------------------------------------------------------

    def read(self, path: Path) -> None:
        """Read the curves of a run in the background; `history_read` brings them."""
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._context.tasks.run(
            read_curves, path, on_done=lambda read: self.history_read.emit(path, *read)
        )

    # -- what can be done with a run ----------------------------------------------------------

    def _open_menu(self, point: QPoint) -> None:
        index = self.view.indexAt(point)
        if index.isValid():
            menu = self.menu_for(index.data(RUN_ROLE))
            menu.popup(self.view.viewport().mapToGlobal(point))

    def menu_for(self, run: RunInfo) -> QMenu:
        """The context menu of a run."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, slot, possible in (
            (
                "Continue it where it stopped",
                lambda: self.continue_wanted.emit(run.path),
                can_continue(run) and not self._context.trainer.state.active,
            ),
            (
                "Train it longer…",
                lambda: self.longer_wanted.emit(run.path),
                run.resumable and not self._context.trainer.state.active,
            ),
            ("Classify pictures with it", lambda: self._use(run, "classify"), run.has_model),
            ("Explore its feature maps", lambda: self._use(run, "explore"), run.has_model),
            ("Evaluate it", lambda: self._context.evaluate(run.path), run.has_model),
            ("Use its network and settings", lambda: self._reuse(run), run.state != "damaged"),
            self._comparison(run),
            ("Show its folder", lambda: show_in_folder(run.path / "."), True),
        ):
            action = menu.addAction(text)
            action.setEnabled(possible)
            action.triggered.connect(lambda _checked=False, slot=slot: slot())
        return menu

    def _comparison(self, run: RunInfo) -> tuple[str, Callable[[], object], bool]:
        """Compare two selected runs, or this one with the project."""
        runs = self.selected_runs()
        if len(runs) == 2 and run in runs:
            paths = [other.path for other in runs]
            possible = all(other.state != "damaged" for other in runs)
            return "Compare networks", lambda: self._context.compare(*paths), possible
        return (
            "Compare its network with the project",
            lambda: self._context.compare(run.path),
            run.state != "damaged",
        )

    def _use(self, run: RunInfo, page: Any) -> None:
        self._context.run_changed.emit(run.path)
        self._context.show_page(page)

    def _reuse(self, run: RunInfo) -> None:
        """Bring a run's network and training settings into the project, as one undo step."""
        from cnnstudio.data.settings_model import settings_from_json
        from cnnstudio.errors import StudioError
        from cnnstudio.graph.project import load_project
        from cnnstudio.keras_build.trained import PROJECT_FILE

        document = self._context.document
        try:
            project = load_project(run.path / PROJECT_FILE)
            training = settings_from_json(type(document.training), project.training, "training")
        except StudioError as error:
            self._context.notify(error.message, "error")
            return
        document.undo_stack.beginMacro(f"Use {run.name}")
        document.apply("Network of a run", project.network)
        document.set_training(training, "Training settings of a run")
        document.undo_stack.endMacro()
        self._context.notify(f"The project has the network and settings of {run.name}.", "success")


def can_continue(run: RunInfo) -> bool:
    """Whether there are epochs left, and a checkpoint to go on from."""
    return run.resumable and run.state in {"stopped", "interrupted", "failed"}
