"""The sentences of problems with axes, new shapes and lists of numbers that do not fit."""

from __future__ import annotations

from math import gcd, prod
from typing import Any

from cnnstudio.analysis import remedies
from cnnstudio.analysis.info import Finding, Pair, Shape, size, sized, thing
from cnnstudio.analysis.remedies import Edit, setting

_Offer = tuple[str, Edit]


def _refusal(code: str, message: str, short: str, *offers: _Offer) -> Finding:
    return Finding(code, message, short, offers, "error")


def _set(shown: str, **values: Any) -> _Offer:
    (name,) = values
    return f"Set {name} to {shown}", setting(**values)


_REMOVE: _Offer = ("Remove {name}", remedies.remove)
_CHANNELS: _Offer = _set("-1", axis=(-1,))


def axis_missing(axis: int, shape: Shape) -> Finding:
    """An axis that the input does not have."""
    return _refusal(
        "no-such-axis",
        f"{{name}} works along axis {axis}, but gets {thing(shape)}, whose axes are 1 to "
        f"{len(shape)} (0 is the batch): choose one of those, or -1 for the last.",
        f"no axis {axis} in {size(shape)}",
        _REMOVE,
    )


def axis_of_batch(axis: int) -> Finding:
    """The batch as an axis to work along."""
    return _refusal(
        "mixes-the-batch",
        f"{{name}} works along axis {axis}, the batch, so that what it says about one picture "
        "would depend on the others: set axis to -1, the channels.",
        "works along the batch",
        _CHANNELS,
    )


def axis_twice(axis: int) -> Finding:
    """The same axis twice."""
    return _refusal(
        "axis-twice",
        f"{{name}} names axis {axis} twice (counted from the front and from the end): "
        "name each axis once.",
        f"axis {axis} named twice",
        _CHANNELS,
    )


def numbers_for_channels(name: str, count: int, channels: int) -> Finding:
    """A list of numbers that is not one for each channel."""
    return _refusal(
        "numbers-channels",
        f"{{name}} has {count:,} numbers for {name}, but {channels:,} "
        f"{'channel comes' if channels == 1 else 'channels come'} in: give one number for all, "
        "or one for each.",
        f"{count:,} numbers for {channels:,} channels",
        _REMOVE,
    )


def mean_without_variance(missing: str, there: Any) -> Finding:
    """One of the two that belong together; `there` is the value of the other."""
    other = "variance" if missing == "mean" else "mean"
    usual = 0.0 if missing == "mean" else 1.0
    fitting = (usual,) * len(there) if isinstance(there, tuple) else usual
    return _refusal(
        "mean-and-variance",
        f"{{name}} has a {other} but no {missing}: Keras takes both or neither.",
        f"{missing} is missing",
        (f"Leave {other} out", setting(**{other: None})),
        (f"Set {missing}", setting(**{missing: fitting})),
    )


def unequal_numbers(means: int, variances: int) -> Finding:
    """A mean for each channel and variances for others."""
    return _refusal(
        "mean-and-variance",
        f"{{name}} has {means:,} numbers for mean and {variances:,} for variance: "
        "there must be as many.",
        f"{means:,} means, {variances:,} variances",
        ("Leave both out", setting(mean=None, variance=None)),
    )


def factors_for_channels(factors: int, channels: int) -> Finding:
    """Learned factors that are not one for each channel."""
    return _refusal(
        "factors-channels",
        f"{{name}} has {factors:,} factors, but {channels:,} channels come in: "
        "it needs one for each channel.",
        f"{factors:,} factors for {channels:,} channels",
        _set(f"{channels:,}", projection_dim=channels),
        _REMOVE,
    )


def stretched_factors(factors: int, channels: int) -> Finding:
    """One factor for all channels, or one channel that becomes many."""
    what = (
        f"one factor for all {channels:,} channels"
        if factors == 1
        else f"{factors:,} factors for one channel, which becomes {factors:,} channels"
    )
    return Finding(
        "factors-channels",
        f"{{name}} has {what}: usual is one for each channel.",
        f"{factors:,} factors for {channels:,} channels",
        (_set(f"{channels:,}", projection_dim=channels),),
    )


def no_groups() -> Finding:
    """Zero groups."""
    return _refusal(
        "groups-channels",
        "{name} has 0 groups: it needs at least one, or -1 for one for each channel.",
        "0 groups",
        _set("1", groups=1),
        _set("-1", groups=-1),
    )


def groups_to_normalise(groups: int, channels: int) -> Finding:
    """Channels that the groups cannot share."""
    fitting = gcd(groups, channels)
    return _refusal(
        "groups-channels",
        f"{{name}} gets {channels:,} channels from {{inputs[0]}}, which its {groups:,} groups "
        "cannot share equally: choose groups that divides the channels.",
        f"{channels:,} channels in {groups:,} groups",
        _set(f"{fitting:,}", groups=fitting),
        _REMOVE,
    )


