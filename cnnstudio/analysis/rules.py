"""The arithmetic of each layer type, in plain Python and in one place: what Keras would build.

A rule takes the settings and the input shapes (without the batch) and returns an `Outcome`, or
raises `Refused` where Keras refuses. Equality with Keras is tested over the whole catalogue.

Multiply-adds are counted for one picture by this convention: a multiplication, an addition, or both
at once count one. A convolution or Dense layer has one for each weight and position (biases are
not counted), Rescaling and BatchNormalization one for each value, averaging one for each value in a
window (full windows, at the border too), Add one for each value and input after the first.
Comparisons, copies and activation functions (max pooling, ReLU, softmax, padding, Concatenate)
count nothing.

Output extent for each axis: `floor((W − F + P) / S) + 1` with `F` the extent of the filter, dilated
to `d·(F − 1) + 1`; with `same` padding `ceil(W / S)`. Parameters of a convolution:
`(F_h·F_w·C/groups + 1)·K` (Dumoulin and Visin, "A guide to convolution arithmetic", 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any, NamedTuple

from cnnstudio.analysis import findings
from cnnstudio.analysis.info import Finding, Pair, Shape

Settings = Mapping[str, Any]


class Outcome(NamedTuple):
    """What a rule finds.

    Attributes:
        shape: of the output, without the batch.
        trainable, fixed: weights that training changes, and that it does not.
        multiply_adds: by the convention above.
        reach: rows and columns of the input that one output value takes in.
        step: rows and columns of the input from one output value to the next.
        whole: one output value takes in all rows and columns.
        unused: rows at the bottom and columns at the right that no window reaches.
        border: rows at the bottom and columns at the right of the output that are padding.
        findings: what is probably not meant.
    """

    shape: Shape
    trainable: int = 0
    fixed: int = 0
    multiply_adds: int = 0
    reach: Pair = (1, 1)
    step: Pair = (1, 1)
    whole: bool = False
    unused: Pair = (0, 0)
    border: Pair = (0, 0)
    findings: tuple[Finding, ...] = ()


class Refused(Exception):  # noqa: N818 - an outcome of a rule, not a failure of the program
    """Keras would refuse the layer."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


Rule = Callable[[Settings, tuple[Shape, ...]], Outcome]


def effective(kernel: Pair, dilation: Pair) -> Pair:
    """Rows and columns that a dilated filter covers: `d·(F − 1) + 1`."""
    return dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1


