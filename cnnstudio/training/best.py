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
    """Whether the epoch is the best so far; notes it, and whether to stop early."""
    stopping = settings.early_stopping
    value = figures[monitor]
    sign = -1.0 if monitor.endswith("accuracy") else 1.0
    best = state.best is None or sign * value < sign * state.best
    if best and math.isfinite(value):
        state.best, state.waited = value, 0
    else:
        state.waited += 1
    best = best and (math.isfinite(value) or state.best_epoch is None)
    if best:
        state.best_epoch, state.best_metrics = state.epoch, dict(figures)
    state.early = stopping.enabled and state.waited >= stopping.patience
    return best
