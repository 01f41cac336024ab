"""Edits behind the buttons of problems: each takes a network and the layer the problem is at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import EditError
from cnnstudio.graph.network import Layer, Link, Network
from cnnstudio.graph.spec import Arity, Category

Edit = Callable[[Network, str], Network]

# They give out the shape they take.
POINTWISE = frozenset(type_ for type_, spec in CATALOGUE.items() if spec.keeps_shape)
_FLATTENING = frozenset({"Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Reshape"})
# They give out volumes whatever is in front of them.
_VOLUME = frozenset(
    type_
    for type_, spec in CATALOGUE.items()
    if type_ == "Input"
    or spec.category is Category.CONVOLUTION
    or (
        type_.endswith(("Pooling2D", "Padding2D", "Cropping2D", "Sampling2D", "Crop"))
        and type_ not in _FLATTENING
    )
)


def bound(edit: Edit, name: str) -> Callable[[Network], Network]:
    """`edit` for the layer `name`."""

    def applied(network: Network) -> Network:
        if name not in network:
            raise EditError(f"There is no layer called {name} any more.")
        return edit(network, name)

    return applied


def setting(**values: Any) -> Edit:
    """An edit that changes settings of the layer."""

    def edit(network: Network, name: str) -> Network:
        return edits.set_settings(network, name, values)

    return edit


def inserting_before(type_: str, **settings: Any) -> Edit:
    """An edit that puts a layer on the first link into the layer."""

    def edit(network: Network, name: str) -> Network:
        return edits.insert_before(network, name, type_, settings=settings)[0]

    return edit


def inserting_after(*steps: tuple[str, dict[str, Any]]) -> Edit:
    """An edit that puts layers one after another behind the layer."""

    def edit(network: Network, name: str) -> Network:
        for type_, settings in steps:
            network, name = edits.insert_after(network, name, type_, settings=settings)
        return network

    return edit


def unchanged(network: Network) -> Network:
    """The way out is not in the network."""
    return network


def remove(network: Network, name: str) -> Network:
    """Take the layer out and close the gap."""
    return edits.remove_layers(network, [name])


def remove_flattening(network: Network, name: str) -> Network:
    """Take out the layers that turn volumes into something else on the way to `name`."""
    found: set[str] = set()
    seen: set[str] = set()
    stack = list(network.inputs_of(name))
    while stack:
        above = stack.pop()
        if above in seen or network[above].type in _VOLUME:
            continue
        seen.add(above)
        if _flattens(network[above]):
            found.add(above)
        stack.extend(network.inputs_of(above))
    if not found:
        raise EditError(f"No layer above {name} turns a volume into a vector.")
    return edits.remove_layers(network, found)


def _flattens(layer: Layer) -> bool:
    # Attention may give each position axes of its own.
    own_axes = layer.type == "MultiHeadAttention" and len(layer["output_shape"] or (1,)) > 1
    return layer.type in _FLATTENING or own_axes


def remove_branch(network: Network, name: str) -> Network:
    """Take out an output and the layers that lead to it alone."""
    return edits.remove_layers(network, branch(network, name), close_gap=False)


def branch(network: Network, name: str) -> set[str]:
    """The layers that lead to `name` alone, with it; never an Input."""
    found = {name}
    stack = [name]
    while stack:
        for source in network.inputs_of(stack.pop()):
            if network[source].type != "Input" and found.issuperset(network.outputs_of(source)):
                found.add(source)
                stack.append(source)
    return found


def joining(type_: str, other: str) -> Edit:
    """An edit that feeds `other` and the layer into a new merge layer below both."""

    def edit(network: Network, name: str) -> Network:
        ends = (other, name)
        for end in ends:
            if end not in network:
                raise EditError(f"There is no layer called {end} any more.")
        places = [network[end].position for end in ends]
        place = (places[0][0], max(y for _, y in places) + edits.ROW)
        network, merged = edits.add_layer(network, type_, place)
        for end in ends:
            network = edits.connect(network, end, merged)
        return network

    return edit


def feeding_from(source: str) -> Edit:
    """An edit that links `source` to the layer."""

    def edit(network: Network, name: str) -> Network:
        return edits.connect(network, source, name)

    return edit


def remove_with_links(network: Network, name: str) -> Network:
    """Take the layer out with its links."""
    return edits.remove_layers(network, [name], close_gap=False)


def add_first_input(network: Network) -> Network:
    """Put an Input on a canvas that has none, above what is there."""
    places = [layer.position for layer in network.layers.values()]
    x, y = min(places, key=lambda place: place[1], default=(0.0, edits.ROW))
    return edits.add_layer(network, "Input", (x, y - edits.ROW))[0]


def add_input(network: Network, name: str) -> Network:
    """Put an Input above the layer and link it."""
    x, y = network[name].position
    network, made = edits.add_layer(network, "Input", (x, y - edits.ROW))
    if network[name].spec.arity is Arity.NONE:
        return network
    return edits.connect(network, made, name)


def replacing_by(source: str) -> Edit:
    """An edit that feeds from `source` what the layer fed, and removes the layer."""

    def edit(network: Network, name: str) -> Network:
        if source not in network:
            raise EditError(f"There is no layer called {source} any more.")
        links = (
            Link(source, link.target) if link.source == name else link for link in network.links
        )
        network = replace(network, links=tuple(dict.fromkeys(links)))
        return edits.remove_layers(network, [name], close_gap=False)

    return edit


def keeping_inputs(count: int) -> Edit:
    """An edit that removes all links to the layer but the first ones."""

    def edit(network: Network, name: str) -> Network:
        return cutting(network.inputs_of(name)[count:])(network, name)

    return edit


def cutting(sources: Sequence[str]) -> Edit:
    """An edit that removes the links from `sources` to the layer."""

    def edit(network: Network, name: str) -> Network:
        for source in sources:
            network = edits.disconnect(network, source, name)
        return network

    return edit


def cut_cycles(links: Sequence[Link], network: Network) -> Network:
    """Remove the links that close circles."""
    for link in links:
        network = edits.disconnect(network, *link)
    return network


def cutting_cycles(links: Sequence[Link]) -> Callable[[Network], Network]:
    """An edit that removes the links that close circles."""
    return partial(cut_cycles, tuple(links))
