"""Feature maps of the watched picture, made between two batches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.keras_build.feature_model import layer_output
from cnnstudio.training.control import Watched

if TYPE_CHECKING:
    import keras
    import numpy as np

# Seconds from one set of feature maps to the next.
FEATURE_MAPS = 1.0


class Watcher:
    """Makes the maps when they are due."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._parts: dict[str, Any] = {}
        self._last = time.perf_counter()
        self._watched: Watched | None = None
        self._failed: Watched | None = None

    def maps(self, watched: Watched | None) -> np.ndarray[Any, Any] | None:
        """The maps of `watched`, None while they are not due.

        Raises `StudioError`, once, for a layer or picture that gives none.
        """
        if watched is None or watched is self._failed:
            return None
        now = time.perf_counter()
        if watched is self._watched and now - self._last < FEATURE_MAPS:
            return None
        self._watched, self._last = watched, now
        try:
            return layer_output(self._model, watched.layer, watched.picture, self._parts)
        except StudioError:
            self._failed = watched
            raise
