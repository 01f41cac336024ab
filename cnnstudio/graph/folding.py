"""What is shown of a network with folded blocks: each is one card, and its layers are not seen.

Positions stay those of the layers. A folded block stands where its topmost layer is, in the column
of its lowest one, so that moving its layers moves the card. No other place has to remember it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.blocks import _with, ends_of, existing, feed
from cnnstudio.graph.edits import COLUMN, ROW, EditError, Position, connect, insert_on_link, move
from cnnstudio.graph.network import Block, Layer, Link, Network

# The type of the stand-in for a folded block; no layer of Keras is called so.
BLOCK_TYPE = "Block"
# Room for the title of an unfolded block above its layers.
TITLE_ROOM = 40.0
_NONE: Mapping[str, str] = MappingProxyType({})


def card_key(block: str) -> str:
    """The name of a folded block's card; no layer can be called so."""
    return f"[{block}]"


@dataclass(frozen=True)
class Shown:
    """What is seen of a network.

    Attributes:
        network: cards and links between them: the network itself where nothing is folded. A folded
            block is a `Layer` of type `BLOCK_TYPE` under its `card_key`, without a spec.
        folded: the blocks that are seen as one card, by its key.
        hidden: for each layer that is not seen, the key of the card it is behind.
        behind: the links of the network behind each link that ends at a folded block.
    """

    network: Network
    folded: Mapping[str, Block]
    hidden: Mapping[str, str]
    behind: Mapping[Link, tuple[Link, ...]]

    def card_of(self, layer: str) -> str:
        """The card that shows a layer: its own, or that of a folded block."""
        return self.hidden.get(layer, layer)

    def layers_of(self, card: str) -> tuple[str, ...]:
        """The layers behind a card."""
        block = self.folded.get(card)
        return block.layers if block else (card,)

    def links_of(self, link: Link) -> tuple[Link, ...]:
        """The links of the network behind a link that is seen."""
        return self.behind.get(link, (link,))


def folded_blocks(network: Network) -> dict[str, Block]:
    """The folded blocks that lie in no other folded one, by the key of their card."""
    found = [block for block in network.blocks.values() if block.folded]
    if len(found) > 1:
        # A larger block is never inside a smaller one.
        found.sort(key=lambda block: -len(block.layers))
    taken: set[str] = set()
    outermost: dict[str, Block] = {}
    for block in found:
        if block.layers[0] not in taken:
            taken.update(block.layers)
            outermost[card_key(block.name)] = block
    return outermost


def shown(network: Network) -> Shown:
    """What is seen of a network."""
    folded = folded_blocks(network)
    if not folded:
        return Shown(network, {}, _NONE, {})
    hidden = {name: key for key, block in folded.items() for name in block.layers}
    layers: dict[str, Layer] = {}
    for name, layer in network.layers.items():
        key = hidden.get(name)
        if key is None:
            layers[name] = layer
        elif key not in layers:
            place = place_of(network, folded[key].layers)
            layers[key] = Layer(key, BLOCK_TYPE, MappingProxyType({}), place)
    behind: dict[Link, list[Link]] = {}
    links: dict[Link, None] = {}
    for link in network.links:
        source, target = hidden.get(link.source), hidden.get(link.target)
        if source is None and target is None:
            links[link] = None
        elif source is None or source != target:
            seen = Link(source or link.source, target or link.target)
            behind.setdefault(seen, []).append(link)
            links[seen] = None
    return Shown(
        Network(MappingProxyType(layers), tuple(links)),
        folded,
        hidden,
        {link: tuple(found) for link, found in behind.items()},
    )


def place_of(network: Network, names: Iterable[str]) -> Position:
    """Where the card of these layers stands when they are folded."""
    places = [network[name].position for name in names]
    lowest = max(places, key=lambda place: place[1])
    return lowest[0], min(y for _, y in places)


def frames(network: Network, view: Shown) -> Iterator[tuple[Block, tuple[str, ...]]]:
    """The unfolded blocks that are seen, each with its cards, the largest first."""
    blocks = [block for block in network.blocks.values() if not block.folded]
    blocks.sort(key=lambda block: -len(block.layers))
    for block in blocks:
        cards = tuple(dict.fromkeys(view.card_of(name) for name in block.layers))
        if cards != (view.hidden.get(block.layers[0]),):
            yield block, cards


def height(network: Network, names: Collection[str]) -> float:
    """From the top of the highest card of these layers to the top of the lowest one."""
    view = shown(network)
    levels = [view.network[view.card_of(name)].position[1] for name in names]
    return max(levels) - min(levels)


