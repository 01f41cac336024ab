"""Which part of the picture one place of a layer's feature maps depends on, exactly.

`cnnstudio.analysis` knows how large a receptive field is and how far neighbours are apart; here
each row and column of a layer of a Keras model gets the first and the last pixel that reach it,
padding left out. Axis by axis this follows the windows through the graph (Araujo, Norris and Sim,
2019), tables instead of formulas, so that branches of different reach and models inside models are
exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.graph.preparation import Preparation
from cnnstudio.keras_build.uses import outputs_of

if TYPE_CHECKING:
    import keras

# First and last pixel for each place along an axis, (places, 2); of nothing the last is before
# the first.
Spans = np.ndarray[Any, np.dtype[np.int64]]
NOWHERE = (1 << 40, -1)

# fmt: off
# Each place of the output depends on the same place of the inputs alone.
POINTWISE = frozenset(
    (
        "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average",
        "BatchNormalization", "Cast", "Concatenate", "Dense", "Dropout", "EinsumDense", "ELU",
        "Flip", "GELU", "GaussianDropout", "GaussianNoise", "Identity", "LayerNormalization",
        "LeakyReLU", "Maximum", "Minimum", "Multiply", "Normalization", "PReLU", "RMSNormalization",
        "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
        "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
        "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
        "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom",
        "ReLU", "Rescaling", "Softmax", "SpatialDropout2D", "Subtract", "UnitNormalization",
    )
)
# Each place of the output depends on all of the input.
WHOLE = frozenset(
    (
        "AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D", "AdditiveAttention", "Attention",
        "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
        "GlobalMaxPooling2D", "GroupNormalization", "GroupQueryAttention", "MultiHeadAttention",
        "RepeatVector", "Reshape",
    )
)
# fmt: on


@dataclass(frozen=True)
class Field:
    """The pixels of the network's picture that a place depends on, the last ones included.

    Attributes:
        top, left, bottom, right: rows and columns; `empty` where padding alone reaches the place.
        whole: whether that is the whole picture.
    """

    top: int
    left: int
    bottom: int
    right: int
    whole: bool

    @property
    def empty(self) -> bool:
        return self.bottom < self.top or self.right < self.left

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return max(0, self.bottom - self.top + 1), max(0, self.right - self.left + 1)


@dataclass(frozen=True, eq=False)
class Fields:
    """The receptive fields of all places of one layer.

    Attributes:
        rows, columns: `(height, 2)` and `(width, 2)`, first and last pixel of the picture.
        picture: height and width of the picture.
    """

    rows: Spans
    columns: Spans
    picture: tuple[int, int]

    def at(self, row: int, column: int) -> Field:
        """The field of one place; one beyond the last is as the last."""
        top, bottom = (int(n) for n in self.rows[min(row, len(self.rows) - 1)])
        left, right = (int(n) for n in self.columns[min(column, len(self.columns) - 1)])
        whole = (top, left, bottom + 1, right + 1) == (0, 0, *self.picture)
        return Field(top, left, bottom, right, whole)

    @property
    def whole(self) -> bool:
        """Whether every place sees the whole picture."""
        height, width = self.picture
        return bool((self.rows == (0, height - 1)).all() and (self.columns == (0, width - 1)).all())


def receptive_fields(model: keras.Model, layer: str, picture: tuple[int, int]) -> Fields | None:
    """The fields of `layer` for a picture (height, width) that the network is given.

    None where they cannot be told: no such layer with one output, or a layer before it of which
    it is not known what it depends on. Layers without height and width have one place.
    """
    tensor = outputs_of(model).get(layer)
    if tensor is None or isinstance(tensor, list):
        return None
    first = [_Seen(_each(picture[0]), _each(picture[1]), True)]
    seen = _walk(model, first).get(id(tensor))
    return None if seen is None else Fields(seen.rows, seen.columns, picture)


def on_picture(
    field: Field, preparation: Preparation, size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Where a field lies on a picture file of `size` (height, width).

    Left, top, right, bottom as shares of the picture's sides, 0 to 1: `preparation` says what
    became of it before the network got it.
    """
    high, wide = preparation.image_size
    # The network's pixels in pixels of the picture, and where the first of them lies.
    down, across = size[0] / high, size[1] / wide
    if preparation.resize != "stretch":
        down = across = (min if preparation.resize == "crop" else max)(down, across)
    above, before = (size[0] - high * down) / 2, (size[1] - wide * across) / 2
    sides = (
        (before + field.left * across) / size[1],
        (above + field.top * down) / size[0],
        (before + (field.right + 1) * across) / size[1],
        (above + (field.bottom + 1) * down) / size[0],
    )
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in sides)
    return left, top, right, bottom


