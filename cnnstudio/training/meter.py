"""The figures of an epoch so far, read from Keras's running metrics between two batches."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# A reading of so many times fewer pictures than the last would be a spike in the curve.
_FEW = 4


@dataclass(frozen=True)
class Reading:
    """What was measured since the last reading, and the means of the epoch.

    Attributes:
        recent: means over the pictures since the last reading, or since the one before it where
            those would be few beside what it had, as at the end of an epoch.
        means: means over the epoch so far, as in Keras's progress bar.
        images_per_second: since the last reading; 0.0 when too little time has passed to tell.
    """

    recent: Mapping[str, float]
    means: Mapping[str, float]
    images_per_second: float


class Meter:
    """Reads a compiled model's metrics. `images` counts the pictures of the epoch so far."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._before: dict[str, float] = {}
        # Sums and pictures at the reading before the last.
        self._earlier: tuple[dict[str, float], float] = {}, 0.0
        self.images = 0.0
        self.images_at_start = 0.0
        self.last = time.perf_counter()

    def begin(self, *, rest: bool) -> None:
        """Before an epoch, or before the `rest` of one whose metrics are restored."""
        self._before, self.images = {}, 0.0
        if rest:
            self._before, self.images, _ = self._sums()
        self._earlier = self._before, self.images
        self.images_at_start = self.images
        self.last = time.perf_counter()

    def read(self) -> Reading | None:
        """The figures now; None where no picture was trained since the last reading."""
        sums, images, others = self._sums()
        new = images - self.images
        if new <= 0:
            return None
        now = time.perf_counter()
        seconds = now - self.last
        since, had = self._before, self.images
        if new * _FEW < had - self._earlier[1]:
            since, had = self._earlier
        recent = {name: (sums[name] - since.get(name, 0.0)) / (images - had) for name in sums}
        means = {name: value / images for name, value in sums.items()}
        self._earlier = self._before, self.images
        self._before, self.images, self.last = sums, images, now
        speed = new / seconds if seconds > 1e-3 else 0.0
        return Reading({**recent, **others}, {**means, **others}, speed)

    def _sums(self) -> tuple[dict[str, float], float, dict[str, float]]:
        """Each mean of the epoch so far times the pictures it is of, their number, and the rest.

        The rest are figures that are no means, such as an area under a curve.
        """
        import keras

        images, sums, others = 0.0, {}, {}
        for metric in self._model.metrics:
            for part in getattr(metric, "metrics", None) or [metric]:
                if isinstance(part, keras.metrics.Mean):
                    # Read as they are: computing the means costs TensorFlow half a millisecond.
                    total, count = (_number(variable) for variable in (part.total, part.count))
                    images = images or count
                    sums[part.name] = total * (images / count) if count else 0.0
                else:
                    others[part.name] = float(part.result())
        return sums, images, others


def _number(variable: Any) -> float:
    return float(variable.value.numpy())
