"""One trial of a search, from being taken up to being told: a training like any other.

Its run folder has a file more, which says what trial it is.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from cnnstudio.analysis import analyse
from cnnstudio.data.corrections import counts
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.graph.project import Project
from cnnstudio.search.alive import Beat
from cnnstudio.search.control import TrialControl
from cnnstudio.search.errors import SearchError, UnreachableError
from cnnstudio.search.events import TrialBegan, TrialEnded
from cnnstudio.search.settings import PART
from cnnstudio.search.space import with_values
from cnnstudio.search.storage import patiently, shown_storage
from cnnstudio.search.study import Claim, Lost, Study
from cnnstudio.training import events
from cnnstudio.training.checkpoint import write_whole
from cnnstudio.training.control import Control
from cnnstudio.training.errors import writing
from cnnstudio.training.runs import read_history, run_info
from cnnstudio.training.settings import MetricName, TrainingSettings, figure_for

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

T = TypeVar("T")
# In a run's folder: which trial of which study it is, and its values.
TRIAL_FILE = "trial.json"


@dataclass(frozen=True)
class Job:
    """What the trials of a search are made of."""

    study: Study
    project: Project
    epochs: int
    runs_folder: Path
    data_folder: Path | None
    name: str
    cache_folder: Path | None


class OneTrial:
    """One trial from being taken up to being told."""

    def __init__(
        self,
        job: Job,
        claim: Claim,
        on_event: Callable[[Any], None],
        control: Control,
    ) -> None:
        self._job = job
        self._study = job.study
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
            reason = error.message
            self._surely(lambda: study.prune(claim, reason, 0.0))
            self._ended("pruned", None, error.message)
            return ""
        try:
            self._train(project, report)
        except Cancelled:
            pass
        except UnreachableError:
            raise
        except StudioError as error:
            if self._lost:
                raise Lost from None
            reason = error.message
            self._surely(lambda: study.fail(claim, reason, self._time()))
            self._ended("failed", None, error.message)
            return error.message
        if self._lost:
            raise Lost
        figure = self._best()
        if self._reason:
            self._surely(lambda: study.prune(claim, self._reason, self._time(), figure))
            self._ended("pruned", figure, self._reason)
        elif self._outer.stopping and not self._is_finished():
            study.note(claim, seconds=self._time())
            study.put_back(claim)
            self._ended("waiting", figure, "stopped")
        else:
            self._surely(lambda: study.finish(claim, figure, self._time()))
            self._ended("complete" if figure is not None else "pruned", figure)
        return ""

    def _project(self, report: FolderReport) -> Project:
        """The project with the trial's values. Raises `StudioError` if it cannot be trained."""
        job = self._job
        extra = {key: value for key, value in job.project.extra.items() if key != PART}
        project = with_values(replace(job.project, extra=extra), self._claim.values)
        training = settings_from_json(TrainingSettings, project.training, "training")
        metrics = _measuring(training.metrics, self._study.settings.monitor)
        used = training.lasting(job.epochs).model_copy(update={"metrics": metrics})
        data = settings_from_json(DataSettings, project.data, "data")
        classes = len(counts(report, data).classes) or None
        found = analyse(project.network, classes=classes, loss=used.loss).errors
        if found:
            said, layer = found[0].message, found[0].layer or ""
            raise SearchError(said if layer in said else f"{layer}: {said}")
        return replace(project, training=used.to_json())

    def _train(self, project: Project, report: FolderReport) -> None:
        from cnnstudio.training.run import train

        job, resume = self._job, self._resumable()
        if resume is not None and run_info(resume).state == "finished":
            # Killed between its end and telling of it.
            return

        def begin(resume: Path | None) -> None:
            train(
                project,
                data_folder=job.data_folder,
                runs_folder=job.runs_folder,
                on_event=self._happened,
                control=self._control,
                resume=resume,
                report=report,
                name=f"{job.name}-trial-{self._claim.number}",
                cache_folder=job.cache_folder,
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
            self._surely(lambda: self._study.note(claim, run=str(run.absolute())))
        except Lost:
            self._lose()

    def _epoch(self, event: events.EpochDone) -> None:
        figures = {"loss": event.loss, **event.metrics}
        figure = figures.get(self._monitor(_validates(figures)), math.nan)
        try:
            ends = self._surely(lambda: self._study.report(self._claim, event.epoch, figure))
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

    def _surely(self, tell: Callable[[], T]) -> T:
        """Tell the study something, which may take a while if its database does not answer."""
        return patiently(tell, lambda: self._outer.stopping)

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
