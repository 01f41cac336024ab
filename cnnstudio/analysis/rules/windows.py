"""Layers that slide filters or windows over rows and columns."""

from __future__ import annotations

from math import prod

from cnnstudio.analysis import findings, shape_findings
from cnnstudio.analysis.info import Pair, Shape
from cnnstudio.analysis.rules.base import Outcome, Refused, Settings


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
    if strides == (1, 1):
        return (0, 0)
    return (
        left_over(shape[0], window[0], strides[0], padding),
        left_over(shape[1], window[1], strides[1], padding),
    )


def _slid(type_: str, settings: Settings, shape: Shape) -> tuple[int, int, Pair]:
    """Output rows and columns of a convolution, and what its filter covers.

    Filters on one channel each may have strides and dilation at once: Keras then drops rows and
    columns itself, so that the strides need not be equal either.
    """
    kernel, strides = settings["kernel_size"], settings["strides"]
    dilation, padding = settings["dilation_rate"], settings["padding"]
    if len(shape) != 3:
        raise Refused(findings.needs_volume(type_, shape))
    if strides != (1, 1) and dilation != (1, 1):
        if type_ == "Conv2D":
            raise Refused(findings.stride_and_dilation(strides, dilation))
    elif strides[0] != strides[1] and type_ != "Conv2D":
        raise Refused(findings.unequal_strides(strides))
    reach = kernel if dilation == (1, 1) else effective(kernel, dilation)
    if padding == "valid" and (reach[0] > shape[0] or reach[1] > shape[1]):
        raise Refused(findings.filter_too_large(shape, kernel, dilation, reach))
    return (
        extent(shape[0], reach[0], strides[0], padding),
        extent(shape[1], reach[1], strides[1], padding),
        reach,
    )


def conv2d(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Filters over all channels of their group."""
    shape = shapes[0]
    filters, groups = settings["filters"], settings["groups"]
    if groups > 1 and len(shape) == 3:
        if filters % groups:
            raise Refused(findings.groups_of_filters(groups, filters, shape[2]))
        if shape[2] % groups:
            raise Refused(findings.groups_of_channels(groups, filters, shape[2]))
    rows, columns, reach = _slid("Conv2D", settings, shape)
    kernel, strides = settings["kernel_size"], settings["strides"]
    weights = kernel[0] * kernel[1] * (shape[2] // groups) * filters
    return Outcome(
        (rows, columns, filters),
        weights + (filters if settings["use_bias"] else 0),
        0,
        rows * columns * weights,
        reach,
        strides,
        False,
        _unused(shape, reach, strides, settings["padding"]),
        (0, 0),
        findings.symmetric(settings, "kernel_initializer"),
    )


def depthwise_conv2d(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Filters over one channel each."""
    shape = shapes[0]
    rows, columns, reach = _slid("DepthwiseConv2D", settings, shape)
    kernel, strides = settings["kernel_size"], settings["strides"]
    channels = shape[2] * settings["depth_multiplier"]
    weights = kernel[0] * kernel[1] * channels
    return Outcome(
        (rows, columns, channels),
        weights + (channels if settings["use_bias"] else 0),
        0,
        rows * columns * weights,
        reach,
        strides,
        False,
        _unused(shape, reach, strides, settings["padding"]),
        (0, 0),
        # Filters on channels of their own have different inputs, so they learn apart.
        findings.symmetric(settings, "depthwise_initializer")
        if settings["depth_multiplier"] > 1
        else (),
    )


def separable_conv2d(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Filters over one channel each, and then 1 × 1 filters over all of them."""
    shape = shapes[0]
    rows, columns, reach = _slid("SeparableConv2D", settings, shape)
    kernel, strides, filters = settings["kernel_size"], settings["strides"], settings["filters"]
    channels = shape[2] * settings["depth_multiplier"]
    weights = kernel[0] * kernel[1] * channels + channels * filters
    return Outcome(
        (rows, columns, filters),
        weights + (filters if settings["use_bias"] else 0),
        0,
        rows * columns * weights,
        reach,
        strides,
        False,
        _unused(shape, reach, strides, settings["padding"]),
        (0, 0),
        findings.symmetric(settings, "pointwise_initializer"),
    )


def transposed_extent(
    length: int, window: int, stride: int, padding: str, output_padding: int | None
) -> int:
    """Output rows or columns of a convolution backwards."""
    if padding == "valid":
        more = max(window, stride) - window if output_padding is None else output_padding
        return (length - 1) * stride + window + more
    if output_padding is None:
        return length * stride
    # As Keras has it: of an even filter nothing is left at the end.
    return (length - 1) * stride + window % 2 + output_padding


def conv2d_transpose(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Every value is spread over a filter."""
    shape = shapes[0]
    kernel, strides, filters = settings["kernel_size"], settings["strides"], settings["filters"]
    dilation, padding, more = (
        settings[key] for key in ("dilation_rate", "padding", "output_padding")
    )
    if len(shape) != 3:
        raise Refused(findings.needs_volume("Conv2DTranspose", shape))
    if more is not None and (more[0] >= strides[0] or more[1] >= strides[1]):
        raise Refused(shape_findings.output_padding(more, strides))
    if max(strides) > 1 and max(dilation) > 1:
        raise Refused(findings.stride_and_dilation(strides, dilation))
    window = effective(kernel, dilation)
    rows, columns = (
        transposed_extent(shape[axis], window[axis], strides[axis], padding, more and more[axis])
        for axis in (0, 1)
    )
    if padding == "same" and more is not None:
        for axis in (0, 1):
            if window[axis] % 2 == 0 and more[axis] == 0:
                raise Refused(shape_findings.too_little_left(window[axis]))
    weights = kernel[0] * kernel[1] * shape[2] * filters
    return Outcome(
        (rows, columns, filters),
        weights + (filters if settings["use_bias"] else 0),
        0,
        shape[0] * shape[1] * weights,
        # Of the filters laid over the picture with the stride, so many meet at one place.
        (-(-window[0] // strides[0]), -(-window[1] // strides[1])),
        (1, 1),
        findings=(
            *findings.symmetric(settings, "kernel_initializer"),
            *((findings.needs_gpu(),) if dilation != (1, 1) else ()),
        ),
        grow=strides,
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


def max_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The largest value of each window."""
    shape, window, strides, unused = _pooled("MaxPooling2D", settings, shapes[0])
    return Outcome(shape, reach=window, step=strides, unused=unused)


def average_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The mean of each window."""
    shape, window, strides, unused = _pooled("AveragePooling2D", settings, shapes[0])
    return Outcome(
        shape,
        multiply_adds=prod(shape) * window[0] * window[1],
        reach=window,
        step=strides,
        unused=unused,
    )


def _global(type_: str, settings: Settings, shape: Shape, multiply_adds: int) -> Outcome:
    if len(shape) != 3:
        raise Refused(findings.pools_a_vector(type_, shape))
    output = (1, 1, shape[2]) if settings["keepdims"] else (shape[2],)
    return Outcome(output, multiply_adds=multiply_adds, whole=True)


def global_average_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The mean of each feature map."""
    return _global("GlobalAveragePooling2D", settings, shapes[0], prod(shapes[0]))


def global_max_pooling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The largest value of each feature map."""
    return _global("GlobalMaxPooling2D", settings, shapes[0], 0)
