"""The Search tab of the Train page: settings, Start to Stop, the ranking and the plot."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import get_args

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.trainer import State
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import load_project
from cnnstudio.keras_build.trained import PROJECT_FILE
from cnnstudio.search import events
from cnnstudio.search.info import Trial
from cnnstudio.search.space import check_space, with_values
from cnnstudio.search.storage import shown_storage
from cnnstudio.training.events import EpochDone
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.search.bar import SearchBar
from cnnstudio.views.search.form import SearchForm
from cnnstudio.views.search.parallel import ParallelPlot
from cnnstudio.views.search.trials import TRIAL_ROLE, TrialModel, TrialSorter
from cnnstudio.views.search.watching import Seen, StudyWatch
from cnnstudio.views.train.controls import WayOut
from cnnstudio.views.train.preflight import obstacle
from cnnstudio.views.widgets import Button, EmptyState, Line, name_widget

# The height that the panel takes from the curves above it while it is looked at.
WANTED_HEIGHT = 460


class SearchPanel(QWidget):
    """Follows the study of the project and lets a person search; the trainer does the work.

    Signals:
        run_chosen: the run folder of the trial that was chosen, where it is on this computer.
    """

    run_chosen = Signal(object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchPanel")
        self.setAccessibleName("Search over settings")
        self._context = context
        self._document, self._trainer = context.document, context.trainer
        self._seen = Seen()
        self._problem = ""
        self._heights: list[int] = []
        self.watch = StudyWatch(context, self)
        self.form = SearchForm(self._document, lambda: shown_storage(self.watch.place), self)
        self.bar = SearchBar(self)
        self.plot = ParallelPlot(self)
        self.model = TrialModel(self)
        self.sorter = TrialSorter(self)
        self.sorter.setSourceModel(self.model)
        self.table = QTableView(self)
        self._empty = EmptyState(
            "search",
            "Let the computer try settings",
            "A search trains the network again and again with other settings, ranks the trials "
            "and learns which settings matter. Mark settings of layers in the inspector too.",
            [
                ("Search over learning rate and batch size", self.form.add_usual, "usualSearch"),
                ("Choose a setting…", self.form.choose_key, "chooseFirstKey"),
            ],
            self,
        )
        self._waiting = QLabel("Trials appear here as a ranking, and as lines in a plot.", self)
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._waiting.setProperty("role", "secondary")
        self._lay_out()
        self._set_up_table()

        self.bar.start_clicked.connect(self.start)
        self.bar.pause_clicked.connect(self._pause_or_resume)
        self.bar.stop_clicked.connect(self._trainer.stop)
        self.plot.chosen.connect(self.select)
        self.plot.brushed.connect(self.sorter.show_only)
        self.watch.seen.connect(self._show)
        self.watch.failed.connect(self._broke)
        self._trainer.events.connect(self._happened)
        self._trainer.state_changed.connect(self._say)
        document = self._document
        # Several signals come with one edit: look once, when they are all in.
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._follow)
        for signal in (
            document.changed,
            document.data_changed,
            document.training_changed,
            document.search_changed,
            document.project_changed,
        ):
            signal.connect(self._look.start)

    def _lay_out(self) -> None:
        results = QSplitter(Qt.Orientation.Vertical, self)
        results.addWidget(self.plot)
        below = QWidget(results)
        self.use_button = Button("Use these values", "useTrialButton", self.use_values)
        self.open_button = Button("Open as project", "openTrialButton", self.open_project)
        self._chosen = QLabel("", below)
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
        results.addWidget(below)
        results.setSizes([220, 220])
        results.setChildrenCollapsible(False)
        self._stack = QStackedWidget(self)
        for widget in (self._empty, self._waiting, results):
            self._stack.addWidget(widget)
        self._results = results
        right = QWidget(self)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(self.bar)
        beside.addWidget(Line(parent=right))
        beside.addWidget(self._stack, 1)
        across = QSplitter(Qt.Orientation.Horizontal, self)
        across.setObjectName("searchSplitter")
        across.addWidget(self.form)
        across.addWidget(right)
        across.setStretchFactor(1, 1)
        across.setSizes([284, 540])
        across.setChildrenCollapsible(False)
        self.form.setMinimumWidth(280)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(across)

    def _set_up_table(self) -> None:
        table = self.table
        name_widget(table, "trialTable", "Trials, the best first")
        table.setModel(self.sorter)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSortingEnabled(True)
        # As they come: ranked.
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
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

    # -- what a person does -------------------------------------------------------------------

    def start(self) -> bool:
        """Begin the search, or go on with it; False if something stands in the way."""
        if self._trainer.state.active:
            self._context.notify("A training is going on already: stop it first.", "info")
            return False
        if self._obstacle():
            self._say()
            return False
        document = self._document
        place = self.watch.place
        if self._context.runs_folder == Path(place).parent:
            # Beside the runs, whose folder may not be there yet.
            self._context.runs_folder.mkdir(parents=True, exist_ok=True)
        self._problem = ""
        return self._trainer.search(
            document.project,
            document.search,
            study=place,
            runs_folder=self._context.runs_folder,
            report=document.report,
            name=Path(document.title).stem,
        )

    def begin_another(self) -> None:
        """Write new trials down in a file where there is no study yet, from now on."""
        search = self._document.search.model_copy(update={"study": self.watch.free_place()})
        self._document.set_search(search, "New study")

    def ask_for_more(self) -> None:
        """Twice as many trials as the study was to have."""
        search = self._document.search
        more = search.model_copy(update={"trials": 2 * (search.trials or 10)})
        self._document.set_search(more, "More trials")

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
            action.setEnabled(trial.run is not None and (trial.run / "model.keras").is_file())
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
            self._chosen.setText("Choose a trial to see its curves or to use its values.")
            return
        self._chosen.setText(f"Trial {trial.number}" + (f": {trial.reason}" * bool(trial.reason)))
        if trial.run is not None and trial.run.is_dir():
            self.run_chosen.emit(trial.run)

    def _pause_or_resume(self) -> None:
        if self._trainer.state is State.PAUSED:
            self._trainer.resume()
        else:
            self._trainer.pause()

    # -- what there is to show ----------------------------------------------------------------

    def _happened(self, happened: tuple[object, ...]) -> None:
        told = (*get_args(events.SearchEvent), EpochDone)
        if self._trainer.searching and any(isinstance(event, told) for event in happened):
            for event in happened:
                self.bar.hear(event)
                if isinstance(event, events.SearchEnded):
                    self._ended(event)
            self.watch.look()
            self._say()

    def _ended(self, event: events.SearchEnded) -> None:
        if not self.isActiveWindow():
            # The taskbar says it to those who work elsewhere meanwhile.
            QApplication.alert(self.window())
        if self.window().isVisible() and not self.isVisible():
            said = "" if event.figure is None else f", the best {event.figure:.4g}"
            self._context.notify(
                f"Search ended: {event.done:,} trials{said}.",
                "success",
                ("Show", lambda: self._context.show_page("train")),
            )

    def _follow(self) -> None:
        """The project changed."""
        if self.isVisible():
            self.form.refresh()
            self.watch.start()
            self._say()

    def _show(self, seen: Seen) -> None:
        self._seen, self._problem = seen, ""
        info = seen.info
        if info is not None and info.trials:
            before = self.selected_trial()
            self.model.show_study(info)
            self.plot.show_study(info, seen.importance)
            if before is not None and self.selected_trial() is None:
                self.select(before.number)
        self._say()

    def _broke(self, message: str) -> None:
        self._problem = message
        self._say()

    def _say(self, _state: object = None) -> None:
        info = self._seen.info
        if info is not None and info.trials:
            self._stack.setCurrentWidget(self._results)
        elif self._document.search.space or self._trainer.state.active:
            self._stack.setCurrentWidget(self._waiting)
        else:
            self._stack.setCurrentWidget(self._empty)
        self.bar.show_state(
            self._trainer.state, self._trainer.searching, info, self._document.search
        )
        if self._trainer.state.active:
            self.bar.set_note("", "")
            return
        self.bar.set_note(*self._note())

    def _obstacle(self) -> str:
        """What stands in the way of a start."""
        blocked = obstacle(self._context)
        if blocked is not None:
            return blocked.text
        try:
            check_space(self._document.project, self._document.search)
        except StudioError as error:
            return error.message
        return self._seen.misfit

    def _note(self) -> tuple[str, str, tuple[WayOut, ...]]:
        """What stands in the way ("warning") or is "done", and the ways on."""
        search, info = self._document.search, self._seen.info
        if self._problem:
            return self._problem, "warning", (("New study", self.begin_another),)
        if not search.space:
            return "", "warning", ()
        blocked = obstacle(self._context)
        if blocked is not None:
            return blocked.text, "warning", blocked.ways
        try:
            check_space(self._document.project, search)
        except StudioError as error:
            return error.message, "warning", ()
        if self._seen.misfit:
            text = f"The study {shown_storage(self.watch.place)} {self._seen.misfit}."
            return text, "warning", (("New study", self.begin_another),)
        if info is not None and search.trials is not None and info.done >= search.trials:
            ways = (("More trials", self.ask_for_more), ("New study", self.begin_another))
            return f"All {search.trials:,} trials are done.", "done", ways
        return "", "", ()

    # -- room ---------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()
        splitter = self._splitter()
        if splitter is not None and self.height() < WANTED_HEIGHT:
            self._heights = splitter.sizes()
            whole = sum(self._heights)
            below = min(WANTED_HEIGHT + 40, whole - 240)
            splitter.setSizes([whole - below, below])

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.watch.stop()
        splitter = self._splitter()
        if splitter is not None and self._heights and self.window().isVisible():
            splitter.setSizes(self._heights)
        self._heights = []

    def _splitter(self) -> QSplitter | None:
        """The one that divides the page between the curves and what is below them."""
        parent = self.parentWidget()
        while parent is not None:
            if isinstance(parent, QSplitter) and parent.orientation() is Qt.Orientation.Vertical:
                return parent
            parent = parent.parentWidget()
        return None
