"""Which values a trial tries, and which trials end early: Optuna's samplers and pruners.

What a trial tries depends on the settings and on its number in the study, for a random search and
a grid on nothing else: any number of processes try the same values as one does.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.search.settings import Choices, Entry, SearchSettings, written
from cnnstudio.search.space import Key
from cnnstudio.search.storage import load_optuna

if TYPE_CHECKING:
    import optuna

# Trials at random before the search learns from them, and before the median says anything.
LEARNS_AFTER, MEDIAN_AFTER = 10, 4
_LARGEST_GRID = 1_000_000


def distributions(
    space: Mapping[str, Entry], keys: Mapping[str, Key]
) -> dict[str, optuna.distributions.BaseDistribution]:
    """The space as Optuna has it."""
    kinds = load_optuna().distributions
    found = {}
    for name, entry in space.items():
        if isinstance(entry, Choices):
            found[name] = kinds.CategoricalDistribution([simple(each) for each in entry.choices])
        elif keys[name].kind == "whole":
            step = 1 if entry.step is None else int(entry.step)
            found[name] = kinds.IntDistribution(
                int(entry.low), _last(entry.low, entry.high, step), log=entry.log, step=step
            )
        else:
            high = entry.high if entry.step is None else _last(entry.low, entry.high, entry.step)
            found[name] = kinds.FloatDistribution(entry.low, high, log=entry.log, step=entry.step)
    return found


def simple(value: Any) -> Any:
    """A value as Optuna stores it: a number, a word, or the JSON of anything else."""
    return written(value) if isinstance(value, (list, dict)) else value


def plain_values(space: Mapping[str, Entry], params: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a trial as JSON data, in the order of the space.

    Of numbers from a range so many digits as people read: trials are trained with just these.
    """
    found = {}
    for name, entry in space.items():
        if name not in params:
            continue
        value = params[name]
        if isinstance(entry, Choices):
            value = next((each for each in entry.choices if simple(each) == value), value)
        elif isinstance(value, float):
            digits = 4 if entry.step is None else 12
            value = min(max(float(f"{value:.{digits}g}"), entry.low), entry.high)
        found[name] = value
    return found


def grid_of(settings: SearchSettings, keys: Mapping[str, Key]) -> list[dict[str, Any]]:
    """Every combination of a grid, in an order that the seed decides.

    Shuffled, because a grid that the budget does not reach to the end should have seen something
    of everything.
    """
    axes = [
        axis_of(entry, whole=keys[name].kind == "whole") for name, entry in settings.space.items()
    ]
    found = [dict(zip(settings.space, values, strict=True)) for values in itertools.product(*axes)]
    random.Random(settings.seed).shuffle(found)
    return found


def grid_size(settings: SearchSettings, keys: Mapping[str, Key]) -> int:
    """How many combinations there are."""
    size = 1
    for name, entry in settings.space.items():
        size *= len(axis_of(entry, whole=keys[name].kind == "whole"))
    return size


def combinations_of(settings: SearchSettings, keys: Mapping[str, Key]) -> int | None:
    """How many combinations a search may try; None where it is no grid."""
    return grid_size(settings, keys) if settings.method == "grid" else None


def limit_of(trials: int | None, combinations: int | None) -> int | None:
    """Trials in all: the budget, or the combinations of a grid that has fewer; None for no end."""
    limits = [each for each in (trials, combinations) if each is not None]
    return min(limits, default=None)


def axis_of(entry: Entry, *, whole: bool) -> list[Any]:
    """The values of one key that a grid tries, as Optuna stores them."""
    if isinstance(entry, Choices):
        return [simple(each) for each in entry.choices]
    return list(entry.grid(whole=whole))


def too_large(size: int) -> bool:
    """Whether a grid would not fit into memory."""
    return size > _LARGEST_GRID


def make_sampler(
    settings: SearchSettings,
    keys: Mapping[str, Key],
    rank_of: Callable[[int], int],
) -> optuna.samplers.BaseSampler:
    """The sampler of a study; `rank_of` gives the place of a trial, by its number, from 0."""
    samplers = load_optuna().samplers
    base: Any = samplers.BaseSampler
    grid: Sequence[Mapping[str, Any]] = grid_of(settings, keys) if settings.method == "grid" else ()

    def inner(rank: int) -> Any:
        seed = int(np.random.SeedSequence([settings.seed, rank]).generate_state(1)[0])
        if settings.method == "bayesian":
            after = LEARNS_AFTER
            if settings.trials is not None:
                after = max(3, min(after, settings.trials // 3))
            return samplers.TPESampler(seed=seed, n_startup_trials=after)
        return samplers.RandomSampler(seed=seed)

    class Ranked(base):
        """Gives each trial a sampler of its own, seeded by its place."""

        def __init__(self) -> None:
            self._number, self._rank = -1, 0
            self._inner: Any = None

        def _for(self, trial: Any) -> Any:
            if trial.number != self._number:
                self._number, self._rank = trial.number, rank_of(trial.number)
                self._inner = inner(self._rank)
            return self._inner

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            if grid:
                return {}
            return self._for(trial).infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            if grid:
                return {}
            return self._for(trial).sample_relative(study, trial, search_space)

        def sample_independent(self, study: Any, trial: Any, name: str, kind: Any) -> Any:
            own = self._for(trial)
            if grid:
                return grid[self._rank][name]
            return own.sample_independent(study, trial, name, kind)

    return Ranked()


def make_pruner(settings: SearchSettings, epochs: int) -> optuna.pruners.BasePruner:
    """The pruner of a study whose trials train for so many epochs."""
    pruners = load_optuna().pruners
    if settings.pruner == "median":
        # An epoch counts as a step, from 1; the first says little.
        return pruners.MedianPruner(n_startup_trials=MEDIAN_AFTER, n_warmup_steps=2)
    if settings.pruner == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return pruners.NopPruner()


def _last(low: float, high: float, step: float) -> Any:
    """The last number of a range with a step, of the kind of the step."""
    count = int((high - low) / step + 1e-9)
    return int(low) + count * step if isinstance(step, int) else low + count * step
