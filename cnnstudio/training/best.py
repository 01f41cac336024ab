"""Which epoch is the best one, and when early stopping ends a training."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cnnstudio.training.checkpoint import State
from cnnstudio.training.settings import TrainingSettings, figure_for


def monitored(settings: TrainingSettings, validates: bool) -> str:
    """The figure that decides which epoch is the best.

    Early stopping's, where that is on, otherwise the loss of the validation pictures. Without
    validation pictures, the training's own.
    """
    stopping = settings.early_stopping
    return figure_for(stopping.monitor if stopping.enabled else "val_loss", validates)


def judge(
    state: State, settings: TrainingSettings, monitor: str, figures: Mapping[str, float]
) -> bool:
    """Whether the epoch is the best so far; notes it, and whether to stop early.

    What is kept is the best of the whole run; early stopping waits for the best of the phase.
    """
    stopping = settings.early_stopping
    value = figures[monitor]
    sign = -1.0 if monitor.endswith("accuracy") else 1.0
    best = state.best is None or sign * value < sign * state.best
    mark = state.best if state.border is None else state.phase_best
    state.waited += 1
    if math.isfinite(value) and (mark is None or sign * value < sign * mark):
        state.phase_best, state.waited = value, 0
    if best and math.isfinite(value):
        state.best = value
    best = best and (math.isfinite(value) or state.best_epoch is None)
    if best:
        state.best_epoch, state.best_metrics = state.epoch, dict(figures)
    state.early = stopping.enabled and state.waited >= stopping.patience
    return best
