"""Start, Pause and Stop of a search, and in words how far it is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.trainer import State
from cnnstudio.search.events import SearchWaits, TrialBegan, TrialEnded
from cnnstudio.search.info import StudyInfo
from cnnstudio.training.events import EpochDone
from cnnstudio.views import icons, theme
from cnnstudio.views.train.controls import WayOut
from cnnstudio.views.widgets import Button, ElidedLabel, PrimaryButton, name_widget, set_property


class SearchBar(QFrame):
    """The bar above the trials; the buttons follow the state of the trainer."""

    start_clicked = Signal()
    pause_clicked = Signal()
    stop_clicked = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._trial = ""
        self._state, self._searching, self._blocked = State.IDLE, False, False
        self.start_button = PrimaryButton(
            "Start search", "startSearchButton", self.start_clicked.emit, icon="play"
        )
        self.pause_button = Button(
            "Pause", "pauseSearchButton", self.pause_clicked.emit, icon="pause"
        )
        self.stop_button = Button("Stop", "stopSearchButton", self.stop_clicked.emit, icon="stop")
        self.label = ElidedLabel("", self, Qt.TextElideMode.ElideRight)
        self.label.setObjectName("searchState")
        self.progress = QProgressBar(self)
        name_widget(self.progress, "searchProgress", "Trials that are done")
        self.progress.setTextVisible(False)
        self.note = QLabel("", self)
        self.note.setObjectName("searchNote")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("role", "warning")
        self._ways = QHBoxLayout()
        self._ways.setSpacing(theme.S8)
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        for button in (self.start_button, self.pause_button, self.stop_button):
            row.addWidget(button)
        row.addSpacing(theme.S4)
        row.addWidget(self.label, 1)
        self._note_row = QWidget(self)
        note = QHBoxLayout(self._note_row)
        note.setContentsMargins(0, 0, 0, 0)
        note.setSpacing(theme.S12)
        note.addWidget(self.note, 1)
        note.addLayout(self._ways)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.S12, theme.S8, theme.S12, theme.S8)
        layout.setSpacing(theme.S8)
        layout.addLayout(row)
        layout.addWidget(self._note_row)
        layout.addWidget(self.progress)
        self.set_note("", "")

    def hear(self, event: object) -> None:
        """Follow what the search of this process tells."""
        if isinstance(event, TrialBegan):
            self._trial = f"trial {event.trial}"
        elif isinstance(event, EpochDone) and self._trial:
            name = self._trial.partition(",")[0]
            self._trial = f"{name}, epoch {event.epoch:,} of {event.epochs:,}"
        elif isinstance(event, TrialEnded):
            self._trial = ""
        elif isinstance(event, SearchWaits):
            self._trial = "waits whether a trial still trains on another computer"

    def show_state(
        self, state: State, searching: bool, info: StudyInfo | None, limit: int | None, rests: str
    ) -> None:
        """Let those buttons be pressed that make sense, and say how far the study is.

        `limit` is how many trials there are to be, `rests` why nothing goes on here.
        """
        self._state, self._searching = state, searching
        held = self.start_button.hasFocus()
        if not state.active:
            self._trial = ""
        own = state.active and searching
        begun = info is not None and bool(info.trials)
        self.start_button.setText("Continue" if begun else "Start search")
        self.start_button.setAccessibleName(self.start_button.text())
        self.start_button.setEnabled(not state.active and not self._blocked)
        self.start_button.setVisible(not own)
        paused = state is State.PAUSED
        self.pause_button.setVisible(own)
        self.pause_button.setEnabled(state in (State.RUNNING, State.PAUSED))
        self.pause_button.setText("Resume" if paused else "Pause")
        self.pause_button.setAccessibleName(self.pause_button.text())
        icons.set_icon(self.pause_button, "play" if paused else "pause")
        self.stop_button.setVisible(own)
        self.stop_button.setEnabled(own and state is not State.STOPPING)
        if held and own:
            # Who began by the keyboard can stop by it, too.
            self.stop_button.setFocus()
        self.label.setText(self._words(own, info, limit, rests))
        self.progress.setVisible(limit is not None and (begun or own))
        self.progress.setRange(0, limit or 1)
        self.progress.setValue(min(info.done if info else 0, limit or 1))

    def set_note(self, text: str, kind: str, ways: tuple[WayOut, ...] = ()) -> None:
        """A sentence below the buttons, with ways on.

        It keeps from starting if it is a "warning" or says that all is "done"; it does not if it
        says how the last search "failed", or is only a hint.
        """
        self._blocked = kind in ("warning", "done")
        self.start_button.setEnabled(not self._state.active and not self._blocked)
        set_property(self.note, "role", "warning" if kind in ("warning", "failed") else "secondary")
        self._note_row.setVisible(bool(text))
        if text == self.note.text() and self._ways.count() == len(ways):
            return
        self.note.setText(text)
        while (item := self._ways.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for label, slot in ways:
            button = QPushButton(label, self)
            button.setObjectName(f"searchWay{label.replace(' ', '')}")
            button.setAccessibleName(label)
            button.setProperty("role", "link")
            button.clicked.connect(lambda _checked=False, slot=slot: slot())
            self._ways.addWidget(button)
            button.show()

    def doing(self) -> str:
        """What the search of this process does now, in words."""
        return {
            State.PREPARING: "preparing",
            State.PAUSED: f"paused in {self._trial}" if self._trial else "paused",
            State.STOPPING: "stopping after this batch",
        }.get(self._state, self._trial or "searching")

    def _words(self, own: bool, info: StudyInfo | None, limit: int | None, rests: str) -> str:
        said = []
        if own:
            said.append(self.doing())
        elif rests:
            said.append(rests)
        if info is not None and info.trials:
            of = "" if limit is None else f" of {limit:,}"
            said.append(f"{info.done:,}{of} trials done")
            others = info.running - (own and bool(self._trial))
            if others > 0:
                said.append(f"{others:,} elsewhere")
            if info.best is not None and info.best.figure is not None:
                said.append(f"best {info.best.figure:.4g} (trial {info.best.number})")
        text = " · ".join(said)
        return text[:1].upper() + text[1:]
