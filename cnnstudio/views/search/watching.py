"""Follows a study in the background: trials of this process and of all others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.app.tasks import Task
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import Project
from cnnstudio.search.info import StudyInfo, StudyReader
from cnnstudio.search.settings import SUFFIX, SearchSettings
from cnnstudio.search.study import base_of, misfit
from cnnstudio.views.context import Context

# Milliseconds from one look at the study to the next.
EVERY = 1500


@dataclass(frozen=True)
class Seen:
    """A study as it stands.

    Attributes:
        info: None where there is no study yet.
        importance: how much each key mattered, shares of 1; empty while that is not known.
        misfit: why the project as it is now cannot go on with it; empty if it can.
    """

    info: StudyInfo | None = None
    importance: dict[str, float] | None = None
    misfit: str = ""


class StudyWatch(QObject):
    """Reads the study of the project again and again while somebody looks."""

    seen = Signal(object)
    failed = Signal(str)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._runner = context.tasks.beside("study")
        self._reader: StudyReader | None = None
        self._reading: Task | None = None
        self._again = False
        self._known: tuple[int, dict[str, float]] = (0, {})
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.look)

    @property
    def place(self) -> str:
        """The storage: the one the project names, else a file beside the runs."""
        return self._context.document.search.study or str(self._usual())

    def free_place(self) -> str:
        """A storage beside the runs where there is no study yet."""
        path, number = self._usual(), 2
        while path.exists():
            path = path.with_name(f"{self._stem}-{number}{SUFFIX}")
            number += 1
        return str(path)

    @property
    def _stem(self) -> str:
        return Path(self._context.document.title).stem

    def _usual(self) -> Path:
        return self._context.runs_folder / f"{self._stem}{SUFFIX}"

    def start(self) -> None:
        """Look now, and from time to time."""
        self._timer.start()
        self.look()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
        if self._reader is not None:
            self._runner.run(self._reader.close)
            self._reader = None

    def look(self) -> None:
        """Read the study once, after what is being read."""
        if self._reading is not None:
            self._again = True
            return
        place = self.place
        if self._reader is None or self._reader.place != place:
            if self._reader is not None:
                self._runner.run(self._reader.close)
            self._reader, self._known = StudyReader(place), (0, {})
        document = self._context.document
        self._reading = self._runner.run(
            _read,
            self._reader,
            document.project,
            document.search,
            self._known,
            on_done=self._done,
            on_failed=self._broke,
        )

    def _done(self, found: tuple[Seen, tuple[int, dict[str, float]]]) -> None:
        seen, self._known = found
        self._reading = None
        self.seen.emit(seen)
        self._once_more()

    def _broke(self, message: str) -> None:
        self._reading = None
        self._timer.stop()
        self.failed.emit(message)
        self._once_more()

    def _once_more(self) -> None:
        if self._again:
            self._again = False
            self.look()


def _read(
    reader: StudyReader,
    project: Project,
    settings: SearchSettings,
    known: tuple[int, dict[str, float]],
) -> tuple[Seen, tuple[int, dict[str, float]]]:
    """The study, and what is known of importance from how many complete trials."""
    info = reader.read()
    if info is None:
        return Seen(), (0, {})
    complete = sum(trial.state == "complete" for trial in info.trials)
    if complete != known[0]:
        known = (complete, reader.importance())
    try:
        why = misfit(info.settings, info.base, settings, base_of(project, settings))
    except StudioError as error:
        why = error.message
    return Seen(info, known[1], why), known
