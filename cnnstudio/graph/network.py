"""The network a person draws: immutable layers and links, and the order they run in.

A `Network` is a graph from the start: a merge layer takes several links, one output may feed many.
Every edit (`cnnstudio.graph.edits`) returns a new `Network` that shares what did not change, so
that analysis can tell by identity what to compute again and undo keeps whole states cheaply.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from cnnstudio.graph.catalogue import spec_of
from cnnstudio.graph.spec import LayerSpec


class Link(NamedTuple):
    """A connection from the output of one layer to an input of another, by name."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer: a name unique in its network, a type, every setting, a place on the canvas.

    `position` is the top-left corner in canvas units. `shares` names the layer whose weights this
    one uses, which has weights of its own; the settings of the two are one and the same mapping.
    """

    name: str
    type: str
    settings: Mapping[str, Any]
    position: tuple[float, float] = (0.0, 0.0)
    shares: str | None = None

    @property
    def spec(self) -> LayerSpec:
        return spec_of(self.type)

    def __getitem__(self, setting: str) -> Any:
        return self.settings[setting]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Layer):
            return NotImplemented
        return (
            self.name == other.name
            and self.type == other.type
            and self.position == other.position
            and self.shares == other.shares
            and dict(self.settings) == dict(other.settings)
        )

    def __hash__(self) -> int:
        return hash((self.name, self.type))


@dataclass(frozen=True, slots=True)
class Block:
    """Layers that belong together under a name; `folded` shows them as one card.

    Two blocks of a network share no layer, or one lies wholly inside the other. The graph itself
    knows nothing of blocks: analysis, Keras and training see layers and links only.
    """

    name: str
    layers: tuple[str, ...]
    folded: bool = False


class Topology:
    """Who feeds whom, derived once from the names and links and shared by edits that keep both.

    Attributes:
        inputs: for each layer, the layers that feed it, in link order.
        outputs: for each layer, the layers it feeds, in link order.
        order: the layers in topological order, ties in drawing order; those on or behind a cycle
            are missing.
        cyclic: the layers that lie on a cycle.
    """

    def __init__(self, names: tuple[str, ...], links: tuple[Link, ...]) -> None:
        inputs: dict[str, list[str]] = {name: [] for name in names}
        outputs: dict[str, list[str]] = {name: [] for name in names}
        for source, target in links:
            inputs[target].append(source)
            outputs[source].append(target)
        self.inputs = {name: tuple(found) for name, found in inputs.items()}
        self.outputs = {name: tuple(found) for name, found in outputs.items()}
        self.order = self._sorted(names, self.inputs, self.outputs)
        self.cyclic = self._cyclic(names) if len(self.order) < len(names) else frozenset()

    @staticmethod
    def _sorted(
        names: tuple[str, ...],
        before: Mapping[str, tuple[str, ...]],
        after: Mapping[str, tuple[str, ...]],
    ) -> tuple[str, ...]:
        waiting = {name: len(before[name]) for name in names}
        ready = deque(name for name in names if not waiting[name])
        order = []
        while ready:
            name = ready.popleft()
            order.append(name)
            for follower in after[name]:
                waiting[follower] -= 1
                if not waiting[follower]:
                    ready.append(follower)
        return tuple(order)

    def _cyclic(self, names: tuple[str, ...]) -> frozenset[str]:
        # What neither a forward nor a backward sort reaches lies on a cycle or between two.
        backward = set(self._sorted(names, self.outputs, self.inputs))
        rest = set(names) - set(self.order) - backward
        return frozenset(name for name in rest if self._returns(name, rest))

    def _returns(self, start: str, within: set[str]) -> bool:
        seen: set[str] = set()
        stack = list(self.outputs[start])
        while stack:
            name = stack.pop()
            if name == start:
                return True
            if name in within and name not in seen:
                seen.add(name)
                stack.extend(self.outputs[name])
        return False


@dataclass(frozen=True, eq=False)
class Network:
    """An immutable graph of layers. Make one with `Network()` and the functions in `edits`."""

    layers: Mapping[str, Layer] = field(default_factory=lambda: MappingProxyType({}))
    links: tuple[Link, ...] = ()
    blocks: Mapping[str, Block] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def topology(self) -> Topology:
        return Topology(tuple(self.layers), self.links)

    @cached_property
    def sharing(self) -> Mapping[str, tuple[str, ...]]:
        """The further uses of each layer whose weights are shared, in drawing order."""
        found: dict[str, list[str]] = {}
        for name, layer in self.layers.items():
            if layer.shares is not None:
                found.setdefault(layer.shares, []).append(name)
        return {name: tuple(uses) for name, uses in found.items()}

    def owner_of(self, name: str) -> str:
        """The layer whose weights `name` uses: itself unless it shares those of another."""
        return self.layers[name].shares or name

    def uses_of(self, name: str) -> tuple[str, ...]:
        """All layers with the weights of `name`, the owner first; it alone if it shares none."""
        owner = self.owner_of(name)
        return (owner, *self.sharing.get(owner, ()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return (
            self.links == other.links
            and dict(self.blocks) == dict(other.blocks)
            and list(self.layers.values()) == list(other.layers.values())
        )

    def __hash__(self) -> int:
        return hash((tuple(self.layers), self.links))

    def __getitem__(self, name: str) -> Layer:
        return self.layers[name]

    def __contains__(self, name: object) -> bool:
        return name in self.layers

    def __len__(self) -> int:
        return len(self.layers)

    def inputs_of(self, name: str) -> tuple[str, ...]:
        """The layers that feed `name`, in link order."""
        return self.topology.inputs[name]

    def outputs_of(self, name: str) -> tuple[str, ...]:
        """The layers that `name` feeds, in link order."""
        return self.topology.outputs[name]

    @property
    def order(self) -> tuple[str, ...]:
        """Layer names in topological order; layers on or behind a cycle are missing."""
        return self.topology.order

    @property
    def sources(self) -> tuple[str, ...]:
        """The Input layers, in drawing order."""
        return tuple(name for name, layer in self.layers.items() if layer.type == "Input")

    @property
    def sinks(self) -> tuple[str, ...]:
        """The layers that feed nothing: the outputs of the network, in drawing order."""
        return tuple(name for name in self.layers if not self.topology.outputs[name])


def with_owners(layers: Mapping[str, Layer]) -> Mapping[str, Layer]:
    """The layers, where those whose owner is not among them share with the first of them."""
    heirs: dict[str, str] = {}
    changed: dict[str, Layer] = {}
    for name, layer in layers.items():
        if layer.shares is not None and layer.shares not in layers:
            heir = heirs.setdefault(layer.shares, name)
            changed[name] = replace(layer, shares=None if heir == name else heir)
    return {**layers, **changed} if changed else layers
