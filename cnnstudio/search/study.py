"""A study that any number of processes work on: taking up trials, telling how they went.

Never two of them work on the same trial. What makes sure of it is the one step that a storage
does for one process only, taking up a trial that waits, and the rule of `chains` on which of two
successors counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph.project import Project
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
    distributions,
    grid_size,
    make_pruner,
    make_sampler,
    plain_values,
    too_large,
)
from cnnstudio.search.settings import SearchSettings, entry_text, written
from cnnstudio.search.space import LAYERS, MODELS, Key, check_space, split_layer_key
from cnnstudio.search.storage import (
    close_storage,
    load_optuna,
    open_storage,
    reaching,
    shown_storage,
    split_name,
)

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

# What a study says of itself.
SETTINGS, BASE, FORM, FORM_VERSION = "search", "base", "cnnstudio", 1
# Seconds to wait for the process that is just making the study.
_MAKING = 5.0
# Settings that a study keeps from its first day: others would make its trials differ in kind.
BUDGET = ("trials", "hours")
_KEPT = ("method", "monitor", "direction", "epochs", "seed")


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
        self._size = grid_size(settings, keys) if settings.method == "grid" else None
        if self._size is not None and too_large(self._size):
            raise SearchError(
                f"The grid has {self._size:,} combinations: give ranges a larger step, or search "
                "at random."
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
        limits = [each for each in (self.settings.trials, self._size) if each is not None]
        return min(limits, default=float("inf"))

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
                claim.reported[epoch] = figure
                claim.trial.report(figure, epoch)
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


def join(
    storage: str,
    project: Project,
    settings: SearchSettings,
    epochs: int,
    *,
    budget: Collection[str] = BUDGET,
) -> Study:
    """Work on the study in `storage`, which is made if it is not there.

    `budget` names the settings, `trials` or `hours`, that are asked for now; others are taken from
    a study that exists.

    Raises `SearchError` if it searches over something else, or was begun with another network.
    """
    keys = check_space(project, settings)
    optuna = load_optuna()
    opened = open_storage(storage)
    base = base_of(project, settings)
    try:
        with reaching(storage):
            name = split_name(storage)[1]
            direction = "maximize" if settings.maximizes else "minimize"
            try:
                study = optuna.create_study(storage=opened, study_name=name, direction=direction)
            except optuna.exceptions.DuplicatedStudyError:
                study = optuna.load_study(storage=opened, study_name=name)
                said = _wait_for_settings(study)
            else:
                said = {}
            if said:
                settings = _merged(storage, said, settings, base, budget)
            if not said or settings.to_json() != said[SETTINGS]:
                study.set_user_attr(SETTINGS, settings.to_json())
            if not said:
                study.set_user_attr(BASE, base)
                study.set_user_attr(FORM, FORM_VERSION)
    finally:
        close_storage(opened)
    return Study(storage, settings, keys, epochs)


def _wait_for_settings(study: optuna.Study) -> dict[str, Any]:
    """What a study says of itself; empty where its maker died before it said anything."""
    end = time.monotonic() + _MAKING
    while True:
        said = dict(study.user_attrs)
        if FORM in said:
            return said
        if study.get_trials(deepcopy=False):
            return {FORM: 0}
        if time.monotonic() > end:
            return {}
        time.sleep(0.05)


def _merged(
    storage: str,
    said: Mapping[str, Any],
    settings: SearchSettings,
    base: Mapping[str, str],
    budget: Collection[str],
) -> SearchSettings:
    """The settings of a study that exists, with the pruner and the budget asked for now."""
    place = shown_storage(storage)
    other = f"search in another study: name another file, or {place}#NAME."
    version = said[FORM]
    if version != FORM_VERSION:
        newer = "of a newer CNN Studio" if version else "of another program"
        raise SearchError(f"{place} is a study {newer}: {other}")
    before = settings_from_json(SearchSettings, said[SETTINGS], "search")
    if what := misfit(before, said[BASE], settings, base):
        raise SearchError(f"The study {place} {what}: use the same, or {other}")
    kept = {name: getattr(before, name) for name in BUDGET if name not in budget}
    return settings.model_copy(update=kept)


def misfit(
    before: SearchSettings,
    begun: Mapping[str, str],
    settings: SearchSettings,
    base: Mapping[str, str],
) -> str:
    """Why new trials could not be ranked with those of a study; empty if they can.

    `begun` and `base` are what `base_of` gave for the study and gives now.
    """
    if written(_plain_space(before)) != written(_plain_space(settings)):
        return f"searches over {_space_text(before)}, not over {_space_text(settings)}"
    for name in _KEPT:
        was, now = getattr(before, name), getattr(settings, name)
        if was != now:
            return f"was begun with search.{name} {was}, not {now}"
    differing = [part for part, digest in base.items() if begun.get(part) != digest]
    words = {"network": "another network", "training": "other training settings"}
    what = " and ".join(words.get(part, "other data settings") for part in differing)
    return f"was begun with {what}, so its trials cannot be ranked with new ones" if what else ""


def base_of(project: Project, settings: SearchSettings) -> dict[str, str]:
    """What the trials have in common, as a digest of each part of the project.

    What is at its default is left out, so that a later version with more settings gives the same.
    """
    searched: dict[str, set[str]] = {}
    for name in settings.space:
        if name.startswith(LAYERS):
            layer, setting = split_layer_key(name)
            searched.setdefault(layer, set()).add(setting)
    network = project.network
    layers = [
        {
            "name": layer.name,
            "type": layer.type,
            "shares": layer.shares,
            "settings": {
                field.name: field.encode(layer[field.name])
                for field in layer.spec.fields
                if layer[field.name] != field.default
                and field.name not in searched.get(layer.shares or layer.name, ())
            },
        }
        for layer in network.layers.values()
    ]
    parts: dict[str, Any] = {
        "network": {"layers": layers, "links": sorted(list(link) for link in network.links)}
    }
    for part, model in MODELS.items():
        given = settings_from_json(model, getattr(project, part), part)
        used = given.model_dump(mode="json", exclude_defaults=True)
        parts[part] = _without(used, part, {*settings.space, "training.epochs", "data.folder"})
    return {
        part: hashlib.sha256(written(content).encode()).hexdigest()[:16]
        for part, content in parts.items()
    }


def _without(values: Mapping[str, Any], above: str, keys: set[str]) -> dict[str, Any]:
    """Settings without some, and without groups that are then empty."""
    found = {}
    for name, value in values.items():
        key = f"{above}.{name}"
        if isinstance(value, Mapping):
            value = _without(value, key, keys)
            if not value:
                continue
        if key not in keys:
            found[name] = value
    return found


def _plain_space(settings: SearchSettings) -> Any:
    return settings.to_json()["space"]


def _space_text(settings: SearchSettings) -> str:
    return "; ".join(f"{name} = {entry_text(entry)}" for name, entry in settings.space.items())


def _suggest(trial: optuna.Trial, name: str, kind: Any) -> None:
    kinds = load_optuna().distributions
    if isinstance(kind, kinds.CategoricalDistribution):
        trial.suggest_categorical(name, kind.choices)
    elif isinstance(kind, kinds.IntDistribution):
        trial.suggest_int(name, kind.low, kind.high, step=kind.step, log=kind.log)
    else:
        trial.suggest_float(name, kind.low, kind.high, step=kind.step, log=kind.log)
