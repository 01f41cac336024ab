"""Follows a study in the background: trials of this process and of all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from cnnstudio.app.tasks import Task
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import Project
from cnnstudio.search.info import StudyInfo, StudyReader
from cnnstudio.search.joining import base_of, misfit
from cnnstudio.search.sampling import combinations_of
from cnnstudio.search.settings import SUFFIX, SearchSettings
from cnnstudio.search.space import check_space
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
        combinations: those of the grid that the project asks for; None where it asks for none.
    """

    info: StudyInfo | None = None
    importance: Mapping[str, float] = field(default_factory=dict)
    misfit: str = ""
    combinations: int | None = None


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
        # How much each key mattered, and of how many complete trials that was asked.
        self._importance: dict[str, float] = {}
        self._weighed = 0
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
            self._reader = StudyReader(place)
            self._importance, self._weighed = {}, 0
        document = self._context.document
        self._reading = self._runner.run(
            _read,
            self._reader,
            document.project,
            document.search,
            self._importance,
            on_done=self._done,
            on_failed=self._broke,
        )

    def _done(self, seen: Seen) -> None:
        self._reading = None
        self.seen.emit(seen)
        trials = seen.info.trials if seen.info is not None else ()
        complete = sum(trial.state == "complete" for trial in trials)
        if complete != self._weighed and self._reader is not None:
            # Takes longer than reading: the trials are shown meanwhile.
            self._weighed = complete
            self._runner.run(self._reader.importance, on_done=self._weigh, on_failed=self._broke)
        self._once_more()

    def _weigh(self, importance: dict[str, float]) -> None:
        if importance != self._importance:
            self._importance = importance
            self.look()

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
    reader: StudyReader, project: Project, settings: SearchSettings, importance: Mapping[str, float]
) -> Seen:
    try:
        combinations = combinations_of(settings, check_space(project, settings))
    except StudioError:
        combinations = None
    info = reader.read()
    if info is None:
        return Seen(combinations=combinations)
    try:
        why = misfit(info.settings, info.base, settings, base_of(project, settings))
    except StudioError as error:
        why = error.message
    return Seen(info, importance, why, combinations)
