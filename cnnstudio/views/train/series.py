"""The points behind the curves: appended as they come, thinned for the screen, never replotted.

`x` is the time in epochs: 2.5 is halfway through the third epoch. Nothing here knows Qt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Weight of the past in the smoothed curve: each point is the mean of about the last ten.
SMOOTHING = 0.9


class Series:
    """One growing curve, with its smoothed twin kept beside it."""

    def __init__(self) -> None:
        self._points = np.empty((3, 256))
        self._count = 0
        self._moment = 0.0
        self._weight = 0.0

    def __len__(self) -> int:
        return self._count

    def append(self, x: float, y: float) -> None:
        if self._count == self._points.shape[1]:
            room = np.empty((3, max(self._count, 256)))
            self._points = np.concatenate([self._points, room], axis=1)
        if np.isfinite(y):
            # Exponential mean divided by the sum of its weights, so that it does not start at 0.
            self._moment = SMOOTHING * self._moment + (1 - SMOOTHING) * y
            self._weight = SMOOTHING * self._weight + (1 - SMOOTHING)
        smooth = self._moment / self._weight if self._weight else y
        self._points[:, self._count] = x, y, smooth
        self._count += 1

    @property
    def x(self) -> Floats:
        return self._points[0, : self._count]

    @property
    def y(self) -> Floats:
        return self._points[1, : self._count]

    @property
    def smooth(self) -> Floats:
        return self._points[2, : self._count]

    def copy(self) -> Series:
        """The same points, on their own: for a thread that reads while this one grows."""
        twin = Series()
        twin._points, twin._count = self._points[:, : self._count].copy(), self._count
        twin._moment, twin._weight = self._moment, self._weight
        return twin

    def nearest(self, x: float) -> tuple[float, float] | None:
        """The point whose x is closest, or None when there is none."""
        if not self._count:
            return None
        right = int(np.searchsorted(self.x, x))
        choices = [i for i in (right - 1, right) if 0 <= i < self._count]
        index = min(choices, key=lambda i: abs(self.x[i] - x))
        return float(self.x[index]), float(self.y[index])


@dataclass(frozen=True)
class Key:
    """Which curve: the metric (`loss`, `accuracy`) and what it was measured on."""

    metric: str
    kind: str  # "batch", "training" or "validation"


class History:
    """Every curve of one run.

    Attributes:
        steps: batches in an epoch, for those who count in steps.
        marks: where something was changed on the way, in epochs, and what.
    """

    def __init__(self) -> None:
        self.series: dict[Key, Series] = {}
        self.last_epoch = 0.0
        self.steps = 1
        self.marks: list[tuple[float, str]] = []

    def add(self, metric: str, kind: str, x: float, y: float) -> None:
        self.series.setdefault(Key(metric, kind), Series()).append(x, y)
        self.last_epoch = max(self.last_epoch, x)

    def add_batch(self, x: float, values: dict[str, float]) -> None:
        for metric, value in values.items():
            self.add(metric, "batch", x, value)

    def add_epoch(self, epoch: float, values: dict[str, float]) -> None:
        """The values at the end of an epoch; names that begin with `val_` are validation."""
        for name, value in values.items():
            if name.startswith("val_"):
                self.add(name.removeprefix("val_"), "validation", epoch, value)
            else:
                self.add(name, "training", epoch, value)

    def mark(self, epoch: float, text: str) -> None:
        """Something was changed here."""
        self.marks.append((epoch, text))

    def get(self, metric: str, kind: str) -> Series:
        return self.series.get(Key(metric, kind)) or Series()

    def copy(self) -> History:
        """A snapshot that another thread may read."""
        twin = History()
        twin.series = {key: series.copy() for key, series in self.series.items()}
        twin.last_epoch, twin.steps = self.last_epoch, self.steps
        twin.marks = list(self.marks)
        return twin

    @property
    def empty(self) -> bool:
        return not any(len(series) for series in self.series.values())

    @property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(key.metric for key in self.series))

    def rows(self) -> Iterator[tuple[str, str, float, float]]:
        """Every point: metric, measured on, epoch, value."""
        for key, series in self.series.items():
            for x, y in zip(series.x, series.y, strict=True):
                yield key.metric, key.kind, float(x), float(y)


def thinned(x: Floats, y: Floats, start: float, end: float, columns: int) -> tuple[Floats, Floats]:
    """At most four points a pixel column (first, lowest, highest, last), so that spikes survive.

    `x` ascends. Points that are not finite are left out. Drawing the result looks as drawing all.
    """
    keep = np.isfinite(y)
    if not keep.all():
        x, y = x[keep], y[keep]
    if len(x) <= 4 * columns or end <= start:
        return x, y
    column = np.clip(((x - start) / (end - start) * columns).astype(int), 0, columns - 1)
    firsts = np.flatnonzero(np.diff(column, prepend=-1))
    lasts = np.append(firsts[1:], len(x)) - 1
    low, high = np.minimum.reduceat(y, firsts), np.maximum.reduceat(y, firsts)
    middle = (x[firsts] + x[lasts]) / 2
    thin_x = np.stack([x[firsts], middle, middle, x[lasts]], axis=1).ravel()
    thin_y = np.stack([y[firsts], low, high, y[lasts]], axis=1).ravel()
    return thin_x, thin_y


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers (1, 2, 2.5 or 5 times a power of ten) from `low` to `high`."""
    if not high > low:
        return [low]
    rough = (high - low) / max(about, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= rough * 0.999)
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    return [float((first + i) * step) for i in range(count)]


def log_ticks(low: float, high: float, about: int) -> list[float]:
    """Values between `low` and `high` (both > 0) that stand at even distances of a log scale."""
    bottom, top = np.floor(np.log10(low)), np.ceil(np.log10(high))
    for digits in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1,)):
        found = [
            float(digit * 10.0**power)
            for power in np.arange(bottom, top + 1)
            for digit in digits
            if low * 0.999 <= digit * 10.0**power <= high * 1.001
        ]
        if len(found) <= about:
            return found or [low, high]
    stride = int(np.ceil(len(found) / about))
    return found[::stride]


def bounds(parts: Iterable[Floats], *, robust: bool) -> tuple[float, float] | None:
    """Lowest and highest finite value; `robust` leaves out the rarest half per cent at each end."""
    low, high = [], []
    for part in parts:
        values = part[np.isfinite(part)]
        if not len(values):
            continue
        if robust and len(values) >= 200:
            first, last = np.percentile(values, [0.5, 99.5])
        else:
            first, last = values.min(), values.max()
        low.append(float(first))
        high.append(float(last))
    return (min(low), max(high)) if low else None
