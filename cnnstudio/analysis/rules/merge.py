"""Layers that make one of several."""

from __future__ import annotations

from math import prod

from cnnstudio.analysis import findings
from cnnstudio.analysis.info import Shape
from cnnstudio.analysis.rules.base import Outcome, Refused, Rule, Settings


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


def _merged(verb: str, shapes: tuple[Shape, ...]) -> Shape:
    output = shapes[0]
    for index, shape in enumerate(shapes[1:], 1):
        total = output if shape == output else broadcast(output, shape)
        if total is None:
            raise Refused(findings.unequal_sum(shapes, index, verb))
        output = total
    return output


def value_by_value(verb: str, *, counts: bool = True) -> Rule:
    """Inputs of one size, or that stretch to it; `counts` if it is arithmetic."""

    def rule(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
        output = _merged(verb, shapes)
        cost = (len(shapes) - 1) * prod(output) if counts else 0
        return Outcome(output, multiply_adds=cost, findings=findings.lonely(shapes))

    return rule


def subtract(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Two inputs, no more and no fewer."""
    if len(shapes) != 2:
        raise Refused(findings.needs_two(len(shapes)))
    output = _merged("subtract", shapes)
    return Outcome(output, multiply_adds=prod(output))


def scaled_add(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Two inputs with as many axes; Keras takes no notice of further ones."""
    if len(shapes) < 2:
        raise Refused(findings.needs_two(len(shapes)))
    if len(shapes[0]) != len(shapes[1]):
        raise Refused(findings.unequal_sum(shapes, 1, "add"))
    output = _merged("add", shapes[:2])
    found = (findings.ignored_inputs(len(shapes)),) if len(shapes) > 2 else ()
    return Outcome(output, multiply_adds=prod(output), findings=found)


def concatenate(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """One behind the other along an axis."""
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
