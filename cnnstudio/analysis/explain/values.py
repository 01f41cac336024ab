"""The formulas of layers that work on values as they stand."""

from __future__ import annotations

from cnnstudio.analysis.explain.lines import (
    NONE,
    each_value,
    product,
    same,
    trained,
)
from cnnstudio.analysis.functions import FUNCTIONS
from cnnstudio.analysis.info import Explanation, LayerInfo, Shape, size


def dense(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Every unit is joined to the last axis of its input."""
    given = info.input_shapes[0] or ()
    units, inputs = shape[-1], given[-1]
    at_each = "" if len(given) == 1 else f"at each of {size(given[:-1])} positions apart"
    lines = [Explanation("Output size", "units", f"{units:,}", at_each)]
    if info.settings["use_bias"]:
        numbers = f"({inputs:,} + 1) · {units:,} = {info.parameters:,}"
        note = trained(info, "the 1 is the bias of each unit")
        lines.append(Explanation("Parameters", "(inputs + 1) · units", numbers, note))
    else:
        numbers = product(inputs, units)
        lines.append(
            Explanation("Parameters", "inputs · units", numbers, trained(info, "without biases"))
        )
    if len(given) == 1:
        lines.append(Explanation("Multiply-adds", "inputs · units", product(inputs, units)))
    else:
        numbers = product(*given[:-1], inputs, units)
        lines.append(Explanation("Multiply-adds", "positions · inputs · units", numbers))
    return lines


def batch_normalization(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Each channel is normalised over the batch."""
    channels = shape[info.settings["axis"] - (info.settings["axis"] > 0)]
    learned = [letter for letter, key in (("γ", "scale"), ("β", "center")) if info.settings[key]]
    each = len(learned) + 2
    note = f"mean and variance ({2 * channels:,}) are measured, not trained"
    if learned:
        verb = "is" if len(learned) == 1 else "are"
        note = trained(
            info, f"{' and '.join(learned)} ({len(learned) * channels:,}) {verb} trained; {note}"
        )
    return [
        same(shape),
        Explanation("Values", "γ · (x − mean) / √(variance + ε) + β", _normalised(info)),
        Explanation("Parameters", f"{each} · D", product(each, channels), note),
        each_value(shape),
    ]


def _normalised(info: LayerInfo) -> str:
    scale = "γ · " if info.settings["scale"] else ""
    shift = " + β" if info.settings["center"] else ""
    return f"{scale}(x − mean) / √(variance + {info.settings['epsilon']:g}){shift}"


def rescaling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Every value is scaled and shifted."""
    scale, offset = info.settings["scale"], info.settings["offset"]
    if isinstance(scale, tuple) or isinstance(offset, tuple):
        values = Explanation("Values", "x · scale + offset", "numbers of its own for each channel")
    else:
        low, high = sorted((offset, 255 * scale + offset))
        values = Explanation(
            "Values",
            "x · scale + offset",
            f"255 · {scale:.6g} + {offset:g} = {255 * scale + offset:.4g}",
            f"pixels of 0 to 255 become {low:.4g} to {high:.4g}",
        )
    return [same(shape), values, NONE, each_value(shape)]


def normalization(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A known mean and spread are taken out."""
    mean, variance = info.settings["mean"], info.settings["variance"]
    formula = "(x − mean) / √variance"
    if info.settings["invert"]:
        formula = "mean + x · √variance"
    if mean is None:
        numbers, note = formula, "mean 0 and variance 1 until they are measured on pictures"
    elif isinstance(mean, tuple):
        numbers, note = formula, "numbers of its own for each channel"
    else:
        numbers = formula.replace("mean", f"{mean:g}").replace("variance", f"{variance:g}")
        note = ""
    lines = [same(shape), Explanation("Values", formula, numbers, note)]
    if info.parameters:
        each = (info.parameters - 1) // 2
        lines.append(
            Explanation(
                "Parameters",
                "2 · D + 1",
                f"2 · {each:,} + 1 = {info.parameters:,}",
                "means, variances and how many pictures they are of; none of them is trained",
            )
        )
    else:
        lines.append(NONE)
    return [*lines, each_value(shape)]


def layer_normalization(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Values are brought to mean 0 and variance 1 within a picture."""
    learned = [letter for letter, key in (("γ", "scale"), ("β", "center")) if info.settings[key]]
    lines = [
        same(shape),
        Explanation("Values", "γ · (x − mean) / √(variance + ε) + β", _normalised(info)),
    ]
    if learned:
        count = len(learned)
        note = trained(info, " and ".join(learned))
        numbers = product(count, info.parameters // count)
        lines.append(Explanation("Parameters", f"{count} · D", numbers, note))
    else:
        lines.append(NONE)
    return [*lines, each_value(shape)]


def group_normalization(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Groups of channels are brought to mean 0 and variance 1 within a picture."""
    lines = layer_normalization(info, shape)
    channels = shape[info.settings["axis"] - (info.settings["axis"] > 0)]
    groups = info.settings["groups"] if info.settings["groups"] != -1 else channels
    numbers = f"{channels:,} / {groups:,} = {channels // groups:,}"
    lines.insert(2, Explanation("Group size", "D / groups", numbers, "channels in each group"))
    return lines


def unit_normalization(_info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Values are scaled to length 1."""
    formula = "x / √(Σ x²)"
    return [same(shape), Explanation("Values", formula, formula), NONE, each_value(shape)]


def layer_scale(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A learned factor for each channel."""
    start = info.settings["init_values"]
    return [
        same(shape),
        Explanation("Values", "γ · x", "γ · x", f"γ starts as {start:g}"),
        Explanation("Parameters", "D", f"{info.parameters:,}", trained(info, "one γ each")),
        each_value(shape),
    ]


def prelu(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Negative values are multiplied by learned factors."""
    shared = info.settings["shared_axes"] or ()
    lengths = [1 if axis in shared else length for axis, length in enumerate(shape, 1)]
    numbers = product(*lengths) if len(lengths) > 1 else f"{lengths[0]:,}"
    note = "one α for each value; axes that share theirs count 1" if shared else "one α each"
    return [
        same(shape),
        Explanation("Function", "x if x > 0, else α · x", "α is learned"),
        Explanation("Parameters", "values", numbers, trained(info, note)),
    ]


def leaky_relu(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Negative values are made small."""
    slope = info.settings["negative_slope"]
    function = Explanation("Function", "x if x > 0, else slope · x", f"{slope:g} · x below 0")
    return [same(shape), function, NONE]


def elu(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Negative values bend towards a bound."""
    alpha = info.settings["alpha"]
    function = Explanation(
        "Function", "x if x > 0, else α · (eˣ − 1)", f"{alpha:g} · (eˣ − 1) below 0"
    )
    return [same(shape), function, NONE]


def dropout(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A share of the values is dropped in training."""
    rate = info.settings["rate"]
    return [
        same(shape),
        Explanation(
            "Values",
            "x / (1 − rate)",
            f"x / (1 − {rate:g}) = {1 / (1 - rate):.4g} · x",
            f"in training, for the {1 - rate:.0%} that are kept; afterwards nothing is dropped",
        ),
        NONE,
    ]


def gaussian_dropout(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Random factors in training."""
    rate = info.settings["rate"]
    spread = (rate / (1 - rate)) ** 0.5
    formula = "x · (1 + spread · noise), spread = √(rate / (1 − rate))"
    numbers = f"√({rate:g} / (1 − {rate:g})) = {spread:.4g}"
    return [same(shape), Explanation("Values", formula, numbers, "in training only"), NONE]


def gaussian_noise(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Random numbers are added in training."""
    spread = info.settings["stddev"]
    values = Explanation(
        "Values", "x + stddev · noise", f"x + {spread:g} · noise", "in training only"
    )
    return [same(shape), values, NONE]


def stochastic_depth(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A branch is left out for some pictures in training."""
    rate = info.settings["drop_path_rate"]
    values = Explanation(
        "Values",
        "x / (1 − rate), or 0",
        f"x / (1 − {rate:g}) = {1 / (1 - rate):.4g} · x",
        f"in training, for the {1 - rate:.0%} of pictures that keep the branch",
    )
    return [same(shape), values, NONE]


def augmented(_info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Pictures are changed at random in training."""
    return [
        Explanation("Output size", "as the input", size(shape), "changed in training only"),
        NONE,
    ]


def activation(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A function of every value."""
    function = info.settings["activation"]
    return [same(shape), Explanation("Function", function, FUNCTIONS[function]), NONE]


def relu(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Negative values are cut off."""
    limit, slope, start = (
        info.settings[key] for key in ("max_value", "negative_slope", "threshold")
    )
    above = "x" if limit is None else f"min(x, {limit:g})"
    shifted = f"(x − {start:g})" if start else "x"
    below = f"{slope:g} · {shifted}" if slope else "0"
    note = "" if limit is None else f"never above {limit:g}"
    return [
        same(shape),
        Explanation("Function", "max(0, x)", f"{above} from {start:g} on, {below} below", note),
        NONE,
    ]


def softmax(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Scores become probabilities."""
    if info.settings["axis"] == (-1,):
        noun = "values" if len(shape) == 1 else "channels"
        note = f"over the {shape[-1]:,} {noun}: they add up to 1"
    else:
        axes = " and ".join(map(str, info.settings["axis"]))
        note = f"along axis {axes}: the values add up to 1"
    return [same(shape), Explanation("Function", "softmax", FUNCTIONS["softmax"], note), NONE]
