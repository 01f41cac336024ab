"""Layers that are there already, put between two others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from types import MappingProxyType

from cnnstudio.graph.blocks import ends_of, feed, take_out
from cnnstudio.graph.edits import ROW, EditError, move
from cnnstudio.graph.folding import shown
from cnnstudio.graph.layout import set_beside
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.templates import taken_over, with_room


def fits_between(network: Network, names: Collection[str]) -> bool:
    """Whether layers can stand between two others as they are.

    Nothing else is linked to them, and seen as one they have a way in and one way out.
    """
    inside = set(names)
    if any((link.source in inside) != (link.target in inside) for link in network.links):
        return False
    if not inside or any(network[name].type == "Input" for name in inside):
        return False
    ends = ends_of(network, names)
    return bool(ends.entries) and len(ends.exits) == 1


def put_between(network: Network, names: Collection[str], links: Collection[Link]) -> Network:
    """Put layers between the ends of links that leave one layer; what is below makes room.

    They stand below that layer, as they stood among each other, and belong to the blocks the
    link runs in.
    """
    if not fits_between(network, names):
        raise EditError(
            "These layers cannot stand between two others: they need one way in, one way out and "
            "no links to layers elsewhere."
        )
    source = next(iter(links)).source
    chosen = {link for link in links if link.source == source}
    targets = {link.target for link in chosen}
    inside = set(names)
    if source in inside:
        raise EditError("A link among these layers is no place to put them.")
    blocks = [set(block.layers) for block in network.blocks.values()]
    if any(inside & block and not inside >= block for block in blocks):
        network = take_out(network, inside)
    network = _placed(network, names, source, next(iter(chosen)).target)
    ends = ends_of(network, names)
    network = taken_over(network, chosen, ends.exits[0])
    network = replace(network, links=tuple(feed(network.links, source, ends.entries)))
    around = {
        key: replace(block, layers=(*block.layers, *names))
        if source in block.layers and not targets.isdisjoint(block.layers)
        else block
        for key, block in network.blocks.items()
    }
    network = with_room(replace(network, blocks=MappingProxyType(around)), names)
    return set_beside(network, next(iter(names))) if len(inside) == 1 else network


def _placed(network: Network, names: Collection[str], source: str, target: str) -> Network:
    """The layers a row below `source`, the highest of them in the column of `target`."""
    view = shown(network)
    cards = {view.card_of(name) for name in names}
    x, y = min((view.network[card].position for card in cards), key=lambda place: place[1])
    across = view.network[view.card_of(target)].position[0] - x
    down = view.network[view.card_of(source)].position[1] + ROW - y
    return move(
        network,
        {
            name: (network[name].position[0] + across, network[name].position[1] + down)
            for name in names
        },
    )
