"""The analysis itself, computed again only where an edit changed something.

A layer's figures follow from its settings and the `Signal`s that reach it. Layers and settings are
immutable and shared between edits, so that identity tells what is new; where the signal a layer
gives out is the same as before, everything behind it stands.
"""

from __future__ import annotations

from math import ceil, prod
from types import MappingProxyType
from typing import TypeVar

from cnnstudio.analysis.findings import unused_border
from cnnstudio.analysis.info import (
    NOTHING,
    Analysis,
    Finding,
    LayerInfo,
    Problem,
    Remedy,
    Signal,
)
from cnnstudio.analysis.problems import network_problems
from cnnstudio.analysis.remedies import bound
from cnnstudio.analysis.rules import RULES, Refused
from cnnstudio.graph.network import Layer, Network

_Number = TypeVar("_Number", int, float)
_UNKNOWN = {False: NOTHING, True: Signal(fed=True)}


def analyse(
    network: Network,
    previous: Analysis | None = None,
    *,
    classes: int | None = None,
    loss: str | None = None,
) -> Analysis:
    """Shapes, parameters, cost and problems of `network`, without Keras.

    `previous` is the analysis of an earlier state, whose results are taken over where nothing
    they depend on has changed; the outcome is the same without it. With `classes` the last layer
    is checked against the number of classes in the data, with `loss` (of
    `cnnstudio.analysis.losses`, or "auto") against the loss chosen for the training.
    """
    if previous is not None and previous.network.topology is network.topology:
        infos, totals = _updated(network, previous)
    else:
        infos = _computed(network, previous)
        totals = [0, 0, 0, 0]
        for info in infos.values():
            totals[0] += info.parameters
            totals[1] += info.trainable_parameters
            totals[2] += info.multiply_adds
            totals[3] += info.activation_bytes
    problems = network_problems(network, infos, totals[1], classes, loss)
    return Analysis(
        MappingProxyType(infos),
        problems,
        totals[0],
        totals[1],
        totals[2],
        totals[3],
        network,
        classes,
        loss,
    )


def _updated(network: Network, previous: Analysis) -> tuple[dict[str, LayerInfo], list[int]]:
    """The same layers and links, with other settings or positions."""
    infos = dict(previous.layers)
    totals = [
        previous.parameters,
        previous.trainable_parameters,
        previous.multiply_adds,
        previous.activation_bytes,
    ]
    before = previous.network.layers
    if before is network.layers:
        return infos, totals
    layers, topology = network.layers, network.topology
    changed = {
        name
        for name, layer in layers.items()
        if layer is not before[name]
        and (layer.settings is not before[name].settings or layer.shares != before[name].shares)
    }
    if not changed:
        return infos, totals
    # `infos` has the order of computation; what stands behind the sorted ones is on a cycle.
    sortable = len(topology.order)
    for index, (name, old) in enumerate(previous.layers.items()):
        if name not in changed:
            continue
        inputs = old.inputs
        if index < sortable:
            given = tuple([infos[source].signal for source in inputs])
        else:
            given = old.given
        new = _info(layers[name], inputs, given)
        infos[name] = new
        totals[0] += new.parameters - old.parameters
        totals[1] += new.trainable_parameters - old.trainable_parameters
        totals[2] += new.multiply_adds - old.multiply_adds
        totals[3] += new.activation_bytes - old.activation_bytes
        if new.signal != old.signal:
            changed.update(topology.outputs[name])
    return infos, totals


def _computed(network: Network, previous: Analysis | None) -> dict[str, LayerInfo]:
    """Other layers or links: those of `previous` are kept where their inputs are the same."""
    known = previous.layers if previous is not None else {}
    layers, topology = network.layers, network.topology
    infos: dict[str, LayerInfo] = {}
    for name in topology.order:
        layer = layers[name]
        inputs = topology.inputs[name]
        given = tuple([infos[source].signal for source in inputs])
        old = known.get(name)
        if (
            old is not None
            and old.settings is layer.settings
            and old.type == layer.type
            and old.shares == layer.shares
            and old.inputs == inputs
            and old.given == given
        ):
            infos[name] = old
        else:
            infos[name] = _info(layer, inputs, given)
    if len(infos) < len(layers):
        for name, layer in layers.items():
            if name not in infos:
                # On a cycle, or behind one: nothing is known, nothing can be said.
                inputs = topology.inputs[name]
                infos[name] = _info(layer, inputs, (NOTHING,) * len(inputs))
    return infos


