"""The full check of a folder in the background, and the card that starts, shows and stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from cnnstudio.app.tasks import Task, TaskRunner
from cnnstudio.data.report import count
from cnnstudio.views import theme
from cnnstudio.views.widgets import Button, Secondary, name_widget

if TYPE_CHECKING:
    from cnnstudio.data.doctor_check import Check, Checker, CheckProgress
    from cnnstudio.data.report import FolderReport

OFFER = (
    "So far only the first bytes of each file were read. The full check decodes every picture: it "
    "finds files that are damaged inside, pictures with nothing in them, and near duplicates."
)


class FullCheck(QObject):
    """Checks one report at a time; what was found holds as long as the report does."""

    # Something of it changed: `running`, `last` or what `progress` says.
    changed = Signal()
    # A `CheckProgress`.
    progressed = Signal(object)
    # It could not be done: a sentence.
    failed = Signal(str)

    def __init__(self, tasks: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = tasks.beside("checks")
        self._task: Task | None = None
        self._report: FolderReport | None = None
        self._checker: Checker | None = None
        self._found: tuple[FolderReport, Check] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None

    def result(self, report: FolderReport) -> Check | None:
        """What the check of `report` found, if it was made."""
        found = self._found
        return found[1] if found is not None and found[0] is report else None

    def start(self, report: FolderReport) -> None:
        """Check every picture of `report`; of what was read before only what changed is read."""
        self.stop()
        if self._checker is None:
            from cnnstudio.data.doctor_check import Checker

            self._checker = Checker()
        self._report = report
        self._task = self._runner.run(
            _check,
            self._checker,
            report,
            on_done=self._done,
            on_failed=self._failed,
            on_progress=self.progressed.emit,
            latest=True,
        )
        self.changed.emit()

    def stop(self) -> None:
        """Stop at once; a later check goes on from there."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.changed.emit()

    def keep_to(self, report: FolderReport | None) -> None:
        """Stop unless it is `report` that is being checked."""
        if self._report is not report:
            self.stop()

    def _done(self, found: Check) -> None:
        self._task = None
        assert self._report is not None
        self._found = (self._report, found)
        self.changed.emit()

    def _failed(self, reason: str) -> None:
        self._task = None
        self.changed.emit()
        self.failed.emit(reason)


def _check(checker: Checker, report: FolderReport, *, task: Task) -> Check:
    return checker.check(report, progress=task.progress, cancelled=task.cancelled)


class CheckCard(QFrame):
    """What the full check is for, how far it is, and what it found."""

    start_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("checkCard")
        self.setProperty("role", "card")
        self.title = QLabel("Check every picture")
        self.title.setFont(theme.font(bold=True))
        self.words = Secondary(OFFER)
        self.bar = QProgressBar(textVisible=False)
        name_widget(self.bar, "checkProgress", "Progress of the full check")
        self.start_button = Button(
            "Check every picture", "checkButton", self.start_wanted.emit, icon="search"
        )
        self.stop_button = Button("Stop", "stopCheckButton", self.stop_wanted.emit, icon="stop")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        inside.setSpacing(theme.S8)
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        row.addWidget(self.title, 1)
        row.addWidget(self.start_button)
        row.addWidget(self.stop_button)
        inside.addLayout(row)
        inside.addWidget(self.words)
        inside.addWidget(self.bar)
        self.show_state(running=False, check=None)

    def show_state(self, *, running: bool, check: Check | None) -> None:
        """Show whether a check runs, or what the last one found."""
        self.bar.setVisible(running)
        gone, come = self.stop_button, self.start_button
        if running:
            gone, come = come, gone
        held = gone.hasFocus()
        come.show()
        if held:
            come.setFocus()
        gone.hide()
        if running:
            self.bar.setRange(0, 0)
            self.words.setText("Reading the first pictures…")
        elif check is None:
            self.words.setText(OFFER)
        else:
            broken, copies = len(check.broken), len(check.near)
            said = "no picture is damaged" if not broken else f"{broken:,} damaged"
            near = "no near duplicates" if not copies else f"{copies:,} × nearly the same"
            self.words.setText(f"{count(check.pictures, 'picture')} decoded: {said}, {near}.")
        text = "Check every picture" if check is None else "Check again"
        self.start_button.setText(text)
        self.start_button.setAccessibleName(text)

    def show_progress(self, progress: CheckProgress) -> None:
        """Show how far it is and how long it will take."""
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        words = f"{progress.done:,} of {progress.total:,} pictures"
        if progress.broken:
            words += f" · {progress.broken:,} damaged"
        if progress.done == progress.total:
            words += " · looking for near duplicates"
        elif progress.seconds_left is not None:
            words += f" · {_time(progress.seconds_left)} left"
        self.words.setText(words)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
