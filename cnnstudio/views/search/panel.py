"""The Search tab of the Train page: settings, Start to Stop, the ranking and the plot."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, get_args

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
from cnnstudio.search.info import StudyInfo
from cnnstudio.search.sampling import limit_of
from cnnstudio.search.settings import SearchSettings
from cnnstudio.search.space import LAYERS, check_space, split_layer_key
from cnnstudio.search.storage import shown_storage
from cnnstudio.search.words import goes_on_with, grid_words, used_up
from cnnstudio.training.events import EpochDone
from cnnstudio.views.context import Context
from cnnstudio.views.search.bar import SearchBar
from cnnstudio.views.search.form import SearchForm
from cnnstudio.views.search.results import TrialResults
from cnnstudio.views.search.space_rows import without
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
        self._problem = self._failure = ""
        self._end: events.SearchEnded | None = None
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
        self._trainer.failed.connect(self._failed)
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
        self._problem = self._failure = ""
        self._end = None
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
        self._set_budget("More trials", trials=2 * (self._document.search.trials or 10))

    def ask_for_all(self) -> None:
        """As many trials as the grid has combinations."""
        self._set_budget("Try all combinations", trials=self._seen.combinations)

    def ask_for_longer(self) -> None:
        """Twice as many hours as the study was to have."""
        self._set_budget("More hours", hours=2 * (self._document.search.hours or 1.0))

    def _set_budget(self, text: str, **budget: Any) -> None:
        self._document.set_search(self._document.search.model_copy(update=budget), text)

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
                    self._end = event
                    self._ended(event)
            self.watch.look()
            self._say()

    def _ended(self, event: events.SearchEnded) -> None:
        if not self.isActiveWindow():
            # The taskbar says it to those who work elsewhere meanwhile.
            QApplication.alert(self.window())
        if self.window().isVisible() and not self.isVisible():
            said = "" if event.figure is None else f" The best: {event.figure:.4g}."
            self._context.notify(
                f"Search: {event.note}{said}",
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

    def _failed(self, message: str) -> None:
        if self._trainer.searching and self._trainer.state is State.FAILED:
            self._failure = message
            self._say()

    def _say(self, _state: object = None) -> None:
        info, search = self._seen.info, self._document.search
        if info is not None and info.trials:
            self._stack.setCurrentWidget(self.results)
        elif search.space or self._trainer.state.active:
            self._stack.setCurrentWidget(self._waiting)
        else:
            self._stack.setCurrentWidget(self._empty)
        limit = limit_of(search.trials, self._seen.combinations)
        self.bar.show_state(
            self._trainer.state, self._trainer.searching, info, limit, self._rests()
        )
        if self._trainer.state.active:
            self.bar.set_note("", "")
            return
        self.bar.set_note(*self._note())

    def _rests(self) -> str:
        """Why nothing goes on, in a word; empty where something does, or nothing began."""
        info = self._seen.info
        if self._failure:
            return "broke off"
        if info is None or not info.trials:
            return ""
        if used_up(info, self._document.search, self._seen.combinations):
            return "finished"
        return "" if info.running else "stopped"

    def headline(self) -> str:
        """What the search of this window does, or how it ended, in a few words."""
        if self._trainer.state.active:
            return f"Search: {self.bar.doing()}"
        if self._trainer.state is State.FAILED:
            return "The search broke off"
        if self._end is None:
            return "The search was stopped"
        return self._end.note.rstrip(".") if self._end.stopped else "The search finished"

    def ending(self) -> tuple[str, str, tuple[WayOut, ...]]:
        """What is to be said below the headline when it ended, its role, and the ways on."""
        if self._failure:
            return self._failure, "error", ()
        if self._end is None:
            return "", "secondary", ()
        if self._end.next:
            said = f"It goes on with {self._end.next}."
            return said, "secondary", (("Continue the search", self.start),)
        said, best = self._end.note, self._end.figure
        if best is not None:
            said += f" The best is trial {self._end.trial}: {best:.4g}."
        return said, "secondary", ()

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
            ways = (("Try again", self.watch.start), ("New study", self.begin_another))
            return self._problem, "warning", ways
        if not search.space:
            return "", "warning", ()
        blocked = obstacle(self._context)
        if blocked is not None:
            return blocked.text, "warning", blocked.ways
        try:
            check_space(self._document.project, search)
        except StudioError as error:
            gone = [key for key in search.space if self._names_no_layer(key)]
            way = (
                ("Take it out" if len(gone) == 1 else "Take them out"),
                partial(without, self._document, *gone),
            )
            return error.message, "warning", (way,) if gone else ()
        if self._seen.misfit:
            text = f"The study {shown_storage(self.watch.place)} {self._seen.misfit}."
            return text, "warning", (("New study", self.begin_another),)
        if self._failure:
            return self._failure, "failed", ()
        return self._how_far(info, search)

    def _names_no_layer(self, key: str) -> bool:
        """Whether a setting of a layer is searched over that is not in the network any more."""
        return key.startswith(LAYERS) and split_layer_key(key)[0] not in self._document.network

    def _how_far(
        self, info: StudyInfo | None, search: SearchSettings
    ) -> tuple[str, str, tuple[WayOut, ...]]:
        """What of the budget is used up or will be, and how a search that was stopped goes on."""
        combinations = self._seen.combinations
        cut = combinations is not None and (search.trials or combinations) < combinations
        whole = ((f"Try all {combinations:,}", self.ask_for_all),) if cut else ()
        another = ("New study", self.begin_another)
        if info is None or not info.trials:
            return grid_words(search, combinations), "", whole
        if done := used_up(info, search, combinations):
            more: tuple[WayOut, ...] = whole
            if search.hours is not None and info.seconds >= search.hours * 3600:
                more = (("More hours", self.ask_for_longer),)
            elif combinations is None:
                more = (("More trials", self.ask_for_more),)
            return done, "done", (*more, another)
        said = [] if info.running else [f"Continue goes on with {goes_on_with(info)}."]
        said += [grid_words(search, combinations)] * cut
        return " ".join(said), "", whole

    # -- room ---------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()
        splitter = self._splitter()
        if splitter is not None and self.height() < WANTED_HEIGHT:
            self._heights = splitter.sizes()
            whole = sum(self._heights)
            below = min(WANTED_HEIGHT + 40, whole - 180)
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
