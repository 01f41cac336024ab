"""Frozen layers: edits of the setting `trainable`, which training leaves alone where it is no.

A layer is frozen with everything it depends on, or trained with everything that depends on it.
Layers that share weights have one setting between them: they are frozen where one of them is to be.
Layers without weights have no such setting and need none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from cnnstudio.graph.edits import EditError, existing_layer, same_links
from cnnstudio.graph.network import Layer, Network

SETTING = "trainable"


def freezable(layer: Layer) -> bool:
    """Whether a layer can have weights that training changes."""
    return SETTING in layer.settings


def is_frozen(layer: Layer) -> bool:
    """Whether training leaves the layer's weights as they are."""
    return not layer.settings.get(SETTING, True)


def frozen_layers(network: Network) -> tuple[str, ...]:
    """The frozen layers, in drawing order; of those that share weights, all."""
    return tuple(name for name, layer in network.layers.items() if is_frozen(layer))


def frozen_share(network: Network, names: Iterable[str]) -> tuple[int, int]:
    """How many of the layers are frozen, and how many could be."""
    able = [network[name] for name in names if freezable(network[name])]
    return sum(map(is_frozen, able)), len(able)


def up_to(network: Network, names: Iterable[str]) -> frozenset[str]:
    """The layers and everything they depend on."""
    return _reached(network, names, network.inputs_of)


def from_on(network: Network, names: Iterable[str]) -> frozenset[str]:
    """The layers and everything that depends on them."""
    return _reached(network, names, network.outputs_of)


def freeze_to(network: Network, names: Collection[str]) -> Network:
    """Freeze layers and everything they depend on; all others are trained."""
    frozen = up_to(network, names)
    return with_trainable(network, {name: name not in frozen for name in network.layers})


def unfreeze_from(network: Network, names: Collection[str]) -> Network:
    """Train layers and everything that depends on them; all others stay as they are."""
    return with_trainable(network, dict.fromkeys(from_on(network, names), True))


def unfreeze_all(network: Network) -> Network:
    """Train all layers."""
    return with_trainable(network, dict.fromkeys(network.layers, True))


def with_trainable(network: Network, trained: Mapping[str, bool]) -> Network:
    """Let layers be trained or not; those without weights are left alone.

    Layers that share weights are frozen if one of those named is not to be trained.
    """
    wanted: dict[str, bool] = {}
    for name, on in trained.items():
        if freezable(network[name]):
            owner = network.owner_of(name)
            wanted[owner] = wanted.get(owner, True) and on
    changed: dict[str, Layer] = {}
    for owner, on in wanted.items():
        settings = network[owner].settings
        if settings[SETTING] != on:
            settings = MappingProxyType({**settings, SETTING: on})
            for use in network.uses_of(owner):
                changed[use] = replace(network[use], settings=settings)
    return same_links(network, {**network.layers, **changed}) if changed else network


def _reached(
    network: Network, names: Iterable[str], step: Callable[[str], tuple[str, ...]]
) -> frozenset[str]:
    stack = [existing_layer(network, name).name for name in names]
    if not stack:
        raise EditError("No layer is named: select one first.")
    found = set(stack)
    while stack:
        for other in step(stack.pop()):
            if other not in found:
                found.add(other)
                stack.append(other)
    return frozenset(found)
