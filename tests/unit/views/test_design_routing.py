"""Links: where they run, and that they run through nothing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.graph import edits
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Link, Network
from cnnstudio.views.design.metrics import CARD_HEIGHT, CARD_WIDTH, OBSTACLE_WIDTH
from cnnstudio.views.design.routing import Router


def build(links, count):
    """Concatenates c1 … cN with these links between their numbers, laid out."""
    network = Network()
    for _ in range(count):
        network, _ = edits.add_layer(network, "Concatenate")
    for source, target in links:
        network = edits.connect(network, f"concatenate_{source}", f"concatenate_{target}")
    return arrange(network)


def routes(network):
    router = Router()
    router.update(network)
    return router.routes


def crossings(network, route, ends):
    """Layers whose card or figures a route runs through."""
    found = set()
    for (x1, y1), (x2, y2) in pairwise(route):
        left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        for name, layer in network.layers.items():
            x, y = layer.position
            wide = CARD_WIDTH if name in ends else OBSTACLE_WIDTH
            if left < x + wide and right > x and top < y + CARD_HEIGHT and bottom > y:
                found.add(name)
    return found


def test_neighbours_are_joined_by_a_straight_line():
    network = build([(1, 2)], 2)
    ((_, route),) = routes(network).items()
    assert route == ((100.0, 52.0), (100.0, 80.0))


def test_a_shortcut_runs_in_a_lane_left_of_the_column():
    network = build([(1, 2), (2, 3), (3, 4), (1, 4)], 4)
    route = routes(network)[Link("concatenate_1", "concatenate_4")]
    assert min(x for x, _ in route) < 0
    assert crossings(network, route, ()) == set()


def test_nested_shortcuts_have_lanes_of_their_own():
    links = [(n, n + 1) for n in range(1, 6)] + [(1, 6), (2, 5), (1, 4)]
    network = build(links, 6)
    found = routes(network)
    lanes = [found[Link(f"concatenate_{a}", f"concatenate_{b}")][2][0] for a, b in links[5:]]
    assert len(set(lanes)) == 3


def test_a_branch_turns_in_the_gap_between_the_rows():
    network = build([(1, 2), (2, 4), (1, 3), (3, 4)], 4)
    for link, route in routes(network).items():
        assert crossings(network, route, link) == set()


def test_a_link_upwards_goes_around():
    network = build([(1, 2), (2, 3)], 3)
    network = edits.move(network, {"concatenate_3": (0.0, -400.0)})
    route = routes(network)[Link("concatenate_2", "concatenate_3")]
    assert crossings(network, route, ()) == set()


def test_only_what_must_be_is_routed_again():
    network = build([(n, n + 1) for n in range(1, 40)], 40)
    router = Router()
    assert len(router.update(network)) == 39
    assert router.update(network) == set()
    assert router.update(edits.set_setting(network, "concatenate_3", "axis", 1)) == set()
    x, y = network["concatenate_20"].position
    moved = edits.move(network, {"concatenate_20": (x + 40, y)})
    assert router.update(moved) == {
        Link("concatenate_19", "concatenate_20"),
        Link("concatenate_20", "concatenate_21"),
    }


@st.composite
def graphs(draw):
    count = draw(st.integers(2, 14))
    pairs = [(a, b) for a in range(1, count + 1) for b in range(a + 1, count + 1)]
    return build(draw(st.lists(st.sampled_from(pairs), unique=True, max_size=16)), count)


@given(graphs())
def test_routes_of_arranged_networks_cross_nothing(network):
    for link, route in routes(network).items():
        assert crossings(network, route, link) == set()
        assert route[0] == (
            network[link.source].position[0] + CARD_WIDTH / 2,
            network[link.source].position[1] + CARD_HEIGHT,
        )
        assert all(x1 == x2 or y1 == y2 for (x1, y1), (x2, y2) in pairwise(route))


@given(graphs(), st.data())
def test_routes_after_edits_join_the_right_ports(network, data):
    router = Router()
    router.update(network)
    for _ in range(3):
        name = data.draw(st.sampled_from(sorted(network.layers)))
        if data.draw(st.booleans()) and len(network) > 2:
            network = edits.remove_layers(network, [name])
        else:
            place = data.draw(st.tuples(st.integers(-900, 900), st.integers(-900, 900)))
            network = edits.move(network, {name: place})
        router.update(network)
        assert router.routes.keys() == set(network.links)
        for link, route in router.routes.items():
            source, target = network[link.source].position, network[link.target].position
            assert route[0] == (source[0] + CARD_WIDTH / 2, source[1] + CARD_HEIGHT)
            assert route[-1] == (target[0] + CARD_WIDTH / 2, target[1])


@given(st.integers(1, 39), st.lists(st.integers(1, 36), unique=True, max_size=5))
def test_routes_that_moved_along_are_what_a_fresh_router_finds(place, skips):
    network = build(
        [(n, n + 1) for n in range(1, 40)] + [(n, n + 3) for n in skips],
        40,
    )
    router = Router()
    router.update(network)
    for _ in range(2):
        network, _name = edits.insert_after(network, f"concatenate_{place}", "ReLU")
        router.update(network)
    for link, route in routes(network).items():
        assert crossings(network, router.routes[link], link) == set()
        assert len(router.routes[link]) == len(route)
        assert router.routes[link][0] == route[0]
        assert router.routes[link][-1] == route[-1]
