"""Start, Pause, Resume, Stop, and in words and bars where the training is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.trainer import State
from cnnstudio.views import icons, theme
from cnnstudio.views.train.progress import Progress, in_words, load_explained, load_in_words
from cnnstudio.views.train.steering import Steering
from cnnstudio.views.widgets import ElidedLabel

# A way out of what is said: the button's text and what it does.
WayOut = tuple[str, Callable[[], object]]
SHARES = 1000  # steps of a progress bar


class TrainControls(QFrame):
    """The bar above the curves. The buttons follow the state given to `set_state`, nothing else."""

    start_clicked = Signal()
    pause_clicked = Signal()
    resume_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._state = State.IDLE
        self._blocked = False
        self._steerable = True

        self.start_button = self._button("startButton", "Start training", "play")
        self.start_button.setProperty("role", "primary")
        self.pause_button = self._button("pauseButton", "Pause", "pause")
        self.stop_button = self._button("stopButton", "Stop", "stop")
        self.start_button.clicked.connect(self.start_clicked)
        self.pause_button.clicked.connect(self._pause_or_resume)
        self.stop_button.clicked.connect(self.stop_clicked)
        self.state_label = ElidedLabel("", self, Qt.TextElideMode.ElideRight)
        self.state_label.setObjectName("trainingState")
        self.state_label.setProperty("role", "title")
        self.device_label = self._secondary("trainingDevice", "The device that trains")

        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        for button in (self.start_button, self.pause_button, self.stop_button):
            row.addWidget(button)
        row.addSpacing(theme.S8)
        row.addWidget(self.state_label, 1)
        row.addWidget(self.device_label)

        self.epoch_bar = self._bar("epochProgress", "Progress of the epoch")
        self.run_bar = self._bar("runProgress", "Progress of the run")
        self.epoch_label = self._secondary("epochLabel", "The epoch")
        self.run_label = self._secondary("runLabel", "The run")
        self.speed_label = self._secondary("speedLabel", "Images a second")
        self.left_label = self._secondary("timeLeftLabel", "Time left")
        self.load_label = self._secondary("loadLabel", "Memory and load of the machine")
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.S12)
        grid.setVerticalSpacing(theme.S4)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number, (label, bar, figure) in enumerate(
            (
                (self.epoch_label, self.epoch_bar, self.speed_label),
                (self.run_label, self.run_bar, self.left_label),
            )
        ):
            figure.setAlignment(right)
            grid.addWidget(label, number, 0)
            grid.addWidget(bar, number, 1)
            grid.addWidget(figure, number, 2)
        grid.setColumnMinimumWidth(0, 132)
        grid.setColumnMinimumWidth(2, 120)
        grid.setColumnStretch(1, 1)

        self.note = QLabel("", self)
        self.note.setObjectName("trainingNote")
        self.note.setAccessibleName("What stands in the way, or how it ended")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._ways = QHBoxLayout()
        self._ways.setSpacing(theme.S8)
        self._note_row = QWidget(self)
        note_row = QHBoxLayout(self._note_row)
        note_row.setContentsMargins(0, 0, 0, 0)
        note_row.setSpacing(theme.S12)
        note_row.addWidget(self.note, 1)
        note_row.addLayout(self._ways)
        self._note_row.hide()

        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        layout.setSpacing(theme.S8)
        layout.addLayout(row)
        layout.addWidget(self._note_row)
        layout.addLayout(grid)
        self.steering = Steering(self)
        foot = QHBoxLayout()
        foot.addWidget(self.steering, 1)
        foot.addWidget(self.load_label)
        layout.addLayout(foot)
        self.show_progress(Progress())
        self.set_state(State.IDLE)

    def _button(self, name: str, text: str, icon: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAccessibleName(text)
        # The primary button's icon stands on the accent, the others on the surface.
        icons.set_icon(button, icon, "on_accent" if icon == "play" else "text")
        return button

    def _secondary(self, name: str, meaning: str) -> QLabel:
        label = QLabel("", self)
        label.setObjectName(name)
        label.setAccessibleName(meaning)
        label.setProperty("role", "secondary")
        return label

    def _bar(self, name: str, meaning: str) -> QProgressBar:
        bar = QProgressBar(self)
        bar.setObjectName(name)
        bar.setAccessibleName(meaning)
        bar.setRange(0, SHARES)
        bar.setTextVisible(False)
        return bar

    # -- state --------------------------------------------------------------------------------

    def set_state(self, state: State, *, steerable: bool = True) -> None:
        """Let exactly those buttons be pressed that make sense now.

        `steerable` says that rate and epochs may be changed while it trains.
        """
        self._state, self._steerable = state, steerable
        paused = state is State.PAUSED
        self.start_button.setEnabled(not state.active and not self._blocked)
        again = state in (State.FINISHED, State.FAILED)
        self.start_button.setText("Train again" if again else "Start training")
        self.pause_button.setEnabled(state in (State.RUNNING, State.PAUSED))
        self.pause_button.setText("Resume" if paused else "Pause")
        self.pause_button.setAccessibleName("Resume" if paused else "Pause")
        icons.set_icon(self.pause_button, "play" if paused else "pause")
        steerable = steerable and state in (State.RUNNING, State.PAUSED)
        if steerable and not self.steering.isVisible():
            self.steering.begin()
        self.steering.setVisible(steerable)
        self.stop_button.setEnabled(state.active and state is not State.STOPPING)
        self.load_label.setVisible(state.active)

    def set_blocked(self, blocked: bool) -> None:
        """Something stands in the way of a start; the note says what."""
        self._blocked = blocked
        self.set_state(self._state, steerable=self._steerable)

    def set_words(self, words: str) -> None:
        self.state_label.setText(words)
        # How it ended needs the room; the bar at the top says the device too.
        self.device_label.setVisible(self._state.active or not words)

    def set_note(self, text: str, role: str = "secondary", ways: tuple[WayOut, ...] = ()) -> None:
        """A sentence below the buttons, with ways out; an empty text takes it away."""
        self.note.setText(text)
        if self.note.property("role") != role:
            self.note.setProperty("role", role)
            self.note.style().unpolish(self.note)
            self.note.style().polish(self.note)
        while (item := self._ways.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for label, slot in ways:
            button = QPushButton(label, self._note_row)
            button.setObjectName(f"way{label.replace(' ', '')}")
            button.setAccessibleName(label)
            button.setProperty("role", "link")
            button.clicked.connect(slot)
            self._ways.addWidget(button)
            button.show()
        self._note_row.setVisible(bool(text))

    def _pause_or_resume(self) -> None:
        if self._state is State.PAUSED:
            self.resume_clicked.emit()
        else:
            self.pause_clicked.emit()

    # -- figures ------------------------------------------------------------------------------

    def show_progress(self, progress: Progress) -> None:
        for bar, share in (
            (self.epoch_bar, progress.epoch_share),
            (self.run_bar, progress.run_share),
        ):
            # Qt would paint all that waits to be painted for each of them, at once.
            bar.setUpdatesEnabled(False)
            bar.setValue(round(share * SHARES))
            bar.setUpdatesEnabled(True)
        self.epoch_label.setText(
            f"Step {progress.step:,} of {progress.steps:,}" if progress.steps else "Epoch"
        )
        self.run_label.setText(
            f"Epoch {progress.epoch:,} of {progress.epochs:,}"
            f"{' · fine-tuning' if progress.fine_tuning else ''}"
            if progress.epochs
            else "Run"
        )
        self.steering.follow(progress)
        speed = progress.images_per_second
        self.speed_label.setText(f"{speed:,.0f} images/s" if speed else "")
        load = progress.load
        self.load_label.setText("" if load is None else load_in_words(load))
        self.load_label.setToolTip("" if load is None else load_explained(load))
        left = progress.seconds_left
        ended = progress.epochs and progress.run_share >= 1
        self.left_label.setText("" if ended or left is None else f"{in_words(left)} left")