@dataclass(frozen=True, eq=False)
class _Seen:
    """What the places of a tensor see; `spatial` where it has a height and a width."""

    rows: Spans
    columns: Spans
    spatial: bool

    def all_of_it(self) -> _Seen:
        return _Seen(_union(self.rows), _union(self.columns), False)


def _each(count: int) -> Spans:
    return np.repeat(np.arange(count)[:, None], 2, axis=1)


def _union(spans: Spans) -> Spans:
    return np.array([[spans[:, 0].min(), spans[:, 1].max()]])


def _walk(model: Any, given: Sequence[_Seen | None]) -> dict[int, _Seen]:
    """What each tensor of a model's graph sees, by its id; those that cannot be told are not in."""
    graph = getattr(model, "_functional", None) or model
    seen = {
        id(tensor): known
        for tensor, known in zip(graph.inputs, given, strict=True)
        if known is not None
    }
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            inputs = [seen.get(id(tensor)) for tensor in node.input_tensors]
            for tensor, found in zip(
                node.outputs, _outputs(node.operation, inputs, node), strict=True
            ):
                if found is not None:
                    seen[id(tensor)] = found
    return seen


def _outputs(operation: Any, inputs: list[_Seen | None], node: Any) -> list[_Seen | None]:
    unknown: list[_Seen | None] = [None] * len(node.outputs)
    if hasattr(operation, "_nodes_by_depth") or getattr(operation, "_functional", None) is not None:
        inside = _walk(operation, inputs)
        graph = getattr(operation, "_functional", None) or operation
        return [inside.get(id(tensor)) for tensor in graph.outputs]
    known = [each for each in inputs if each is not None]
    if len(known) < len(inputs) or not known or len(node.outputs) != 1:
        return unknown
    found = _through(operation, known, tuple(node.outputs[0].shape))
    return [found if found is None or _fits(found, node.outputs[0].shape) else None]


def _fits(found: _Seen, shape: Sequence[int | None]) -> bool:
    """Whether the places are as many as the layer has, where that is known."""
    if not found.spatial:
        return True
    wanted = shape[1:3]
    return all(n in (None, len(own)) for n, own in zip(wanted, _both(found), strict=True))


def _both(seen: _Seen) -> tuple[Spans, Spans]:
    return seen.rows, seen.columns


def _through(layer: Any, given: list[_Seen], shape: tuple[int | None, ...]) -> _Seen | None:
    """What the one output of a layer sees, from what its inputs see."""
    kind, spatial = type(layer).__name__, len(shape) == 4
    if getattr(layer, "data_format", None) == "channels_first":
        return None
    if getattr(layer, "output_padding", None) is not None:
        return None
    if any(getattr(layer, name, False) for name in _SHIFTING):
        return None
    if kind == "Concatenate" and spatial and layer.axis in (1, 2, -3, -2):
        return _behind_each_other(given, layer.axis % 4 - 1)
    if kind in POINTWISE and not _mixes(layer, kind, spatial):
        return _joined(given, spatial)
    if kind == "Reshape" and spatial and given[0].spatial:
        rows, columns = _both(given[0])
        if shape[1:3] == (len(rows), len(columns)):
            return given[0]
    if kind in WINDOWS and given[0].spatial:
        rows, columns = (WINDOWS[kind](layer, axis, _both(given[0])[axis]) for axis in (0, 1))
        return _Seen(rows, columns, True)
    if kind in WHOLE or kind in POINTWISE:
        every = _joined([each.all_of_it() for each in given], False)
        if every is None or not spatial:
            return every
        if None in shape[1:3]:
            return None
        height, width = shape[1:3]
        assert height is not None
        assert width is not None
        return _Seen(every.rows.repeat(height, axis=0), every.columns.repeat(width, axis=0), True)
    return None


def _mixes(layer: Any, kind: str, spatial: bool) -> bool:
    """Whether a layer that usually works place by place works over places here."""
    axis = getattr(layer, "axis", None)
    if axis is None or not spatial or kind in ("BatchNormalization", "Normalization"):
        return kind == "EinsumDense"
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return any(each not in (-1, 3) for each in axes)


def _joined(given: list[_Seen], spatial: bool) -> _Seen | None:
    """Inputs taken together place by place."""
    rows, columns = (_together([_both(each)[axis] for each in given]) for axis in (0, 1))
    return None if rows is None or columns is None else _Seen(rows, columns, spatial)


def _behind_each_other(given: list[_Seen], along: int) -> _Seen | None:
    """Inputs put one after the other down (0) or across (1)."""
    row = np.concatenate([_both(each)[along] for each in given])
    beside = _together([_both(each)[1 - along] for each in given])
    if beside is None:
        return None
    # What is beside comes from one of the inputs; taking them all together is the safe side.
    return _Seen(row, beside, True) if along == 0 else _Seen(beside, row, True)


