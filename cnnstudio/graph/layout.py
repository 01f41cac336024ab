"""Automatic layout: rows by longest path, columns by chains, the main chain straight.

A layer's row is one below the lowest of its inputs. The network is cut into chains, longest first;
each chain keeps one column for all its rows, the nearest free one to the layer it leaves, so that
a residual block stays a straight line with its shortcut beside it. Links that jump over layers
need no column: the canvas runs them in a lane beside the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnstudio.graph.edits import COLUMN, ROW, move
from cnnstudio.graph.folding import TITLE_ROOM, Shown, frames, move_cards, shown
from cnnstudio.graph.network import Network

Names = Sequence[str]
_SET_ASIDE_ROWS = 8


def arrange(network: Network) -> Network:
    """Place every layer: the largest connected part first, the rest set aside at its right.

    A folded block takes the place of one layer; above an unfolded one there is room for its title.
    Deterministic, and linear in layers and links but for the search of free columns.
    """
    view = shown(network)
    cells = _all_cells(view.network)
    if not cells:
        return network
    extra = _title_rows(network, view, cells) if network.blocks else {}
    tops, level = [], 0.0
    for row in range(max(row for _, row in cells.values()) + 1):
        level += TITLE_ROOM * extra.get(row, 0)
        tops.append(level)
        level += ROW
    places = {}
    for card, (column, row) in cells.items():
        x, y = column * COLUMN, tops[row]
        left, top = view.network[card].position
        for name in view.layers_of(card):
            # Layers of a folded block keep their places among each other.
            old = network[name].position
            places[name] = (old[0] - left + x, old[1] - top + y)
    return move(network, places)


def _all_cells(network: Network) -> dict[str, tuple[int, int]]:
    """Column and row of each card."""
    parts = _parts(network)
    # Parts come largest first: those of one layer are at the end.
    several = max(1, sum(len(part) > 1 for part in parts))
    joined, alone = parts[:several], [part[0] for part in parts[several:]]
    cells: dict[str, tuple[int, int]] = {}
    left = 0
    for number, part in enumerate(joined):
        found = _cells(network, part)
        lowest = min(column for column, _ in found.values())
        # The first part keeps its main chain at the origin; the others stand right of all before.
        shift = 0 if number == 0 else left - lowest
        for name, (column, row) in found.items():
            cells[name] = (column + shift, row)
        left = max(column for column, _ in found.values()) + shift + 1
    for index, name in enumerate(alone):
        column, row = divmod(index, _SET_ASIDE_ROWS)
        cells[name] = (left + column, row)
    return cells


def _title_rows(
    network: Network, view: Shown, cells: Mapping[str, tuple[int, int]]
) -> dict[int, int]:
    """How many titles of unfolded blocks stand above each row, one inside the other."""
    extra: dict[int, int] = {}
    inside: dict[str, int] = {}
    for _, cards in frames(network, view):
        # The largest come first: those around a block are counted already.
        depth = inside.get(cards[0], 0) + 1
        inside.update(dict.fromkeys(cards, depth))
        top = min(cells[card][1] for card in cards)
        extra[top] = max(extra.get(top, 0), depth)
    return extra


def _parts(network: Network) -> list[list[str]]:
    """Connected parts, largest first, ties in drawing order; each in drawing order."""
    topology = network.topology
    part_of: dict[str, int] = {}
    count = 0
    for name in network.layers:
        if name in part_of:
            continue
        part_of[name] = count
        stack = [name]
        while stack:
            at = stack.pop()
            for other in (*topology.inputs[at], *topology.outputs[at]):
                if other not in part_of:
                    part_of[other] = count
                    stack.append(other)
        count += 1
    parts: list[list[str]] = [[] for _ in range(count)]
    for name in network.layers:
        parts[part_of[name]].append(name)
    return sorted(parts, key=len, reverse=True)


def _cells(network: Network, part: Names) -> dict[str, tuple[int, int]]:
    """Column and row of each layer of one connected part."""
    outputs = _forward_links(network, part)
    inputs: dict[str, list[str]] = {name: [] for name in outputs}
    for name, followers in outputs.items():
        for follower in followers:
            inputs[follower].append(name)
    order = list(outputs)
    rows = dict.fromkeys(order, 0)
    for name in order:
        for source in inputs[name]:
            rows[name] = max(rows[name], rows[source] + 1)
    below = dict.fromkeys(order, 0)
    for name in reversed(order):
        for follower in outputs[name]:
            below[name] = max(below[name], below[follower] + 1)
    for name in order:
        # A second Input stands just above what it feeds, not far up beside the first.
        if not inputs[name] and outputs[name]:
            rows[name] = max(rows[name], min(rows[follower] for follower in outputs[name]) - 1)
    columns = _columns(order, inputs, outputs, rows, below)
    return {name: (columns[name], rows[name]) for name in order}


def _forward_links(network: Network, part: Names) -> dict[str, list[str]]:
    """Followers of each layer, keys in an order all links go along: a cycle loses one link."""
    inside = set(part)
    order = [name for name in network.order if name in inside]
    sorted_ = set(order)
    # Layers on or behind a cycle, in drawing order.
    order += [name for name in part if name not in sorted_]
    index = {name: number for number, name in enumerate(order)}
    return {
        name: [
            other
            for other in dict.fromkeys(network.topology.outputs[name])
            if index[other] > index[name]
        ]
        for name in order
    }


def _columns(
    order: Names,
    inputs: Mapping[str, Names],
    outputs: Mapping[str, Names],
    rows: Mapping[str, int],
    below: Mapping[str, int],
) -> dict[str, int]:
    columns: dict[str, int] = {}
    taken: dict[int, list[tuple[int, int]]] = {}
    # The longest chain from the top first; then, from above to below, what branches off.
    heads = sorted(order, key=lambda name: (rows[name], -below[name]))
    heads.sort(key=lambda name: -below[name] if not inputs[name] else 0)
    for head in heads:
        if head in columns:
            continue
        chain = [head]
        while True:
            free = [name for name in outputs[chain[-1]] if name not in columns]
            if not free:
                break
            chain.append(max(free, key=lambda name: below[name]))
        joins = [rows[name] for name in outputs[chain[-1]] if name in columns]
        first, last = rows[head], max([rows[chain[-1]], *(row - 1 for row in joins)])
        near = [columns[name] for name in inputs[head] if name in columns]
        near = near or [columns[name] for name in outputs[chain[-1]] if name in columns]
        column = _free_column(taken, near[0] if near else 0, first, last)
        taken.setdefault(column, []).append((first, last))
        for name in chain:
            columns[name] = column
    return columns


def _free_column(
    taken: Mapping[int, Sequence[tuple[int, int]]], near: int, first: int, last: int
) -> int:
    """The free column nearest to `near` for rows first to last: itself, right, left, right …"""
    distance = 0
    while True:
        for column in (near + distance, near - distance):
            if all(last < start or end < first for start, end in taken.get(column, ())):
                return column
        distance += 1


def close_rows(before: Network, after: Network) -> Network:
    """`after` with what followed the removed layers moved up into the room they left.

    Nothing moves onto another layer, nor less than a row below a layer that feeds it.
    """
    old, view = shown(before), shown(after)
    cards = view.network
    removed = [card for card in old.network.layers if card not in cards]
    below: set[str] = set()
    stack = [card for gone in removed for card in old.network.outputs_of(gone) if card in cards]
    while stack:
        card = stack.pop()
        if card not in below:
            below.add(card)
            stack.extend(cards.outputs_of(card))
    rooms = [
        cards[card].position[1] - cards[source].position[1] - ROW
        for card in below
        for source in cards.inputs_of(card)
        if source not in below
    ]
    up = min([len(removed) * ROW, *rooms]) if rooms else 0.0
    up = up // ROW * ROW
    standing = {cards[card].position for card in cards.layers if card not in below}
    while up > 0:
        places = {(cards[card].position[0], cards[card].position[1] - up) for card in below}
        if standing.isdisjoint(places):
            return move_cards(after, view, below, -up)
        up -= ROW
    return after


def set_beside(network: Network, name: str) -> Network:
    """Move a layer that covers another one sideways, to the nearest free column."""
    x, y = network[name].position
    level = [
        layer.position[0]
        for layer in shown(network).network.layers.values()
        if layer.name != name and abs(layer.position[1] - y) < ROW - 1
    ]
    distance = 0
    while True:
        for place in (x + distance * COLUMN, x - distance * COLUMN):
            if all(abs(other - place) >= COLUMN / 2 for other in level):
                return network if place == x else move(network, {name: (place, y)})
        distance += 1
