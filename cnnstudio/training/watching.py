"""Feature maps of the watched picture, or what else is made of it, between two batches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cnnstudio.errors import StudioError
from cnnstudio.keras_build.feature_model import layer_output
from cnnstudio.training.control import Watched
from cnnstudio.training.errors import first_line

if TYPE_CHECKING:
    import keras

# Seconds from one look to the next, at least.
FEATURE_MAPS = 1.0
# Looking takes at most this share of the time.
SHARE = 0.01


class Watcher:
    """Looks at the watched picture when that is due."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._parts: dict[str, Any] = {}
        self._last = time.perf_counter()
        self._pace = FEATURE_MAPS
        self._watched: Watched | None = None
        self._failed: Watched | None = None

    def seen(self, watched: Watched | None, *, again: bool = False) -> Any:
        """The feature maps of `watched`, or what its own `look` gives; None while it is not due.

        Another layer or picture is looked at at once. With `again` just what was seen last is, due
        or not. Raises `StudioError`, once, for what cannot be looked at.
        """
        if watched is None or watched is self._failed:
            return None
        start = time.perf_counter()
        first = watched is not self._watched
        due = not first if again else first or start - self._last >= self._pace
        if not due:
            return None
        self._watched = watched
        try:
            if watched.look is not None:
                found = watched.look(self._model, watched.layer, watched.picture)
            else:
                found = layer_output(self._model, watched.layer, watched.picture, self._parts)
        except StudioError:
            self._failed = watched
            raise
        except Exception as error:
            self._failed = watched
            raise StudioError(
                f"{watched.layer} cannot be watched while training ({first_line(error)}); the "
                "training goes on."
            ) from error
        self._last = time.perf_counter()
        if not first:
            # The first look also builds what the later ones use.
            self._pace = max(FEATURE_MAPS, (self._last - start) / SHARE)
        return found
