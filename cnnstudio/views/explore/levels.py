"""Feature maps made ready for painting: numbers only, no Qt, so that it may run in any thread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

# Anchors of the colour maps, evenly spaced from the lowest value to the highest; "viridis" are
# nine samples of the map of that name (van der Walt and Smith, 2015, CC0).
COLOUR_MAPS: dict[str, tuple[str, ...]] = {
    "Viridis": (
        "#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30",
        "#fde725",
    ),
    "Grey": ("#000000", "#ffffff"),
    "Heat": ("#000000", "#4a0c6b", "#a52c60", "#ed6925", "#fcb519", "#fcffa4"),
    "Blue to red": ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Levels:
    """The maps of one layer for one picture, with what is said about each.

    Attributes:
        values: (channels, height, width) float32; a layer of units is (units, 1, 1).
        levels: the same, as 0–255 between the lowest and highest value.
        low, high, mean: (channels,) per map.
        shared: whether one scale serves all maps rather than each its own.
        kind: what one of them is called, "map" or "filter".
        pixels: (channels, height, width) colours 0xffRRGGBB, where these are not of one number.
    """

    values: NDArray[np.float32]
    levels: NDArray[np.uint8]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    mean: NDArray[np.float32]
    shared: bool
    kind: str = "map"
    pixels: NDArray[np.uint32] | None = None

    @property
    def units(self) -> bool:
        return self.values.shape[1:] == (1, 1)

    @cached_property
    def dead(self) -> NDArray[np.bool_]:
        """(channels,) maps that are 0 everywhere: nothing in this picture excites them."""
        return (self.low == 0) & (self.high == 0)

    @property
    def by_activity(self) -> NDArray[np.intp]:
        """Channel numbers, the most active (largest mean magnitude) first."""
        return np.argsort(-np.abs(self.values).mean(axis=(1, 2)), kind="stable")

    def summary(self) -> str:
        """One line: how many, their range, how many are dead."""
        finite = self.values[np.isfinite(self.values)]
        if finite.size != self.values.size:
            return f"{len(self.values)} {self.kind}s with values that are not a number"
        kind = "units" if self.units and self.kind == "map" else f"{self.kind}s"
        count = int(self.dead.sum())
        text = (
            f"{len(self.values)} {kind}   min {self.low.min():.3g}   "
            f"max {self.high.max():.3g}   "
            f"mean {finite.mean():.3g}"
        )
        return text + (f"   {count} dead" if count and not self.units else "")

    def describe(self, channel: int, row: int | None = None, column: int | None = None) -> str:
        """One line on a map, and the value at a place of it."""
        if self.units and self.kind == "map":
            return f"unit {channel}   {self.values[channel, 0, 0]:.4g}"
        text = (
            f"{self.kind} {channel}   min {self.low[channel]:.3g}   max {self.high[channel]:.3g}   "
            f"mean {self.mean[channel]:.3g}"
        )
        if self.dead[channel]:
            where = " for this picture" if self.kind == "map" else ""
            text += f"   dead: 0 everywhere{where}"
        if row is not None and column is not None and self.pixels is None:
            text += f"   at row {row}, column {column}: {self.values[channel, row, column]:.4g}"
        return text


def sampled(maps: NDArray[np.floating], most: int = 96) -> NDArray[np.floating]:
    """Every n-th pixel of large maps, at most `most` a side: for maps that change twice a second.

    64 maps of 224×224 take 50 ms to scale whole, longer than the window may wait.
    """
    if maps.ndim != 3:
        return maps
    stride = -(-max(maps.shape[:2]) // most)
    return maps[::stride, ::stride]


def make_levels(maps: NDArray[np.floating], *, shared: bool = False, kind: str = "map") -> Levels:
    """Scale feature maps, (height, width, channels) or (units,), to levels of 0–255.

    (places, features), as attention has them, is one map. Each map fills the whole range unless
    `shared`. Values that are not finite become 0.
    """
    maps = np.asarray(maps, dtype=np.float32)
    if maps.ndim == 1:
        maps = maps[None, None, :]
    elif maps.ndim == 2:
        maps = maps[..., None]
    if maps.ndim != 3:
        raise ValueError(f"feature maps have one to three dimensions, not {maps.shape}")
    values = np.ascontiguousarray(maps.transpose(2, 0, 1))
    safe = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = safe.min(axis=(1, 2)), safe.max(axis=(1, 2))
    shared = shared or values.shape[1:] == (1, 1)
    bottom = np.full_like(low, safe.min()) if shared else low
    top = np.full_like(high, safe.max()) if shared else high
    span = np.where(top > bottom, top - bottom, 1)[:, None, None]
    levels = ((safe - bottom[:, None, None]) * (255.0 / span)).astype(np.uint8)
    return Levels(values, levels, low, high, safe.mean(axis=(1, 2)), shared, kind)


def filter_levels(
    kernels: NDArray[np.floating], channel: int | None, *, shared: bool = False
) -> Levels:
    """Filters (height, width, input channels, filters) as maps: of one input channel.

    With None as `channel` the three channels are red, green and blue; each filter fills the whole
    range over all its colours unless `shared`.
    """
    if channel is not None:
        return make_levels(kernels[:, :, channel], shared=shared, kind="filter")
    height, width, _, count = kernels.shape
    # The colours one below the other are scaled together.
    below = kernels.transpose(2, 0, 1, 3).reshape(3 * height, width, count)
    found = make_levels(below, shared=shared, kind="filter")
    red, green, blue = (
        found.levels.reshape(count, 3, height, width)[:, colour].astype(np.uint32)
        for colour in range(3)
    )
    pixels = (np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue).astype(np.uint32)
    values = found.values.reshape(count, 3, height, width).mean(axis=1)
    levels = np.zeros(values.shape, np.uint8)
    return Levels(values, levels, found.low, found.high, found.mean, found.shared, "filter", pixels)


def colour_table(name: str) -> NDArray[np.uint32]:
    """(256,) 0xffRRGGBB colours of a colour map, from the lowest level to the highest."""
    anchors = np.array(
        [[int(text[i : i + 2], 16) for i in (1, 3, 5)] for text in COLOUR_MAPS[name]], dtype=float
    )
    places = np.linspace(0, len(anchors) - 1, 256)
    red, green, blue = (
        np.interp(places, np.arange(len(anchors)), anchors[:, i]).round().astype(np.uint32)
        for i in range(3)
    )
    return np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue


def coloured(levels: NDArray[np.uint8], table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """(channels · height, width) pixels: the maps one below the other, as one strip."""
    channels, height, width = levels.shape
    return table[levels].reshape(channels * height, width)
