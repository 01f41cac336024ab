"""Our arithmetic against Keras's own: every shape, every count, every refusal."""

from __future__ import annotations

import warnings
from math import prod

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import networks, settings_of, shapes_for

from cnnstudio.analysis import analyse
from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.sharing import own_weights
from cnnstudio.graph.spec import Category
from cnnstudio.keras_build.build import build_model, called, layer_arguments, layer_class
from cnnstudio.keras_build.uses import outputs_of

QUIET = {
    "deadline": None,
    "derandomize": True,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}


def counts(weights) -> int:
    return sum(int(weight.shape.num_elements()) for weight in weights)


# What Keras takes note of only when pictures come, or what mixes them up.
LATE = {
    "joins-the-batch", "mixes-the-batch", "axis-twice", "no-such-axis", "unequal-sizes",
    "numbers-channels", "needs-volume", "needs-two", "too-many-inputs", "needs-positions",
    "unequal-attention", "needs-colours", "groups-channels", "unequal-strides", "output-padding",
    "output-too-small",
}  # fmt: skip


def compare_layer(keras, layer, info, given, made):
    """What Keras makes of a layer, or None if it refuses; it and we must agree.

    `made` has the layers of Keras that have been used before, by the name of the owner.
    """
    problems = [problem for problem in info.problems if problem.severity == "error"]
    refusal = ""
    try:
        # What a use does on its own counts first: some layers look at shapes when they are made.
        keras_layer = None if problems else made.get(layer.shares or layer.name)
        if keras_layer is None:
            keras_layer = layer_class(layer.spec)(**layer_arguments(layer))
        output = called(layer.spec, keras_layer, given)
    except Exception as error:  # noqa: BLE001 - Keras and TensorFlow raise many kinds
        refusal = str(error) or type(error).__name__
    if refusal:
        assert problems, f"Keras refuses {layer}, we do not: {refusal}"
        assert info.output_shape is None
        return None
    if problems:
        assert problems[0].code in LATE, f"we refuse {layer}, Keras does not: {problems[0].message}"
        if problems[0].code in ("axis-twice", "too-many-inputs"):
            # Keras minds only where the axis is longer than 1, and takes a fourth input of
            # attention for a mask.
            return None
        if layer.spec.category is Category.AUGMENTATION:
            # Keras takes three axes, the batch being one of them, for a single picture, and looks
            # at others only when it changes pictures in training.
            return None
        shapes = [tensor.shape[1:] for tensor in given]
        assert fails_on_pictures(keras, layer, shapes, output.shape[1:]), (
            f"Keras computes {layer}, we refuse it: {problems[0].message}"
        )
        return None
    assert output.shape[1:] == info.output_shape
    made[layer.shares or layer.name] = keras_layer
    if info.shares is None:
        assert counts(keras_layer.weights) == info.parameters
        assert counts(keras_layer.trainable_weights) == info.trainable_parameters
    else:
        assert (info.parameters, info.trainable_parameters) == (0, 0)
    return output


def fails_on_pictures(keras, layer, shapes, expected) -> bool:
    """Whether a layer fails on real values, gives another shape than it said it would, or gives a
    picture's answer by looking at others."""
    draw = np.random.default_rng(0)
    first = [draw.normal(size=(2, *shape)).astype("float32") for shape in shapes]
    second = [np.concatenate([array[:1], 9 * array[1:] + 1]) for array in first]
    keras_layer = layer_class(layer.spec)(**layer_arguments(layer))
    try:
        one = np.asarray(called(layer.spec, keras_layer, [*map(keras.ops.array, first)]))
        other = np.asarray(called(layer.spec, keras_layer, [*map(keras.ops.array, second)]))
    except Exception:  # noqa: BLE001 - TensorFlow raises many kinds
        return True
    return one.shape != (2, *expected) or not np.allclose(one[0], other[0])


def compare_layer_by_layer(keras, network: Network) -> None:
    """Each layer gets what Keras made of the ones before; Keras refuses it exactly when we do."""
    analysis = analyse(network)
    unfit = {problem.layer for problem in analysis.problems if problem.code == "shared-weights"}
    tensors, made = {}, {}
    for name, info in analysis.layers.items():
        layer = network[name]
        if layer.type == "Input":
            tensors[name] = keras.Input(**layer_arguments(layer))
            continue
        if any(source not in tensors for source in info.inputs):
            assert info.output_shape is None
            assert not info.problems
            continue
        given = [tensors[source] for source in info.inputs]
        fit = unfit.isdisjoint(network.uses_of(name))
        output = compare_layer(keras, layer, info, given, made if fit else {})
        if output is not None:
            tensors[name] = output
    for name in unfit:
        assert refuses_both(keras, network, name, tensors, analysis)