def _info(layer: Layer, inputs: tuple[str, ...], given: tuple[Signal, ...]) -> LayerInfo:
    type_, settings = layer.type, layer.settings
    if type_ == "Input":
        shape = settings["shape"]
        signal = Signal(shape, (1, 1), (1, 1), shape[:2], (0, 0), True)
        cost = 4 * prod(shape)
        return LayerInfo(
            layer.name, type_, (), (), shape, 0, 0, 0, cost, (1, 1), (1, 1), (0, 0),
            settings, given, signal, (),
        )  # fmt: skip
    shapes = tuple([signal.shape for signal in given])
    if not shapes or None in shapes:
        return _unknown(layer, inputs, shapes, given)
    try:
        outcome = RULES[type_](settings, shapes)  # type: ignore[arg-type]
    except Refused as refused:
        return _unknown(layer, inputs, shapes, given, (_problem(layer, inputs, refused.finding),))
    if len(given) == 1:
        _, field, jump, picture, border, _ = given[0]
    else:
        field = _largest([signal.field for signal in given])
        jump = _largest([signal.jump for signal in given])
        picture = _largest([signal.picture for signal in given])
        border = (0, 0)
    unused = outcome.unused
    if unused != (0, 0) and border != (0, 0):
        # Padding that no window reaches is no loss.
        unused = (max(0, unused[0] - border[0]), max(0, unused[1] - border[1]))
    if outcome.whole:
        field, jump = picture, (0, 0)
    elif outcome.reach != (1, 1) or outcome.step != (1, 1) or outcome.grow != (1, 1):
        reach, step = outcome.reach, outcome.step
        field = (
            field[0] + ceil((reach[0] - 1) * jump[0]),
            field[1] + ceil((reach[1] - 1) * jump[1]),
        )
        jump = (jump[0] * step[0], jump[1] * step[1])
        if outcome.grow != (1, 1):
            jump = (_shared(jump[0], outcome.grow[0]), _shared(jump[1], outcome.grow[1]))
    found = outcome.findings
    if unused != (0, 0):
        found = (*found, unused_border(shapes[0], outcome.step, unused))  # type: ignore[arg-type]
    shape, own = outcome.shape, layer.shares is None
    return LayerInfo(
        layer.name,
        type_,
        inputs,
        shapes,
        shape,
        outcome.trainable + outcome.fixed if own else 0,
        outcome.trainable if own and settings.get("trainable", True) else 0,
        outcome.multiply_adds,
        4 * prod(shape),
        field,
        jump,
        unused,
        settings,
        given,
        Signal(shape, field, jump, picture, outcome.border, True),
        tuple([_problem(layer, inputs, finding) for finding in found]) if found else (),
        layer.shares,
    )


def _unknown(
    layer: Layer,
    inputs: tuple[str, ...],
    shapes: tuple[tuple[int, ...] | None, ...],
    given: tuple[Signal, ...],
    problems: tuple[Problem, ...] = (),
) -> LayerInfo:
    fed = any(signal.fed for signal in given)
    return LayerInfo(
        layer.name, layer.type, inputs, shapes, None, 0, 0, 0, 0, None, (0, 0), (0, 0),
        layer.settings, given, _UNKNOWN[fed], problems, layer.shares,
    )  # fmt: skip


def _largest(pairs: list[tuple[_Number, _Number]]) -> tuple[_Number, _Number]:
    return max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)


def _shared(jump: float, parts: int) -> float:
    """`jump / parts`, whole where it is."""
    shared = jump / parts
    return int(shared) if shared == int(shared) else shared


def _problem(layer: Layer, inputs: tuple[str, ...], finding: Finding) -> Problem:
    name = layer.name
    return Problem(
        name,
        finding.severity,
        finding.code,
        finding.message.format(name=name, inputs=inputs),
        finding.short if len(finding.short) <= 40 else f"{finding.short[:39]}…",
        tuple(
            Remedy(label.format(name=name), bound(edit, name)) for label, edit in finding.remedies
        ),
    )