def fold(network: Network, name: str, *, folded: bool = True) -> Network:
    """Fold or unfold a block; what follows it moves up into the room, or makes room."""
    block = existing(network, name)
    if block.folded == folded:
        return network
    unfolded = network if folded else _set(network, block, folded=False)
    tall = height(unfolded, block.layers)
    after = _set(network, block, folded=folded)
    view = shown(after if folded else network)
    key = view.card_of(block.layers[0])
    if view.folded.get(key, block).name != name:
        # Inside another folded block: nothing of it is seen.
        return after
    if folded:
        # The room for the title first, then that of the layers.
        after = _closed_up(after, view, key, TITLE_ROOM, with_card=True)
        return _closed_up(after, shown(after), key, tall)
    followers = view.network.outputs_of(key)
    if followers:
        bottom = view.network[key].position[1] + tall
        down = bottom + ROW - min(view.network[each].position[1] for each in followers)
        after = shift(after, view, {key}, down) if down > 0 else after
    # Blocks that follow have taken their titles' room from what has just been unfolded.
    after, below = (
        with_title(after, name),
        {name for key in followers for name in view.layers_of(key)},
    )
    for other in after.blocks.values():
        if not other.folded and not below.isdisjoint(other.layers):
            after = with_title(after, other.name)
    return after


def with_title(network: Network, name: str) -> Network:
    """Move an unfolded block down, with what follows, until its title has room above it."""
    block = existing(network, name)
    view = shown(network)
    cards = {view.card_of(layer) for layer in block.layers}
    if block.folded or len(cards) < 2:
        return network
    top = min(view.network[card].position[1] for card in cards)
    left, right = (bound(view.network[card].position[0] for card in cards) for bound in (min, max))
    above = [
        layer.position[1]
        for card, layer in view.network.layers.items()
        if card not in cards
        and left - COLUMN / 2 < layer.position[0] < right + COLUMN / 2
        and layer.position[1] < top
    ]
    # Blocks around it may begin with the same card.
    inside = set(block.layers)
    titles = sum(
        1
        for each, those in frames(network, view)
        if inside.issubset(each.layers)
        and min(view.network[card].position[1] for card in those) == top
    )
    down = max(above, default=-math.inf) + ROW + TITLE_ROOM * titles - top
    if down <= 0:
        return network
    return move_cards(network, view, cards | following(view, cards), down)


def fold_all(network: Network, *, folded: bool = True) -> Network:
    """Fold or unfold all blocks."""
    changed = _with(
        network, {name: replace(each, folded=folded) for name, each in network.blocks.items()}
    )
    names = [name for block in network.blocks.values() for name in block.layers]
    stacked = _stacked(network, changed) if len(names) == len(set(names)) else None
    if stacked is not None:
        return stacked
    # From the inside out, so that each is measured as it is seen.
    order = sorted(network.blocks.values(), key=lambda block: len(block.layers))
    for block in order if folded else reversed(order):
        network = fold(network, block.name, folded=folded)
    return network


def _stacked(before: Network, after: Network) -> Network | None:
    """`after`, whose blocks are folded otherwise, with each card as far below those that feed it.

    All at once, where one block after the other would take long. For blocks that do not lie inside
    each other; None if cards would come to lie on each other.
    """
    old, new = shown(before), shown(after)
    whole = shown(
        _with(after, {name: replace(each, folded=True) for name, each in after.blocks.items()})
    )
    moves: dict[str, float] = {}
    bottoms: dict[str, tuple[float, float]] = {}
    for unit in whole.network.order:
        names = whole.layers_of(unit)
        was, now = (
            [view.network[card].position[1] for card in {view.card_of(name) for name in names}]
            for view in (old, new)
        )
        feeders = [bottoms[source] for source in whole.network.inputs_of(unit)]
        moves[unit] = 0.0
        if feeders:
            lowest_was, lowest_now = max(feeders)
            gap = min(was) - lowest_was
            gap += TITLE_ROOM * ((len(now) > 1) - (len(was) > 1))
            top = max([lowest_now + max(gap, ROW), *(low + ROW for _, low in feeders)])
            moves[unit] = top - min(now)
        bottoms[unit] = (max(was), max(now) + moves[unit])
    if len(moves) < len(whole.network):
        return None
    stacked = move(
        after,
        {
            name: (after[name].position[0], after[name].position[1] + moves[unit])
            for unit in moves
            if moves[unit]
            for name in whole.layers_of(unit)
        },
    )
    columns: dict[float, list[float]] = {}
    for layer in shown(stacked).network.layers.values():
        columns.setdefault(layer.position[0], []).append(layer.position[1])
    for levels in columns.values():
        levels.sort()
        if any(low - high < ROW - 1 for high, low in pairwise(levels)):
            return None
    return stacked


