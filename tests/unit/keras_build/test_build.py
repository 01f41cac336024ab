"""Networks built in Keras: names, settings, seeds, refusals in plain words."""

import inspect
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_networks import chain, networks, small_classifier

from cnnstudio.analysis import analyse
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import add_layer, connect, set_setting
from cnnstudio.graph.network import Link, Network
from cnnstudio.keras_build.build import BuildError, build_model, derived_seed, layer_class


def test_layers_keep_their_names_and_the_graph(keras):
    network = chain(("Input", {"shape": (8, 8, 3)}), "Conv2D", "Conv2D")
    network, merged = add_layer(network, "Concatenate", name="both.ends-1")
    network = connect(connect(network, "conv2d_2", merged), "conv2d_1", merged)
    network, flat = add_layer(network, "Flatten")
    network = connect(network, merged, flat)
    model = build_model(network, name="my network ü")
    assert model.name == "my_network"
    assert [layer.name for layer in model.layers] == list(network.order)
    assert model.input_shape == (None, 8, 8, 3)
    assert model.output_shape == (None, 8 * 8 * 64)
    picture = np.random.default_rng(0).random((1, 8, 8, 3), np.float32)
    first = keras.Model(model.inputs[0], model.get_layer("conv2d_1").output)(picture)
    second = model.get_layer("conv2d_2")(first)
    joined = keras.Model(model.inputs[0], model.get_layer("both.ends-1").output)(picture)
    # Inputs of a merge come in the order of the links.
    np.testing.assert_allclose(joined, np.concatenate([second, first], -1), rtol=1e-5, atol=1e-6)


def test_every_setting_reaches_keras(keras):
    network = chain(
        ("Input", {"shape": (9, 9, 4)}),
        (
            "Conv2D",
            {
                "filters": 6,
                "kernel_size": (2, 3),
                "strides": (1, 2),
                "padding": "valid",
                "groups": 2,
                "activation": "leaky_relu",
                "use_bias": False,
                "kernel_initializer": "he_normal",
                "kernel_regularizer": {"l1": 0.1, "l2": 0.2},
            },
        ),
        ("ReLU", {"max_value": 6.0, "negative_slope": 0.5, "threshold": 0.25}),
        ("ZeroPadding2D", {"padding": ((1, 2), (3, 4))}),
        ("BatchNormalization", {"momentum": 0.5, "epsilon": 0.5, "center": False}),
    )
    model = build_model(network)
    for layer in network.layers.values():
        if layer.type == "Input":
            continue
        config = model.get_layer(layer.name).get_config()
        for field in layer.spec.fields:
            wanted = layer[field.name]
            written = config[field.name]
            if isinstance(written, dict):
                written = keras.saving.deserialize_keras_object(written)
            if field.name.endswith("regularizer") and wanted is not None:
                assert (float(written.l1), float(written.l2)) == pytest.approx(wanted)
            elif field.name.endswith("initializer"):
                assert type(written) is type(keras.initializers.get(wanted))
            else:
                assert written == wanted, (layer.name, field.name)


def test_the_catalogue_has_only_arguments_of_keras(keras):
    for spec in CATALOGUE.values():
        made = keras.Input if spec.type == "Input" else layer_class(spec)
        # Every layer takes trainable.
        taken = {*inspect.signature(made).parameters, "trainable"}
        assert {field.name for field in spec.fields} <= taken


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_random_networks_have_the_shapes_of_the_analysis(network):
    model = build_model(network)
    analysis = analyse(network)
    for name, info in analysis.layers.items():
        assert tuple(model.get_layer(name).output.shape[1:]) == info.output_shape, name
        weights = model.get_layer(name).weights
        assert sum(int(weight.shape.num_elements()) for weight in weights) == info.parameters, name
    assert len(model.outputs) == len(network.sinks)


def test_several_outputs_come_in_drawing_order():
    network = chain(("Input", {"shape": (4, 4, 1)}), "Flatten", ("Dense", {"units": 2}))
    network, name = add_layer(network, "Dense", settings={"units": 5})
    model = build_model(connect(network, "flatten_1", name))
    assert [shape for _, shape in model.output_shape] == [2, 5]


def test_a_seed_gives_the_same_weights_and_touches_no_global_state(keras):
    network = small_classifier(kernel_initializer="orthogonal")
    keras.utils.set_random_seed(3)
    expected = np.random.random(), random.random(), keras.random.uniform((2,))
    keras.utils.set_random_seed(3)
    one, other = build_model(network, seed=7), build_model(network, seed=7)
    assert (np.random.random(), random.random()) == expected[:2]
    np.testing.assert_array_equal(keras.random.uniform((2,)), expected[2])
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    third = build_model(network, seed=8)
    kernels = [model.get_layer("conv2d_1").get_weights()[0] for model in (one, third)]
    assert not np.allclose(*kernels)
    free = [build_model(network).get_layer("conv2d_1").get_weights()[0] for _ in range(2)]
    assert not np.allclose(*free)


def test_a_seed_fixes_dropout_but_a_layers_own_seed_wins():
    network = small_classifier()
    picture = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype(np.float32)
    one, other = (build_model(network, seed=7)(picture, training=True) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    seeded = set_setting(network, "dropout_1", "seed", 5)
    assert build_model(seeded, seed=7).get_layer("dropout_1").seed == 5
    assert build_model(network).get_layer("dropout_1").seed is None


def test_adding_a_layer_leaves_the_others_first_weights_alone():
    short = chain(("Input", {"shape": (4, 4, 1)}), "Flatten", ("Dense", {"units": 2}))
    network, name = add_layer(short, "ReLU")
    longer = connect(network, "dense_1", name)
    kernels = [
        build_model(n, seed=1).get_layer("dense_1").get_weights()[0] for n in (short, longer)
    ]
    np.testing.assert_array_equal(*kernels)


@given(st.integers(0, 2**31 - 1), st.text(max_size=5), st.text(max_size=5))
def test_derived_seeds_are_valid(seed, layer, setting):
    assert 0 <= derived_seed(seed, layer, setting) < 2**31


def linked(network, *links):
    return Network(network.layers, (*network.links, *(Link(*link) for link in links)))


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (Network(), "network is empty"),
        (chain("Flatten"), "no Input"),
        (chain("Input", "Add", "ReLU"), "add_1 and relu_1 feed one another in a circle"),
        (add_layer(chain("Input", "ReLU"), "Dense")[0], "Nothing feeds dense_1"),
        (add_layer(chain("Input", "ReLU"), "Input")[0], "input_1 feeds nothing"),
        (
            chain(
                ("Input", {"shape": (8, 8, 1)}),
                ("Conv2D", {"kernel_size": (9, 9), "padding": "valid"}),
            ),
            "conv2d_1",
        ),
        (chain(("Input", {"shape": (8, 8, 3)}), ("Conv2D", {"groups": 2})), "conv2d_1"),
        (chain("Input", "Flatten", "Conv2D"), "conv2d_1"),
        (
            chain(
                ("Input", {"shape": (1000, 1000, 3)}), "Flatten", ("Dense", {"units": 1_000_000})
            ),
            r"GiB .* dense_1 \(Dense\)",
        ),
    ],
)
def test_refusals_name_the_layer(network, says):
    if "circle" in says:
        network = linked(network, ("relu_1", "add_1"))
    with pytest.raises(BuildError, match=says) as caught:
        build_model(network)
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
