"""Layers that work on values as they stand: activations, normalisation, Dense."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnnstudio.analysis import findings, shape_findings
from cnnstudio.analysis.info import Finding, Shape
from cnnstudio.analysis.rules.base import Outcome, Refused, Rule, Settings


def pointwise(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The shape stays, nothing is learned."""
    return Outcome(shapes[0])


def volume_only(type_: str) -> Rule:
    """The shape stays, which must have height, width and channels."""

    def rule(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
        if len(shapes[0]) != 3:
            raise Refused(findings.needs_volume(type_, shapes[0]))
        return Outcome(shapes[0])

    return rule


def dense(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Every unit is joined to the last axis of its input."""
    shape, units = shapes[0], settings["units"]
    found = findings.symmetric(settings, "kernel_initializer")
    return Outcome(
        (*shape[:-1], units),
        shape[-1] * units + (units if settings["use_bias"] else 0),
        0,
        prod(shape) * units,
        findings=found,
    )


def checked_axes(axes: Sequence[int], shape: Shape) -> tuple[int, ...]:
    """The axes counted from 0 without the batch.

    Raises `Refused` for axes that are not there, twice there, or the batch.
    """
    found = []
    for axis in axes:
        if axis > len(shape) or axis < -len(shape) - 1:
            raise Refused(shape_findings.axis_missing(axis, shape))
        place = axis - 1 if axis >= 0 else axis + len(shape)
        if place < 0:
            raise Refused(shape_findings.axis_of_batch(axis))
        if place in found:
            raise Refused(shape_findings.axis_twice(axis))
        found.append(place)
    return tuple(found)


def _covers_positions(axes: Sequence[int], shape: Shape) -> bool:
    """Whether values at different positions are worked on together."""
    return any(axis < len(shape) - 1 and shape[axis] > 1 for axis in axes)


def batch_normalization(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Four numbers for each channel, two of them learned."""
    shape = shapes[0]
    (place,) = checked_axes((settings["axis"],), shape)
    channels = shape[place]
    learned = channels * (settings["center"] + settings["scale"])
    return Outcome(shape, learned, 2 * channels, prod(shape))


def layer_normalization(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Two numbers for each place on the axes."""
    shape = shapes[0]
    axes = checked_axes(settings["axis"], shape)
    each = prod(shape[axis] for axis in axes)
    learned = each * (settings["center"] + settings["scale"])
    return Outcome(shape, learned, 0, prod(shape), whole=_covers_positions(axes, shape))


def group_normalization(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Two numbers for each channel; each group is measured over all positions."""
    shape, groups = shapes[0], settings["groups"]
    if groups == 0:
        raise Refused(shape_findings.no_groups())
    (place,) = checked_axes((settings["axis"],), shape)
    channels = shape[place]
    if groups != -1 and channels % groups:
        raise Refused(shape_findings.groups_to_normalise(groups, channels))
    learned = channels * (settings["center"] + settings["scale"])
    return Outcome(shape, learned, 0, prod(shape), whole=True)


def unit_normalization(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Nothing is learned."""
    axes = checked_axes(settings["axis"], shapes[0])
    return Outcome(
        shapes[0], multiply_adds=prod(shapes[0]), whole=_covers_positions(axes, shapes[0])
    )


def softmax(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Nothing is learned."""
    axes = checked_axes(settings["axis"], shapes[0])
    return Outcome(shapes[0], whole=_covers_positions(axes, shapes[0]))


def prelu(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """A factor for each value, but for the axes that share theirs."""
    shape = shapes[0]
    shared = settings["shared_axes"] or ()
    for axis in shared:
        if axis > len(shape):
            raise Refused(shape_findings.axis_missing(axis, shape))
    factors = prod(1 if axis in shared else length for axis, length in enumerate(shape, 1))
    return Outcome(shape, factors)


def rescaling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Nothing is learned; a list has a number for each channel."""
    shape = shapes[0]
    for name in ("scale", "offset"):
        numbers = settings[name]
        if isinstance(numbers, tuple) and len(numbers) != shape[-1]:
            raise Refused(shape_findings.numbers_for_channels(name, len(numbers), shape[-1]))
    return Outcome(shape, multiply_adds=prod(shape))


def normalization(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Mean, variance and a count are weights that training leaves alone, unless they are given."""
    shape = shapes[0]
    mean, variance = settings["mean"], settings["variance"]
    axes = checked_axes(settings["axis"], shape)
    lengths = [shape[axis] for axis in sorted(axes)]
    if (mean is None) != (variance is None):
        missing, there = ("mean", variance) if mean is None else ("variance", mean)
        raise Refused(shape_findings.mean_without_variance(missing, there))
    if mean is None:
        return Outcome(shape, 0, 2 * prod(lengths) + 1, prod(shape))
    sizes = [len(part) if isinstance(part, tuple) else 1 for part in (mean, variance)]
    if sizes[0] != sizes[1]:
        raise Refused(shape_findings.unequal_numbers(*sizes))
    if sizes[0] not in (1, lengths[-1]):
        raise Refused(shape_findings.numbers_for_channels("mean", sizes[0], lengths[-1]))
    return Outcome(shape, multiply_adds=prod(shape))


def layer_scale(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """A factor for each channel."""
    shape, factors = shapes[0], settings["projection_dim"]
    if factors != shape[-1] and 1 not in (factors, shape[-1]):
        raise Refused(shape_findings.factors_for_channels(factors, shape[-1]))
    output = (*shape[:-1], max(factors, shape[-1]))
    found: tuple[Finding, ...] = ()
    if factors != shape[-1]:
        found = (shape_findings.stretched_factors(factors, shape[-1]),)
    return Outcome(output, factors, 0, prod(output), findings=found)


def three_channels(type_: str) -> Rule:
    """Works on colours."""

    def rule(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
        shape = shapes[0]
        if len(shape) != 3:
            raise Refused(findings.needs_volume(type_, shape))
        if shape[2] != 3:
            raise Refused(shape_findings.needs_colours(shape[2]))
        return Outcome(shape)

    return rule