def following(view: Shown, cards: Collection[str]) -> set[str]:
    """The cards that follow these along the links."""
    found: set[str] = set()
    stack = list(cards)
    while stack:
        for follower in view.network.outputs_of(stack.pop()):
            if follower not in found and follower not in cards:
                found.add(follower)
                stack.append(follower)
    return found


def shift(network: Network, view: Shown, cards: Collection[str], down: float) -> Network:
    """Move all that follows some cards down, as far as it is behind the cards of `view`."""
    return move_cards(network, view, following(view, cards), down)


def link_cards(network: Network, source: str, target: str) -> Network:
    """Link what two cards show: layers, or the exit and the entries of folded blocks.

    A block that something feeds gives up that link, as a layer with one input does.
    """
    view = shown(network)
    if source in view.folded:
        source = exit_of(network, view.folded[source])
    block = view.folded.get(target)
    if block is None:
        return connect(network, source, target)
    ends = ends_of(network, block.layers)
    if len(ends.sources) > 1:
        raise EditError(
            f"{block.name} is fed from {len(ends.sources)} places: unfold it and link its layers."
        )
    if not ends.entries:
        raise EditError(f"Nothing can be linked to {block.name}: it has no open input.")
    if source in ends.sources:
        raise EditError(f"{source} already feeds {block.name}.")
    if not ends.sources:
        return replace(network, links=tuple(feed(network.links, source, ends.entries)))
    old, inside = ends.sources[0], set(block.layers)
    return replace(
        network,
        links=tuple(
            Link(source, link.target) if link.source == old and link.target in inside else link
            for link in network.links
        ),
    )


def insert_layer(
    network: Network,
    links: Collection[Link],
    type_: str,
    *,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Network, str]:
    """Put a new layer between the ends of links that leave one layer, as they are seen.

    What is below moves down to make room. Returns the network and the new layer's name.
    """
    first, *rest = links
    view = shown(network)
    card = view.card_of(first.target)
    x, low = view.network[card].position
    above = view.card_of(first.source)
    y = view.network[above].position[1] + ROW
    if low - y < ROW:
        network = move_cards(network, view, {card, *following(view, {card})}, ROW - (low - y))
    network, name = insert_on_link(network, first, type_, (x, y), settings=settings)
    others = {link for link in rest if link.source == first.source}
    links = tuple(Link(name, link.target) if link in others else link for link in network.links)
    return replace(network, links=links), name


def exit_of(network: Network, block: Block) -> str:
    """The one layer of a block that links from its card begin at."""
    exits = ends_of(network, block.layers).exits
    if len(exits) != 1:
        raise EditError(
            f"{block.name} has {len(exits)} outputs ({', '.join(exits)}): unfold it and link the "
            "one that is meant."
            if exits
            else f"{block.name} has no output: its layers feed each other in a circle."
        )
    return exits[0]


def move_cards(network: Network, view: Shown, cards: Collection[str], down: float) -> Network:
    """Move cards down, with all layers behind them."""
    return move(
        network,
        {
            name: (network[name].position[0], network[name].position[1] + down)
            for card in cards
            for name in view.layers_of(card)
        },
    )


def _closed_up(
    network: Network, view: Shown, key: str, room: float, *, with_card: bool = False
) -> Network:
    """Move what follows a card up by at most `room`, onto nothing and behind what feeds it."""
    cards = view.network.layers
    below = following(view, {key}) | ({key} if with_card else set())
    rooms = [
        cards[card].position[1] - cards[source].position[1] - ROW
        for card in below
        for source in view.network.inputs_of(card)
        if source not in below
    ]
    up = min([room, *rooms]) if rooms else 0.0
    if up <= 0:
        return network
    standing = {layer.position for card, layer in cards.items() if card not in below}
    places = {(cards[card].position[0], cards[card].position[1] - up) for card in below}
    return move_cards(network, view, below, -up) if standing.isdisjoint(places) else network


def _set(network: Network, block: Block, *, folded: bool) -> Network:
    return _with(network, {**network.blocks, block.name: replace(block, folded=folded)})
