"""How each number comes about: the formula, and the same with the numbers of the layer put in.

Letters as in the lectures: an input of H × W × D, a filter or window of F, stride S, padding P, K
filters; r is the receptive field before the layer and j its step in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from types import MappingProxyType

from cnnstudio.analysis.functions import FUNCTIONS
from cnnstudio.analysis.info import Analysis, Explanation, LayerInfo, Pair, Shape, size
from cnnstudio.analysis.rules import effective, same_padding
from cnnstudio.graph.network import Network

_NONE = Explanation("Parameters", "none", "0", "it has nothing to learn")


def explain(network: Network, analysis: Analysis, name: str) -> tuple[Explanation, ...]:
    """The formulas of one layer; empty where its shape is unknown.

    Raises KeyError if the analysis has no such layer.
    """
    info = analysis.layers[name]
    if info.output_shape is None:
        return ()
    lines = [*_RULES[network[name].type](info, info.output_shape), *_field(info)]
    values = " · ".join(f"{part:,}" for part in info.output_shape)
    lines.append(
        Explanation(
            "Memory",
            "values · 4 bytes",
            f"{values} · 4 = {info.activation_bytes:,}",
            "for the output of one picture, in 32-bit numbers",
        )
    )
    return tuple(lines)


def _product(*factors: int) -> str:
    return f"{' · '.join(f'{factor:,}' for factor in factors)} = {prod(factors):,}"


def _window(info: LayerInfo, kernel: Pair, dilation: Pair, strides: Pair) -> list[Explanation]:
    """Output height and width of a filter or window that slides; one line if they are alike."""
    shape, output = info.input_shapes[0] or (), info.output_shape or ()
    same = info.settings["padding"] == "same"
    lines = []
    for axis, (letter, title) in enumerate((("H", "Output height"), ("W", "Output width"))):
        length, stride = shape[axis], strides[axis]
        window = dilation[axis] * (kernel[axis] - 1) + 1
        begin, end = same_padding(length, window, stride) if same else (0, 0)
        symbol, number = "", ""
        if begin or end:
            even = begin == end
            symbol = " + 2P" if even else " + P₁ + P₂"
            number = f" + 2·{begin}" if even else f" + {begin} + {end}"
        span = length - window + begin + end
        formula, numbers = f"{letter} − F{symbol}", f"{length:,} − {window:,}{number}"
        notes = []
        if span % stride:
            formula, numbers = f"⌊({formula}) / S⌋ + 1", f"⌊({numbers}) / {stride}⌋ + 1"
            notes.append(f"rounded down from {span / stride + 1:.2f}")
        else:
            formula, numbers = f"({formula}) / S + 1", f"({numbers}) / {stride} + 1"
        if same:
            notes.append(f"same padding: ⌈{length:,} / {stride}⌉ = {output[axis]:,}")
        if dilation[axis] > 1:
            notes.append(f"F = {dilation[axis]} · ({kernel[axis]} − 1) + 1 = {window}, dilated")
        if stride > window:
            notes.append(f"skips {stride - window} between one window and the next")
        lines.append(Explanation(title, formula, f"{numbers} = {output[axis]:,}", "; ".join(notes)))
    unused = [_lost(info.unused[0], "row"), _lost(info.unused[1], "column")]
    height, width = lines
    if (height.numbers, height.note) == (width.numbers, width.note):
        note = "; ".join(part for part in (width.note, *unused) if part)
        return [Explanation("Output size", width.formula, width.numbers, note)]
    return [
        replace(line, note="; ".join(part for part in (line.note, lost) if part))
        for line, lost in zip(lines, unused, strict=True)
    ]


def _lost(count: int, noun: str) -> str:
    if count == 0:
        return ""
    return f"the last {noun} is unused" if count == 1 else f"the last {count} {noun}s are unused"


def _input(_info: LayerInfo, shape: Shape) -> list[Explanation]:
    note = {1: "grey pictures", 3: "RGB pictures"}.get(shape[-1], "")
    return [Explanation("Output size", "H × W × D", size(shape), note), _NONE]


def _conv2d(info: LayerInfo, shape: Shape) -> list[Explanation]:
    settings = info.settings
    kernel, groups, filters = settings["kernel_size"], settings["groups"], settings["filters"]
    channels = (info.input_shapes[0] or ())[2]
    lines = _window(info, kernel, settings["dilation_rate"], settings["strides"])
    lines.append(Explanation("Channels", "K", f"{filters:,}", "one for each filter"))
    square = "F · F" if kernel[0] == kernel[1] else "Fₕ · Fw"
    window = f"{square} · D" + (" / groups" if groups > 1 else "")
    numbers = f"{kernel[0]} · {kernel[1]} · {channels:,}" + (f" / {groups}" if groups > 1 else "")
    if settings["use_bias"]:
        lines.append(
            Explanation(
                "Parameters",
                f"({window} + 1) · K",
                f"({numbers} + 1) · {filters:,} = {info.parameters:,}",
                "the 1 is the bias of each filter",
            )
        )
    else:
        lines.append(
            Explanation(
                "Parameters",
                f"{window} · K",
                f"{numbers} · {filters:,} = {info.parameters:,}",
                "without biases",
            )
        )
    lines.append(
        Explanation(
            "Multiply-adds",
            f"Hₒᵤₜ · Wₒᵤₜ · {window} · K",
            f"{shape[0]:,} · {shape[1]:,} · {numbers} · {filters:,} = {info.multiply_adds:,}",
            "every weight once at every position",
        )
    )
    return lines


def _pooling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    window = info.settings["pool_size"]
    lines = _window(info, window, (1, 1), info.settings["strides"] or window)
    lines.append(Explanation("Channels", "D", f"{shape[2]:,}", "pooling keeps the depth"))
    lines.append(_NONE)
    if info.multiply_adds:
        lines.append(
            Explanation(
                "Multiply-adds",
                "Hₒᵤₜ · Wₒᵤₜ · D · Fₕ · Fw",
                _product(*shape, *window),
                "every value of every window",
            )
        )
    return lines


def _global_pooling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    given = info.input_shapes[0] or ()
    kept = info.settings["keepdims"]
    return [
        Explanation(
            "Output size",
            "1 × 1 × D" if kept else "D",
            size(shape),
            f"each {size(given[:2])} map becomes its mean",
        ),
        _NONE,
        Explanation("Multiply-adds", "H · W · D", _product(*given), "every value once"),
    ]


def _flatten(info: LayerInfo, _shape: Shape) -> list[Explanation]:
    given = info.input_shapes[0] or ()
    letters = "H · W · D" if len(given) == 3 else "D"
    numbers = _product(*given) if len(given) > 1 else f"{given[0]:,}"
    return [Explanation("Output size", letters, numbers, "all values in one row"), _NONE]


def _dense(info: LayerInfo, shape: Shape) -> list[Explanation]:
    given = info.input_shapes[0] or ()
    units, inputs = shape[-1], given[-1]
    at_each = "" if len(given) == 1 else f"at each of {size(given[:2])} positions apart"
    lines = [Explanation("Output size", "units", f"{units:,}", at_each)]
    if info.settings["use_bias"]:
        numbers = f"({inputs:,} + 1) · {units:,} = {info.parameters:,}"
        note = "the 1 is the bias of each unit"
        lines.append(Explanation("Parameters", "(inputs + 1) · units", numbers, note))
    else:
        numbers = _product(inputs, units)
        lines.append(Explanation("Parameters", "inputs · units", numbers, "without biases"))
    if len(given) == 1:
        lines.append(Explanation("Multiply-adds", "inputs · units", _product(inputs, units)))
    else:
        numbers = _product(*given[:2], inputs, units)
        lines.append(Explanation("Multiply-adds", "H · W · inputs · units", numbers))
    return lines


def _batch_normalization(info: LayerInfo, shape: Shape) -> list[Explanation]:
    trained, channels = info.trainable_parameters, shape[-1]
    learned = [letter for letter, key in (("γ", "scale"), ("β", "center")) if info.settings[key]]
    each = len(learned) + 2
    note = f"mean and variance ({2 * channels:,}) are measured, not trained"
    if learned:
        verb = "is" if len(learned) == 1 else "are"
        note = f"{' and '.join(learned)} ({trained:,}) {verb} trained; {note}"
    return [
        _same(shape),
        Explanation("Values", "γ · (x − mean) / √(variance + ε) + β", _normalised(info)),
        Explanation("Parameters", f"{each} · D", _product(each, channels), note),
        Explanation("Multiply-adds", "values", _product(*shape), "one for each value"),
    ]


def _normalised(info: LayerInfo) -> str:
    scale = "γ · " if info.settings["scale"] else ""
    shift = " + β" if info.settings["center"] else ""
    return f"{scale}(x − mean) / √(variance + {info.settings['epsilon']:g}){shift}"


def _rescaling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    scale, offset = info.settings["scale"], info.settings["offset"]
    low, high = sorted((offset, 255 * scale + offset))
    return [
        _same(shape),
        Explanation(
            "Values",
            "x · scale + offset",
            f"255 · {scale:.6g} + {offset:g} = {255 * scale + offset:.4g}",
            f"pixels of 0 to 255 become {low:.4g} to {high:.4g}",
        ),
        _NONE,
        Explanation(
            "Multiply-adds",
            "values",
            _product(*shape) if len(shape) > 1 else f"{shape[0]:,}",
            "one for each value",
        ),
    ]


def _dropout(info: LayerInfo, shape: Shape) -> list[Explanation]:
    rate = info.settings["rate"]
    return [
        _same(shape),
        Explanation(
            "Values",
            "x / (1 − rate)",
            f"x / (1 − {rate:g}) = {1 / (1 - rate):.4g} · x",
            f"in training, for the {1 - rate:.0%} that are kept; afterwards nothing is dropped",
        ),
        _NONE,
    ]


def _activation(info: LayerInfo, shape: Shape) -> list[Explanation]:
    function = info.settings["activation"]
    return [_same(shape), Explanation("Function", function, FUNCTIONS[function]), _NONE]


def _relu(info: LayerInfo, shape: Shape) -> list[Explanation]:
    limit, slope, start = (
        info.settings[key] for key in ("max_value", "negative_slope", "threshold")
    )
    above = "x" if limit is None else f"min(x, {limit:g})"
    shifted = f"(x − {start:g})" if start else "x"
    below = f"{slope:g} · {shifted}" if slope else "0"
    note = "" if limit is None else f"never above {limit:g}"
    return [
        _same(shape),
        Explanation("Function", "max(0, x)", f"{above} from {start:g} on, {below} below", note),
        _NONE,
    ]


def _softmax(_info: LayerInfo, shape: Shape) -> list[Explanation]:
    note = f"over the {shape[-1]:,} {'values' if len(shape) == 1 else 'channels'}: they add up to 1"
    return [_same(shape), Explanation("Function", "softmax", FUNCTIONS["softmax"], note), _NONE]


def _zero_padding(info: LayerInfo, shape: Shape) -> list[Explanation]:
    given = info.input_shapes[0] or ()
    (top, bottom), (left, right) = info.settings["padding"]
    return [
        Explanation(
            "Output height", "H + top + bottom", f"{given[0]:,} + {top} + {bottom} = {shape[0]:,}"
        ),
        Explanation(
            "Output width", "W + left + right", f"{given[1]:,} + {left} + {right} = {shape[1]:,}"
        ),
        _NONE,
    ]


def _add(info: LayerInfo, shape: Shape) -> list[Explanation]:
    shapes = info.input_shapes
    equal = len(set(shapes)) == 1
    note = "" if equal else "an extent of 1 is stretched to fit"
    numbers = size(shape) if equal else f"{' + '.join(map(size, shapes))} = {size(shape)}"
    return [
        Explanation("Output size", "x₁ + x₂ + …" if len(shapes) > 2 else "x₁ + x₂", numbers, note),
        _NONE,
        Explanation(
            "Multiply-adds",
            "(inputs − 1) · values",
            f"({len(shapes)} − 1) · {' · '.join(f'{part:,}' for part in shape)} "
            f"= {info.multiply_adds:,}",
        ),
    ]


def _concatenate(info: LayerInfo, shape: Shape) -> list[Explanation]:
    axis = (
        (info.settings["axis"] - 1)
        if info.settings["axis"] > 0
        else (info.settings["axis"] + len(shape))
    )
    letter = "HWD"[axis] if len(shape) == 3 else "D"
    parts = [given[axis] for given in info.input_shapes if given is not None]
    letters = " + ".join(f"{letter}{'₁₂₃₄₅₆₇₈₉'[i]}" if i < 9 else "…" for i in range(len(parts)))
    title = {"H": "Output height", "W": "Output width", "D": "Channels"}[letter]
    numbers = f"{' + '.join(f'{part:,}' for part in parts)} = {shape[axis]:,}"
    return [Explanation(title, letters, numbers, f"output {size(shape)}"), _NONE]


def _same(shape: Shape) -> Explanation:
    return Explanation("Output size", "as the input", size(shape))


def _field(info: LayerInfo) -> list[Explanation]:
    """The receptive field, axis by axis."""
    field = info.receptive_field
    if field is None or info.type == "Input":
        return []
    title = "Receptive field"
    if info.type in ("Flatten", "GlobalAveragePooling2D"):
        return [Explanation(title, "whole picture", size(field))]
    before = _largest([signal.field for signal in info.given])
    jump = _largest([signal.jump for signal in info.given])
    if info.type == "Conv2D":
        reach = effective(info.settings["kernel_size"], info.settings["dilation_rate"])
    elif info.type in ("MaxPooling2D", "AveragePooling2D"):
        reach = info.settings["pool_size"]
    else:
        formula = "largest r of its inputs" if len(info.given) > 1 else "r"
        note = "pixels of the picture, as the layer before" if len(info.given) == 1 else ""
        return [Explanation(title, formula, size(field), note)]
    lines = []
    picture = _largest([signal.picture for signal in info.given])
    for axis, what in enumerate((" height", " width")):
        note = f"pixels of the picture; neighbours are {info.jump[axis]:,} apart"
        if jump[axis] == 0:
            note = "each value already sees the whole picture"
        elif field[axis] > picture[axis]:
            note = f"more than the {picture[axis]:,} pixels there are"
        numbers = f"{before[axis]:,} + ({reach[axis]} − 1) · {jump[axis]:,} = {field[axis]:,}"
        lines.append(Explanation(title + what, "r + (F − 1) · j", numbers, note))
    if lines[0].numbers == lines[1].numbers and lines[0].note == lines[1].note:
        return [Explanation(title, lines[0].formula, lines[0].numbers, lines[0].note)]
    return lines


def _largest(pairs: list[Pair]) -> Pair:
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


_RULES: Mapping[str, Callable[[LayerInfo, Shape], list[Explanation]]] = MappingProxyType(
    {
        "Input": _input,
        "Rescaling": _rescaling,
        "Conv2D": _conv2d,
        "MaxPooling2D": _pooling,
        "AveragePooling2D": _pooling,
        "GlobalAveragePooling2D": _global_pooling,
        "Flatten": _flatten,
        "Dense": _dense,
        "Dropout": _dropout,
        "BatchNormalization": _batch_normalization,
        "Activation": _activation,
        "ReLU": _relu,
        "Softmax": _softmax,
        "ZeroPadding2D": _zero_padding,
        "Add": _add,
        "Concatenate": _concatenate,
    }
)
