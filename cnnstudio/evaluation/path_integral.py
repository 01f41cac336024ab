"""Gradients added up on the straight way from a plain picture to another, until they are complete.

Completeness (Sundararajan et al., 2017, proposition 1): the parts add up to the difference of the
two scores. Since the scores at all places are known, it is known between which two places the rule
of trapezoids is wrong, and by how much. More places go there: networks of ReLUs are straight but
for kinks, and a kink is closed in by halves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstudio.errors import Cancelled

Array = np.ndarray[Any, Any]

COMPLETE = 0.01  # share of the difference that the sum may miss
_AIM = 0.005  # half of that, where it can be reached
_BATCH = 32
MOST_PLACES = 64 * _BATCH
_CLOSEST = 1e-6  # float32 tells places apart down to here
_ROUNDING = 4 * float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class PathIntegral:
    """What came of the way.

    Attributes:
        heat: float32 `(height, width)`: each pixel's part, added up over the channels.
        places: float64, rising from 0 (the plain picture) to 1: where gradients were taken.
        low, high: the scores at both ends.
        missing: how far the sum of `heat` is from `high - low`, as a share of that; infinite if
            that is 0 and the sum is not.
    """

    heat: Array
    places: Array
    low: float
    high: float
    missing: float

    @property
    def same(self) -> bool:
        """Whether the two scores differ by no more than float32 rounds them."""
        return abs(self.high - self.low) <= _ROUNDING * max(abs(self.high), abs(self.low))


def integrate(
    gradients: Callable[[Array], tuple[Array, Array]],
    start: Array,
    end: Array,
    *,
    batch: int = _BATCH,
    progress: Callable[[int, float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PathIntegral:
    """Add up the gradients from picture `start` to picture `end`, both float32 `(h, w, c)`.

    `gradients` takes pictures `(n, h, w, c)` to the gradients of their scores, of the same shape,
    and the scores `(n,)`, at most `batch` at once. It is asked for 32 places, then for 32 more
    where they are needed until the sum is complete or 2,048 are reached, and once more for all of
    them to add them up, unless the first 32 did. `progress` gets the number of places and the
    share still missing. Raises `Cancelled`.
    """
    change = end - start

    def at(places: Array) -> tuple[Array, Array]:
        parts, scores = [], []
        for first in range(0, len(places), batch):
            if cancelled is not None and cancelled():
                raise Cancelled
            shares = places[first : first + batch].astype(np.float32)[:, None, None, None]
            found, score = gradients((1 - shares) * start + shares * end)
            parts.append((found * change).sum(axis=-1))
            scores.append(score.astype(np.float64))
        return np.concatenate(parts), np.concatenate(scores)

    places = np.linspace(0, 1, _BATCH)
    parts, scores = at(places)
    slopes = parts.sum(axis=(1, 2), dtype=np.float64)
    heat = np.tensordot(_weights(places), parts, 1)
    wanted = float(scores[-1] - scores[0])
    close = max(_AIM * abs(wanted), _ROUNDING * float(np.abs(scores[[0, -1]]).max()))
    while len(places) < MOST_PLACES:
        steps = np.diff(places)
        wrong = steps * (slopes[1:] + slopes[:-1]) / 2 - np.diff(scores)
        missing = float(wrong.sum())
        worst = np.argsort(np.where(steps > _CLOSEST, -np.abs(wrong), 0), kind="stable")[:_BATCH]
        worst = worst[steps[worst] > _CLOSEST]
        if abs(missing) <= close or not len(worst):
            break
        if progress is not None:
            progress(len(places), _share(missing, wanted))
        between = (places[worst] + places[worst + 1]) / 2
        parts, found = at(between)
        places = np.concatenate([places, between])
        order = np.argsort(places)
        places = places[order]
        slopes = np.concatenate([slopes, parts.sum(axis=(1, 2), dtype=np.float64)])[order]
        scores = np.concatenate([scores, found])[order]
    if len(places) > _BATCH:
        weights = _weights(places)
        heat = np.zeros(start.shape[:2])
        for first in range(0, len(places), _BATCH):
            parts, _ = at(places[first : first + _BATCH])
            heat += np.tensordot(weights[first : first + _BATCH], parts, 1)
    heat = heat.astype(np.float32)
    missing = _share(float(heat.sum(dtype=np.float64)) - wanted, wanted)
    return PathIntegral(heat, places, float(scores[0]), float(scores[-1]), missing)


def _weights(places: Array) -> Array:
    """How much each place counts by the rule of trapezoids; the sum is 1."""
    steps = np.diff(places)
    return np.asarray((np.append(steps, 0) + np.insert(steps, 0, 0)) / 2)


def _share(missing: float, wanted: float) -> float:
    if missing == 0:
        return 0.0
    return abs(missing / wanted) if wanted else float("inf")
