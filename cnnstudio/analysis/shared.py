"""Layers that share weights: what the weights of each type must find in what feeds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from cnnstudio.analysis.info import LayerInfo, Problem, Remedy, Shape, size, thing
from cnnstudio.analysis.remedies import bound
from cnnstudio.analysis.rules.values import checked_axes
from cnnstudio.graph.network import Network
from cnnstudio.graph.sharing import own_weights

Infos = Mapping[str, LayerInfo]
# All that the weights of a layer depend on but its settings.
Fit = tuple[int, ...]


def sharing_problems(network: Network, infos: Infos) -> Iterator[Problem]:
    """Uses of a layer that get something else than its weights are made for."""
    for owner in network.sharing:
        # Where the owner itself is refused, the others are still to agree.
        known = [
            infos[name] for name in network.uses_of(owner) if infos[name].output_shape is not None
        ]
        fits = [_fit(info) for info in known]
        for info, fit in zip(known, fits, strict=True):
            if fit != fits[0]:
                yield _unfit(owner, known[0], info)


def _unfit(owner: str, first: LayerInfo, use: LayerInfo) -> Problem:
    made, given = _said(first), _said(use)
    short = f"weights for {made}, gets {given}"
    return Problem(
        use.name,
        "error",
        "shared-weights",
        f"{use.name} shares the weights of {owner}, which are made for {made}, but gets "
        f"{given}: give it weights of its own, or feed it what {first.name} gets.",
        short if len(short) <= 40 else f"{short[:39]}…",
        (Remedy("Give it weights of its own", bound(own_weights, use.name)),),
    )


def _said(info: LayerInfo) -> str:
    """What feeds a layer, as far as its weights mind."""
    shapes = [shape for shape in info.input_shapes if shape is not None]
    if info.type in _FITS:
        return " and ".join(thing(shape) if len(shape) == 1 else size(shape) for shape in shapes)
    last = shapes[0][-1]
    noun = "channel" if len(shapes[0]) > 1 else "value"
    return f"{last:,} {noun}{'' if last == 1 else 's'}"


def _fit(info: LayerInfo) -> Fit:
    shapes = tuple(shape for shape in info.input_shapes if shape is not None)
    rule = _FITS.get(info.type)
    return (shapes[0][-1],) if rule is None else rule(info, shapes)


def _axis(info: LayerInfo, shapes: tuple[Shape, ...]) -> Fit:
    (place,) = checked_axes((info.settings["axis"],), shapes[0])
    return len(shapes[0]), place, shapes[0][place]


def _axes(info: LayerInfo, shapes: tuple[Shape, ...]) -> Fit:
    places = sorted(checked_axes(info.settings["axis"], shapes[0]))
    return len(shapes[0]), *places, *(shapes[0][place] for place in places)


def _slopes(info: LayerInfo, shapes: tuple[Shape, ...]) -> Fit:
    shared = info.settings["shared_axes"] or ()
    return tuple(1 if axis in shared else part for axis, part in enumerate(shapes[0], 1))


def _projections(_info: LayerInfo, shapes: tuple[Shape, ...]) -> Fit:
    query, value, key = (*shapes, *shapes[-1:] * 2)[:3]
    return len(query), query[-1], value[-1], key[-1]


def _nothing(_info: LayerInfo, _shapes: tuple[Shape, ...]) -> Fit:
    return ()


# Those of the others are made for the channels alone.
_FITS: Mapping[str, Callable[[LayerInfo, tuple[Shape, ...]], Fit]] = MappingProxyType(
    {
        "Normalization": _axes,
        "BatchNormalization": _axis,
        "LayerNormalization": _axes,
        "GroupNormalization": _axis,
        "LayerScale": _nothing,
        "PReLU": _slopes,
        "MultiHeadAttention": _projections,
    }
)
