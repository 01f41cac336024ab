"""How each number comes about: the formula, and the same with the numbers of the layer put in.

Letters as in the lectures: an input of H × W × D, a filter or window of F, stride S, padding P, K
filters; r is the receptive field before the layer and j its step in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from cnnstudio.analysis.explain import shape as shapes
from cnnstudio.analysis.explain import values, windows
from cnnstudio.analysis.explain.lines import unchanged
from cnnstudio.analysis.info import Analysis, Explanation, LayerInfo, Pair, Shape, size
from cnnstudio.analysis.rules import effective
from cnnstudio.analysis.rules.shape import MIXED
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Network
from cnnstudio.graph.spec import Category

_Number = TypeVar("_Number", int, float)


def explain(network: Network, analysis: Analysis, name: str) -> tuple[Explanation, ...]:
    """The formulas of one layer; empty where its shape is unknown.

    Raises KeyError if the analysis has no such layer.
    """
    info = analysis.layers[name]
    if info.output_shape is None:
        return ()
    rule = _RULES.get(network[name].type, unchanged)
    lines = [*rule(info, info.output_shape), *_field(info)]
    if info.shares is not None:
        lines = [_shared(info.shares) if line.title == "Parameters" else line for line in lines]
    numbers = " · ".join(f"{part:,}" for part in info.output_shape)
    lines.append(
        Explanation(
            "Memory",
            "values · 4 bytes",
            f"{numbers} · 4 = {info.activation_bytes:,}",
            "for the output of one picture, in 32-bit numbers",
        )
    )
    if info.parameters:
        lines.append(
            Explanation(
                "Memory of its weights",
                "parameters · 4 bytes",
                f"{info.parameters:,} · 4 = {info.parameter_bytes:,}",
                "in 32-bit numbers",
            )
        )
    return tuple(lines)


def _shared(owner: str) -> Explanation:
    return Explanation(
        "Parameters", f"those of {owner}", "0", f"shares the weights of {owner}, counted there"
    )


def _field(info: LayerInfo) -> list[Explanation]:
    """The receptive field, axis by axis."""
    field = info.receptive_field
    if field is None or info.type == "Input":
        return []
    title = "Receptive field"
    before = _largest([signal.field for signal in info.given])
    jump = _largest([signal.jump for signal in info.given])
    if info.jump == (0, 0) and jump != (0, 0):
        return [Explanation(title, "whole picture", size(field))]
    reach = _reach(info)
    if reach is None:
        formula = "largest r of its inputs" if len(info.given) > 1 else "r"
        note = "pixels of the picture, as the layer before" if len(info.given) == 1 else ""
        return [Explanation(title, formula, size(field), note)]
    lines = []
    picture = _largest([signal.picture for signal in info.given])
    for axis, what in enumerate((" height", " width")):
        note = f"pixels of the picture; neighbours are {info.jump[axis]:,.4g} apart"
        if jump[axis] == 0:
            note = "each value already sees the whole picture"
        elif field[axis] > picture[axis]:
            note = f"more than the {picture[axis]:,} pixels there are"
        added = f"({reach[axis]} − 1) · {jump[axis]:g}"
        if (reach[axis] - 1) * jump[axis] % 1:
            added = f"⌈{added}⌉"
        numbers = f"{before[axis]:,} + {added} = {field[axis]:,}"
        lines.append(Explanation(title + what, "r + (F − 1) · j", numbers, note))
    if lines[0].numbers == lines[1].numbers and lines[0].note == lines[1].note:
        return [Explanation(title, lines[0].formula, lines[0].numbers, lines[0].note)]
    return lines


def _reach(info: LayerInfo) -> Pair | None:
    """Rows and columns of its input that one value takes in; None where it takes one value."""
    settings = info.settings
    if "pool_size" in settings:
        return settings["pool_size"]
    if "kernel_size" in settings:
        window = effective(settings["kernel_size"], settings["dilation_rate"])
        if info.type != "Conv2DTranspose":
            return window
        strides = settings["strides"]
        return -(-window[0] // strides[0]), -(-window[1] // strides[1])
    if info.type == "UpSampling2D":
        return (MIXED[settings["interpolation"]],) * 2
    return None


def _largest(pairs: list[tuple[_Number, _Number]]) -> tuple[_Number, _Number]:
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


_RULES: Mapping[str, Callable[[LayerInfo, Shape], list[Explanation]]] = MappingProxyType(
    {
        "Input": shapes.picture,
        "Rescaling": values.rescaling,
        "Normalization": values.normalization,
        "Conv2D": windows.conv2d,
        "SeparableConv2D": windows.separable_conv2d,
        "DepthwiseConv2D": windows.depthwise_conv2d,
        "Conv2DTranspose": windows.conv2d_transpose,
        "MaxPooling2D": windows.pooling,
        "AveragePooling2D": windows.pooling,
        "GlobalMaxPooling2D": windows.global_pooling,
        "GlobalAveragePooling2D": windows.global_pooling,
        "BatchNormalization": values.batch_normalization,
        "LayerNormalization": values.layer_normalization,
        "GroupNormalization": values.group_normalization,
        "UnitNormalization": values.unit_normalization,
        "LayerScale": values.layer_scale,
        "Activation": values.activation,
        "ReLU": values.relu,
        "LeakyReLU": values.leaky_relu,
        "PReLU": values.prelu,
        "ELU": values.elu,
        "Softmax": values.softmax,
        "Dropout": values.dropout,
        "SpatialDropout2D": values.dropout,
        "GaussianDropout": values.gaussian_dropout,
        "GaussianNoise": values.gaussian_noise,
        "StochasticDepth": values.stochastic_depth,
        "Flatten": shapes.flatten,
        "Dense": values.dense,
        "MultiHeadAttention": shapes.attention,
        "Add": shapes.add,
        "Subtract": shapes.add,
        "Multiply": shapes.add,
        "Average": shapes.add,
        "Maximum": shapes.add,
        "Minimum": shapes.add,
        "Concatenate": shapes.concatenate,
        "CustomScaleLayer": shapes.scaled_add,
        "ZeroPadding2D": shapes.zero_padding,
        "Cropping2D": shapes.cropping,
        "UpSampling2D": shapes.up_sampling,
        "Reshape": shapes.reshape,
        "Permute": shapes.permute,
        "RandomCrop": shapes.random_crop,
        **{
            type_: values.augmented
            for type_, spec in CATALOGUE.items()
            if spec.category is Category.AUGMENTATION and spec.keeps_shape
        },
    }
)