def needs_colours(channels: int) -> Finding:
    """A layer for colours on something else."""
    return _refusal(
        "needs-colours",
        "{name} changes colours and so needs 3 channels, red, green and blue, but gets "
        f"{channels:,} from {{inputs[0]}}: put it right behind the Input, or remove it.",
        f"needs 3 channels, gets {channels:,}",
        _REMOVE,
    )


def impossible_shape(target: tuple[int, ...]) -> Finding:
    """A shape that nothing can have."""
    return _refusal(
        "impossible-shape",
        f"{{name}} reshapes to {_listed(target)}: at most one of the numbers may be -1, "
        "the others at least 1.",
        "at most one number may be -1",
        _set("-1", target_shape=(-1,)),
    )


def unequal_values(shape: Shape, target: tuple[int, ...]) -> Finding:
    """A new shape for another number of values."""
    known = prod(part for part in target if part != -1)
    what = f"a multiple of {known:,}" if -1 in target else f"{known:,}"
    return _refusal(
        "unequal-values",
        f"{{name}} gets {size(shape)} = {prod(shape):,} values and cannot put them in the shape "
        f"{_listed(target)}, which holds {what}: the number of values must stay.",
        f"{prod(shape):,} values into {known:,}",
        _set("-1", target_shape=(-1,)),
        _REMOVE,
    )


def impossible_order(dims: tuple[int, ...], shape: Shape) -> Finding:
    """An order that is none of the input's axes."""
    axes = tuple(range(1, len(shape) + 1))
    return _refusal(
        "impossible-order",
        f"{{name}} puts the axes in the order {_listed(dims)}, but gets {thing(shape)}: "
        f"each of {_listed(axes)} must be there once.",
        f"not an order of {len(shape)} axes",
        _set(_listed(axes), dims=axes),
        _REMOVE,
    )


def crops_all(shape: Shape, cropping: tuple[Pair, Pair]) -> Finding:
    """Cropping that leaves nothing."""
    (top, bottom), (left, right) = cropping
    return _refusal(
        "crops-all",
        f"{{name}} cuts {top + bottom} rows and {left + right} columns off {sized(shape[:2])} "
        "input, so that nothing is left: cut off less.",
        f"nothing left of {size(shape[:2])}",
        _set("0", cropping=((0, 0), (0, 0))),
        _REMOVE,
    )


def too_little_left(window: int) -> Finding:
    """A convolution backwards whose output is too small to be gone back from."""
    return _refusal(
        "output-too-small",
        f"{{name}} has an even filter of {window} with same padding and output_padding 0, which "
        "leaves one row or column too few for TensorFlow: leave output_padding to the strides.",
        f"output_padding 0 with a filter of {window}",
        ("Reset output_padding", setting(output_padding=None)),
    )


def output_padding(more: Pair, strides: Pair) -> Finding:
    """More added to the output than the stride allows."""
    fitting = (min(more[0], strides[0] - 1), min(more[1], strides[1] - 1))
    return _refusal(
        "output-padding",
        f"{{name}} has output_padding {size(more)} with strides {size(strides)}: "
        "it must be less than the stride on both axes.",
        f"output_padding {size(more)}, strides {size(strides)}",
        ("Reset output_padding", setting(output_padding=None)),
        _set(size(fitting), output_padding=fitting),
    )


def crop_enlarges(shape: Shape, crop: Pair) -> Finding:
    """A piece larger than the picture."""
    return Finding(
        "crop-enlarges",
        f"{{name}} cuts out {size(crop)} of {sized(shape[:2])} input: where the piece is larger, "
        "the picture is enlarged instead.",
        f"{size(crop)} out of {size(shape[:2])}",
        (
            (
                f"Set it to {size(shape[:2])}",
                setting(height=min(crop[0], shape[0]), width=min(crop[1], shape[1])),
            ),
        ),
    )


def nothing_to_attend(shape: Shape) -> Finding:
    """Attention on a vector."""
    return _refusal(
        "needs-positions",
        f"{{name}} compares positions with one another, but gets {thing(shape)}, which has none: "
        "put it in front of the layer that flattens.",
        "needs positions, gets a vector",
        ("Remove what flattens before it", remedies.remove_flattening),
        _REMOVE,
    )


def unequal_attention(query: Shape, value: Shape) -> Finding:
    """Queries and values of different kinds."""
    return _refusal(
        "unequal-attention",
        f"{{name}} cannot compare {size(query)} with {size(value)}: its inputs need the same "
        "number of axes, keys and values the same positions.",
        f"{size(query)} and {size(value)}",
        _REMOVE,
    )


def too_many_for_attention(count: int) -> Finding:
    """More than query, value and key."""
    return _refusal(
        "too-many-inputs",
        f"{{name}} has {count} inputs but takes three at most: query, value and key. "
        "Remove links to it.",
        f"{count} inputs, 3 at most",
        _REMOVE,
    )


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))
