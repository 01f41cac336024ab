"""The trials of a study: lines over an axis for each key, and below them the ranking."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QMenu,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.errors import StudioError
from cnnstudio.graph.project import load_project
from cnnstudio.keras_build.trained import MODEL_FILE, PROJECT_FILE
from cnnstudio.search.info import StudyInfo, Trial
from cnnstudio.search.space import with_values
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.search.parallel import ParallelPlot
from cnnstudio.views.search.trials import TRIAL_ROLE, TrialModel, TrialSorter
from cnnstudio.views.widgets import Button, ElidedLabel, Line, name_widget


class TrialResults(QSplitter):
    """What is chosen in the plot is chosen in the table, and the other way round.

    Signals:
        run_chosen: the run folder of the trial that was chosen, where it is on this computer.
    """

    run_chosen = Signal(object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setObjectName("trialResults")
        self._context = context
        self._document = context.document
        self.plot = ParallelPlot(self)
        self.model = TrialModel(self)
        self.sorter = TrialSorter(self)
        self.sorter.setSourceModel(self.model)
        self.table = QTableView(self)
        self.addWidget(self.plot)
        below = QWidget(self)
        self.use_button = Button("Use these values", "useTrialButton", self.use_values)
        self.open_button = Button("Open as project", "openTrialButton", self.open_project)
        self._chosen = ElidedLabel("", below, Qt.TextElideMode.ElideRight)
        self._chosen.setProperty("role", "secondary")
        row = QHBoxLayout()
        row.setContentsMargins(theme.S12, theme.S4, theme.S12, theme.S4)
        row.setSpacing(theme.S8)
        row.addWidget(self._chosen, 1)
        row.addWidget(self.use_button)
        row.addWidget(self.open_button)
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(Line(parent=below))
        column.addLayout(row)
        self.addWidget(below)
        self.setSizes([220, 220])
        self.setChildrenCollapsible(False)
        self._set_up_table()
        self.plot.chosen.connect(self.select)
        self.plot.brushed.connect(self.sorter.show_only)

    def show_study(self, info: StudyInfo, importance: Mapping[str, float]) -> None:
        """Show a study as it stands; what was chosen stays chosen."""
        before = self.selected_trial()
        self.model.show_study(info)
        self.plot.show_study(info, importance)
        if before is not None and self.selected_trial() is None:
            self.select(before.number)

    def _set_up_table(self) -> None:
        table = self.table
        name_widget(table, "trialTable", "Trials, the best first")
        table.setModel(self.sorter)
        # Its headers and a row, however low the window is.
        table.setMinimumHeight(2 * theme.HIT)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSortingEnabled(True)
        # As they come: ranked.
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().sortIndicatorChanged.connect(lambda *_: self._fit())
        self.sorter.modelReset.connect(self._fit)
        table.horizontalHeader().setStretchLastSection(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.HIT)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        table.selectionModel().selectionChanged.connect(self._selected)
        self._selected()

    def _fit(self) -> None:
        """As wide as each column has to be, so that the values are in sight beside the figure.

        Qt would keep room for an arrow in every header.
        """
        header = self.table.horizontalHeader()
        metrics = header.fontMetrics()
        for column in range(self.sorter.columnCount()):
            title = str(self.sorter.headerData(column, Qt.Orientation.Horizontal))
            wide = metrics.horizontalAdvance(title) + 2 * theme.S8 + theme.S4
            if column == header.sortIndicatorSection():
                wide += theme.S16
            header.resizeSection(column, max(wide, self.table.sizeHintForColumn(column)))

    def use_values(self) -> None:
        """Put the chosen trial's values into the project, as one step for undo."""
        trial = self.selected_trial()
        if trial is None:
            return
        try:
            project = with_values(self._document.project, trial.values)
            self._document.apply_project(f"Use the values of trial {trial.number}", project)
        except StudioError as error:
            self._context.notify(error.message, "error")
            return
        self._context.notify(f"The project has the values of trial {trial.number} now.", "success")

    def open_project(self) -> None:
        """Begin an untitled project that is the chosen trial's."""
        trial = self.selected_trial()
        if trial is None:
            return
        try:
            if trial.run is not None and (trial.run / PROJECT_FILE).is_file():
                project = load_project(trial.run / PROJECT_FILE)
            else:
                project = with_values(self._document.project, trial.values)
        except StudioError as error:
            self._context.notify(error.message, "error")
            return
        stem = Path(self._document.title).stem
        self._context.open_project_copy(project, f"{stem}-trial-{trial.number}")

    def select(self, number: int) -> None:
        """Choose a trial in the table."""
        for row in range(self.sorter.rowCount()):
            index = self.sorter.index(row, 0)
            if index.data(TRIAL_ROLE).number == number:
                flags = QItemSelectionModel.SelectionFlag
                self.table.selectionModel().setCurrentIndex(
                    index, flags.ClearAndSelect | flags.Rows
                )
                self.table.scrollTo(index)

    def selected_trial(self) -> Trial | None:
        """The trial that is chosen in the table."""
        rows = self.table.selectionModel().selectedRows()
        return rows[0].data(TRIAL_ROLE) if rows else None

    def menu_for(self, trial: Trial) -> QMenu:
        """The context menu of a trial."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Use its values", self.use_values)
        menu.addAction("Open it as a new project", self.open_project)
        menu.addSeparator()
        for text, page in (
            ("Explore its feature maps", "explore"),
            ("Classify pictures with it", "classify"),
        ):
            action = menu.addAction(text, partial(self._use_run, trial, page))
            action.setEnabled(trial.run is not None and (trial.run / MODEL_FILE).is_file())
        return menu

    def _use_run(self, trial: Trial, page: str) -> None:
        self._context.run_changed.emit(trial.run)
        self._context.page_requested.emit(page)

    def _open_menu(self, point: QPoint) -> None:
        index = self.table.indexAt(point)
        if index.isValid():
            self.menu_for(index.data(TRIAL_ROLE)).popup(self.table.viewport().mapToGlobal(point))

    def _selected(self, *_ranges: object) -> None:
        trial = self.selected_trial()
        self.use_button.setEnabled(trial is not None)
        self.open_button.setEnabled(trial is not None)
        self.plot.select(trial.number if trial else None)
        if trial is None:
            self._chosen.setText("Choose a trial to see its curves.")
            return
        self._chosen.setText(f"Trial {trial.number}" + (f": {trial.reason}" * bool(trial.reason)))
        if trial.run is not None and trial.run.is_dir():
            self.run_chosen.emit(trial.run)
