"""How weights and gradients were spread over a run, made ready for painting. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnstudio.keras_build.spread import BINS, Histogram
from cnnstudio.training.events import HistogramsReady
from cnnstudio.training.gauging import Measured

# Measurements in memory at most; twice as many, and every other one goes.
MOST = 200
# Share of the values at each end that the scale may leave out, or one far value would flatten all.
_RARE = 0.0005


@dataclass(frozen=True, eq=False)
class Strip:
    """One array of weights, or its gradients, over time: `times` in epochs, ascending."""

    times: tuple[float, ...]
    found: tuple[Histogram, ...]

    def reach(self) -> tuple[float, float]:
        """The values that a scale for all of them goes from and to."""
        ends = [_quantiles(one) for one in self.found if one.counts.sum()]
        if not ends:
            return -1.0, 1.0
        low, high = min(a for a, _ in ends), max(b for _, b in ends)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def densities(self, low: float, high: float, rows: int) -> NDArray[np.float64]:
        """`(rows, measurements)`, the highest values in row 0: shares of the fullest place."""
        columns = [_density(one, low, high, rows) for one in self.found]
        return np.stack(columns, axis=1)[::-1] if columns else np.zeros((rows, 0))

    def nearest(self, time: float) -> int:
        """The number of the measurement that a time in epochs belongs to: the next one."""
        return min(int(np.searchsorted(self.times, time)), len(self.times) - 1)


class Spreads:
    """The measurements of one run, in order of training."""

    def __init__(self, events: Iterable[HistogramsReady] = ()) -> None:
        self._events = list(events)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def latest(self) -> HistogramsReady | None:
        return self._events[-1] if self._events else None

    @property
    def weights(self) -> Sequence[Measured]:
        """Of the latest measurement."""
        return self._events[-1].weights if self._events else ()

    def add(self, event: HistogramsReady) -> None:
        """Another one; what is trained again takes the place of what was there."""
        while self._events and self._events[-1].place >= event.place:
            self._events.pop()
        self._events.append(event)
        if len(self._events) > 2 * MOST:
            self._events = self._events[::2]

    def precede(self, earlier: Spreads) -> None:
        """Put what was measured before the training went on in front."""
        mine = self._events
        self._events = earlier._events
        for event in mine:
            self.add(event)

    def strip(self, layer: str, weight: str, *, gradient: bool) -> Strip:
        """One array of weights, or its gradients, over the run; empty where it has none."""
        times, found = [], []
        for event in self._events:
            for one in event.weights:
                if (one.layer, one.weight) == (layer, weight):
                    spread = one.gradient if gradient else one.values
                    if spread is not None:
                        times.append(event.at)
                        found.append(spread)
        return Strip(tuple(times), tuple(found))


def _cumulative(found: Histogram) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges of the bins and the share of values below each."""
    shares = np.concatenate([[0.0], np.cumsum(found.counts)]) / max(found.counts.sum(), 1)
    return np.linspace(found.low, found.high, BINS + 1), shares


def _quantiles(found: Histogram) -> tuple[float, float]:
    edges, shares = _cumulative(found)
    first = int(np.searchsorted(shares, _RARE, side="right")) - 1
    last = int(np.searchsorted(shares, 1 - _RARE))
    return float(edges[max(first, 0)]), float(edges[min(last, BINS)])


def _density(found: Histogram, low: float, high: float, rows: int) -> NDArray[np.float64]:
    edges, shares = _cumulative(found)
    parts = np.diff(np.interp(np.linspace(low, high, rows + 1), edges, shares))
    most = parts.max(initial=0.0)
    return parts / most if most > 0 else parts
