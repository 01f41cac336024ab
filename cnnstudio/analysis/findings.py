"""The sentences of problems that one layer has on its own, with the numbers and the ways out."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Any

from cnnstudio.analysis import remedies
from cnnstudio.analysis.info import Finding, Pair, Shape, size, sized, thing
from cnnstudio.analysis.remedies import Edit, setting

_Offer = tuple[str, Edit]
_REMOVE: _Offer = ("Remove {name}", remedies.remove)
_SAME: _Offer = ("Use same padding", setting(padding="same"))
UNEQUAL = "unequal-sizes"


def needs_volume(type_: str, shape: Shape) -> Finding:
    """A layer for volumes behind a vector."""
    return Finding(
        "needs-volume",
        f"{{name}} ({type_}) works on height, width and channels, but gets {thing(shape)} from "
        "{inputs[0]}: put it in front of the layer that flattens, or take that layer out.",
        f"needs a volume, gets {size(shape)} values",
        (("Remove what flattens before it", remedies.remove_flattening), _REMOVE),
        "error",
    )


def pools_a_vector(type_: str, shape: Shape) -> Finding:
    """Global pooling behind a vector."""
    verb = "averages" if "Average" in type_ else "pools"
    return Finding(
        "needs-volume",
        f"{{name}} ({type_}) {verb} height and width away, but gets "
        f"{thing(shape)} from {{inputs[0]}}, which has none: remove one of the two.",
        f"needs a volume, gets {size(shape)} values",
        (_REMOVE, ("Remove what flattens before it", remedies.remove_flattening)),
        "error",
    )


def filter_too_large(shape: Shape, kernel: Pair, dilation: Pair, reach: Pair) -> Finding:
    """A filter that does not fit in its input, without padding."""
    given = f"{sized(shape[:2])} input"
    offers: list[_Offer] = [_SAME]
    if dilation == (1, 1):
        what = f"{sized(kernel)} filter"
    else:
        what = f"{sized(kernel)} filter that covers {size(reach)} with its dilation"
        if kernel[0] <= shape[0] and kernel[1] <= shape[1]:
            offers.append(("Set dilation_rate to 1", setting(dilation_rate=(1, 1))))
    fitting = tuple(min(kernel[axis], (shape[axis] - 1) // dilation[axis] + 1) for axis in (0, 1))
    offers.append((f"Use {sized(fitting)} filter", setting(kernel_size=fitting)))
    return Finding(
        "filter-too-large",
        f"{{name}} has {what}, larger than its {size(shape[:2])} input: "
        "use same padding, a smaller filter, or one pooling less before it.",
        f"{size(reach)} filter on {given}",
        (*offers, _REMOVE),
        "error",
    )


def pool_too_large(shape: Shape, window: Pair) -> Finding:
    """A pooling window that does not fit in its input, without padding."""
    offers: list[_Offer] = [_SAME, _REMOVE]
    fitting = (min(window[0], shape[0]), min(window[1], shape[1]))
    if fitting != (1, 1):
        offers.insert(1, (f"Use {sized(fitting)} window", setting(pool_size=fitting, strides=None)))
    return Finding(
        "pool-too-large",
        f"{{name}} has {sized(window)} window, larger than its {size(shape[:2])} input: "
        "remove it, or use same padding.",
        f"{size(window)} window on {sized(shape[:2])} input",
        tuple(offers),
        "error",
    )


def stride_and_dilation(strides: Pair, dilation: Pair) -> Finding:
    """Strides and dilation at once, which Keras does not have."""
    return Finding(
        "stride-and-dilation",
        f"{{name}} has strides {size(strides)} and dilation_rate {size(dilation)}: "
        "Keras takes one or the other, so set one of them to 1.",
        "strides and dilation_rate both above 1",
        (
            ("Set dilation_rate to 1", setting(dilation_rate=(1, 1))),
            ("Set strides to 1", setting(strides=(1, 1))),
        ),
        "error",
    )


def unequal_strides(strides: Pair) -> Finding:
    """Strides that TensorFlow has no filter by channel for."""
    return Finding(
        "unequal-strides",
        f"{{name}} has strides {size(strides)}: TensorFlow filters channels by themselves only "
        "with the same stride down and across.",
        f"strides {size(strides)} are not equal",
        tuple(
            (f"Set strides to {stride}", setting(strides=(stride, stride)))
            for stride in sorted(set(strides))
        ),
        "error",
    )


def _groups(groups: int, filters: int, channels: int) -> list[_Offer]:
    common = gcd(filters, channels)
    fitting = max(number for number in range(1, min(groups, common) + 1) if common % number == 0)
    offers = [(f"Set groups to {fitting}", setting(groups=fitting))]
    if fitting > 1:
        offers.append(("Set groups to 1", setting(groups=1)))
    return offers


def groups_of_filters(groups: int, filters: int, channels: int) -> Finding:
    """Filters that the groups do not divide."""
    offers = _groups(groups, filters, channels)
    rounded = -(-filters // groups) * groups
    if rounded <= 1_000_000:
        offers.append((f"Set filters to {rounded:,}", setting(filters=rounded)))
    return Finding(
        "groups-filters",
        f"{{name}} has {filters:,} filters, which its {groups:,} groups cannot share equally: "
        "choose filters that groups divides.",
        f"{filters:,} filters in {groups:,} groups",
        tuple(offers),
        "error",
    )


def groups_of_channels(groups: int, filters: int, channels: int) -> Finding:
    """Input channels that the groups do not divide."""
    return Finding(
        "groups-channels",
        f"{{name}} gets {channels:,} channels from {{inputs[0]}}, which its {groups:,} groups "
        "cannot share equally: choose groups that divides both channels and filters.",
        f"{channels:,} channels in {groups:,} groups",
        tuple(_groups(groups, filters, channels)),
        "error",
    )


def needs_gpu() -> Finding:
    """What TensorFlow has no processor code for."""
    return Finding(
        "needs-gpu",
        "{name} spreads its filters with a dilation_rate, which TensorFlow computes on a GPU "
        "only: set dilation_rate to 1 to train and classify without one.",
        "dilation works on a GPU only",
        (("Set dilation_rate to 1", setting(dilation_rate=(1, 1))),),
    )


def ignored_inputs(count: int) -> Finding:
    """Links that Keras takes no notice of."""
    return Finding(
        "ignored-inputs",
        f"{{name}} has {count} inputs, but adds only the first two: remove the other links.",
        f"uses 2 of {count} inputs",
        (("Remove the other links", remedies.keeping_inputs(2)),),
    )


def symmetric(settings: Mapping[str, Any], key: str) -> tuple[Finding, ...]:
    """Weights that all start alike and so learn alike."""
    initializer = settings[key]
    if initializer not in ("zeros", "ones"):
        return ()
    return (
        Finding(
            "symmetric-weights",
            f"{{name}} starts with {initializer} for all its weights: they all get the same "
            "gradient and never learn different things. Start them at random.",
            f"all weights start as {initializer}",
            (("Use glorot_uniform", setting(**{key: "glorot_uniform"})),),
        ),
    )


def unused_border(shape: Shape, strides: Pair, unused: Pair) -> Finding:
    """Rows or columns at the end that no window reaches."""
    parts = [
        f"the last {noun}" if count == 1 else f"the last {count} {noun}s"
        for count, noun in zip(unused, ("row", "column"), strict=True)
        if count
    ]
    stride = f"{strides[0]}" if strides[0] == strides[1] else size(strides)
    short = [
        f"{count} {noun}{'s' if count > 1 else ''}"
        for count, noun in zip(unused, ("row", "column"), strict=True)
        if count
    ]
    return Finding(
        "unused-border",
        f"{{name}} leaves {' and '.join(parts)} of its {size(shape[:2])} input unused: "
        f"the stride of {stride} does not fit. With same padding all are used.",
        f"{' and '.join(short)} unused",
        (_SAME,),
    )


def lonely(shapes: tuple[Shape, ...]) -> tuple[Finding, ...]:
    """A merge layer with one input."""
    if len(shapes) > 1:
        return ()
    return (
        Finding(
            "one-input",
            "{name} has one input only, {inputs[0]}, so it changes nothing: link another layer "
            "to it, or remove it.",
            "one input only",
            (_REMOVE,),
        ),
    )


_JOINED = {
    "add": ("add", "to"),
    "subtract": ("subtract", "from"),
    "multiply": ("multiply", "with"),
    "average": ("average", "with"),
    "compare": ("compare", "with"),
}
_SIGNS = {"add": "+", "subtract": "−", "multiply": "·"}


def unequal_sum(shapes: tuple[Shape, ...], index: int, verb: str) -> Finding:
    """Inputs of Add and its like that do not fit each other."""
    does, with_ = _JOINED[verb]
    first, second = size(shapes[0]), size(shapes[index])
    return Finding(
        UNEQUAL,
        f"{{name}} cannot {does} {{inputs[{index}]}} ({second}) {with_} {{inputs[0]}} "
        f"({first}): the sizes must be equal.",
        f"{first} {_SIGNS.get(verb, 'and')} {second}",
        severity="error",
    )


def needs_two(count: int) -> Finding:
    """A layer for exactly two inputs."""
    return Finding(
        "needs-two",
        f"{{name}} takes exactly two inputs, but has {count}: "
        f"{'link another layer to it' if count < 2 else 'remove a link'}.",
        f"{count} {'input' if count == 1 else 'inputs'}, needs 2",
        (_REMOVE,),
        "error",
    )


def unequal_join(shapes: tuple[Shape, ...], index: int, axis: int) -> Finding:
    """Inputs of Concatenate that do not fit each other."""
    rank = len(shapes[0])
    if len(shapes[index]) != rank:
        rule = "all must be volumes, or all vectors"
    elif rank == 1 or axis == 0:
        rule = "the sizes must be equal"
    else:
        nouns = [
            noun for place, noun in enumerate(("height", "width", "channels"), 1) if place != axis
        ]
        rule = f"{' and '.join(nouns)} must be equal"
    return Finding(
        UNEQUAL,
        f"{{name}} cannot join {{inputs[0]}} ({size(shapes[0])}) and {{inputs[{index}]}} "
        f"({size(shapes[index])}): {rule}.",
        f"{size(shapes[0])} and {size(shapes[index])}",
        severity="error",
    )


def no_such_axis(axis: int, shapes: tuple[Shape, ...]) -> Finding:
    """Concatenate along an axis its inputs do not have."""
    return Finding(
        "no-such-axis",
        f"{{name}} joins along axis {axis}, which {thing(shapes[0])} does not have: "
        "set axis to -1, the last one.",
        f"no axis {axis} in {size(shapes[0])}",
        (("Set axis to -1", setting(axis=-1)),),
        "error",
    )


def joins_the_batch(axis: int, shapes: tuple[Shape, ...]) -> Finding:
    """Concatenate along the batch: more answers than pictures."""
    return Finding(
        "joins-the-batch",
        f"{{name}} joins along axis {axis}, the batch, and so gives {len(shapes)} answers for "
        "each picture: set axis to -1, the channels.",
        "joins the batch, not the channels",
        (("Set axis to -1", setting(axis=-1)),),
        "error",
    )
