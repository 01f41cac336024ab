"""The reins of a running training, safe to hold in any thread.

Pause, resume, stop, watch a layer, measure weights, change the learning rate or the epochs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import keras
    import numpy as np


class Look(Protocol):
    """Makes something of the watched picture; called in the training thread between two batches.

    It changes nothing of the model and draws no random numbers. Raises `StudioError`.
    """

    def __call__(self, model: keras.Model, layer: str, picture: np.ndarray[Any, Any]) -> Any: ...


@dataclass(frozen=True, eq=False)
class Watched:
    """A layer, by name, and a picture (uint8, height × width × channels as the network takes).

    `look` makes of them what is wanted in place of the layer's feature maps.
    """

    layer: str
    picture: np.ndarray[Any, Any]
    look: Look | None = None


class Control:
    """One for each training; the person's side calls everything but what says `take`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._stopping = False
        self._watched: Watched | None = None
        self._rate: float | None = None
        self._epochs: int | None = None
        self._measuring: int | None = None

    @property
    def paused(self) -> bool:
        """Whether a pause was asked for."""
        return self._paused

    @property
    def stopping(self) -> bool:
        """Whether the training was asked to stop; it cannot be taken back."""
        return self._stopping

    @property
    def watched(self) -> Watched | None:
        """What `watch` asked for last."""
        return self._watched

    @property
    def measuring(self) -> int | None:
        """What `measure` asked for last."""
        return self._measuring

    def pause(self) -> None:
        """Wait after the batch that is running now."""
        with self._changed:
            self._paused = True
            self._changed.notify_all()

    def resume(self) -> None:
        """End the pause."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def stop(self) -> None:
        """End the training after the batch that is running now, paused or not."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def set_learning_rate(self, rate: float) -> None:
        """Train with another learning rate from the next batch on."""
        with self._changed:
            self._rate = rate

    def take_learning_rate(self) -> float | None:
        """The rate asked for since the last call; for the training thread."""
        with self._changed:
            rate, self._rate = self._rate, None
            return rate

    def set_epochs(self, epochs: int) -> None:
        """Train for another number of epochs in all; it ends at once where they are done."""
        with self._changed:
            self._epochs = epochs

    def take_epochs(self) -> int | None:
        """The number of epochs asked for since the last call; for the training thread."""
        with self._changed:
            epochs, self._epochs = self._epochs, None
            return epochs

    def watch(
        self,
        layer: str | None,
        picture: np.ndarray[Any, Any] | None = None,
        look: Look | None = None,
    ) -> None:
        """Ask for the feature maps of `picture` in `layer` as training goes on; None ends it.

        With `look`, for what that makes of them instead.
        """
        with self._changed:
            self._watched = (
                None if layer is None or picture is None else Watched(layer, picture, look)
            )
            self._changed.notify_all()

    def measure(self, every: int | None) -> None:
        """Measure weights and gradients at the end of each epoch (0) or after so many steps.

        None leaves it to the settings.
        """
        with self._changed:
            self._measuring = every

    def wait_while_paused(self, woken: Callable[[], None] | None = None) -> float:
        """Wait in the training thread until resumed or stopped; return the seconds waited.

        `woken` is called whenever something else changes meanwhile: another layer is watched.
        """
        start = time.perf_counter()
        watched = self._watched
        while True:
            with self._changed:
                while self._paused and not self._stopping and self._watched is watched:
                    self._changed.wait()
                if not self._paused or self._stopping:
                    return time.perf_counter() - start
                watched = self._watched
            if woken is not None:
                woken()
