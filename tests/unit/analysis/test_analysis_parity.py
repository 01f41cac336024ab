"""Our arithmetic against Keras's own: every shape, every count, every refusal."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from strategies import networks

from cnnstudio.analysis import analyse
from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.spec import Arity
from cnnstudio.keras_build.build import build_model, layer_arguments

QUIET = {
    "deadline": None,
    "derandomize": True,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}


def counts(weights) -> int:
    return sum(int(weight.shape.num_elements()) for weight in weights)


def compare_layer_by_layer(keras, network: Network) -> None:
    """Each layer gets what Keras made of the ones before; Keras refuses it exactly when we do."""
    analysis = analyse(network)
    tensors = {}
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
        problems = [problem for problem in info.problems if problem.severity == "error"]
        made = getattr(keras.layers, layer.type)
        try:
            keras_layer = made(**layer_arguments(layer))
            output = keras_layer(given if layer.spec.arity is Arity.MANY else given[0])
        except (ValueError, IndexError) as error:
            refusal = str(error)
        else:
            refusal = ""
        if refusal:
            assert problems, f"Keras refuses {name}, we do not: {refusal}"
            assert info.output_shape is None
            continue
        if problems and problems[0].code == "joins-the-batch":
            # Keras builds it; it gives more answers than pictures.
            continue
        assert not problems, f"we refuse {name}, Keras does not: {problems[0].message}"
        assert output.shape[1:] == info.output_shape
        assert keras_layer.count_params() - counts_of_seed(keras_layer) == info.parameters
        assert counts(keras_layer.trainable_weights) == info.trainable_parameters
        tensors[name] = output


def counts_of_seed(keras_layer) -> int:
    """A Dropout keeps the state of its random numbers as a variable, which is no weight."""
    return keras_layer.count_params() - counts(keras_layer.weights)


def without_refused(network: Network) -> Network:
    """The part of the network that has shapes."""
    analysis = analyse(network)
    refused = [name for name, info in analysis.layers.items() if info.output_shape is None]
    return edits.remove_layers(network, refused, close_gap=False)


def compare_model(network: Network) -> None:
    analysis = analyse(network)
    model = build_model(network)
    for name, info in analysis.layers.items():
        if info.type == "Input":
            continue
        keras_layer = model.get_layer(name)
        assert tuple(keras_layer.output.shape[1:]) == info.output_shape, name
        assert counts(keras_layer.weights) == info.parameters, name
        assert counts(keras_layer.trainable_weights) == info.trainable_parameters, name
    assert counts(model.weights) == analysis.parameters
    assert counts(model.trainable_weights) == analysis.trainable_parameters


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
