"""A study that any number of processes work on: taking up trials, telling how they went.

Never two of them work on the same trial. What makes sure of it is the one step that a storage
does for one process only, taking up a trial that waits, and the rule of `chains` on which of two
successors counts.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.search.alive import Watch, Worker, is_silent, lives_here
from cnnstudio.search.chains import (
    BEAT,
    CONTINUES,
    RANK,
    REASON,
    RUN,
    SECONDS,
    WENT_ON,
    WORKER,
    Chain,
    chains_of,
)
from cnnstudio.search.errors import SearchError
from cnnstudio.search.sampling import (
    combinations_of,
    distributions,
    limit_of,
    make_pruner,
    make_sampler,
    plain_values,
    too_large,
)
from cnnstudio.search.settings import SearchSettings
from cnnstudio.search.space import Key
from cnnstudio.search.storage import (
    close_storage,
    load_optuna,
    open_storage,
    reaching,
    split_name,
)

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

# What a study says of itself.
SETTINGS, BASE, FORM, FORM_VERSION = "search", "base", "cnnstudio", 1
# The settings that may change while a study goes on.
BUDGET = ("trials", "hours")


@dataclass
class Claim:
    """A trial that this process works on.

    Attributes:
        number: as people count, from 1.
        values: what is searched over, as JSON data.
        run: where it was trained before, if it was.
        reported: figures by epoch that are written down already.
    """

    number: int
    values: dict[str, Any]
    run: Path | None
    reported: dict[int, float]
    trial: optuna.Trial = field(repr=False)

    @property
    def id(self) -> int:
        """What the storage calls it."""
        return self.trial._trial_id


class Lost(Exception):  # noqa: N818 - not an error
    """Another process took the trial over, because this one seemed to be gone."""


class Study:
    """One process's hold on a study. Use it in one thread; `beat` may be called in another."""

    def __init__(
        self, storage: str, settings: SearchSettings, keys: Mapping[str, Key], epochs: int
    ) -> None:
        self.place = storage
        self.settings = settings
        self._storage = open_storage(storage)
        self._watch = Watch()
        self._distributions = distributions(settings.space, keys)
        self.combinations = combinations_of(settings, keys)
        if self.combinations is not None and too_large(self.combinations):
            raise SearchError(
                f"The grid has {self.combinations:,} combinations: give ranges a larger step, or "
                "search at random."
            )
        self._sampler = make_sampler(settings, keys, self._rank_of)
        self._pruner = make_pruner(settings, epochs)
        with reaching(storage):
            self._study = self._load()
            # Optuna may have put a cache around it.
            self._storage = self._study._storage
            self._id = self._storage.get_study_id_from_name(self._study.study_name)

    def close(self) -> None:
        """Let go of the storage."""
        close_storage(self._storage)

    def _load(self) -> optuna.Study:
        """The study as Optuna has it, which remembers the trials that there are now."""
        return load_optuna().load_study(
            study_name=split_name(self.place)[1],
            storage=self._storage,
            sampler=self._sampler,
            pruner=self._pruner,
        )

    # --- what there is

    def chains(self) -> list[Chain]:
        """The trials so far, as people count them."""
        with reaching(self.place):
            return chains_of(self._storage.get_all_trials(self._id, deepcopy=False))

    @property
    def limit(self) -> float:
        """How many trials there are to be in all."""
        limit = limit_of(self.settings.trials, self.combinations)
        return float("inf") if limit is None else limit

    def _rank_of(self, number: int) -> int:
        chains = chains_of(self._storage.get_all_trials(self._id, deepcopy=False))
        return next(
            chain.rank for chain in chains for member in chain.members if member.number == number
        )

    # --- taking up

    def claim(self, worker: Worker) -> Claim | None:
        """A trial for this process alone, one that waits before a new one; None if none is left."""
        states = load_optuna().trial.TrialState
        chains = self.chains()
        with reaching(self.place):
            self._look_at_budget()
            for chain in chains:
                waits = chain.state == "WAITING" and chain.rank < self.limit
                if waits and self._take(chain.current, states):
                    return self._begin(chain.current._trial_id, chain, worker)
            if len(chains) >= self.limit or self._time_is_up(chains):
                return None
            made = self._storage.create_new_trial(self._id)
            number = self._storage.get_trial(made).number
            rank = self._rank_of(number)
            trial = self._storage.get_trial(made)
            chain = Chain(rank, (trial,))
            if rank >= self.limit:
                # Others were faster: it waits until somebody asks for more trials.
                self._follow(chain, trial)
                return None
            return self._begin(made, chain, worker)

    def rescue(self) -> tuple[int, ...]:
        """Let trials wait whose processes have gone; the numbers of those that are silent so far.

        Once more after a while tells which of these have gone.
        """
        silent = []
        for chain in self.chains():
            trial = chain.current
            if chain.state != "RUNNING":
                continue
            facts, beat = trial.user_attrs.get(WORKER), trial.user_attrs.get(BEAT)
            if self._watch.has_gone(trial.number, facts, (beat or {}).get("count")):
                self._follow(chain, trial)
            elif not lives_here(facts) and is_silent(facts, beat):
                silent.append(chain.rank + 1)
        return tuple(silent)

    def _look_at_budget(self) -> None:
        """Somebody may have asked for more trials, or fewer, meanwhile."""
        said = self._storage.get_study_user_attrs(self._id).get(SETTINGS)
        if said is not None:
            budget = {name: said[name] for name in BUDGET}
            self.settings = self.settings.model_copy(update=budget)

    def _take(self, trial: FrozenTrial, states: Any) -> bool:
        try:
            return self._storage.set_trial_state_values(trial._trial_id, states.RUNNING)
        except load_optuna().exceptions.UpdateFinishedTrialError:
            return False

    def _begin(self, trial_id: int, chain: Chain, worker: Worker) -> Claim:
        optuna = load_optuna()
        self._storage.set_trial_user_attr(trial_id, WORKER, worker.facts)
        trial = optuna.Trial(self._load(), trial_id)
        for name, kind in self._distributions.items():
            _suggest(trial, name, kind)
        run = chain.last(RUN)
        return Claim(
            chain.rank + 1,
            plain_values(self.settings.space, trial.params),
            Path(run) if run else None,
            dict(self._storage.get_trial(trial_id).intermediate_values),
            trial,
        )

    def _time_is_up(self, chains: list[Chain]) -> bool:
        hours = self.settings.hours
        return hours is not None and sum(chain.seconds for chain in chains) >= hours * 3600

    # --- telling

    def note(self, claim: Claim, **facts: Any) -> None:
        """Write facts into a trial. Raises `Lost`."""
        with self._holding():
            for name, value in facts.items():
                self._storage.set_trial_user_attr(claim.id, name, value)

    def beat(self, claim: Claim, count: int, seconds: float) -> None:
        """Say that this process still works on a trial. Raises `Lost`."""
        sign = {"count": count, "seconds": round(seconds, 1), "time": time.time()}
        self.note(claim, **{BEAT: sign})

    def report(self, claim: Claim, epoch: int, figure: float) -> bool:
        """Write down the figure of an epoch, from 1; whether the trial should end now.

        Raises `Lost`.
        """
        with self._holding():
            if epoch not in claim.reported:
                claim.trial.report(figure, epoch)
                claim.reported[epoch] = figure
            return bool(claim.trial.should_prune())

    def finish(self, claim: Claim, figure: float | None, seconds: float) -> None:
        """A trial is complete; without a figure it counts as pruned. Raises `Lost`."""
        if figure is None:
            monitor = self.settings.monitor
            self.prune(claim, f"{monitor} was never a number", seconds)
        else:
            self._end(claim, "COMPLETE", figure, "", seconds)

    def prune(self, claim: Claim, reason: str, seconds: float, figure: float | None = None) -> None:
        """A trial ends early, or cannot be trained. Raises `Lost`."""
        self._end(claim, "PRUNED", figure, reason, seconds)

    def fail(self, claim: Claim, reason: str, seconds: float) -> None:
        """A trial broke off. Raises `Lost`."""
        self._end(claim, "FAIL", None, reason, seconds)

    def put_back(self, claim: Claim) -> None:
        """A trial was stopped: it waits, with what it has, for whoever goes on."""
        chain = next(each for each in self.chains() if each.rank == claim.number - 1)
        if chain.state == "RUNNING" and chain.current._trial_id == claim.id:
            self._follow(chain, chain.current)

    def _end(
        self, claim: Claim, state: str, figure: float | None, reason: str, seconds: float
    ) -> None:
        states = load_optuna().trial.TrialState
        self.note(claim, **{SECONDS: round(seconds, 3), REASON: reason})
        with self._holding():
            self._storage.set_trial_state_values(
                claim.id, states[state], None if figure is None else [figure]
            )

    def _follow(self, chain: Chain, trial: FrozenTrial) -> None:
        """Make the trial that goes on with another, and only then end that one.

        Whoever is killed in between loses nothing.
        """
        optuna = load_optuna()
        said: dict[str, Any] = {RANK: chain.rank, CONTINUES: trial.number}
        for name in (RUN, SECONDS):
            if (value := chain.last(name)) is not None:
                said[name] = value
        said.setdefault(SECONDS, chain.seconds)
        states = optuna.trial.TrialState
        with reaching(self.place):
            self._study.add_trial(
                optuna.trial.create_trial(
                    state=states.WAITING,
                    params=trial.params,
                    distributions=trial.distributions,
                    user_attrs=said,
                    intermediate_values=trial.intermediate_values,
                )
            )
            try:
                self._storage.set_trial_user_attr(trial._trial_id, WENT_ON, True)
                self._storage.set_trial_state_values(trial._trial_id, states.FAIL)
            except optuna.exceptions.UpdateFinishedTrialError:
                pass  # it ended after all: what it has counts

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """Tells that a trial was taken over, and whatever fails in the storage."""
        with reaching(self.place):
            try:
                yield
            except load_optuna().exceptions.UpdateFinishedTrialError:
                raise Lost from None


def _suggest(trial: optuna.Trial, name: str, kind: Any) -> None:
    kinds = load_optuna().distributions
    if isinstance(kind, kinds.CategoricalDistribution):
        trial.suggest_categorical(name, kind.choices)
    elif isinstance(kind, kinds.IntDistribution):
        trial.suggest_int(name, kind.low, kind.high, step=kind.step, log=kind.log)
    else:
        trial.suggest_float(name, kind.low, kind.high, step=kind.step, log=kind.log)
