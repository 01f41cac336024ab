"""Search: the one engine behind the window and the command line.

Each trial is a training like any other, `training.run.train`, of the project with the trial's
values put in: see `trial`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.errors import Cancelled
from cnnstudio.graph.project import Project
from cnnstudio.search.alive import Worker
from cnnstudio.search.errors import SearchError
from cnnstudio.search.events import SearchBegan, SearchEnded, SearchWaits
from cnnstudio.search.info import info_of
from cnnstudio.search.joining import join
from cnnstudio.search.settings import SearchSettings
from cnnstudio.search.storage import patiently, shown_storage
from cnnstudio.search.study import BUDGET
from cnnstudio.search.trial import Job, OneTrial
from cnnstudio.search.words import ended_words, goes_on_with, grid_words
from cnnstudio.training.control import Control
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport
    from cnnstudio.search.info import StudyInfo

# So many trials in a row that break off end the search: it is not their values.
_FAILURES = 3
# Seconds from one look at a trial elsewhere to the next, where nothing else is left to do.
_LOOK = 0.5


def search(
    project: Project,
    settings: SearchSettings,
    *,
    study: str,
    runs_folder: Path,
    on_event: Callable[[Any], None],
    control: Control,
    data_folder: Path | None = None,
    report: FolderReport | None = None,
    name: str = "network",
    cache_folder: Path | None = None,
    budget: Collection[str] = BUDGET,
) -> StudyInfo:
    """Work on a study until its budget is used up or Stop is pressed; how it stands then.

    `study` is its storage. `on_event` gets the events of the search and those of each training, in
    this thread. `control` pauses and stops it all: a trial that is stopped waits in the study and
    goes on when somebody works on it again, as one does whose process was killed. `budget` names
    the settings of it that are asked for, others are the study's.

    Raises `StudioError`: a space or a network that cannot be, a study that was begun with others,
    and the reason where several trials in a row break off.
    """
    epochs = epochs_of(project, settings)
    held = join(study, project, settings, epochs, budget=budget)
    try:
        worker = Worker()
        try:
            job = _Search(held, project, epochs, runs_folder, data_folder, name, cache_folder)
            info = job.run(worker, on_event, control, report)
        except BaseException:
            # A trial that could not be put back is known by it to be nobody's.
            worker.close(trace=True)
            raise
        worker.close()
        return info
    finally:
        held.close()


def epochs_of(project: Project, settings: SearchSettings) -> int:
    """How many epochs each trial has."""
    training = settings_from_json(TrainingSettings, project.training, "training")
    return settings.epochs or training.epochs_in_all()


class _Search(Job):
    """One call of `search`."""

    def run(
        self,
        worker: Worker,
        on_event: Callable[[Any], None],
        control: Control,
        report: FolderReport | None,
    ) -> StudyInfo:
        study = self.study
        place = shown_storage(study.place)
        before = info_of(study.place, study.chains(), study.settings)
        on_event(
            SearchBegan(
                study=place,
                trials=study.settings.trials,
                done=before.done,
                combinations=study.combinations,
                note=grid_words(study.settings, study.combinations),
            )
        )
        with contextlib.suppress(Cancelled):
            report = self._scanned(report, control)
        failures, reason = 0, ""
        waiting = False
        while report is not None and not control.stopping:
            silent, claim = patiently(
                lambda: (study.rescue(), study.claim(worker)), lambda: control.stopping
            )
            if claim is None:
                if not silent:
                    break
                if not waiting:
                    on_event(SearchWaits(trials=silent))
                waiting = True
                time.sleep(_LOOK)
                continue
            waiting = False
            reason = OneTrial(self, claim, on_event, control).run(report)
            failures = failures + 1 if reason else 0
            if failures == _FAILURES:
                raise SearchError(f"{_FAILURES} trials in a row broke off. The last: {reason}")
        info = info_of(study.place, study.chains(), study.settings)
        if failures and all(trial.state == "failed" for trial in info.trials):
            many = "The only trial" if len(info.trials) == 1 else f"All {len(info.trials)} trials"
            raise SearchError(f"{many} broke off. The last: {reason}")
        best = info.best
        on_event(
            SearchEnded(
                study=place,
                stopped=control.stopping,
                done=info.done,
                running=info.running,
                trial=best.number if best else None,
                figure=best.figure if best else None,
                values=best.values if best else {},
                note=ended_words(info, study.combinations, stopped=control.stopping),
                next=goes_on_with(info) if control.stopping else "",
            )
        )
        return info

    def _scanned(self, report: FolderReport | None, control: Control) -> FolderReport:
        """What the folder of pictures holds, looked at once for all trials."""
        data = settings_from_json(DataSettings, self.project.data, "data")
        folder = self.data_folder or (Path(data.folder) if data.folder else None)
        if folder is None:
            raise SearchError(
                "The project names no folder of pictures: open one on the Data page, or give "
                "--data FOLDER."
            )
        if report is not None and report.answers(folder, data.layout):
            return report
        return scan_folder(folder, data.layout, cancelled=lambda: control.stopping)
