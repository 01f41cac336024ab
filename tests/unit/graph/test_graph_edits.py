"""Edits keep a network sound, never change the one given, and refuse what makes no sense."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import edited, networks

from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import COLUMN, ROW, EditError
from cnnstudio.graph.network import Layer, Link, Network, Topology
from cnnstudio.graph.spec import Arity

QUIET = {
    "deadline": None,
    "derandomize": True,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def chain(*types) -> Network:
    network, before = Network(), None
    for row, type_ in enumerate(types):
        network, name = edits.add_layer(network, type_, (0.0, row * ROW))
        if before is not None:
            network = edits.connect(network, before, name)
        before = name
    return network


def links(network: Network) -> list[tuple[str, str]]:
    return [tuple(link) for link in network.links]


def assert_sound(network: Network) -> None:
    for name, layer in network.layers.items():
        assert layer.name == name
        assert edits.NAME.fullmatch(name)
        assert set(layer.settings) == {field.name for field in layer.spec.fields}
        for field in layer.spec.fields:
            assert field.check(layer.settings[field.name]) == layer.settings[field.name]
        if layer.shares is not None:
            owner = network[layer.shares]
            assert owner.shares is None
            assert owner.type == layer.type
            assert owner.settings is layer.settings
            assert layer.spec.weighted
        into = network.inputs_of(name)
        if layer.spec.arity is Arity.NONE:
            assert into == ()
        if layer.spec.arity is Arity.ONE:
            assert len(into) <= 1
    for link in network.links:
        assert link.source in network
        assert link.target in network
        assert link.source != link.target
    assert len(set(network.links)) == len(network.links)
    fresh = Topology(tuple(network.layers), network.links)
    assert vars(network.topology) == vars(fresh)
    assert network.sharing == Network(network.layers, network.links).sharing
    assert_sorted(network)


def assert_sorted(network: Network) -> None:
    place = {name: index for index, name in enumerate(network.order)}
    for source, target in network.links:
        if target in place:
            assert place[source] < place[target]
    assert bool(network.topology.cyclic) == (len(network.order) < len(network))


@given(st.data(), networks(most=6))
@settings(max_examples=150, **QUIET)
def test_any_edits_keep_a_network_sound(data, network):
    assert_sound(network)
    for _ in range(data.draw(st.integers(1, 6))):
        layers, old_links = dict(network.layers), network.links
        after = data.draw(edited(network))
        assert dict(network.layers) == layers
        assert network.links == old_links
        assert_sound(after)
        network = after


@given(st.data(), networks(most=8))
@settings(max_examples=80, **QUIET)
def test_removing_with_the_gap_closed_keeps_what_was_fed(data, network):
    name = data.draw(st.sampled_from(sorted(network.layers)))
    into = network.inputs_of(name)
    after = edits.remove_layers(network, [name])
    for follower in network.outputs_of(name):
        if into:
            assert after.inputs_of(follower)
    others = [link for link in network.links if name not in link]
    assert [link for link in after.links if link in set(others)] == others


def test_names_are_made_from_the_type():
    network = chain("Input", "Conv2D", "Conv2D", "Dense")
    assert list(network.layers) == ["input", "conv2d_1", "conv2d_2", "dense_1"]
    network, name = edits.add_layer(network, "Input")
    assert name == "input_1"


def test_a_gap_is_closed():
    network = edits.remove_layers(chain("Input", "Conv2D", "ReLU", "Flatten"), ["conv2d_1"])
    assert links(network) == [("input", "relu_1"), ("relu_1", "flatten_1")]
    network = edits.remove_layers(
        chain("Input", "Conv2D", "ReLU", "Flatten"), {"relu_1", "conv2d_1"}
    )
    assert links(network) == [("input", "flatten_1")]


def test_a_gap_may_stay_open():
    network = chain("Input", "Conv2D", "ReLU")
    assert links(edits.remove_layers(network, ["conv2d_1"], close_gap=False)) == []


def test_a_removed_merge_leaves_its_first_input():
    network = chain("Input", "Conv2D", "Add", "ReLU")
    network = edits.connect(network, "input", "add_1")
    network = edits.remove_layers(network, ["add_1"])
    assert links(network) == [("input", "conv2d_1"), ("conv2d_1", "relu_1")]


def test_a_merge_takes_over_all_inputs_in_their_place():
    network = chain("Input", "Conv2D", "Add", "Concatenate")
    network = edits.connect(network, "input", "add_1")
    network, other = edits.add_layer(network, "Conv2D")
    network = edits.connect(network, "input", other)
    network = edits.connect(network, other, "concatenate_1")
    network = edits.remove_layers(network, ["add_1"])
    assert network.inputs_of("concatenate_1") == ("conv2d_1", "input", "conv2d_2")


def test_a_bypassed_layer_is_not_linked_twice():
    network = chain("Input", "Conv2D", "Add")
    network = edits.connect(network, "input", "add_1")
    network = edits.remove_layers(network, ["conv2d_1"])
    assert links(network) == [("input", "add_1")]


def test_removing_leaves_the_double_links_of_others():
    network = chain("Input", "ReLU", "Add", "Flatten")
    double = Network(network.layers, (*network.links, Link("relu_1", "add_1")))
    after = edits.remove_layers(double, ["flatten_1"])
    assert after.inputs_of("add_1") == ("relu_1", "relu_1")


def test_connecting_replaces_the_one_input():
    network, name = edits.add_layer(chain("Input", "Conv2D", "ReLU"), "Softmax")
    network = edits.connect(network, "input", name)
    network = edits.connect(network, name, "relu_1")
    assert network.inputs_of("relu_1") == (name,)


def test_inserting_on_a_link_makes_room_below():
    network = chain("Input", "Conv2D", "Flatten", "Dense")
    network, name = edits.insert_on_link(network, Link("conv2d_1", "flatten_1"), "ReLU")
    assert network.order == ("input", "conv2d_1", "relu_1", "flatten_1", "dense_1")
    ys = [network[layer].position[1] for layer in network.order]
    assert ys == [row * ROW for row in range(5)]
    assert name == "relu_1"


def test_inserting_keeps_the_order_of_a_merge():
    network = chain("Input", "Conv2D", "Concatenate")
    network = edits.connect(network, "input", "concatenate_1")
    network, _ = edits.insert_on_link(network, Link("conv2d_1", "concatenate_1"), "ReLU")
    assert network.inputs_of("concatenate_1") == ("relu_1", "input")


def test_inserting_after_takes_over_all_that_was_fed():
    network = chain("Input", "Conv2D", "Add")
    network = edits.connect(network, "input", "add_1")
    network, name = edits.insert_after(network, "input", "Rescaling")
    assert network.inputs_of("conv2d_1") == (name,)
    assert set(network.inputs_of("add_1")) == {"conv2d_1", name}
    assert network.inputs_of(name) == ("input",)


def test_inserting_before_a_layer_without_input():
    network, name = edits.add_layer(Network(), "Conv2D")
    network, new = edits.insert_before(network, name, "Input")
    assert links(network) == [(new, name)]


def test_renaming_keeps_links_and_order():
    network = edits.rename(chain("Input", "Conv2D", "ReLU"), "conv2d_1", "first")
    assert list(network.layers) == ["input", "first", "relu_1"]
    assert links(network) == [("input", "first"), ("first", "relu_1")]
    assert edits.rename(network, "first", "first") is network


def test_moving_and_setting_share_the_topology():
    network = chain("Input", "Conv2D")
    assert edits.move(network, {"input": (COLUMN, 1)}).topology is network.topology
    changed = edits.set_setting(network, "conv2d_1", "filters", 8)
    assert changed.topology is network.topology
    assert changed["input"] is network["input"]
    assert changed["conv2d_1"]["filters"] == 8


def test_copies_keep_their_links_and_settings():
    network = edits.set_setting(chain("Input", "Conv2D", "ReLU"), "conv2d_1", "filters", 5)
    fragment = edits.copy(network, ["relu_1", "conv2d_1"])
    network, names = edits.paste(network, fragment, (COLUMN, 0.0))
    assert names == ("conv2d_2", "relu_2")
    assert ("conv2d_2", "relu_2") in links(network)
    assert network["conv2d_2"]["filters"] == 5
    assert network["conv2d_2"].position == (COLUMN, ROW)


BASE = chain("Input", "Conv2D", "Flatten")
MISTAKES = {
    "no such type": (lambda: edits.add_layer(BASE, "Conv3D"), "no layer type 'Conv3D'"),
    "name taken": (lambda: edits.add_layer(BASE, "ReLU", name="input"), "already a layer"),
    "bad name": (lambda: edits.rename(BASE, "input", "a b"), "cannot be a layer's name"),
    "rename to taken": (lambda: edits.rename(BASE, "input", "conv2d_1"), "already a layer"),
    "no such layer": (lambda: edits.remove_layers(BASE, ["x"]), "no layer called x"),
    "insert before none": (lambda: edits.insert_before(BASE, "x", "ReLU"), "no layer called x"),
    "insert after none": (lambda: edits.insert_after(BASE, "x", "ReLU"), "no layer called x"),
    "no such setting": (
        lambda: edits.set_setting(BASE, "conv2d_1", "units", 3),
        "conv2d_1 (Conv2D) has no setting 'units'; it has filters",
    ),
    "bad value": (
        lambda: edits.set_setting(BASE, "conv2d_1", "filters", 0),
        "conv2d_1: filters must be at least 1",
    ),
    "feeds itself": (lambda: edits.connect(BASE, "conv2d_1", "conv2d_1"), "cannot feed itself"),
    "feeds an Input": (lambda: edits.connect(BASE, "conv2d_1", "input"), "is an Input"),
    "feeds twice": (lambda: edits.connect(BASE, "input", "conv2d_1"), "already feeds"),
    "no such link": (lambda: edits.disconnect(BASE, "input", "flatten_1"), "does not feed"),
    "insert on no link": (
        lambda: edits.insert_on_link(BASE, Link("input", "flatten_1"), "ReLU"),
        "does not feed",
    ),
    "insert an Input": (
        lambda: edits.insert_on_link(BASE, Link("input", "conv2d_1"), "Input"),
        "cannot stand between",
    ),
    "move nothing": (lambda: edits.move(BASE, {"x": (0, 0)}), "no layer called x"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_explained(mistake):
    edit, words = MISTAKES[mistake]
    with pytest.raises(EditError) as caught:
        edit()
    assert words in caught.value.message
    assert caught.value.message.endswith(".")


def test_topology_of_a_circle():
    layers = chain("Input", "Conv2D", "Add", "ReLU", "Flatten").layers
    circle = [
        Link("input", "conv2d_1"),
        Link("conv2d_1", "add_1"),
        Link("add_1", "relu_1"),
        Link("relu_1", "add_1"),
        Link("relu_1", "flatten_1"),
    ]
    network = Network(layers, tuple(circle))
    assert network.order == ("input", "conv2d_1")
    assert network.topology.cyclic == {"add_1", "relu_1"}
    assert network.sources == ("input",)
    assert network.sinks == ("flatten_1",)


def test_a_layer_on_a_path_between_two_circles_is_on_none():
    layers = {
        name: Layer(name, "Add", CATALOGUE["Add"].defaults) for name in ("a", "b", "c", "d", "e")
    }
    pairs = ["ab", "ba", "bc", "cd", "de", "ed"]
    network = Network(layers, tuple(Link(*pair) for pair in pairs))
    assert network.topology.cyclic == {"a", "b", "d", "e"}


def test_networks_are_equal_by_content():
    assert chain("Input", "Conv2D") == chain("Input", "Conv2D")
    assert chain("Input", "Conv2D") != edits.move(chain("Input", "Conv2D"), {"input": (1, 1)})
    assert hash(chain("Input", "Conv2D")) == hash(chain("Input", "Conv2D"))
    assert Network() != "network"
