"""Where links run: straight down, over the gap between rows, or in a lane beside the column.

Corners are right angles here; the link item rounds them. Links are never led through a card or its
figures when there is a way around. No Qt: points are pairs of numbers in canvas units.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from cnnstudio.graph.network import Link, Network
from cnnstudio.views.design.metrics import (
    CARD_HEIGHT,
    CARD_WIDTH,
    LANE,
    LEAD,
    OBSTACLE_WIDTH,
    input_port,
    output_port,
)

Point = tuple[float, float]
Route = tuple[Point, ...]

_BUCKET = 200.0
# A route through a card costs more than any detour.
_CROSSING = 100_000.0
_TRIES = 12
# So many layers that move alike are worth treating as one.
_BLOCK = 8


class Obstacles:
    """Cards with their figures, found by place."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[tuple[float, float, str]]] = {}

    def add(self, name: str, position: Point) -> None:
        for bucket in self._span(position[0]):
            insort(self._buckets.setdefault(bucket, []), (position[1], position[0], name))

    def remove(self, name: str, position: Point) -> None:
        for bucket in self._span(position[0]):
            entries = self._buckets[bucket]
            del entries[bisect_left(entries, (position[1], position[0], name))]

    def shift(self, names: set[str], down: float) -> None:
        """Move many obstacles down at once."""
        for entries in self._buckets.values():
            entries[:] = [
                (y + down, x, name) if name in names else (y, x, name) for y, x, name in entries
            ]
            entries.sort()

    def on_vertical(self, x: float, top: float, bottom: float) -> Iterator[tuple[float, str]]:
        """Left edge and name of each obstacle on the line, from above to below."""
        entries = self._buckets.get(int(x // _BUCKET), [])
        for index in range(bisect_left(entries, (top - CARD_HEIGHT,)), len(entries)):
            y, left, name = entries[index]
            if y >= bottom:
                return
            if y + CARD_HEIGHT > top and left - 4 < x < left + OBSTACLE_WIDTH:
                yield left, name

    def on_horizontal(self, y: float, left: float, right: float) -> Iterator[str]:
        """Names of the obstacles on the line."""
        for bucket in range(int(left // _BUCKET), int(right // _BUCKET) + 1):
            entries = self._buckets.get(bucket, [])
            start = bisect_left(entries, (y - CARD_HEIGHT,))
            for index in range(start, len(entries)):
                top, start_x, name = entries[index]
                if top >= y:
                    break
                if top + CARD_HEIGHT > y and start_x < right and start_x + OBSTACLE_WIDTH > left:
                    yield name

    @staticmethod
    def _span(x: float) -> range:
        return range(int((x - 4) // _BUCKET), int((x + OBSTACLE_WIDTH) // _BUCKET) + 1)


class Lanes:
    """Vertical runs in use, so that two links do not lie on each other."""

    def __init__(self) -> None:
        self._runs: dict[int, dict[Link, tuple[float, float]]] = {}

    def free(self, x: float, top: float, bottom: float) -> bool:
        near = range(round(x - LANE) + 1, round(x + LANE))
        return all(
            bottom <= start or end <= top
            for at in near
            for start, end in self._runs.get(at, {}).values()
        )

    def take(self, link: Link, route: Route) -> None:
        # Only the long vertical of a bracket: six points, of which two are in the lane.
        if len(route) == 6:
            (x, start), (_, end) = route[2], route[3]
            self._runs.setdefault(round(x), {})[link] = (min(start, end), max(start, end))

    def release(self, link: Link, route: Route) -> None:
        if len(route) == 6:
            self._runs.get(round(route[2][0]), {}).pop(link, None)


class Router:
    """Routes of all links, kept from one network to the next; only what must be is routed again."""

    def __init__(self) -> None:
        self.routes: dict[Link, Route] = {}
        # Links whose route the last update only shifted as a whole.
        self.shifted: set[Link] = set()
        self._places: dict[str, Point] = {}
        self._obstacles = Obstacles()
        self._lanes = Lanes()

    def update(self, network: Network) -> set[Link]:
        """Route `network`; return the links whose route is new or another."""
        places = {name: layer.position for name, layer in network.layers.items()}
        moved = [
            name
            for name in {**self._places, **places}
            if self._places.get(name) != places.get(name)
        ]
        links = set(network.links)
        self.shifted = set()
        if not moved and links == self.routes.keys():
            return set()
        block, down = self._block(moved, places)
        if block:
            self._obstacles.shift(block, down)
        for name in moved:
            if name in block:
                continue
            if name in self._places:
                self._obstacles.remove(name, self._places[name])
            if name in places:
                self._obstacles.add(name, places[name])
        stale = self._touched(moved, places)
        for link in [link for link in self.routes if link not in links]:
            self._lanes.release(link, self.routes.pop(link))
        self.shifted = shifted = self._shifted(block, down, places) if block else set()
        stale -= shifted
        self._places = places
        again = [link for link in network.links if link in stale or link not in self.routes]
        before = {link: self.routes[link] for link in again if link in self.routes}
        for link, route in before.items():
            self._lanes.release(link, route)
        # Short links first: they get the lanes next to the cards.
        again.sort(key=lambda link: abs(places[link.target][1] - places[link.source][1]))
        for link in again:
            route = self._route(link, network)
            self._lanes.take(link, route)
            self.routes[link] = route
        return shifted | {link for link in again if before.get(link) != self.routes[link]}

    def _block(self, moved: list[str], places: Mapping[str, Point]) -> tuple[set[str], float]:
        """The layers that move down or up together, as when one is inserted above them."""
        by: dict[float, set[str]] = {}
        for name in moved:
            if name in self._places and name in places:
                (x1, y1), (x2, y2) = self._places[name], places[name]
                if x1 == x2:
                    by.setdefault(y2 - y1, set()).add(name)
        down, block = max(by.items(), key=lambda pair: len(pair[1]), default=(0.0, set()))
        return (block, down) if len(block) >= _BLOCK else (set(), 0.0)

    def _shifted(self, block: set[str], down: float, places: Mapping[str, Point]) -> set[Link]:
        """Move links within the block along with it, where nothing else stands at their height."""
        others = [y for name, (_, y) in places.items() if name not in block]
        highest = min(others, default=float("inf"))
        lowest = max(others, default=float("-inf")) + CARD_HEIGHT
        shifted = set()
        for link, route in self.routes.items():
            if link.source in block and link.target in block:
                top, bottom = _heights(route)
                if top + down > lowest or bottom + down < highest:
                    self._lanes.release(link, route)
                    shifted.add(link)
        for link in shifted:
            self.routes[link] = tuple([(x, y + down) for x, y in self.routes[link]])
            self._lanes.take(link, self.routes[link])
        return shifted

    def _touched(self, moved: Iterable[str], places: Mapping[str, Point]) -> set[Link]:
        """Links at moved layers, and links near where a layer left or came."""
        names = set(moved)
        if not names:
            return set()
        spots = [
            place for name in names for place in (self._places.get(name), places.get(name)) if place
        ]
        left = min(x for x, _ in spots) - LANE
        right = max(x for x, _ in spots) + OBSTACLE_WIDTH + LANE
        top = min(y for _, y in spots) - LANE
        bottom = max(y for _, y in spots) + CARD_HEIGHT + LANE
        touched = set()
        for link, route in self.routes.items():
            if link.source in names or link.target in names:
                touched.add(link)
                continue
            highest, lowest = _heights(route)
            if lowest > top and highest < bottom:
                xs = [x for x, _ in route]
                if max(xs) > left and min(xs) < right:
                    touched.add(link)
        return touched

    def _route(self, link: Link, network: Network) -> Route:
        start = output_port(self._places[link.source])
        end = input_port(self._places[link.target])
        several = len(network.inputs_of(link.target)) > 1
        candidates = list(_direct(start, end, prefer_end=several))
        costs = [self._cost(link, route) for route in candidates]
        if not candidates or min(costs) >= _CROSSING:
            for step in (-1, 1):
                route = self._bracket(start, end, step)
                candidates.append(route)
                # A lane at the left is the rule: figures stand at the right.
                costs.append(self._cost(link, route) + (150 if step > 0 else 0))
        return candidates[costs.index(min(costs))]

    def _cost(self, link: Link, route: Route) -> float:
        cost = 4.0 * len(route)
        last = len(route) - 2
        for index, ((x1, y1), (x2, y2)) in enumerate(pairwise(route)):
            cost += abs(x2 - x1) + abs(y2 - y1)
            if x1 == x2:
                top, bottom = min(y1, y2), max(y1, y2)
                # A port lies on the edge of its own card.
                top, bottom = top + (index in (0, last)), bottom - (index in (0, last))
                hits = sum(1 for _ in self._obstacles.on_vertical(x1, top, bottom))
            else:
                hits = len(set(self._obstacles.on_horizontal(y1, min(x1, x2), max(x1, x2))))
            cost += hits * _CROSSING
        return cost

    def _bracket(self, start: Point, end: Point, step: int) -> Route:
        """Out of the gap below the source, along a lane, into the gap above the target."""
        leave, arrive = start[1] + LEAD, end[1] - LEAD
        top, bottom = min(leave, arrive), max(leave, arrive)
        if step < 0:
            x = min(start[0], end[0]) - CARD_WIDTH / 2 - 12
        else:
            x = max(start[0], end[0]) - CARD_WIDTH / 2 + OBSTACLE_WIDTH + 4
        for _ in range(_TRIES):
            hit = [left for left, _ in self._obstacles.on_vertical(x, top, bottom)]
            if hit:
                x = min(hit) - 12 if step < 0 else max(hit) + OBSTACLE_WIDTH + 4
            elif not self._lanes.free(x, top, bottom):
                x += step * LANE
            else:
                break
        return (start, (start[0], leave), (x, leave), (x, arrive), (end[0], arrive), end)


def _heights(route: Route) -> tuple[float, float]:
    """The top and the bottom of a route; one that leads down begins and ends there."""
    top, bottom = route[0][1], route[-1][1]
    if bottom < top:
        levels = [y for _, y in route]
        return min(levels), max(levels)
    return top, bottom


def _direct(start: Point, end: Point, *, prefer_end: bool) -> Iterator[Route]:
    if end[1] < start[1] + 4:
        return
    if abs(start[0] - end[0]) < 0.5:
        yield (start, end)
        return
    lead = min(LEAD, (end[1] - start[1]) / 2)
    turns = (end[1] - lead, start[1] + lead)
    for y in turns if prefer_end else reversed(turns):
        yield (start, (start[0], y), (end[0], y), end)