def _together(spans: list[Spans]) -> Spans | None:
    """What any of several tables sees; a side of one place serves all. None if they differ."""
    count = max(len(each) for each in spans)
    if any(len(each) not in (1, count) for each in spans):
        return None
    wide = np.stack([np.broadcast_to(each, (count, 2)) for each in spans])
    return np.stack([wide[..., 0].min(axis=0), wide[..., 1].max(axis=0)], axis=1)


def _taken(spans: Spans, taps: np.ndarray[Any, Any]) -> Spans:
    """The spans of windows: `taps` `(places, taps)` are places of the input, outside it padding."""
    inside = (taps >= 0) & (taps < len(spans))
    near = np.clip(taps, 0, len(spans) - 1)
    first = np.where(inside, spans[near, 0], NOWHERE[0]).min(axis=1)
    last = np.where(inside, spans[near, 1], NOWHERE[1]).max(axis=1)
    return np.stack([first, last], axis=1)


def _of(setting: Any, axis: int) -> int:
    return int(setting[axis] if isinstance(setting, (list, tuple)) else setting)


def _window(layer: Any, axis: int, spans: Spans) -> Spans:
    """A convolution or pooling."""
    size = _of(getattr(layer, "kernel_size", None) or layer.pool_size, axis)
    step, apart = _of(layer.strides, axis), _of(getattr(layer, "dilation_rate", 1), axis)
    reach, count = (size - 1) * apart + 1, len(spans)
    if layer.padding == "same":
        places = -(-count // step)
        before = max((places - 1) * step + reach - count, 0) // 2
    else:
        places, before = max(0, (count - reach) // step + 1), 0
    return _taken(spans, np.arange(places)[:, None] * step - before + np.arange(size) * apart)


def _transposed(layer: Any, axis: int, spans: Spans) -> Spans:
    """A transposed convolution: a place gets what convolving the result would take from it."""
    size, step = _of(layer.kernel_size, axis), _of(layer.strides, axis)
    apart, count = _of(layer.dilation_rate, axis), len(spans)
    reach = (size - 1) * apart + 1
    if layer.padding == "same":
        places = count * step
        before = max((count - 1) * step + reach - places, 0) // 2
    else:
        places, before = count * step + max(reach - step, 0), 0
    from_tap = np.arange(places)[:, None] + before - np.arange(size) * apart
    return _taken(spans, np.where(from_tap % step == 0, from_tap // step, -1))


def _larger(layer: Any, axis: int, spans: Spans) -> Spans:
    """UpSampling2D."""
    return _resampled(spans, len(spans) * _of(layer.size, axis), layer.interpolation)


def _resized(layer: Any, axis: int, spans: Spans) -> Spans:
    """Resizing, which takes no averages."""
    return _resampled(spans, (layer.height, layer.width)[axis], layer.interpolation)


def _resampled(spans: Spans, places: int, how: str) -> Spans:
    middle = (np.arange(places) + 0.5) * len(spans) / places
    if how not in _REACH:
        return spans[np.clip(middle.astype(int), 0, len(spans) - 1)]
    # Taps of no weight, where a place falls on a pixel, do not count.
    taps = np.floor(middle - 0.5)[:, None].astype(int) + np.arange(1 - _REACH[how], 1 + _REACH[how])
    counts = np.abs(taps - (middle[:, None] - 0.5)) < _REACH[how]
    return _taken(spans, np.where(counts, np.clip(taps, 0, len(spans) - 1), -1))


def _padded(layer: Any, axis: int, spans: Spans) -> Spans:
    before, after = layer.padding[axis]
    return _taken(spans, np.arange(-before, len(spans) + after)[:, None])


def _cropped(layer: Any, axis: int, spans: Spans) -> Spans:
    before, after = layer.cropping[axis]
    return spans[before : len(spans) - after]


# Pixels to each side that count in an interpolation; of the nearest, that one.
_REACH = {"bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}
# Settings of Resizing that cut or pad.
_SHIFTING = ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")
WINDOWS: Mapping[str, Callable[[Any, int, Spans], Spans]] = {
    **dict.fromkeys(
        ("AveragePooling2D", "Conv2D", "DepthwiseConv2D", "MaxPooling2D", "SeparableConv2D"),
        _window,
    ),
    "Conv2DTranspose": _transposed,
    "Cropping2D": _cropped,
    "Resizing": _resized,
    "UpSampling2D": _larger,
    "ZeroPadding2D": _padded,
}
