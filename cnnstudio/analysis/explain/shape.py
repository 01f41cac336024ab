"""The formulas of layers that change the form of what they get, or put several together."""

from __future__ import annotations

from math import prod

from cnnstudio.analysis.explain.lines import NONE, each_value, multiply_adds, product, trained
from cnnstudio.analysis.info import Explanation, LayerInfo, Shape, size
from cnnstudio.analysis.rules.shape import MIXED


def picture(_info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Where pictures enter."""
    note = {1: "grey pictures", 3: "RGB pictures"}.get(shape[-1], "")
    return [Explanation("Output size", "H × W × D", size(shape), note), NONE]


def flatten(info: LayerInfo, _shape: Shape) -> list[Explanation]:
    """All values in one row."""
    given = info.input_shapes[0] or ()
    letters = {1: "D", 3: "H · W · D"}.get(len(given), "all axes")
    numbers = product(*given) if len(given) > 1 else f"{given[0]:,}"
    return [Explanation("Output size", letters, numbers, "all values in one row"), NONE]


def zero_padding(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """More rows and columns."""
    given = info.input_shapes[0] or ()
    (top, bottom), (left, right) = info.settings["padding"]
    return [
        Explanation(
            "Output height", "H + top + bottom", f"{given[0]:,} + {top} + {bottom} = {shape[0]:,}"
        ),
        Explanation(
            "Output width", "W + left + right", f"{given[1]:,} + {left} + {right} = {shape[1]:,}"
        ),
        NONE,
    ]


def add(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Inputs are put together value by value."""
    shapes = info.input_shapes
    equal = len(set(shapes)) == 1
    note = "" if equal else "an extent of 1 is stretched to fit"
    numbers = size(shape) if equal else f"{' and '.join(map(size, shapes))} make {size(shape)}"
    formula = _FORMULAS[info.type]
    if len(shapes) > 2:
        formula = formula.replace("x₂", "x₂, …" if "(" in formula else f"x₂ {formula[3]} …")
    lines = [Explanation("Output size", formula, numbers, note), NONE]
    if info.multiply_adds or info.type not in ("Maximum", "Minimum"):
        lines.append(
            multiply_adds(
                "(inputs − 1) · values",
                f"({len(shapes)} − 1) · {' · '.join(f'{part:,}' for part in shape)} "
                f"= {info.multiply_adds:,}",
            )
        )
    return lines


_FORMULAS = {
    "Add": "x₁ + x₂",
    "Subtract": "x₁ − x₂",
    "Multiply": "x₁ · x₂",
    "Average": "mean(x₁, x₂)",
    "Maximum": "max(x₁, x₂)",
    "Minimum": "min(x₁, x₂)",
}


def scaled_add(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """The first input and a share of the second."""
    scale = info.settings["scale"]
    return [
        Explanation("Output size", "as the inputs", size(shape)),
        Explanation("Values", "x₁ + scale · x₂", f"x₁ + {scale:g} · x₂"),
        NONE,
        each_value(shape),
    ]


def concatenate(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Inputs one behind the other."""
    axis = info.settings["axis"]
    axis = axis - 1 if axis > 0 else axis + len(shape)
    letter = "HWD"[axis] if len(shape) == 3 else "D"
    parts = [given[axis] for given in info.input_shapes if given is not None]
    letters = " + ".join(f"{letter}{'₁₂₃₄₅₆₇₈₉'[i]}" if i < 9 else "…" for i in range(len(parts)))
    title = {"H": "Output height", "W": "Output width", "D": "Channels"}[letter]
    if len(shape) in (2, 4) and axis < len(shape) - 1:
        title = "Positions"
    numbers = f"{' + '.join(f'{part:,}' for part in parts)} = {shape[axis]:,}"
    return [Explanation(title, letters, numbers, f"output {size(shape)}"), NONE]


def cropping(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Fewer rows and columns."""
    given = info.input_shapes[0] or ()
    (top, bottom), (left, right) = info.settings["cropping"]
    return [
        Explanation(
            "Output height", "H − top − bottom", f"{given[0]:,} − {top} − {bottom} = {shape[0]:,}"
        ),
        Explanation(
            "Output width", "W − left − right", f"{given[1]:,} − {left} − {right} = {shape[1]:,}"
        ),
        NONE,
    ]


def up_sampling(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """More rows and columns."""
    given, (rows, columns) = info.input_shapes[0] or (), info.settings["size"]
    way = info.settings["interpolation"]
    lines = [
        Explanation("Output height", "H · size", f"{given[0]:,} · {rows} = {shape[0]:,}"),
        Explanation("Output width", "W · size", f"{given[1]:,} · {columns} = {shape[1]:,}"),
        NONE,
    ]
    if info.multiply_adds:
        numbers = product(*shape, MIXED[way], MIXED[way])
        note = f"{way} mixes {MIXED[way]} × {MIXED[way]} values into one"
        lines.append(multiply_adds("values · mixed", numbers, note))
    return lines


def reshape(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """The same values in another shape."""
    given = info.input_shapes[0] or ()
    values = prod(given)
    left = ""
    target = info.settings["target_shape"]
    if -1 in target and len(target) > 1:
        left = f"; -1 becomes {shape[target.index(-1)]:,}"
    note = f"{values:,} values before and after{left}"
    return [Explanation("Output size", "target_shape", size(shape), note), NONE]


def permute(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """The axes in another order."""
    given = info.input_shapes[0] or ()
    note = f"{size(given)} before; every value stays, at another place"
    return [Explanation("Output size", "axes in the order of dims", size(shape), note), NONE]


def random_crop(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """A piece of the picture."""
    given = info.input_shapes[0] or ()
    note = f"a random piece of {size(given[:2])} in training, its middle afterwards"
    return [Explanation("Output size", "height × width × D", size(shape), note), NONE]


def attention(info: LayerInfo, shape: Shape) -> list[Explanation]:
    """Positions that look at one another."""
    settings = info.settings
    shapes = [given for given in info.input_shapes if given is not None]
    query = shapes[0]
    value = shapes[1] if len(shapes) > 1 else query
    key = shapes[2] if len(shapes) > 2 else value
    heads, key_dim = settings["num_heads"], settings["key_dim"]
    value_dim = settings["value_dim"] or key_dim
    channels = prod(settings["output_shape"] or (query[-1],))
    asking, seen = prod(query[:-1]), prod(value[:-1])
    bias = 1 if settings["use_bias"] else 0
    one = " + 1" if bias else ""
    parts = [
        (f"({query[-1]:,}{one}) · {heads * key_dim:,}", f"{query[-1]:,} · {heads * key_dim:,}"),
        (f"({key[-1]:,}{one}) · {heads * key_dim:,}", f"{key[-1]:,} · {heads * key_dim:,}"),
        (f"({value[-1]:,}{one}) · {heads * value_dim:,}", f"{value[-1]:,} · {heads * value_dim:,}"),
        (f"({heads * value_dim:,}{one}) · {channels:,}", f"{heads * value_dim:,} · {channels:,}"),
    ]
    places = (asking, seen, seen, asking)
    projected = " + ".join(
        f"{count:,} · {part}" for count, (_, part) in zip(places, parts, strict=True)
    )
    compared = f"{heads} · {asking:,} · {seen:,} · ({key_dim} + {value_dim})"
    weights = " + ".join(part for part, _ in parts)
    return [
        Explanation(
            "Output size",
            "positions of the query × channels",
            size(shape),
            f"each of {asking:,} positions gathers from {seen:,}, in {heads} heads",
        ),
        Explanation("Values", "softmax(Q · Kᵀ / √key_dim) · V", f"√key_dim = √{key_dim}"),
        Explanation(
            "Parameters",
            "query + key + value + output",
            f"{weights} = {info.parameters:,}",
            trained(info, "the 1 is a bias" if bias else "without biases"),
        ),
        multiply_adds(
            "projections + heads · positions · positions · (key_dim + value_dim)",
            f"{projected} + {compared} = {info.multiply_adds:,}",
        ),
    ]
