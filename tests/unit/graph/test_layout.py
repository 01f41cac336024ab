"""Automatic layout: nothing overlaps, links point down, chains stay straight."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.graph import edits
from cnnstudio.graph.layout import arrange, close_rows, set_beside
from cnnstudio.graph.network import Network


def chain(*types: str) -> Network:
    network = Network()
    last = None
    for type_ in types:
        network, name = edits.add_layer(network, type_)
        if last is not None:
            network = edits.connect(network, last, name)
        last = name
    return network


def residual(blocks: int) -> Network:
    network = chain("Input", "Conv2D")
    last = "conv2d_1"
    for _ in range(blocks):
        network, conv = edits.add_layer(network, "Conv2D")
        network, norm = edits.add_layer(network, "BatchNormalization")
        network, add = edits.add_layer(network, "Add")
        for source, target in ((last, conv), (conv, norm), (norm, add), (last, add)):
            network = edits.connect(network, source, target)
        last = add
    return network


def cells(network: Network) -> dict[str, tuple[float, float]]:
    return {name: layer.position for name, layer in network.layers.items()}


def test_a_chain_is_one_straight_column():
    network = arrange(chain("Input", "Conv2D", "ReLU", "Flatten", "Dense"))
    assert [layer.position for layer in network.layers.values()] == [
        (0.0, row * edits.ROW) for row in range(5)
    ]


def test_a_shortcut_leaves_the_main_chain_straight():
    network = arrange(residual(4))
    assert {x for x, _ in cells(network).values()} == {0.0}


def test_branches_stand_side_by_side_and_the_merge_below_all():
    network = chain("Input")
    network, join = edits.add_layer(network, "Concatenate")
    for length in (1, 2, 2, 3):
        last = "input"
        for _ in range(length):
            network, name = edits.add_layer(network, "Conv2D")
            network = edits.connect(network, last, name)
            last = name
        network = edits.connect(network, last, join)
    network = arrange(network)
    assert network[join].position == (0.0, 4 * edits.ROW)
    assert {network[name].position[0] for name in network.inputs_of(join)} == {
        column * edits.COLUMN for column in (-1, 0, 1, 2)
    }


def test_unconnected_layers_are_set_aside_at_the_right():
    network = chain("Input", "Conv2D", "ReLU")
    for _ in range(12):
        network, _name = edits.add_layer(network, "Dropout")
    network = arrange(network)
    aside = [network[f"dropout_{number}"].position for number in range(1, 13)]
    assert min(x for x, _ in aside) == edits.COLUMN
    assert len(set(aside)) == 12


def test_a_cycle_and_an_empty_network_can_be_arranged():
    assert arrange(Network()) == Network()
    network = chain("Conv2D", "ReLU", "Dropout")
    network = edits.connect(network, "dropout_1", "conv2d_1")
    network = arrange(network)
    assert len(set(cells(network).values())) == 3


def test_a_second_input_stands_above_what_it_feeds():
    network = residual(3)
    network, extra = edits.add_layer(network, "Input")
    network = edits.connect(network, extra, "add_3")
    network = arrange(network)
    assert network[extra].position[1] == network["add_3"].position[1] - edits.ROW


@st.composite
def graphs(draw: st.DrawFn) -> Network:
    network = Network()
    names: list[str] = []
    for _ in range(draw(st.integers(1, 25))):
        network, name = edits.add_layer(network, "Concatenate")
        for source in (
            draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else ()
        ):
            network = edits.connect(network, source, name)
        names.append(name)
    return network


@given(graphs())
def test_links_point_down_and_no_two_layers_share_a_place(network):
    arranged = arrange(network)
    places = cells(arranged)
    assert len(set(places.values())) == len(places)
    for source, target in arranged.links:
        assert places[source][1] < places[target][1]
    assert arrange(arranged) == arranged
    assert all(x % edits.COLUMN == 0 and y % edits.ROW == 0 for x, y in places.values())
    assert arranged.topology is network.topology


def test_a_thousand_scattered_layers_come_back_in_order():
    network = residual(333)
    chooser = random.Random(1)
    scattered = edits.move(
        network, {name: (chooser.random() * 900, chooser.random() * 900) for name in network.layers}
    )
    assert cells(arrange(scattered)) == cells(arrange(network))
    assert len(set(cells(arrange(network)).values())) == len(network)


def test_rows_close_after_a_removal_as_far_as_they_can():
    network = arrange(chain("Input", "Conv2D", "ReLU", "Flatten", "Dense"))
    after = edits.remove_layers(network, ["conv2d_1", "relu_1"])
    closed = close_rows(network, after)
    assert closed["flatten_1"].position == (0.0, edits.ROW)
    assert closed["dense_1"].position == (0.0, 2 * edits.ROW)
    # A layer that another one feeds from further down stays below it.
    network = arrange(residual(1))
    after = edits.remove_layers(network, ["batch_normalization_1"])
    closed = close_rows(network, after)
    assert closed["add_1"].position[1] == closed["conv2d_2"].position[1] + edits.ROW
    # Where another layer stands nothing moves.
    network = arrange(chain("Input", "Conv2D", "ReLU"))
    network, _ = edits.add_layer(network, "Dropout", (0.0, edits.ROW))
    after = edits.remove_layers(network, ["conv2d_1"])
    assert close_rows(network, after) is after


def test_a_layer_that_covers_another_is_set_beside_it():
    network = arrange(chain("Input", "Conv2D"))
    network, name = edits.add_layer(network, "Dropout", (0.0, edits.ROW))
    assert set_beside(network, name)[name].position == (edits.COLUMN, edits.ROW)
    network, name = edits.add_layer(network, "Dropout", (0.0, 5 * edits.ROW))
    assert set_beside(network, name) is network
