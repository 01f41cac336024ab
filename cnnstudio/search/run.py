"""Search: the one engine behind the window and the command line.

Each trial is a training like any other, `training.run.train`, of the project with the trial's
values put in; its run folder has a file more, which says what trial it is.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from cnnstudio.analysis import analyse
from cnnstudio.data.corrections import counts
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.graph.project import Project
from cnnstudio.search.alive import Beat, Worker
from cnnstudio.search.control import TrialControl
from cnnstudio.search.errors import SearchError
from cnnstudio.search.events import SearchBegan, SearchEnded, SearchWaits, TrialBegan, TrialEnded
from cnnstudio.search.info import info_of
from cnnstudio.search.joining import join
from cnnstudio.search.settings import PART, SearchSettings
from cnnstudio.search.space import with_values
from cnnstudio.search.storage import shown_storage
from cnnstudio.search.study import BUDGET, Claim, Lost, Study
from cnnstudio.training import events
from cnnstudio.training.checkpoint import write_whole
from cnnstudio.training.control import Control
from cnnstudio.training.errors import writing
from cnnstudio.training.runs import read_history, run_info
from cnnstudio.training.settings import MetricName, TrainingSettings, figure_for

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport
    from cnnstudio.search.info import StudyInfo

# In a run's folder: which trial of which study it is, and its values.
TRIAL_FILE = "trial.json"
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
            return job.run(worker, on_event, control, report)
        finally:
            worker.close()
    finally:
        held.close()


def epochs_of(project: Project, settings: SearchSettings) -> int:
    """How many epochs each trial has."""
    training = settings_from_json(TrainingSettings, project.training, "training")
    return settings.epochs or training.epochs_in_all()


@dataclass(frozen=True)
class _Search:
    """One call of `search`."""

    study: Study
    project: Project
    epochs: int
    runs_folder: Path
    data_folder: Path | None
    name: str
    cache_folder: Path | None

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
        on_event(SearchBegan(study=place, trials=study.settings.trials, done=before.done))
        report = self._scanned(report, control)
        failures = 0
        waiting = False
        while not control.stopping:
            silent = study.rescue()
            claim = study.claim(worker)
            if claim is None:
                if not silent:
                    break
                if not waiting:
                    on_event(SearchWaits(trials=silent))
                waiting = True
                time.sleep(_LOOK)
                continue
            waiting = False
            reason = _Trial(self, claim, on_event, control).run(report)
            failures = failures + 1 if reason else 0
            if failures == _FAILURES:
                raise SearchError(f"{_FAILURES} trials in a row broke off. The last: {reason}")
        info = info_of(study.place, study.chains(), study.settings)
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


class _Trial:
    """One trial from being taken up to being told."""

    def __init__(
        self,
        search: _Search,
        claim: Claim,
        on_event: Callable[[Any], None],
        control: Control,
    ) -> None:
        self._search = search
        self._study = search.study
        self._claim = claim
        self._on_event = on_event
        self._outer = control
        self._control = TrialControl(control)
        self._run = claim.run
        self._reason = ""
        self._lost = self._trains = False
        self._begun = time.perf_counter()
        self._seconds: float | None = None

    def run(self, report: FolderReport) -> str:
        """Train it and tell how it went; the reason where it broke off."""
        claim = self._claim
        beat = Beat(self._beat)
        try:
            try:
                return self._trained(report)
            finally:
                beat.close()
        except Lost:
            self._ended("lost", None, "another process took it over")
            return ""
        except BaseException:
            # Whatever it is: nobody has to wait until this process counts as gone.
            with contextlib.suppress(StudioError):
                self._study.put_back(claim)
            raise

    def _trained(self, report: FolderReport) -> str:
        claim, study = self._claim, self._study
        resumed = claim.run is not None and claim.run.is_dir()
        self._on_event(TrialBegan(trial=claim.number, values=claim.values, resumed=resumed))
        try:
            project = self._project(report)
        except StudioError as error:
            study.prune(claim, error.message, 0.0)
            self._ended("pruned", None, error.message)
            return ""
        try:
            self._train(project, report)
        except Cancelled:
            pass
        except StudioError as error:
            if self._lost:
                raise Lost from None
            study.fail(claim, error.message, self._time())
            self._ended("failed", None, error.message)
            return error.message
        if self._lost:
            raise Lost
        figure = self._best()
        if self._reason:
            study.prune(claim, self._reason, self._time(), figure)
            self._ended("pruned", figure, self._reason)
        elif self._outer.stopping and not self._is_finished():
            study.note(claim, seconds=self._time())
            study.put_back(claim)
            self._ended("waiting", figure, "stopped")
        else:
            study.finish(claim, figure, self._time())
            self._ended("complete" if figure is not None else "pruned", figure)
        return ""

    def _project(self, report: FolderReport) -> Project:
        """The project with the trial's values. Raises `StudioError` if it cannot be trained."""
        search = self._search
        extra = {key: value for key, value in search.project.extra.items() if key != PART}
        project = with_values(replace(search.project, extra=extra), self._claim.values)
        training = settings_from_json(TrainingSettings, project.training, "training")
        metrics = _measuring(training.metrics, self._study.settings.monitor)
        used = training.lasting(search.epochs).model_copy(update={"metrics": metrics})
        data = settings_from_json(DataSettings, project.data, "data")
        classes = len(counts(report, data).classes) or None
        found = analyse(project.network, classes=classes, loss=used.loss).errors
        if found:
            said, layer = found[0].message, found[0].layer or ""
            raise SearchError(said if layer in said else f"{layer}: {said}")
        return replace(project, training=used.to_json())

    def _train(self, project: Project, report: FolderReport) -> None:
        from cnnstudio.training.run import train

        search, resume = self._search, self._resumable()
        if resume is not None and run_info(resume).state == "finished":
            # Killed between its end and telling of it.
            return

        def begin(resume: Path | None) -> None:
            train(
                project,
                data_folder=search.data_folder,
                runs_folder=search.runs_folder,
                on_event=self._happened,
                control=self._control,
                resume=resume,
                report=report,
                name=f"{search.name}-trial-{self._claim.number}",
                cache_folder=search.cache_folder,
            )

        try:
            begin(resume)
        except StudioError:
            # What cannot be gone on with is trained anew, with the same values.
            if resume is None or self._trains:
                raise
            self._run = None
            begin(None)

    def _resumable(self) -> Path | None:
        """The run to go on with; None where it is elsewhere, or has nothing to go on with."""
        run = self._claim.run
        if run is None or not (run / TRIAL_FILE).is_file():
            return None
        info = run_info(run)
        if info.state == "damaged" or not info.resumable:
            return None
        return run

    def _is_finished(self) -> bool:
        return self._run is not None and run_info(self._run).state == "finished"

    def _happened(self, event: Any) -> None:
        match event:
            case events.Started():
                self._started(event)
            case events.Finished() | events.Stopped():
                self._seconds = event.seconds
        self._on_event(event)
        if isinstance(event, events.EpochDone):
            self._epoch(event)

    def _started(self, event: events.Started) -> None:
        assert event.run is not None
        self._run, self._trains = event.run, True
        run, claim = event.run, self._claim
        about = {
            "study": shown_storage(self._study.place),
            "trial": claim.number,
            "values": claim.values,
        }
        with writing(run / TRIAL_FILE):
            write_whole(run / TRIAL_FILE, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        try:
            self._study.note(claim, run=str(run.absolute()))
        except Lost:
            self._lose()

    def _epoch(self, event: events.EpochDone) -> None:
        figures = {"loss": event.loss, **event.metrics}
        figure = figures.get(self._monitor(_validates(figures)), math.nan)
        try:
            ends = self._study.report(self._claim, event.epoch, figure)
        except Lost:
            self._lose()
            return
        if ends and event.epoch < event.epochs and not self._outer.stopping:
            monitor = self._study.settings.monitor
            self._reason = (
                f"ended after epoch {event.epoch}: {monitor} {figure:.4g} is behind other trials"
            )
            self._control.stop()

    def _monitor(self, validates: bool) -> str:
        return figure_for(self._study.settings.monitor, validates)

    def _best(self) -> float | None:
        """The best figure of the epochs so far, those before a pause of days among them."""
        if self._run is None:
            return None
        rows = read_history(self._run).epochs
        if not rows:
            return None
        monitor = self._monitor(_validates(rows[0]))
        found = [row[monitor] for row in rows if math.isfinite(row.get(monitor, math.nan))]
        choose = max if self._study.settings.maximizes else min
        return choose(found, default=None)

    def _beat(self, count: int) -> None:
        try:
            self._study.beat(self._claim, count, self._time())
        except Lost:
            self._lose()

    def _lose(self) -> None:
        self._lost = True
        self._control.stop()

    def _time(self) -> float:
        """Seconds that the trial trained, as the run counts them where it has told."""
        if self._seconds is not None:
            return self._seconds
        return time.perf_counter() - self._begun

    def _ended(self, state: str, figure: float | None, reason: str = "") -> None:
        self._on_event(
            TrialEnded(
                trial=self._claim.number, state=state, figure=figure, run=self._run, reason=reason
            )
        )


def _validates(figures: Mapping[str, float]) -> bool:
    return any(name.startswith("val_") for name in figures)


def _measuring(metrics: tuple[MetricName, ...], monitor: str) -> tuple[MetricName, ...]:
    """The metrics of the training, and the one that trials are ranked by."""
    wanted = monitor.removeprefix("val_")
    more = [name for name in get_args(MetricName) if name == wanted and name not in metrics]
    return (*metrics, *more)
