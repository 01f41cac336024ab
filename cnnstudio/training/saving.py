"""When a run is saved: often enough to lose little, seldom enough to cost little."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cnnstudio.training import checkpoint
from cnnstudio.training.averages import Averages
from cnnstudio.training.errors import not_a_number
from cnnstudio.training.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import keras
    import numpy as np

# Seconds from one checkpoint inside an epoch to the next, at least.
INSIDE_EPOCH = 60.0
# Saving takes at most this share of the time.
SHARE = 0.02


class Saver:
    """Writes checkpoints and `model.keras` of one training.

    `model.keras` is never older than the checkpoint beside it says: the best weights wait in
    memory until the next checkpoint, and are written before it.
    """

    def __init__(
        self,
        model: keras.Model,
        folder: RunFolder,
        result: Callable[[], keras.Model],
        averages: Averages,
    ) -> None:
        self._model = model
        self._folder = folder
        self._result = result
        self.averages = averages
        self._best: list[np.ndarray[Any, Any]] | None = None
        self._cost = 0.0
        self._last: float | None = None

    def due(self, apart: float = 0.0) -> bool:
        """Whether a checkpoint is worth its time now; the first always is, at an epoch's end."""
        now = time.perf_counter()
        if self._last is None:
            self._last = now
            return apart == 0.0
        return now - self._last >= max(apart, self._cost / SHARE)

    def keep_best(self) -> None:
        """Take the weights of this moment, or their averages, for `model.keras`."""
        with self.averages.in_place():
            self._best = [checkpoint.copy_of(variable) for variable in self._model.variables]

    def keep_now(self) -> None:
        """Write the weights of this moment, or their averages, into `model.keras`."""
        self._best = None
        with self.averages.in_place():
            self._folder.save_model(self._result())

    def write_best(self) -> None:
        """Write the best weights, where they wait."""
        if self._best is None:
            return
        variables = self._model.variables
        now = [checkpoint.copy_of(variable) for variable in variables]
        try:
            for variable, array in zip(variables, self._best, strict=True):
                variable.assign(array)
            self._folder.save_model(self._result())
        finally:
            for variable, array in zip(variables, now, strict=True):
                variable.assign(array)
        self._best = None

    def save(self, state: checkpoint.State, metrics: Sequence[np.ndarray[Any, Any]] = ()) -> None:
        """Write the checkpoint of this moment, and what waits."""
        start = time.perf_counter()
        arrays = checkpoint.capture(self._model, metrics)
        if not checkpoint.sound(self._model, arrays):
            # The loss of the next batch would say so; what is kept must be whole.
            rate = float(self._model.optimizer.learning_rate.numpy())
            raise not_a_number(state.epoch + 1, state.step, rate, self._folder.kept)
        self.write_best()
        self._folder.save_checkpoint(state, arrays)
        self._last = time.perf_counter()
        self._cost = self._last - start
