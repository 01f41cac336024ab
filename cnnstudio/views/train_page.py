"""The Train page: settings, Start to Stop, live curves, live feature maps, the runs so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.trainer import State
from cnnstudio.graph.project import Project
from cnnstudio.training import events
from cnnstudio.training.resume import lasting
from cnnstudio.training.settings import TrainingSettings
from cnnstudio.views.announcing import announce
from cnnstudio.views.context import Context
from cnnstudio.views.train.across import Across
from cnnstudio.views.train.controls import TrainControls
from cnnstudio.views.train.curves import LossCurves
from cnnstudio.views.train.live_maps import LiveMaps
from cnnstudio.views.train.message_list import MessageList
from cnnstudio.views.train.page_actions import page_actions
from cnnstudio.views.train.preflight import obstacle
from cnnstudio.views.train.progress import Progress
from cnnstudio.views.train.range_dialog import RangeDialog
from cnnstudio.views.train.reading import phase_mark, rate_mark, read_several, read_to_continue
from cnnstudio.views.train.run_table import RunTable
from cnnstudio.views.train.series import History
from cnnstudio.views.train.settings_form import SettingsForm
from cnnstudio.views.train.split_sizes import SplitSizes
from cnnstudio.views.train.tabs import RunTabs
from cnnstudio.views.train.ways import Change, ways_on
from cnnstudio.views.train.words import ending, headline, ready, state_words
from cnnstudio.views.widgets import Line


class TrainPage(QWidget):
    """Assembles the parts and hands each what happens; `Trainer.state` rules the controls."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainPage")
        self.setAccessibleName("Train")
        self._context = context
        self._trainer = context.trainer
        self._progress = Progress()
        # The curves of the run that trains or was trained last in this window.
        self._live = History()
        self._live_run: Path | None = None
        # The run that is being continued, with the curves it has so far.
        self._earlier: tuple[Path | None, History] = (None, History())
        self._shown: Path | None = None
        self._end: events.Finished | events.Stopped | events.Failed | None = None
        self._warning = ""
        # The network the project began with, and whether nothing was trained in it yet.
        self._begun, self._fresh = context.document.network, True
        self._sizes = SplitSizes(context, self)
        self._sizes.changed.connect(self._say)

        self.form = SettingsForm(context.document, self)
        self.controls = TrainControls(self)
        self.curves = LossCurves(context, self)
        self.runs = RunTable(context, self)
        self.messages = MessageList(self)
        self.live_maps = LiveMaps(context, self)
        self._lay_out()

        self.controls.start_clicked.connect(self.start)
        self.controls.pause_clicked.connect(self.pause)
        self.controls.resume_clicked.connect(self.resume)
        self.controls.stop_clicked.connect(self.stop)
        self.controls.steering.rate_wanted.connect(self._trainer.set_learning_rate)
        self.controls.steering.epochs_wanted.connect(self._trainer.set_epochs)
        self.form.find_rate_wanted.connect(self.find_rate)
        self.runs.chosen.connect(self.show_run)
        self.runs.several_chosen.connect(self.show_several)
        self.runs.longer_wanted.connect(self.ask_longer)
        self.runs.continue_wanted.connect(self.continue_run)
        self.runs.history_read.connect(self._show_history)
        self._trainer.events.connect(self._happened)
        self._trainer.state_changed.connect(self._state_changed)
        # Why a search broke off is known only then.
        self._trainer.failed.connect(self._say)
        self._trainer.device_changed.connect(self._show_device)
        context.train_requested.connect(self.start)
        document = context.document
        # Several signals come with one edit: look once, when they are all in.
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._project_changed)
        for signal in (document.changed, document.data_changed, document.training_changed):
            signal.connect(self._look.start)
        document.project_changed.connect(self._look_whose)
        self._actions = page_actions(self, self._bottom)
        self._show_device(self._trainer.device)
        self._project_changed()

    def _lay_out(self) -> None:
        self._bottom = RunTabs(self._context, self.runs, self.messages, self)
        above = QWidget(self)
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.controls)
        column.addWidget(Line(parent=above))
        column.addWidget(self.curves, 1)
        middle = QSplitter(Qt.Orientation.Vertical, self)
        middle.addWidget(above)
        middle.addWidget(self._bottom)
        middle.setStretchFactor(0, 1)
        middle.setSizes([430, 366])
        middle.setChildrenCollapsible(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(Across((self.form, middle, self.live_maps), self))
        for panel in (self.form, self.live_maps, self._bottom, self.curves):
            panel.setAutoFillBackground(False)

    def actions(self) -> list[QAction]:
        """For the Train menu; Start, Pause and Stop have their place there already."""
        return self._actions

    # -- what a person does -------------------------------------------------------------------

    def start(self) -> bool:
        """Start a training of the project; False if something stands in the way or one goes on."""
        if self._trainer.state.active:
            self._context.notify("A training is going on already: stop it first.", "info")
            return False
        blocked = obstacle(self._context)
        if blocked is not None:
            self._project_changed()
            return False
        document = self._context.document
        self.live_maps.follow(document.analysis, document.data)
        self._end, self._warning = None, ""
        return self._trainer.start(
            document.project,
            runs_folder=self._context.runs_folder,
            report=document.report,
            name=Path(document.title).stem,
        )

    def continue_run(
        self, run: Path, epochs: int | None = None, change: Change | None = None
    ) -> None:
        """Go on with a run, with the project it was started with, perhaps with settings changed.

        `epochs` in all where given.
        """

        def changed(settings: TrainingSettings) -> TrainingSettings:
            settings = change(settings) if change is not None else settings
            return lasting(settings, run, epochs) if epochs is not None else settings

        self._context.tasks.run(
            read_to_continue, run, changed, on_done=lambda found: self._continue(run, *found)
        )

    def ask_longer(self, run: Path) -> None:
        """Ask for how many epochs a run is to go on."""
        had = next((known.epochs for known in self.runs.model.runs if known.path == run), 0)
        epochs, wanted = QInputDialog.getInt(
            self,
            "Train it longer",
            f"The run was to have {had:,} epochs. Epochs in all:",
            max(had * 2, 1),
            had + 1,
            100_000,
        )
        if wanted:
            self.continue_run(run, epochs)

    def _continue(self, run: Path, project: Project, earlier: History) -> None:
        self._end, self._warning = None, ""
        self._earlier = (run, earlier)
        started = self._trainer.start(
            project, runs_folder=self._context.runs_folder, resume=run, name=run.name
        )
        if not started:
            self._context.notify("A training is going on already: stop it first.", "info")

    def find_rate(self) -> None:
        """Open the range test, if the project could be trained now."""
        if self._trainer.state.active:
            self._context.notify("A training is going on: stop or finish it first.", "info")
        elif obstacle(self._context) is not None:
            self._project_changed()
        else:
            self.rate_dialog = RangeDialog(self._context, self)
            self.rate_dialog.open()

    def open_tensorboard(self) -> None:
        """Show all runs in TensorBoard, in the browser."""
        self._context.tensorboard.show(self._context.runs_folder)

    def pause(self) -> None:
        self._trainer.pause()

    def resume(self) -> None:
        self._trainer.resume()

    def pause_or_resume(self) -> None:
        (self.resume if self._trainer.state is State.PAUSED else self.pause)()

    def stop(self) -> None:
        self._trainer.stop()

    def show_run(self, path: Path) -> None:
        """Show the curves of a run: live ones at once, others when they are read."""
        self._shown = Path(path)
        self._bottom.weights.show_run(self._shown)
        self.runs.mark(self._shown)
        if self._shown == self._live_run:
            self._show_live()
        else:
            self.runs.read(self._shown)

    def show_several(self, paths: list[Path]) -> None:
        """Lay the curves of several runs over each other, those of the one shown first."""
        if self._shown not in paths:
            self.show_run(paths[0])
        first = self._shown
        others = [path for path in paths if path != first]

        def show(read: list[tuple[str, History]]) -> None:
            if self._shown == first:
                self.curves.overlay(read)

        self._context.tasks.run(read_several, others, on_done=show)

    def _show_live(self) -> None:
        assert self._live_run is not None
        self._shown = self._live_run
        self.curves.show_history(self._live, self._progress.epochs, self._live_run.name)

    def _show_history(self, path: Path, history: History, epochs: int) -> None:
        if path == self._shown:
            self.curves.show_history(history, epochs, path.name)

    # -- what the training tells --------------------------------------------------------------

    def _happened(self, happened: tuple[Any, ...]) -> None:
        for event in happened:
            self._progress.add(event)
            match event:
                case events.Started():
                    self._begin(event)
                case events.BatchDone():
                    at = event.epoch - 1 + event.step / max(event.steps, 1)
                    figures = {"loss": event.loss, **event.metrics}
                    figures["learning_rate"] = event.learning_rate
                    self._live.add_batch(at, figures)
                    self._live.steps = event.steps
                case events.EpochDone():
                    self._live.add_epoch(event.epoch, {"loss": event.loss, **event.metrics})
                    if self._live_run is not None:
                        self.runs.refresh_run(self._live_run)
                case events.RateChanged():
                    at = event.epoch - 1 + event.step / max(event.steps, 1)
                    self._live.mark(at, rate_mark(event.learning_rate))
                case events.PhaseBegun():
                    self._live.mark(float(event.epoch), phase_mark(event.learning_rate))
                case events.EpochsChanged():
                    if self.curves.history is self._live:
                        self.curves.set_epochs(event.epochs)
                case events.Skipped() | events.Message():
                    self._hear(event)
                case events.ConfusionReady():
                    self._bottom.show_confusion(event)
                case events.Finished() | events.Stopped() | events.Failed():
                    self._ended(event)
        if self.curves.history is self._live:
            self.curves.redraw()
        self.controls.show_progress(self._progress)
        self._say()

    def _begin(self, event: events.Started) -> None:
        assert event.run is not None
        self._progress = Progress()
        self._progress.add(event)
        run, earlier = self._earlier
        self._live = earlier if run == event.run else History()
        self._live_run, self._earlier = event.run, (None, History())
        self._end, self._warning = None, ""
        self.messages.begin()
        self._bottom.begin()
        self._show_live()
        self.runs.mark(event.run)
        self.runs.refresh()

    def _hear(self, event: events.Skipped | events.Message) -> None:
        self.messages.add(event)
        self._bottom.count_messages()
        if isinstance(event, events.Message):
            self._warning = event.text

    def _ended(self, event: events.Finished | events.Stopped | events.Failed) -> None:
        if isinstance(event, events.Failed):
            self.messages.add(event)
            self._bottom.count_messages()
        self.runs.refresh()
        if self._trainer.searching:
            return  # a trial, after which others follow
        self._end = event
        announce(self.window(), headline(event), seconds=self._progress.spent)
        if isinstance(event, events.Failed):
            return
        if event.run is not None:
            self._context.run_changed.emit(event.run)
        if not self.isVisible():
            self._context.notify(
                headline(event), "success", ("Show", lambda: self._context.show_page("train"))
            )

    def _state_changed(self, state: State) -> None:
        if state is State.PREPARING:
            self._fresh, self._progress = False, Progress()
            self.controls.show_progress(self._progress)
        if not state.active:
            self._project_changed()
        self.controls.set_state(state, steerable=not self._trainer.searching)
        self._say()

    def _look_whose(self) -> None:
        """How a training ended is no news of another project, begun after it."""
        document = self._context.document
        if document.undo_stack.count() or document.network is self._begun:
            return
        self._begun = document.network
        if not self._trainer.state.active:
            self._fresh, self._end, self._progress = True, None, Progress()
            self.controls.show_progress(self._progress)
            self.controls.set_state(self._state)
            self._say()

    @property
    def _state(self) -> State:
        """The state of the trainer, as far as it is this project's."""
        state = self._trainer.state
        return State.IDLE if self._fresh and not state.active else state

    def _show_device(self, device: str) -> None:
        self.controls.device_label.setText(device)

    # -- words --------------------------------------------------------------------------------

    def _project_changed(self) -> None:
        if not self._trainer.state.active:
            document = self._context.document
            self.live_maps.follow(document.analysis, document.data)
            if self._shown is None:
                self.curves.show_history(self._live, document.training.epochs_in_all(), "")
        self._say()

    def _say(self) -> None:
        """The state in words, and below it what stands in the way, how it ended, or a warning."""
        state, end = self._state, self._end
        search = self._bottom.search if self._trainer.searching and not self._fresh else None
        words = search.headline() if search else state_words(state, self._progress, end)
        self.controls.set_words(words)
        blocked = None if state.active else obstacle(self._context)
        self.controls.set_blocked(blocked is not None)
        if state.active:
            self.controls.set_note(self._warning, "warning")
        elif blocked is not None:
            self.controls.set_note(blocked.text, "warning", blocked.ways)
        elif search is not None:
            self.controls.set_note(*search.ending())
        elif end is not None:
            self.controls.set_note(*ending(end), ways_on(end, self, self._context))
        else:
            said = ready(self._context.document, self._sizes.of_project())
            self.controls.set_note(said, "secondary")

    def show_messages(self) -> None:
        """Bring the messages of the training to the front."""
        self._bottom.setCurrentWidget(self.messages)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.runs.refresh()
