"""Two runs side by side: what they reached, and which settings they were trained with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnnstudio.training.runs import RunInfo

# Stands for a setting that had no effect: beta_1 where SGD trained.
UNUSED = "not used"
_MOST = 6


@dataclass(frozen=True)
class Figure:
    """A figure of the best epoch of both runs, or of the whole of them; None where it is unknown.

    `better` is -1 where the old run is better, 1 where the new one is, 0 where neither is or it
    says nothing.
    """

    key: str
    old: float | None
    new: float | None
    better: int = 0


@dataclass(frozen=True)
class Setting:
    """A setting of both runs; `UNUSED` where it had no effect."""

    key: str
    old: Any
    new: Any

    @property
    def differs(self) -> bool:
        return bool(self.old != self.new)


@dataclass(frozen=True)
class Differences:
    """Two runs: their figures, and all settings that had an effect in either."""

    old: RunInfo
    new: RunInfo
    figures: tuple[Figure, ...]
    settings: tuple[Setting, ...]

    @property
    def differing(self) -> tuple[Setting, ...]:
        """The settings that are not the same in both."""
        return tuple(setting for setting in self.settings if setting.differs)

    def to_json(self, *, only_differences: bool = True) -> dict[str, Any]:
        """Plain JSON data."""
        settings = self.differing if only_differences else self.settings
        return {
            "old": self.old.to_json(),
            "new": self.new.to_json(),
            "figures": {each.key: {"old": each.old, "new": each.new} for each in self.figures},
            "settings": {each.key: {"old": each.old, "new": each.new} for each in settings},
        }


def differences(old: RunInfo, new: RunInfo) -> Differences:
    """What is different in the run `new`, seen from `old`."""
    before, after = old.used, new.used
    names = [*before, *(name for name in after if name not in before)]
    # What trains comes first, then the pictures.
    names.sort(key=lambda name: name.startswith("data."))
    settings = [Setting(name, before.get(name, UNUSED), after.get(name, UNUSED)) for name in names]
    return Differences(old, new, tuple(_figures(old, new)), tuple(settings))


def value_words(value: Any) -> str:
    """The value of a setting as a person reads it; long lists are cut short."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        parts = [f"{name}={value_words(part)}" for name, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [value_words(part) for part in value]
    else:
        return str(value)
    more = [f"… ({len(parts):,} in all)"] if len(parts) > _MOST else []
    return ", ".join([*parts[:_MOST], *more]) or "none"


def lower_is_better(name: str) -> bool:
    """Whether less of a figure is more: of losses."""
    return name.removeprefix("val_") == "loss"


def _figures(old: RunInfo, new: RunInfo) -> list[Figure]:
    # Validation says more about a network than what it was trained on.
    first = ("val_accuracy", "val_loss", "accuracy", "loss")
    known = dict.fromkeys((*first, *old.figures, *new.figures))
    found = []
    for name in known:
        a, b = _number(old.figures.get(name)), _number(new.figures.get(name))
        if name == "learning_rate" or (a is None and b is None):
            continue
        better = 0
        if a is not None and b is not None and a != b:
            better = 1 if (b < a) == lower_is_better(name) else -1
        found.append(Figure(name, a, b, better))
    for name, a, b in (
        ("best_epoch", old.best_epoch, new.best_epoch),
        ("epochs_done", old.epochs_done, new.epochs_done),
        ("seconds", old.seconds, new.seconds),
    ):
        if a is not None or b is not None:
            found.append(Figure(name, a, b))
    return found


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
