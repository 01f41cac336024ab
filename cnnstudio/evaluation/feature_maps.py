"""Feature maps: what one layer answers to one picture, and drawing them as one mosaic.

Takes a Keras model and a picture; the Train and Explore pages show the result. While a network
trains, the training thread calls one `FeatureMapper` on the live model again and again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.keras_build.feature_model import LayerOutputError, layer_output

__all__ = [
    "FeatureMapError",
    "FeatureMapper",
    "LayerOutputError",
    "MapGrid",
    "MapStatistics",
    "feature_maps",
    "map_grid",
    "map_statistics",
]

if TYPE_CHECKING:
    import keras


class FeatureMapError(StudioError):
    """Values that cannot be drawn as feature maps, with the reason."""


class FeatureMapper:
    """Feature maps of any layer of one model; the parts it needs of the model are kept.

    The parts share the model's weights, so they answer with the weights of the moment. Use it
    from the thread that trains the model, or on a model that nothing trains.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self._parts: dict[str, Any] = {}

    def maps(self, layer: str, picture: np.ndarray) -> np.ndarray:
        """The output of `layer` for one picture; see `layer_output`."""
        return layer_output(self.model, layer, picture, self._parts)


def feature_maps(model: keras.Model, layer: str, picture: np.ndarray) -> np.ndarray:
    """What one layer answers to one picture.

    `picture` is `(height, width, channels)`, pixels 0–255. Returns float32
    `(height, width, channels)` of that layer, or `(units,)` where it has no height and width.
    Raises `LayerOutputError` naming the layer.
    """
    return layer_output(model, layer, picture, {})


@dataclass(frozen=True)
class MapStatistics:
    """Figures of each feature map (or unit), arrays `(channels,)`.

    Attributes:
        minimum, maximum, mean: over the map's values.
        zeros: share of values that are exactly 0, from 0 to 1.
        dead: numbers of the maps that are 0 everywhere for this picture.
    """

    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    zeros: np.ndarray
    dead: tuple[int, ...]


@dataclass(frozen=True)
class MapGrid:
    """Feature maps side by side in one grey picture.

    Attributes:
        image: uint8 `(rows·(tile height + gap) − gap, columns·(tile width + gap) − gap)`.
        rows, columns: tiles down and across; map `i` is in row `i // columns`.
        tile: height and width of one map.
        gap: pixels between two tiles, 0 in the image.
        statistics: figures of each map before normalisation.
    """

    image: np.ndarray
    rows: int
    columns: int
    tile: tuple[int, int]
    gap: int
    statistics: MapStatistics

    def corner(self, index: int) -> tuple[int, int]:
        """The top-left pixel `(y, x)` of map `index`."""
        row, column = divmod(index, self.columns)
        return row * (self.tile[0] + self.gap), column * (self.tile[1] + self.gap)

    def index_at(self, y: int, x: int) -> int | None:
        """The map drawn at a pixel, or None in a gap or an empty place."""
        row, y_inside = divmod(y, self.tile[0] + self.gap)
        column, x_inside = divmod(x, self.tile[1] + self.gap)
        index = row * self.columns + column
        inside = y_inside < self.tile[0] and x_inside < self.tile[1] and 0 <= column < self.columns
        count = len(self.statistics.mean)
        return index if inside and 0 <= index < count else None


def map_statistics(maps: np.ndarray) -> MapStatistics:
    """Figures of feature maps `(height, width, channels)` or `(units,)`."""
    flat = _volume(maps).reshape(-1, maps.shape[-1])
    dead = np.flatnonzero(~flat.any(axis=0))
    return MapStatistics(
        minimum=flat.min(axis=0),
        maximum=flat.max(axis=0),
        mean=flat.mean(axis=0),
        zeros=(flat == 0).mean(axis=0),
        dead=tuple(int(index) for index in dead),
    )


def map_grid(maps: np.ndarray, *, columns: int | None = None, gap: int = 1) -> MapGrid:
    """Lay out feature maps `(height, width, channels)` or `(units,)` as one grey picture.

    Each map is stretched from its own minimum (0) to its own maximum (255); a map of one value
    is 0 everywhere, or 255 if that value is not 0. Units are one pixel each and share one
    stretch, since each is a single value. Without `columns` the mosaic is about square.
    """
    volume = _volume(maps)
    height, width, count = volume.shape
    if columns is None:
        # Square in pixels, not in tiles: flat maps go in more rows.
        columns = round(math.sqrt(count * (height + gap) / (width + gap)))
    columns = min(max(1, columns), count)
    rows = -(-count // columns)
    tiles = _stretched(volume, over=(0, 1, 2) if maps.ndim == 1 else (0, 1))
    padded = np.zeros((rows * columns, height + gap, width + gap), np.uint8)
    padded[:count, :height, :width] = tiles.transpose(2, 0, 1)
    mosaic = padded.reshape(rows, columns, height + gap, width + gap).transpose(0, 2, 1, 3)
    image = mosaic.reshape(rows * (height + gap), columns * (width + gap))
    image = np.ascontiguousarray(image[: image.shape[0] - gap, : image.shape[1] - gap])
    return MapGrid(image, rows, columns, (height, width), gap, map_statistics(maps))


def _volume(maps: np.ndarray) -> np.ndarray:
    if maps.ndim not in (1, 3) or not maps.size:
        raise FeatureMapError(
            f"Values of the shape {maps.shape} are no feature maps: (height, width, channels) "
            "or (units,) can be drawn."
        )
    return maps.reshape(1, 1, -1) if maps.ndim == 1 else maps


def _stretched(volume: np.ndarray, over: tuple[int, ...]) -> np.ndarray:
    values = np.nan_to_num(np.asarray(volume, np.float64))
    low, high = values.min(axis=over, keepdims=True), values.max(axis=over, keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    level = np.where((high == low) & (high != 0), 255.0, (values - low) / span * 255)
    return np.rint(level).astype(np.uint8)
