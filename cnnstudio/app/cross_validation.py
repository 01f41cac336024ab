"""Training every fold in turn, and what they come to together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from cnnstudio.app.trainer import State, Trainer
from cnnstudio.training.events import Finished
from cnnstudio.training.folds import Spread, fold_projects, spread_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnstudio.data.report import FolderReport
    from cnnstudio.graph.project import Project


class CrossValidation(QObject):
    """Starts the trainings of the folds one after another; Stop or a failure ends the rest.

    The trainings are the trainer's: they are watched, paused and stopped as any other.
    """

    # `active`, `fold` or `results` changed.
    changed = Signal()
    # All folds are trained.
    finished = Signal()

    def __init__(self, trainer: Trainer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trainer = trainer
        self._projects: Iterator[Project] = iter(())
        self._how: tuple[Path, FolderReport | None, str] | None = None
        self._waits = False  # for the end of a fold
        self.active = False
        self.fold = 0  # the one that trains, or did last
        self.folds = 0
        self.results: list[Mapping[str, float]] = []
        trainer.events.connect(self._heard)
        # Queued: the trainer ends one training before it is asked for the next.
        trainer.state_changed.connect(self._moved, Qt.ConnectionType.QueuedConnection)

    @property
    def spread(self) -> Mapping[str, Spread]:
        """Mean and spread of the best figures of the folds done so far."""
        return spread_of(self.results)

    def start(
        self,
        project: Project,
        folds: int,
        *,
        runs_folder: Path,
        report: FolderReport | None,
        name: str,
    ) -> bool:
        """Train all `folds`; False, and nothing happens, if a training is going on."""
        if self._trainer.state.active:
            return False
        self._projects = fold_projects(project, folds)
        self._how = (runs_folder, report, name)
        self.fold, self.folds, self.results = 0, folds, []
        self.active = True
        self._next()
        return self.active

    def _next(self) -> None:
        project = next(self._projects, None)
        if project is None or self._how is None:
            self._end()
            self.finished.emit()
            return
        runs_folder, report, name = self._how
        self.fold += 1
        started = self._trainer.start(
            project,
            runs_folder=runs_folder,
            report=report,
            name=f"{name}-fold-{self.fold}-of-{self.folds}",
        )
        self._waits = started
        if started:
            self.changed.emit()
        else:
            self._end()

    def _heard(self, events: tuple[object, ...]) -> None:
        if self.active:
            found = [event.metrics for event in events if isinstance(event, Finished)]
            self.results += found
            if found:
                self.changed.emit()

    def _moved(self, state: State) -> None:
        if not self.active or not self._waits or state.active:
            return
        self._waits = False
        if state is State.FINISHED and len(self.results) == self.fold:
            self._next()
        else:
            self._end()

    def _end(self) -> None:
        self.active = self._waits = False
        self.changed.emit()
