"""A study as people look at it: its trials, the best of them, what made the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.errors import StudioError
from cnnstudio.search.alive import lives_here
from cnnstudio.search.chains import REASON, RUN, WORKER, Chain, chains_of
from cnnstudio.search.sampling import plain_values
from cnnstudio.search.settings import SearchSettings
from cnnstudio.search.storage import (
    close_storage,
    exists,
    load_optuna,
    open_storage,
    reaching,
    split_name,
)
from cnnstudio.search.study import BASE, FORM, FORM_VERSION, SETTINGS

TrialState = Literal["waiting", "running", "interrupted", "complete", "pruned", "failed"]
_STATES: Mapping[str, TrialState] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "PRUNED": "pruned",
    "FAIL": "failed",
}
_ENDED = {"complete", "pruned", "failed"}
# Complete trials from which on something can be said about what matters.
IMPORTANCE_FROM = 6


@dataclass(frozen=True)
class Trial:
    """One trial of a study, as people count: `number` from 1.

    Attributes:
        state: `interrupted` while nobody goes on with one whose process has gone; `waiting` after
            Stop.
        values: what is searched over, as JSON data.
        figure: the monitored figure of the best epoch so far; None before the first.
        epochs: epochs done.
        run: its run folder, which may be on another computer.
        host: the computer that trained it last.
        reason: why it ended early or broke off.
    """

    number: int
    state: TrialState
    values: Mapping[str, Any]
    figure: float | None
    epochs: int
    run: Path | None
    host: str
    reason: str
    seconds: float
    started: datetime | None


@dataclass(frozen=True)
class StudyInfo:
    """A study as it stood when it was read.

    Attributes:
        settings: what it searches over and how; the budget is the one asked for last.
        base: digests of the project's parts that it was begun with; see `study.base_of`.
    """

    place: str
    settings: SearchSettings
    trials: tuple[Trial, ...] = ()
    base: Mapping[str, str] = field(default_factory=dict)

    @property
    def ranked(self) -> tuple[Trial, ...]:
        """Complete trials first, the best at the top, then the others by their figure."""
        sign = -1.0 if self.settings.maximizes else 1.0

        def place(trial: Trial) -> tuple[bool, float, int]:
            figure = math.inf if trial.figure is None else sign * trial.figure
            return trial.state != "complete", figure, trial.number

        return tuple(sorted(self.trials, key=place))

    @property
    def best(self) -> Trial | None:
        """The best of the complete trials."""
        first = next(iter(self.ranked), None)
        return first if first is not None and first.state == "complete" else None

    @property
    def done(self) -> int:
        """Trials that ended, in whatever way."""
        return sum(trial.state in _ENDED for trial in self.trials)

    @property
    def running(self) -> int:
        return sum(trial.state == "running" for trial in self.trials)

    @property
    def seconds(self) -> float:
        """Training time of all trials together."""
        return sum(trial.seconds for trial in self.trials)

    def to_json(self) -> dict[str, Any]:
        """The study as plain JSON data."""
        return {
            "study": self.place,
            "settings": self.settings.to_json(),
            "trials": [
                {
                    "trial": trial.number,
                    "state": trial.state,
                    "values": dict(trial.values),
                    "figure": trial.figure,
                    "epochs": trial.epochs,
                    "run": str(trial.run) if trial.run else None,
                    "host": trial.host,
                    "reason": trial.reason,
                }
                for trial in self.ranked
            ],
        }


class StudyReader:
    """Reads a study again and again; only what is new is read from a file. For one thread."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._storage: Any = None

    def read(self) -> StudyInfo | None:
        """The study now; None if there is none yet. Raises `SearchError`."""
        if self._storage is None:
            if not exists(self.place):
                return None
            self._storage = open_storage(self.place)
        with reaching(self.place):
            try:
                study = self._storage.get_study_id_from_name(split_name(self.place)[1])
            except KeyError:
                return None
            said = self._storage.get_study_user_attrs(study)
            if said.get(FORM) != FORM_VERSION:
                return None
            trials = self._storage.get_all_trials(study, deepcopy=True)
        try:
            settings = settings_from_json(SearchSettings, said[SETTINGS], "search")
        except StudioError:
            return None
        return info_of(self.place, chains_of(trials), settings, said.get(BASE, {}))

    def importance(self) -> dict[str, float]:
        """How much each key mattered, shares of 1, by fANOVA; empty while too few are complete.

        F. Hutter, H. Hoos, K. Leyton-Brown: An Efficient Approach for Assessing Hyperparameter
        Importance. ICML 2014.
        """
        optuna = load_optuna()
        if self._storage is None:
            return {}
        with reaching(self.place):
            study = optuna.load_study(study_name=split_name(self.place)[1], storage=self._storage)
            complete = (optuna.trial.TrialState.COMPLETE,)
            trials = study.get_trials(deepcopy=False, states=complete)
            figures = {trial.value for trial in trials}
            if len(trials) < IMPORTANCE_FROM or len(figures) < 2:
                return {}
            evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=32, seed=0)
            return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))

    def close(self) -> None:
        """Let go of the storage."""
        if self._storage is not None:
            close_storage(self._storage)
            self._storage = None


def info_of(
    place: str,
    chains: Sequence[Chain],
    settings: SearchSettings,
    base: Mapping[str, str] | None = None,
) -> StudyInfo:
    """A study out of its chains."""
    trials = [_trial(chain, settings) for chain in chains if not _is_surplus(chain, settings)]
    return StudyInfo(place, settings, tuple(trials), base or {})


def _is_surplus(chain: Chain, settings: SearchSettings) -> bool:
    """Whether it was made beyond the budget, and waits for a larger one."""
    beyond = settings.trials is not None and chain.rank >= settings.trials
    return beyond and chain.state == "WAITING" and not chain.last(RUN)


def _trial(chain: Chain, settings: SearchSettings) -> Trial:
    current = chain.current
    state = _STATES[chain.state]
    worker = chain.last(WORKER) or {}
    if state == "running" and lives_here(current.user_attrs.get(WORKER)) is False:
        state = "interrupted"
    figures = {
        epoch: figure
        for epoch, figure in current.intermediate_values.items()
        if math.isfinite(figure)
    }
    figure = current.value if state == "complete" else None
    if figure is None and figures:
        figure = (max if settings.maximizes else min)(figures.values())
    started = chain.members[0].datetime_start
    if started is not None and started.tzinfo is None:
        started = started.astimezone(UTC)
    run = chain.last(RUN)
    return Trial(
        chain.rank + 1,
        state,
        plain_values(settings.space, current.params),
        figure,
        max(current.intermediate_values, default=0),
        Path(run) if run else None,
        str(worker.get("host", "")),
        str(chain.last(REASON) or "") if state in ("pruned", "failed") else "",
        chain.seconds,
        started,
    )
