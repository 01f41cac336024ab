"""Start, Pause, Resume, Stop, and in words and bars where the training is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent, QShowEvent
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
from cnnstudio.views.widgets import ElidedLabel, SteadyLabel

# A way out of what is said: the button's text and what it does.
WayOut = tuple[str, Callable[[], object]]
SHARES = 1000  # steps of a progress bar
START, AGAIN, PAUSE, RESUME = "Start training", "Train again", "Pause", "Resume"


class TrainControls(QFrame):
    """The bar above the curves. The buttons follow the state given to `set_state`, nothing else.

    `start_clicked` may come while a start is blocked: a press on Start counts by where it began,
    whatever becomes of the button before the mouse is let go. Who starts looks once more.
    """

    start_clicked = Signal()
    pause_clicked = Signal()
    resume_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._state = State.IDLE
        self._blocked = False
        self._pressed = False  # whether the mouse went down on Start while that was blocked
        self._slots: dict[str, Callable[[], object]] = {}  # of the ways out, by their text

        self.start_button = self._button("startButton", START, "play")
        self.start_button.setProperty("role", "primary")
        self.pause_button = self._button("pauseButton", PAUSE, "pause")
        self.stop_button = self._button("stopButton", "Stop", "stop")
        self.start_button.installEventFilter(self)
        self.start_button.released.connect(self._allow_start)
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
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for at_the_edge in (self.device_label, self.load_label):
            at_the_edge.setAlignment(right)
        for number, (label, bar, figure) in enumerate(
            (
                (self.epoch_label, self.epoch_bar, self.speed_label),
                (self.run_label, self.run_bar, self.left_label),
            )
        ):
            figure.setAlignment(right)
            grid.addWidget(label, number, 0, left)
            grid.addWidget(bar, number, 1)
            grid.addWidget(figure, number, 2, right)
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
        self._note_row.setMinimumHeight(theme.HIT)
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
        # As high as the note that it takes the place of: the curves stay where they are.
        self._foot = QWidget(self)
        self._foot.setMinimumHeight(theme.HIT)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        self.steering = Steering(self._foot)
        foot.addWidget(self.steering)
        foot.addStretch(1)
        foot.addWidget(self.load_label)
        layout.addWidget(self._foot)
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
        label = SteadyLabel("", self)
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
        self._state = state
        paused = state is State.PAUSED
        self._allow_start()
        again = state in (State.FINISHED, State.FAILED)
        self.start_button.setText(AGAIN if again else START)
        self._allow(self.pause_button, state in (State.RUNNING, State.PAUSED))
        self.pause_button.setText(RESUME if paused else PAUSE)
        self.pause_button.setAccessibleName(RESUME if paused else PAUSE)
        icons.set_icon(self.pause_button, "play" if paused else "pause")
        steering = steerable and state.active
        if steering and self.steering.isHidden():
            self.steering.begin()
        self._allow(self.steering, state in (State.RUNNING, State.PAUSED))
        self.steering.setVisible(steering)
        self._allow(self.stop_button, state.active and state is not State.STOPPING)
        self._foot.setVisible(state.active)
        self.left_label.setVisible(state.active)

    def set_blocked(self, blocked: bool) -> None:
        """Something stands in the way of a start; the note says what."""
        self._blocked = blocked
        self._allow_start()

    def _allow(self, widget: QWidget, allowed: bool) -> None:
        if not allowed:
            self._keep_focus(widget)
        widget.setEnabled(allowed)

    def _keep_focus(self, widget: QWidget) -> None:
        """Hold the keyboard here: what is disabled or hidden hands it to any other widget."""
        focus = self.focusWidget()
        if focus is None or not focus.hasFocus():
            return
        if focus is widget or widget.isAncestorOf(focus):
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        """Buttons whose text changes keep their width, so that what is beside them can be hit."""
        super().showEvent(event)
        _keep_width(self.start_button, START, AGAIN)
        _keep_width(self.pause_button, PAUSE, RESUME)

    def _allow_start(self) -> None:
        # A button that is disabled while the mouse is down on it loses the click.
        if not self.start_button.isDown():
            self._allow(self.start_button, not self._state.active and not self._blocked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let a press on a blocked Start count: a field that is left by it may have been why."""
        if isinstance(event, QMouseEvent) and event.button() is Qt.MouseButton.LeftButton:
            if event.type() is QEvent.Type.MouseButtonPress:
                self._pressed = not self._state.active and not self.start_button.isEnabled()
                if self._pressed:
                    # A disabled button takes no focus; a field is read when it is left.
                    self.setFocus(Qt.FocusReason.MouseFocusReason)
            elif event.type() is QEvent.Type.MouseButtonRelease and self._pressed:
                self._pressed = False
                if self.start_button.rect().contains(event.position().toPoint()):
                    self.start_clicked.emit()
        return super().eventFilter(watched, event)

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
        same = list(self._slots) == [label for label, _ in ways]
        self._slots = dict(ways)
        # Buttons that stay can be pressed while the words beside them change.
        if not same:
            self._make_ways()
        self._note_row.setVisible(bool(text))

    def _make_ways(self) -> None:
        self._keep_focus(self._note_row)
        while (item := self._ways.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for label in self._slots:
            button = QPushButton(label, self._note_row)
            button.setObjectName(f"way{label.replace(' ', '')}")
            button.setAccessibleName(label)
            button.setProperty("role", "link")
            button.clicked.connect(lambda _checked=False, label=label: self._slots[label]())
            self._ways.addWidget(button)
            button.show()

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


def _keep_width(button: QPushButton, *texts: str) -> None:
    """Make a button as wide as the widest of its texts needs."""
    now, widest = button.text(), 0
    for text in texts:
        button.setText(text)
        widest = max(widest, button.sizeHint().width())
    button.setText(now)
    button.setMinimumWidth(widest)
