"""Layers that are there already, put between two others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import networks

from cnnstudio.graph import edits
from cnnstudio.graph.between import fits_between, put_between
from cnnstudio.graph.blocks import blocks_within, can_take, check_block, make_block, put_in
from cnnstudio.graph.edits import ROW, EditError
from cnnstudio.graph.network import Link, Network


def chain(*types):
    network, last = Network(), None
    for number, type_ in enumerate(types):
        network, name = edits.add_layer(network, type_, (0.0, number * ROW))
        if last is not None:
            network = edits.connect(network, last, name)
        last = name
    return network


@pytest.fixture
def network():
    """Input, two convolutions, and beside them a chain of two that nothing is linked to."""
    network = chain("Input", "Conv2D", "Conv2D")
    network, _ = edits.add_layer(network, "ReLU", (400.0, 0.0))
    network, _ = edits.add_layer(network, "Dropout", (400.0, ROW))
    return edits.connect(network, "relu_1", "dropout_1")


def test_a_chain_is_put_on_a_link_and_what_is_below_makes_room(network):
    names = ("relu_1", "dropout_1")
    assert fits_between(network, names)
    after = put_between(network, names, [Link("conv2d_1", "conv2d_2")])
    assert after.order == ("input", "conv2d_1", "relu_1", "dropout_1", "conv2d_2")
    assert [after[name].position for name in after.order] == [(0.0, ROW * row) for row in range(5)]
    assert network["relu_1"].position == (400.0, 0.0)


def test_what_is_linked_elsewhere_or_an_input_does_not_fit(network):
    assert not fits_between(network, ["relu_1"])
    assert not fits_between(network, ["conv2d_2"])
    assert not fits_between(network, [])
    alone = edits.disconnect(network, "input", "conv2d_1")
    assert not fits_between(alone, ["input"])
    with pytest.raises(EditError, match="one way in"):
        put_between(network, ["conv2d_2"], [Link("input", "conv2d_1")])
    with pytest.raises(EditError, match="no place"):
        put_between(network, ["relu_1", "dropout_1"], [Link("relu_1", "dropout_1")])


def test_a_merge_keeps_the_order_of_its_inputs(network):
    network, _ = edits.add_layer(network, "Concatenate", (0.0, 3 * ROW))
    for source in ("conv2d_1", "conv2d_2"):
        network = edits.connect(network, source, "concatenate_1")
    after = put_between(network, ["relu_1", "dropout_1"], [Link("conv2d_1", "concatenate_1")])
    assert after.inputs_of("concatenate_1") == ("dropout_1", "conv2d_2")


def test_it_joins_the_block_the_link_runs_in_and_leaves_its_own(network):
    network, _ = make_block(network, ["conv2d_1", "conv2d_2"], "stage")
    network = edits.disconnect(network, "relu_1", "dropout_1")
    network, _ = make_block(network, ["relu_1", "dropout_1"], "other")
    after = put_between(network, ["relu_1"], [Link("conv2d_1", "conv2d_2")])
    assert set(after.blocks["stage"].layers) == {"conv2d_1", "conv2d_2", "relu_1"}
    assert "other" not in after.blocks


def test_a_block_goes_as_a_whole(network):
    network, _ = make_block(network, ["relu_1", "dropout_1"], "tail")
    after = put_between(network, ["relu_1", "dropout_1"], [Link("input", "conv2d_1")])
    assert after.blocks["tail"].layers == ("relu_1", "dropout_1")
    assert after.order == ("input", "relu_1", "dropout_1", "conv2d_1", "conv2d_2")


@given(st.data())
def test_a_block_that_can_take_layers_takes_them_and_no_other(data):
    network = data.draw(networks())
    for number in range(data.draw(st.integers(1, 3))):
        names = data.draw(st.sets(st.sampled_from(sorted(network.layers)), min_size=2))
        try:
            network, _ = make_block(network, names, f"block {number}")
        except EditError:
            continue
    names = data.draw(st.sets(st.sampled_from(sorted(network.layers)), min_size=1))
    for name in network.blocks:
        try:
            after = put_in(network, name, names)
        except EditError:
            assert not can_take(network, name, names)
            continue
        assert can_take(network, name, names) == (after.blocks != network.blocks)
        for key, block in after.blocks.items():
            check_block(after, block, {k: b for k, b in after.blocks.items() if k != key})
    assert blocks_within(network, network.layers) or not network.blocks
