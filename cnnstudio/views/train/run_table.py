"""The runs on disk as a table: what they reached, their curves, and what can be done with one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.training.care import trash_of
from cnnstudio.training.runs import RunInfo, list_runs, run_info
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.train.column_menu import ColumnMenu
from cnnstudio.views.train.reading import read_curves
from cnnstudio.views.train.run_actions import RunActions
from cnnstudio.views.train.run_columns import PLACES
from cnnstudio.views.train.run_editing import RunEditing, SettingsDelegate
from cnnstudio.views.train.run_model import (
    ACCURACY,
    NAME,
    NOTES,
    RUN_ROLE,
    SORT_ROLE,
    STATE,
    RunModel,
)
from cnnstudio.views.widgets import (
    BarDelegate,
    ColoredTextDelegate,
    QuietButton,
    Secondary,
    name_widget,
)

# Milliseconds from one reading of a run that trains to the next, at least.
READ_AGAIN = 2000
EMPTY = "No runs yet. Each training is kept here with its curves."


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
        self._training: Path | None = None  # a run to be read again soon
        self._rest = QTimer(self, singleShot=True, interval=READ_AGAIN)
        self._rest.timeout.connect(self._read_training)
        self._marked: Path | None = None
        self._marking = False
        self._several = False
        self.model = RunModel(self)
        self._proxy = _Filter(self)
        self._proxy.setSourceModel(self.model)
        self._proxy.setSortRole(SORT_ROLE)
        self.view = QTableView(self)
        self.view.setObjectName("runTable")
        self.view.setAccessibleName("Runs")
        self.view.setModel(self._proxy)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        # Two runs can be compared.
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(PLACES["date"], Qt.SortOrder.DescendingOrder)
        self.view.setShowGrid(False)
        self.view.setTabKeyNavigation(False)
        self.view.setWordWrap(False)
        self.view.verticalHeader().hide()
        self.view.verticalHeader().setDefaultSectionSize(theme.HIT)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        # Of hundreds of runs it would look at each, at the end of every epoch.
        header.setResizeContentsPrecision(50)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(56)
        self.view.setItemDelegateForColumn(ACCURACY, BarDelegate(self.view, width=40))
        self.view.setItemDelegateForColumn(STATE, ColoredTextDelegate(self.view))
        self.view.setItemDelegateForColumn(PLACES["settings"], SettingsDelegate(self.view))
        self._editing = RunEditing(self.view)
        for place in (NAME, NOTES):
            self.view.setItemDelegateForColumn(place, self._editing)
        # Asked for while a person wrote.
        self._editing.ended.connect(self._refresh_if_asked)
        self.columns = ColumnMenu(self.view, context.settings)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.actions_ = RunActions(context, self)
        self.model.remarked.connect(self.actions_.say)
        self._empty = Secondary(EMPTY, self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head())
        layout.addLayout(self._stack, 1)

    def _head(self) -> QHBoxLayout:
        """The field that filters, stars only, the trash."""
        self.filter = QLineEdit(self)
        name_widget(self.filter, "runFilter", "Show only runs with these words")
        self.filter.setPlaceholderText("Filter by name, settings, state, notes")
        self.filter.setClearButtonEnabled(True)
        self.filter.setFixedHeight(theme.HIT)
        self.starred_box = QCheckBox("Starred", self)
        name_widget(self.starred_box, "starredRuns", "Show only starred runs")
        self.trash_box = QCheckBox("Trash", self)
        name_widget(self.trash_box, "runTrash", "Show the runs in the trash")
        self.filter.textChanged.connect(self._filter)
        self.starred_box.toggled.connect(self._filter)
        self.trash_box.toggled.connect(self._look_elsewhere)
        columns = QuietButton("Columns", "runColumnsButton", parent=self)
        columns.setToolTip("Choose which settings and figures the table shows")
        columns.setMenu(self.columns.menu)
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S4, theme.S16, theme.S4)
        bar.setSpacing(theme.S16)
        bar.addWidget(self.filter, 1)
        bar.addWidget(self.starred_box)
        bar.addWidget(self.trash_box)
        bar.addWidget(columns)
        return bar

    def _filter(self, _value: object = None) -> None:
        self._proxy.set_wanted(self.filter.text(), self.starred_box.isChecked())

    def _look_elsewhere(self, trash: bool) -> None:
        self._empty.setText("The trash is empty." if trash else EMPTY)
        self.refresh()

    @property
    def _folder(self) -> Path:
        folder = self._context.runs_folder
        return trash_of(folder) if self.trash_box.isChecked() else folder

    # -- the list -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the folder of runs again, in the background."""
        if self._listing is not None or self._editing.editing:
            self._again = True
            return
        self._listing = self._context.tasks.run(
            list_runs, self._folder, on_done=self._listed, on_failed=self._not_listed
        )

    def refresh_run(self, path: Path) -> None:
        """Read one run again, in the background: there may be hundreds of others.

        At once, or where that was done a moment ago when `READ_AGAIN` has passed.
        """
        self._training = path
        if not self._rest.isActive():
            self._read_training()

    def _read_training(self) -> None:
        if self._training is not None:
            self._context.tasks.run(run_info, self._training, on_done=self._read_again)
            self._training = None
            self._rest.start()

    def _read_again(self, run: RunInfo) -> None:
        if not self._editing.editing:
            self.model.set_run(run)

    def _not_listed(self, message: str) -> None:
        self._listing = None
        self._context.notify(message, "error")

    def _listed(self, runs: list[RunInfo]) -> None:
        self._listing = None
        if self._editing.editing:
            # Other rows would take the field away that a person writes in.
            self._again = True
            return
        self._marking = True
        self.model.set_runs(runs)
        self._marking = False
        self.columns.apply(runs)
        self._stack.setCurrentWidget(self.view if runs else self._empty)
        if self._marked is not None:
            self.mark(self._marked)
        self._refresh_if_asked()

    def _refresh_if_asked(self) -> None:
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

    def compare_selected(self) -> None:
        """Show the two selected runs side by side; without two, say how to choose them."""
        runs = self.selected_runs()
        if len(runs) == 2:
            self.actions_.compare(*(run.path for run in runs))
        else:
            self._context.notify(
                "Choose two runs in the table: click one, then another with Ctrl held down."
            )

    def transfer_selected(self) -> None:
        """Ask for a network that starts from the selected run; without one, say what is missing."""
        run = self.selected()
        if run is not None and run.has_model and run.state != "damaged":
            self._context.transfer(run.path)
        else:
            self._context.notify("Choose a run in the table that has a trained network.")

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
        for entry in self.actions_.entries(run, self.selected_runs()):
            if entry.slot is None:
                menu.addSeparator()
                continue
            action = menu.addAction(entry.text)
            action.setEnabled(entry.possible)
            action.triggered.connect(lambda _checked=False, slot=entry.slot: slot())
        return menu


class _Filter(QSortFilterProxyModel):
    """Runs that hold every word that was typed, and a star if wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self._starred = False

    def set_wanted(self, text: str, starred: bool) -> None:
        """Show only runs with these words, anywhere, and only starred ones if `starred`."""
        self._words, self._starred = text.lower().split(), starred
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex | QPersistentModelIndex) -> bool:
        model = self.sourceModel()
        run: RunInfo = model.index(row, 0, parent).data(RUN_ROLE)
        if self._starred and not run.remark.starred:
            return False
        cells = [str(model.index(row, n, parent).data()) for n in range(model.columnCount())]
        text = " ".join((*cells, run.name, run.remark.notes, *run.classes)).lower()
        return all(word in text for word in self._words)
