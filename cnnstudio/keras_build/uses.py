"""The outputs of a Keras model by name, where layers are used more than once.

Keras has one name for a layer and a node for each use. In a network each use has its own name, and
the layer of Keras has that of the owner of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from cnnstudio.graph.network import Network
from cnnstudio.keras_build.names import use_name

if TYPE_CHECKING:
    import keras

# The names in the network that a model was built from: of each layer's uses, in order.
_NAMES: WeakKeyDictionary[Any, Mapping[str, tuple[str, ...]]] = WeakKeyDictionary()


def remember_uses(model: keras.Model, network: Network) -> None:
    """Let the uses of the model's layers be called as in `network`, which it is the model of."""
    if network.sharing:
        _NAMES[model] = {
            owner: tuple(name for name in network.order if network.owner_of(name) == owner)
            for owner in network.sharing
        }


def outputs_of(model: keras.Model) -> dict[str, Any]:
    """The symbolic output of every layer of a model, in its order; of several uses, each apart.

    Uses of a model without a known network are called as an import calls them.
    """
    # A Sequential keeps its graph in another model.
    graph = getattr(model, "_functional", None) or model
    nodes = {id(node) for level in graph._nodes_by_depth.values() for node in level}
    found: dict[str, Any] = {}
    for layer in model.layers:
        uses = [node.outputs for node in layer._inbound_nodes if id(node) in nodes]
        known = _NAMES.get(model, {}).get(layer.name, ())
        names = known if len(known) == len(uses) else _made_up(layer.name, len(uses))
        for name, outputs in zip(names, uses, strict=True):
            found[name] = outputs[0] if len(outputs) == 1 else outputs
    return found


def _made_up(name: str, count: int) -> list[str]:
    return [use_name(name, number) for number in range(count)]
