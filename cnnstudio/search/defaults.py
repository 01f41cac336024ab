"""Values that are worth trying for a key, when a person adds it to a search."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.search.errors import SearchError
from cnnstudio.search.settings import Choices, Entry, Range
from cnnstudio.search.space import LAYERS, Key, check_entry

_USUAL: Mapping[str, Entry] = {
    "training.optimizer.learning_rate": Range(low=1e-4, high=1e-1, log=True),
    "training.optimizer.name": Choices(choices=("Adam", "AdamW", "SGD", "RMSprop")),
    "training.optimizer.momentum": Range(low=0.8, high=0.99),
    "training.optimizer.weight_decay": Range(low=1e-6, high=1e-2, log=True),
    "training.optimizer.clipnorm": Range(low=0.1, high=10.0, log=True),
    "training.optimizer.clipvalue": Range(low=0.1, high=10.0, log=True),
    "training.optimizer.global_clipnorm": Range(low=0.1, high=10.0, log=True),
    "training.batch_size": Choices(choices=(16, 32, 64, 128)),
    "training.schedule.name": Choices(choices=("constant", "cosine", "one_cycle")),
    "training.label_smoothing": Range(low=0.0, high=0.2),
    "training.seed": Choices(choices=(0, 1, 2)),
}
# Activations and initialisers among dozens.
_ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh")
_INITIALIZERS = ("glorot_uniform", "he_normal", "he_uniform", "orthogonal")
# Shares of units dropped, and the like.
_RATES = ("rate", "dropout")
_MOST_CHOICES = 6


def default_entry(key: Key) -> Entry:
    """What to search over at first: around the value that the project has."""
    for entry in _candidates(key):
        try:
            check_entry({key.name: key}, key.name, entry)
        except SearchError:
            continue
        return entry
    return Choices(choices=(key.value,))


def _candidates(key: Key) -> Iterator[Entry]:
    """What might be worth trying, the best first; the setting may not have all of it."""
    if key.name in _USUAL:
        yield _USUAL[key.name]
    last = key.name.rpartition(".")[2]
    if key.kind == "choice":
        yield Choices(choices=_choices(key, last))
    elif key.kind == "whole":
        yield _whole(key, last)
    elif key.kind == "number":
        yield _number(key, last)
        yield Range(low=1e-8, high=1e-2, log=True)
        yield Range(low=-1.0, high=-0.1)


def _choices(key: Key, last: str) -> tuple[Any, ...]:
    wanted: tuple[Any, ...] = key.options
    if "activation" in last:
        wanted = tuple(each for each in _ACTIVATIONS if each in key.options) or key.options
    elif "initializer" in last:
        wanted = tuple(each for each in _INITIALIZERS if each in key.options) or key.options
    wanted = wanted[:_MOST_CHOICES]
    now = key.value["name"] if isinstance(key.value, dict) else key.value
    if now is not None and now not in wanted:
        wanted = (now, *wanted[: _MOST_CHOICES - 1])
    return wanted


def _whole(key: Key, last: str) -> Entry:
    low = max(key.low if key.low is not None else 1, 1)
    high = key.high if key.high is not None else math.inf
    value = key.value if isinstance(key.value, int) else int(low)
    if key.name.startswith(LAYERS) and last == "kernel_size":
        return Choices(choices=tuple(size for size in (3, 5, 7) if low <= size <= high))
    if value < 8 and last not in ("filters", "units"):
        below, above = max(low, value - 1), min(high, value + 2)
        return Range(low=float(below), high=float(max(above, below + 1)), step=1.0)
    below, above = max(low, value // 2), min(high, value * 2)
    below, above = int(below), int(max(above, below + 1))
    step = 2.0 ** max(0, math.floor(math.log2(max(value, 1) / 4)))
    return Range(low=float(below), high=float(above), step=step)


def _number(key: Key, last: str) -> Entry:
    high = key.high if key.high is not None else math.inf
    low = key.low if key.low is not None else -math.inf
    if any(word in last for word in _RATES) and high <= 1:
        return Range(low=0.0, high=0.6)
    value = key.value if isinstance(key.value, (int, float)) else 0.0
    if value > 0 and high <= 1 and value >= 0.5:
        return Range(low=max(low, 0.5), high=min(high, 0.99))
    if value > 0:
        below, above = (float(f"{each:.3g}") for each in (value / 10, value * 10))
        return Range(low=max(low, below), high=min(high, above), log=True)
    if low >= 0 and high < math.inf:
        return Range(low=low, high=high / 2)
    return Range(low=max(low, -1.0), high=min(high, 1.0))