def extent(length: int, window: int, stride: int, padding: str) -> int:
    """Output rows or columns for `length` input ones; below 1 if the window does not fit."""
    if padding == "same":
        return -(-length // stride)
    return (length - window) // stride + 1


def same_padding(length: int, window: int, stride: int) -> Pair:
    """Zeros that `same` adds at the begin and the end, as TensorFlow splits them."""
    total = max((extent(length, window, stride, "same") - 1) * stride + window - length, 0)
    return total // 2, total - total // 2


def left_over(length: int, window: int, stride: int, padding: str) -> int:
    """Rows or columns at the end that would need a further, partial window to be seen.

    What a stride larger than the window skips between two windows is skipped on purpose, so as
    much at the end is not counted.
    """
    if padding == "same":
        return 0
    return max(0, (length - window) % stride - max(0, stride - window))


def _unused(shape: Shape, window: Pair, strides: Pair, padding: str) -> Pair:
    return (
        left_over(shape[0], window[0], strides[0], padding),
        left_over(shape[1], window[1], strides[1], padding),
    )


def _conv2d(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape = shapes[0]
    if len(shape) != 3:
        raise Refused(findings.needs_volume("Conv2D", shape))
    height, width, channels = shape
    filters, groups = settings["filters"], settings["groups"]
    kernel, strides = settings["kernel_size"], settings["strides"]
    dilation, padding = settings["dilation_rate"], settings["padding"]
    if strides != (1, 1) and dilation != (1, 1):
        raise Refused(findings.stride_and_dilation(strides, dilation))
    if groups > 1:
        if filters % groups:
            raise Refused(findings.groups_of_filters(groups, filters, channels))
        if channels % groups:
            raise Refused(findings.groups_of_channels(groups, filters, channels))
    reach = kernel if dilation == (1, 1) else effective(kernel, dilation)
    if padding == "valid" and (reach[0] > height or reach[1] > width):
        raise Refused(findings.filter_too_large(shape, kernel, dilation, reach))
    rows = extent(height, reach[0], strides[0], padding)
    columns = extent(width, reach[1], strides[1], padding)
    weights = kernel[0] * kernel[1] * (channels // groups) * filters
    return Outcome(
        (rows, columns, filters),
        weights + (filters if settings["use_bias"] else 0),
        0,
        rows * columns * weights,
        reach,
        strides,
        False,
        (0, 0) if strides == (1, 1) else _unused(shape, reach, strides, padding),
        (0, 0),
        findings.symmetric(settings["kernel_initializer"]),
    )


def _pooled(type_: str, settings: Settings, shape: Shape) -> tuple[Shape, Pair, Pair, Pair]:
    """Output shape, window, strides and unused rows and columns of a pooling."""
    if len(shape) != 3:
        raise Refused(findings.needs_volume(type_, shape))
    window = settings["pool_size"]
    strides = settings["strides"] or window
    padding = settings["padding"]
    if padding == "valid" and (window[0] > shape[0] or window[1] > shape[1]):
        raise Refused(findings.pool_too_large(shape, window))
    output = (
        extent(shape[0], window[0], strides[0], padding),
        extent(shape[1], window[1], strides[1], padding),
        shape[2],
    )
    return output, window, strides, _unused(shape, window, strides, padding)


def _max_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape, window, strides, unused = _pooled("MaxPooling2D", settings, shapes[0])
    return Outcome(shape, reach=window, step=strides, unused=unused)


def _average_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape, window, strides, unused = _pooled("AveragePooling2D", settings, shapes[0])
    return Outcome(
        shape,
        multiply_adds=prod(shape) * window[0] * window[1],
        reach=window,
        step=strides,
        unused=unused,
    )


def _global_average_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape = shapes[0]
    if len(shape) != 3:
        raise Refused(findings.pools_a_vector(shape))
    output = (1, 1, shape[2]) if settings["keepdims"] else (shape[2],)
    return Outcome(output, multiply_adds=prod(shape), whole=True)


def _flatten(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    return Outcome((prod(shapes[0]),), whole=True)


def _dense(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape, units = shapes[0], settings["units"]
    found = findings.symmetric(settings["kernel_initializer"])
    if len(shape) > 1:
        found = (findings.dense_on_volume(shape, units), *found)
    return Outcome(
        (*shape[:-1], units),
        shape[-1] * units + (units if settings["use_bias"] else 0),
        0,
        prod(shape) * units,
        findings=found,
    )


def _batch_normalization(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape = shapes[0]
    learned = shape[-1] * (settings["center"] + settings["scale"])
    return Outcome(shape, learned, 2 * shape[-1], prod(shape))


def _rescaling(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    return Outcome(shapes[0], multiply_adds=prod(shapes[0]))


def _pointwise(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    return Outcome(shapes[0])


def _zero_padding(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    shape = shapes[0]
    if len(shape) != 3:
        raise Refused(findings.needs_volume("ZeroPadding2D", shape))
    (top, bottom), (left, right) = settings["padding"]
    output = (shape[0] + top + bottom, shape[1] + left + right, shape[2])
    return Outcome(output, border=(bottom, right))


def broadcast(first: Shape, second: Shape) -> Shape | None:
    """The shape of a sum as `keras.layers.Add` has it, or None: 1 stretches, missing axes are 1."""
    if len(first) < len(second):
        first, second = second, first
    output = list(first[: len(first) - len(second)])
    for one, other in zip(first[len(output) :], second, strict=True):
        if one != other and one != 1 and other != 1:
            return None
        output.append(other if one == 1 else one)
    return tuple(output)


def _add(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    output = shapes[0]
    for index, shape in enumerate(shapes[1:], 1):
        total = output if shape == output else broadcast(output, shape)
        if total is None:
            raise Refused(findings.unequal_sum(shapes, index))
        output = total
    return Outcome(
        output, multiply_adds=(len(shapes) - 1) * prod(output), findings=findings.lonely(shapes)
    )


def _concatenate(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    first = shapes[0]
    # The axis counts the batch, the shapes here do not.
    axis, rank = settings["axis"], len(first) + 1
    # Keras looks for the end of the axes only when there is something to join.
    if axis < -rank or (axis >= rank and len(shapes) > 1):
        raise Refused(findings.no_such_axis(axis, shapes))
    if len(shapes) == 1:
        return Outcome(first, findings=findings.lonely(shapes))
    axis %= rank
    for index, shape in enumerate(shapes):
        if len(shape) != len(first) or any(
            one != other
            for place, (one, other) in enumerate(zip(first, shape, strict=True), 1)
            if place != axis
        ):
            raise Refused(findings.unequal_join(shapes, index, axis))
    if axis == 0:
        raise Refused(findings.joins_the_batch(settings["axis"], shapes))
    output = list(first)
    output[axis - 1] = sum(shape[axis - 1] for shape in shapes)
    return Outcome(tuple(output))


# Every type of the catalogue but Input, whose shape is its setting.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Rescaling": _rescaling,
        "Conv2D": _conv2d,
        "MaxPooling2D": _max_pooling,
        "AveragePooling2D": _average_pooling,
        "GlobalAveragePooling2D": _global_average_pooling,
        "Flatten": _flatten,
        "Dense": _dense,
        "Dropout": _pointwise,
        "BatchNormalization": _batch_normalization,
        "Activation": _pointwise,
        "ReLU": _pointwise,
        "Softmax": _pointwise,
        "ZeroPadding2D": _zero_padding,
        "Add": _add,
        "Concatenate": _concatenate,
    }
)
