"""The formulas of layers that slide filters or windows over rows and columns."""

from __future__ import annotations

from dataclasses import replace

from cnnstudio.analysis.explain.lines import NONE, multiply_adds, product, trained
from cnnstudio.analysis.info import Explanation, LayerInfo, Pair, Shape, size
from cnnstudio.analysis.rules import effective, same_padding


def _extents(info: LayerInfo, kernel: Pair, dilation: Pair, strides: Pair) -> list[Explanation]:
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


def conv2d(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Filters over all channels of their group."""
    settings = info.settings
    kernel, groups, filters = settings["kernel_size"], settings["groups"], settings["filters"]
    channels = (info.input_shapes[0] or ())[2]
    lines = _extents(info, kernel, settings["dilation_rate"], settings["strides"])
    lines.append(Explanation("Channels", "K", f"{filters:,}", "one for each filter"))
    square = _square(kernel)
    window = f"{square} · D" + (" / groups" if groups > 1 else "")
    numbers = f"{kernel[0]} · {kernel[1]} · {channels:,}" + (f" / {groups}" if groups > 1 else "")
    if settings["use_bias"]:
        lines.append(
            Explanation(
                "Parameters",
                f"({window} + 1) · K",
                f"({numbers} + 1) · {filters:,} = {info.parameters:,}",
                trained(info, "the 1 is the bias of each filter"),
            )
        )
    else:
        lines.append(
            Explanation(
                "Parameters",
                f"{window} · K",
                f"{numbers} · {filters:,} = {info.parameters:,}",
                trained(info, "without biases"),
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


def pooling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """One value of each window."""
    window = info.settings["pool_size"]
    lines = _extents(info, window, (1, 1), info.settings["strides"] or window)
    lines.append(Explanation("Channels", "D", f"{shape[2]:,}", "pooling keeps the depth"))
    lines.append(NONE)
    if info.multiply_adds:
        lines.append(
            Explanation(
                "Multiply-adds",
                "Hₒᵤₜ · Wₒᵤₜ · D · Fₕ · Fw",
                product(*shape, *window),
                "every value of every window",
            )
        )
    return lines


def global_pooling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """One value of each feature map."""
    given = info.input_shapes[0] or ()
    kept = info.settings["keepdims"]
    becomes = "largest value" if info.type == "GlobalMaxPooling2D" else "mean"
    lines = [
        Explanation(
            "Output size",
            "1 × 1 × D" if kept else "D",
            size(shape),
            f"each {size(given[:2])} map becomes its {becomes}",
        ),
        NONE,
    ]
    if info.multiply_adds:
        lines.append(multiply_adds("H · W · D", product(*given), "every value once"))
    return lines


def depthwise_conv2d(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Filters over one channel each."""
    settings = info.settings
    kernel, channels = settings["kernel_size"], (info.input_shapes[0] or ())[2]
    lines = _extents(info, kernel, settings["dilation_rate"], settings["strides"])
    several = settings["depth_multiplier"] > 1
    factor = " · multiplier" if several else ""
    depth = f"{channels:,}" + (f" · {settings['depth_multiplier']:,}" if several else "")
    lines.append(
        Explanation(
            "Channels",
            f"D{factor}",
            f"{depth} = {shape[2]:,}" if several else depth,
            "each channel is filtered by itself",
        )
    )
    square, numbers = _square(kernel), f"{kernel[0]} · {kernel[1]}"
    bias = (f"({square} + 1)", f"({numbers} + 1)") if settings["use_bias"] else (square, numbers)
    lines.append(
        Explanation(
            "Parameters",
            f"{bias[0]} · D{factor}",
            f"{bias[1]} · {depth} = {info.parameters:,}",
            trained(
                info,
                "the 1 is the bias of each channel" if settings["use_bias"] else "without biases",
            ),
        )
    )
    lines.append(
        multiply_adds(
            f"Hₒᵤₜ · Wₒᵤₜ · {square} · D{factor}",
            f"{shape[0]:,} · {shape[1]:,} · {numbers} · {depth} = {info.multiply_adds:,}",
            "every weight once at every position",
        )
    )
    return lines


def separable_conv2d(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Filters over one channel each, and then 1 × 1 filters over all of them."""
    settings = info.settings
    kernel, filters = settings["kernel_size"], settings["filters"]
    channels = (info.input_shapes[0] or ())[2] * settings["depth_multiplier"]
    lines = _extents(info, kernel, settings["dilation_rate"], settings["strides"])
    lines.append(Explanation("Channels", "K", f"{filters:,}", "one for each 1 × 1 filter"))
    letter = "D" if settings["depth_multiplier"] == 1 else "Dₘ"
    note = "" if letter == "D" else f"Dₘ = D · multiplier = {channels:,}"
    formula = f"{_square(kernel)} · {letter} + {letter} · K"
    numbers = f"{kernel[0]} · {kernel[1]} · {channels:,} + {channels:,} · {filters:,}"
    bias = (" + K", f" + {filters:,}") if settings["use_bias"] else ("", "")
    lines.append(
        Explanation(
            "Parameters",
            f"{formula}{bias[0]}",
            f"{numbers}{bias[1]} = {info.parameters:,}",
            trained(info, note),
        )
    )
    lines.append(
        multiply_adds(
            f"Hₒᵤₜ · Wₒᵤₜ · ({formula})",
            f"{shape[0]:,} · {shape[1]:,} · ({numbers}) = {info.multiply_adds:,}",
            "every weight once at every position",
        )
    )
    return lines


def conv2d_transpose(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Every value is spread over a filter."""
    settings, given = info.settings, info.input_shapes[0] or ()
    kernel, strides, filters = settings["kernel_size"], settings["strides"], settings["filters"]
    window, more = effective(kernel, settings["dilation_rate"]), settings["output_padding"]
    same = settings["padding"] == "same"
    lines = []
    for axis, (letter, title) in enumerate((("H", "Output height"), ("W", "Output width"))):
        length, stride = given[axis], strides[axis]
        if same and more is None:
            formula, numbers = f"{letter} · S", f"{length:,} · {stride}"
        else:
            end = max(0, stride - window[axis]) if more is None else more[axis]
            last = window[axis] % 2 if same else window[axis]
            formula = f"({letter} − 1) · S + {'F mod 2' if same else 'F'} + P"
            numbers = f"({length:,} − 1) · {stride} + {last} + {end}"
        lines.append(Explanation(title, formula, f"{numbers} = {shape[axis]:,}"))
    lines.append(Explanation("Channels", "K", f"{filters:,}", "one for each filter"))
    square, numbers = _square(kernel), f"{kernel[0]} · {kernel[1]} · {given[2]:,}"
    bias = ("(", " + 1)", "the 1 is the bias of each filter")
    if not settings["use_bias"]:
        bias = ("", "", "without biases")
    lines.append(
        Explanation(
            "Parameters",
            f"{bias[0]}{square} · D{bias[1]} · K",
            f"{bias[0]}{numbers}{bias[1]} · {filters:,} = {info.parameters:,}",
            trained(info, bias[2]),
        )
    )
    lines.append(
        multiply_adds(
            f"H · W · {square} · D · K",
            f"{given[0]:,} · {given[1]:,} · {numbers} · {filters:,} = {info.multiply_adds:,}",
            "every weight once for every position of the input",
        )
    )
    return lines


def _square(kernel: Pair) -> str:
    return "F · F" if kernel[0] == kernel[1] else "Fₕ · Fw"
