"""Warnings about what learns badly in the middle of a network, and layers that are frozen."""

from __future__ import annotations

import pytest

from cnnstudio.analysis import analyse, explain
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS


def chain(*steps) -> Network:
    network, before = edits.add_layer(Network(), "Input", settings={"shape": (8, 8, 3)})
    for step in (("Rescaling", {}), *steps):
        type_, settings = step if isinstance(step, tuple) else (step, {})
        network, name = edits.add_layer(network, type_, settings=settings)
        network = edits.connect(network, before, name)
        before = name
    return network


END = ("Flatten", ("Dense", {"units": 3, "activation": "softmax"}))


def warned(network: Network) -> dict[str, str]:
    return {problem.code: problem.layer for problem in analyse(network).problems}


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (("Conv2D", {"activation": "sigmoid"}), "deep-sigmoid"),
        (("Activation", {"activation": "hard_sigmoid"}), "deep-sigmoid"),
        ("Softmax", "deep-softmax"),
        (("Dense", {"activation": "softmax"}), "deep-softmax"),
        (("Conv2D", {"filters": 1}), "bottleneck"),
        (("Dense", {"units": 1}), "bottleneck"),
    ],
)
def test_what_learns_badly_in_the_middle_is_warned_of_and_can_be_put_right(step, code):
    network = chain("Conv2D", step, "ReLU", *END)
    analysis = analyse(network)
    (problem,) = [problem for problem in analysis.problems if problem.code == code]
    assert problem.severity == "warning"
    assert problem.layer in problem.message
    assert code not in warned(problem.remedies[0].edit(network))


def test_at_the_end_they_belong():
    network = chain("Conv2D", "Flatten", ("Dense", {"units": 1, "activation": "sigmoid"}))
    assert not warned(network)
    assert not warned(chain("Conv2D", *END))


def test_gates_may_be_sigmoids_and_maps_of_one_filter():
    network = chain(("Conv2D", {"filters": 4}))
    network, gate = edits.add_layer(
        network, "Conv2D", settings={"filters": 1, "activation": "sigmoid"}
    )
    network, product = edits.add_layer(network, "Multiply")
    network = edits.connect(network, "conv2d_1", gate)
    for source in ("conv2d_1", gate):
        network = edits.connect(network, source, product)
    before = product
    for type_, settings in (("Flatten", {}), END[1]):
        network, name = edits.add_layer(network, type_, settings=settings)
        network = edits.connect(network, before, name)
        before = name
    assert not warned(network)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_not_warned_of(name):
    assert not {"deep-softmax", "bottleneck"} & set(warned(PRESETS[name].build()))


def test_a_frozen_layer_keeps_its_weights_and_trains_none():
    network = chain("Conv2D", "BatchNormalization", *END)
    free = analyse(network)
    for name in ("conv2d_1", "batch_normalization_1"):
        network = edits.set_setting(network, name, "trainable", False)
    frozen = analyse(network)
    assert frozen.parameters == free.parameters
    info = frozen.layers["conv2d_1"]
    assert (info.parameters, info.trainable_parameters) == (3 * 3 * 3 * 32 + 32, 0)
    lines = {line.title: line for line in explain(network, frozen, "conv2d_1")}
    assert "frozen" in lines["Parameters"].note
    dense = frozen.layers["dense_1"]
    assert frozen.trainable_parameters == dense.parameters
    network = edits.set_setting(network, "dense_1", "trainable", False)
    assert "all-frozen" in warned(network)