def refuses_both(keras, network, name, tensors, analysis) -> bool:
    """Whether Keras cannot use one layer for what its owner gets and for what `name` gets.

    It does not mind where it can stretch the weights of one value over many, or one value over
    many weights.
    """
    layer = network[network.owner_of(name)]
    made = layer_class(layer.spec)(**layer_arguments(layer))
    try:
        first = next(use for use in network.uses_of(name) if use in tensors)
        for use in (first, name):
            shapes = [tensors[source].shape[1:] for source in analysis.layers[use].inputs]
            if use == name and any(1 in weight.shape for weight in made.weights):
                return True
            output = called(layer.spec, made, [keras.ops.ones((2, *shape)) for shape in shapes])
            if tuple(output.shape) != (2, *analysis.layers[use].output_shape):
                return True
    except Exception:  # noqa: BLE001 - Keras and TensorFlow raise many kinds
        return True
    return False


def without_refused(network: Network) -> Network:
    """The part of the network that has shapes, layers sharing only weights that fit."""
    analysis = analyse(network)
    for problem in analysis.problems:
        if problem.code == "shared-weights":
            network = own_weights(network, problem.layer)
    refused = {name for name, info in analysis.layers.items() if info.output_shape is None}
    return edits.remove_layers(network, refused, close_gap=False)


def compare_model(network: Network) -> None:
    analysis = analyse(network)
    model = build_model(network)
    outputs = outputs_of(model)
    assert set(outputs) == set(network.layers)
    for name, info in analysis.layers.items():
        assert tuple(outputs[name].shape[1:]) == info.output_shape, name
        if info.type == "Input" or info.shares is not None:
            continue
        keras_layer = model.get_layer(name)
        assert counts(keras_layer.weights) == info.parameters, name
        assert counts(keras_layer.trainable_weights) == info.trainable_parameters, name
    assert counts(model.weights) == analysis.parameters
    assert counts(model.trainable_weights) == analysis.trainable_parameters


def alone(type_: str, values: dict, shapes: list) -> tuple[Network, str]:
    """A layer fed by tensors of any shape, each a picture laid out anew."""
    network, name = edits.add_layer(Network(), type_, name="tested", settings=values)
    for number, shape in enumerate(shapes):
        network, source = edits.add_layer(
            network, "Input", settings={"shape": (1, 1, prod(shape))}, name=f"input{number}"
        )
        network, formed = edits.add_layer(
            network, "Reshape", settings={"target_shape": shape}, name=f"formed{number}"
        )
        network = edits.connect(edits.connect(network, source, formed), formed, name)
    return network, name


@pytest.mark.parametrize("type_", [name for name in CATALOGUE if name != "Input"])
@given(data=st.data())
@settings(max_examples=12, **QUIET)
def test_every_type_is_as_keras_makes_it(keras, type_, data):
    check_type(keras, type_, data)


@pytest.mark.slow
@pytest.mark.parametrize("type_", [name for name in CATALOGUE if name != "Input"])
@given(data=st.data())
@settings(max_examples=300, **QUIET)
def test_every_type_is_as_keras_makes_it_at_length(keras, type_, data):
    check_type(keras, type_, data)


def check_type(keras, type_, data):
    """Any settings on any shapes; what is accepted computes, with the shape it was said to have."""
    values = data.draw(settings_of(type_))
    shapes = data.draw(shapes_for(type_))
    network, name = alone(type_, values, shapes)
    info = analyse(network).layers[name]
    layer = network[name]
    given = [keras.Input(shape) for shape in shapes]
    if compare_layer(keras, layer, info, given, {}) is None:
        return
    if any(problem.code == "needs-gpu" for problem in info.problems):
        return
    arrays = [keras.ops.ones((2, *shape)) * 0.5 for shape in shapes]
    made = layer_class(layer.spec)(**layer_arguments(layer))
    with warnings.catch_warnings():
        # A softmax of one value, which is always 1.
        warnings.simplefilter("ignore", UserWarning)
        output = called(layer.spec, made, arrays)
    assert tuple(output.shape) == (2, *info.output_shape)


@given(networks())
@settings(max_examples=80, **QUIET)
def test_every_layer_is_as_keras_makes_it(keras, network):
    compare_layer_by_layer(keras, network)


@given(networks(most=16))
@settings(max_examples=30, **QUIET)
def test_whole_networks_are_as_keras_builds_them(keras, network):
    compare_model(without_refused(network))


@pytest.mark.slow
@given(networks(most=20))
@settings(max_examples=1000, **QUIET)
def test_a_thousand_networks_are_as_keras_builds_them(keras, network):
    compare_layer_by_layer(keras, network)
    compare_model(without_refused(network))


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "vgg16"])
def test_presets_are_as_keras_builds_them(keras, name):
    compare_model(PRESETS[name].build())


def test_every_type_has_a_rule():
    from cnnstudio.analysis.rules import RULES

    assert set(RULES) == set(CATALOGUE) - {"Input"}
