"""The reins of a running training, safe to hold in any thread: pause, resume, stop, watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Watched:
    """A layer, by name, and a picture (uint8, height × width × channels as the network takes)."""

    layer: str
    picture: np.ndarray[Any, Any]


class Control:
    """One for each training. The person's side calls `pause`, `resume`, `stop`, `watch`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._paused = False
        self._stopping = False
        self._watched: Watched | None = None

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

    def watch(self, layer: str | None, picture: np.ndarray[Any, Any] | None = None) -> None:
        """Ask for the feature maps of `picture` in `layer` as training goes on; None ends it."""
        with self._changed:
            self._watched = None if layer is None or picture is None else Watched(layer, picture)
            self._changed.notify_all()

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
