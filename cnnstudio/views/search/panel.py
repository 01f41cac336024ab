"""The Search tab of the Train page: settings, Start to Stop, the ranking and the plot."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.trainer import State
from cnnstudio.errors import StudioError
from cnnstudio.search import events
from cnnstudio.search.space import check_space
from cnnstudio.search.storage import shown_storage
from cnnstudio.training.events import EpochDone
from cnnstudio.views.context import Context
from cnnstudio.views.search.bar import SearchBar
from cnnstudio.views.search.form import SearchForm
from cnnstudio.views.search.results import TrialResults
from cnnstudio.views.search.watching import Seen, StudyWatch
from cnnstudio.views.train.controls import WayOut
from cnnstudio.views.train.preflight import obstacle
from cnnstudio.views.widgets import EmptyState, Line

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
        self.results = TrialResults(context, self)
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

        self.bar.start_clicked.connect(self.start)
        self.bar.pause_clicked.connect(self._pause_or_resume)
        self.bar.stop_clicked.connect(self._trainer.stop)
        self.results.run_chosen.connect(self.run_chosen)
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
        self._stack = QStackedWidget(self)
        for widget in (self._empty, self._waiting, self.results):
            self._stack.addWidget(widget)
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
        if seen.info is not None and seen.info.trials:
            self.results.show_study(seen.info, seen.importance)
        self._say()

    def _broke(self, message: str) -> None:
        self._problem = message
        self._say()

    def _say(self, _state: object = None) -> None:
        info = self._seen.info
        if info is not None and info.trials:
            self._stack.setCurrentWidget(self.results)
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
