"""How the learning rate moves while a network trains.

`share_at` is the one function of it: the engine sets what it gives before every step, and the
window draws it before the start. It gives a share of the learning rate, so that a rate changed by
hand, or by "reduce on plateau", scales all that follows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from cnnstudio.training.strict import StrictSettings

ScheduleName = Literal[
    "constant",
    "step",
    "exponential",
    "polynomial",
    "cosine",
    "one_cycle",
    "reduce_on_plateau",
]
Monitor = Literal["val_loss", "val_accuracy", "loss", "accuracy"]
_WARM_UP = ("warmup_epochs", "warmup_from")
# The settings each schedule takes, in the order the window shows them.
SCHEDULES: Mapping[ScheduleName, tuple[str, ...]] = {
    "constant": _WARM_UP,
    "step": ("factor", "every", *_WARM_UP),
    "exponential": ("factor", "every", *_WARM_UP),
    "polynomial": ("power", "end", *_WARM_UP),
    "cosine": ("end", "cycle_epochs", "cycle_factor", "peak_factor", *_WARM_UP),
    "one_cycle": ("start", "rise", "end", *_WARM_UP),
    "reduce_on_plateau": ("factor", "monitor", "patience", "cooldown", "end", *_WARM_UP),
}


class ScheduleSettings(StrictSettings):
    """The schedule and its settings; those the chosen one does not take are not used."""

    name: ScheduleName = Field(
        default="constant",
        description="How the learning rate moves while training. Large steps first and small ones "
        "at the end usually reach a lower loss: cosine is a good first choice.",
    )
    factor: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="What the rate is multiplied by: each time (step, reduce on plateau), or over "
        "so many epochs (exponential).",
    )
    every: float = Field(
        default=10.0, gt=0, le=100_000, description="Epochs from one multiplication to the next."
    )
    power: float = Field(
        default=1.0, gt=0, le=10, description="1 falls in a straight line, 2 faster at first."
    )
    end: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the learning rate that it falls to, and never below.",
    )
    cycle_epochs: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="Epochs until the rate first starts again at the top; empty is never.",
    )
    cycle_factor: float = Field(
        default=2.0,
        ge=1,
        le=10,
        description="How much longer each cycle is than the one before.",
    )
    peak_factor: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Where each cycle starts, as a share of the one before.",
    )
    start: float = Field(
        default=0.04, ge=0, le=1, description="Share of the learning rate that it rises from."
    )
    rise: float = Field(
        default=0.3,
        gt=0,
        lt=1,
        description="Share of the training in which the rate rises to the top.",
    )
    monitor: Monitor = Field(
        default="val_loss",
        description="The figure that has to improve. Without validation pictures, val_loss means "
        "loss and val_accuracy means accuracy.",
    )
    patience: int = Field(
        default=5,
        ge=1,
        le=100_000,
        description="Epochs without an improvement before the rate is reduced.",
    )
    cooldown: int = Field(
        default=0, ge=0, le=100_000, description="Epochs after a reduction that do not count."
    )
    warmup_epochs: float = Field(
        default=0.0,
        ge=0,
        le=100_000,
        description="Epochs in which the rate rises in a straight line before the schedule begins; "
        "steadies the first steps of large networks and batches.",
    )
    warmup_from: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the learning rate that the warm-up rises from.",
    )

    @property
    def taken(self) -> tuple[str, ...]:
        """The settings of the chosen schedule."""
        return SCHEDULES[self.name]

    @property
    def moves(self) -> bool:
        """Whether the rate changes with the steps."""
        steady = self.name in ("constant", "reduce_on_plateau")
        return not steady or self.warmup_epochs > 0


def share_at(schedule: ScheduleSettings, step: int, steps_per_epoch: int, epochs: int) -> float:
    """The share of the learning rate that step `step` (from 0, over all epochs) is taken with.

    Warm-up: a straight line that reaches 1 with the first step after it. Then, with `t` the steps
    since and `T` the steps from there to the end: step `factor^floor(t / every)`, exponential
    `factor^(t / every)`, polynomial `(1 - end)(1 - t/T)^power + end`, cosine
    `(1 - end)(1 + cos πt/T)/2 + end` as in Loshchilov and Hutter (arXiv 1608.03983, restarts
    too), one cycle a cosine up from `start` and one down to `end` (Smith, arXiv 1708.07120).
    """
    warm = schedule.warmup_epochs * steps_per_epoch
    if step < warm:
        return schedule.warmup_from + (1 - schedule.warmup_from) * step / warm
    since = step - warm
    total = max(epochs * steps_per_epoch - warm, 1.0)
    part = min(since / total, 1.0)
    low = schedule.end
    match schedule.name:
        case "step":
            # A hair more, so that 0.1 epochs of 10 steps are one step.
            return schedule.factor ** math.floor(since / (schedule.every * steps_per_epoch) + 1e-9)
        case "exponential":
            return schedule.factor ** (since / (schedule.every * steps_per_epoch))
        case "polynomial":
            return (1 - low) * (1 - part) ** schedule.power + low
        case "cosine":
            return (1 - low) * _cosine(schedule, since, total, steps_per_epoch) + low
        case "one_cycle":
            if part < schedule.rise:
                up = (1 - math.cos(math.pi * part / schedule.rise)) / 2
                return schedule.start + (1 - schedule.start) * up
            down = (1 + math.cos(math.pi * (part - schedule.rise) / (1 - schedule.rise))) / 2
            return low + (1 - low) * down
    return 1.0


def _cosine(schedule: ScheduleSettings, since: float, total: float, steps_per_epoch: int) -> float:
    """The cosine from 1 to 0, again and again where cycles are wanted."""
    peak = 1.0
    length = total
    if schedule.cycle_epochs is not None:
        length = schedule.cycle_epochs * steps_per_epoch
        if schedule.cycle_factor == 1:
            done = math.floor(since / length)
            peak, since = schedule.peak_factor**done, since - done * length
        while since >= length:
            since -= length
            length *= schedule.cycle_factor
            peak *= schedule.peak_factor
    return peak * (1 + math.cos(math.pi * min(since / length, 1.0))) / 2


@dataclass
class Plateau:
    """What "reduce on plateau" remembers: Keras's `ReduceLROnPlateau` with a `min_delta` of 1e-4.

    Attributes:
        best: the best figure so far.
        waited: epochs since then.
        cooldown: epochs that do not count yet.
    """

    best: float | None = None
    waited: int = 0
    cooldown: int = 0

    def reduces(self, schedule: ScheduleSettings, value: float, *, larger_is_better: bool) -> bool:
        """Take in an epoch's figure; whether the rate is to be reduced now."""
        sign = -1.0 if larger_is_better else 1.0
        if self.cooldown > 0:
            self.cooldown -= 1
            self.waited = 0
        better = self.best is None or sign * value < sign * self.best - 1e-4
        if better and math.isfinite(value):
            self.best, self.waited = value, 0
        elif self.cooldown <= 0:
            self.waited += 1
            if self.waited >= schedule.patience:
                self.waited, self.cooldown = 0, schedule.cooldown
                return True
        return False
