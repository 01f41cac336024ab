"""Shared weights: edits by which several layers of a network become uses of one layer of Keras.

One of them owns the weights; the others name it (`Layer.shares`) and have its type and settings.
Removing, renaming and copying keep that right in `cnnstudio.graph.edits`: where the owner goes, the
first use owns the weights; copies have weights of their own, shared among them as the originals do.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from cnnstudio.graph.edits import EditError, existing_layer
from cnnstudio.graph.network import Layer, Network, with_owners


def share_weights(network: Network, name: str, other: str) -> Network:
    """Let `name`, and all that share its weights if it owns them, use the weights of `other`.

    Their settings are those of `other` from then on.
    """
    layer, source = existing_layer(network, name), existing_layer(network, other)
    owner = network[network.owner_of(other)]
    if name == other:
        raise EditError(f"{name} cannot share its weights with itself: choose another layer.")
    if layer.type != source.type:
        raise EditError(
            f"{name} ({layer.type}) cannot use the weights of {other} ({source.type}): only layers "
            "of one type can share weights."
        )
    if not layer.spec.weighted:
        raise EditError(f"{name} ({layer.type}) has no weights that it could share.")
    if network.owner_of(name) == owner.name:
        raise EditError(f"{name} and {other} share their weights already.")
    followers = network.uses_of(name) if layer.shares is None else (name,)
    return _with(
        network,
        {
            each: replace(network[each], settings=owner.settings, shares=owner.name)
            for each in followers
        },
    )


def own_weights(network: Network, name: str) -> Network:
    """Give `name` weights of its own; the others it shared with go on sharing among them."""
    layer = existing_layer(network, name)
    uses = network.uses_of(name)
    if len(uses) == 1:
        raise EditError(f"{name} has weights of its own already.")
    if layer.shares is not None:
        return _with(network, {name: replace(layer, shares=None)})
    return _with(network, dict(with_owners({each: network[each] for each in uses[1:]})))


def partners(network: Network, name: str) -> tuple[str, ...]:
    """The layers whose weights `name` could use, in drawing order."""
    layer = network[name]
    if not layer.spec.weighted:
        return ()
    owner = network.owner_of(name)
    return tuple(
        other
        for other, each in network.layers.items()
        if each.type == layer.type and each.shares is None and other != owner
    )


def _with(network: Network, layers: dict[str, Layer]) -> Network:
    """The network with other layers under the same names: the links are as they were."""
    changed = replace(network, layers=MappingProxyType({**network.layers, **layers}))
    changed.__dict__["topology"] = network.topology
    return changed
