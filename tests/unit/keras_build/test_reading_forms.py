"""Models as Keras 2 and Keras 3 save them: nested, shared, with operations."""

import json

import pytest

from cnnstudio.graph.network import Link
from cnnstudio.keras_build.reading import read_model, read_network
from cnnstudio.keras_build.trained import ModelError


def saved(model, tmp_path, suffix=".keras"):
    path = tmp_path / f"model{suffix}"
    if suffix == ".json":
        path.write_text(model.to_json())
    else:
        model.save(path)
    return path


def written(tmp_path, description):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(description))
    return path


def keras_2(layers, *, inputs="pictures", output, **more):
    """The JSON of a functional model as Keras 2 wrote it."""
    entries = [
        {
            "class_name": kind,
            "name": config["name"],
            "config": {"trainable": True, "dtype": "float32", **config},
            "inbound_nodes": calls,
        }
        for kind, config, calls in layers
    ]
    return {
        "class_name": "Functional",
        "config": {
            "name": "model",
            "layers": entries,
            "input_layers": [[inputs, 0, 0]],
            "output_layers": [[output, 0, 0]],
        },
        "keras_version": "2.11.0",
        "backend": "tensorflow",
        **more,
    }


PICTURES = ("InputLayer", {"name": "pictures", "batch_input_shape": [None, 8, 8, 3]}, [])


def conv(name, source, **more):
    config = {
        "name": name,
        "filters": 3,
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "padding": "same",
        "data_format": "channels_last",
        "dilation_rate": [1, 1],
        "groups": 1,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.0001}},
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
        **more,
    }
    return "Conv2D", config, [[[source, 0, 0, {}]]]


def function(name, what, source, arguments):
    config = {"name": name, "function": what}
    return "TFOpLambda", config, [[[source, 0, 0, arguments]]]


def test_a_functional_model_of_keras_2(tmp_path):
    network = read_network(
        written(
            tmp_path,
            keras_2(
                [
                    PICTURES,
                    conv("first", "pictures", activation="swish"),
                    conv("second", "first"),
                    (
                        "Add",
                        {"name": "sum"},
                        [[["second", 0, 0, {}], ["first", 0, 0, {}]]],
                    ),
                ],
                output="sum",
            ),
        )
    )
    assert network["pictures"]["shape"] == (8, 8, 3)
    assert network["first"]["activation"] == "silu"
    assert network["first"]["kernel_regularizer"].l2 == pytest.approx(1e-4)
    assert network.inputs_of("sum") == ("second", "first")


def test_functions_of_keras_2_become_layers(tmp_path):
    network = read_network(
        written(
            tmp_path,
            keras_2(
                [
                    PICTURES,
                    function("tf.math.truediv", "math.truediv", "pictures", {"y": 127.5}),
                    function("tf.math.subtract", "math.subtract", "tf.math.truediv", {"y": 1.0}),
                    conv("conv", "tf.math.subtract"),
                    function("tf.nn.relu", "nn.relu", "conv", {"name": None}),
                    function(
                        "tf.__operators__.add", "__operators__.add", "conv",
                        {"y": ["tf.nn.relu", 0, 0], "name": None},
                    ),
                    function(
                        "tf.math.reduce_mean", "math.reduce_mean", "tf.__operators__.add",
                        {"axis": [1, 2], "keepdims": False},
                    ),
                ],
                output="tf.math.reduce_mean",
            ),
        )
    )  # fmt: skip
    assert [network[name].type for name in network.order] == [
        "Input", "Rescaling", "Rescaling", "Conv2D", "Activation", "Add", "GlobalAveragePooling2D",
    ]  # fmt: skip
    assert network["tf.math.truediv"]["scale"] == pytest.approx(1 / 127.5)
    assert network["tf.math.subtract"]["offset"] == -1
    assert network.inputs_of("tf.__operators__.add") == ("conv", "tf.nn.relu")


def test_a_constant_comes_first(tmp_path):
    """`1 - x` has the constant where the tensor usually is."""
    description = keras_2(
        [
            PICTURES,
            (
                "TFOpLambda",
                {"name": "tf.math.subtract", "function": "math.subtract"},
                [["_CONSTANT_VALUE", -1, 1.0, {"y": ["pictures", 0, 0], "name": None}]],
            ),
        ],
        output="tf.math.subtract",
    )
    network = read_network(written(tmp_path, description))
    assert network["tf.math.subtract"]["scale"] == -1
    assert network["tf.math.subtract"]["offset"] == 1


def test_functions_without_a_layer_are_named(tmp_path):
    description = keras_2(
        [
            PICTURES,
            (
                "SlicingOpLambda",
                {"name": "tf.__operators__.getitem", "function": "__operators__.getitem"},
                [[["pictures", 0, 0, {"slice_spec": [{"start": None}]}]]],
            ),
            function("tf.image.resize", "image.resize", "tf.__operators__.getitem", {"size": [4]}),
            conv("conv", "tf.image.resize", padding="causal"),
        ],
        output="conv",
    )
    with pytest.raises(ModelError) as caught:
        read_network(written(tmp_path, description))
    assert "tf.__operators__.getitem (the TensorFlow function" in caught.value.message
    assert "tf.image.resize (the TensorFlow function tf.image.resize)" in caught.value.message
    assert "conv (Conv2D): padding cannot be 'causal'" in caught.value.message


@pytest.mark.parametrize("form", [list, lambda layers: {"name": "chain", "layers": layers}])
def test_a_sequential_model_of_keras_2(form, tmp_path):
    kind, config, _ = conv("conv", "")
    layers = [
        {"class_name": kind, "config": {**config, "batch_input_shape": [None, 8, 8, 3]}},
        {"class_name": "Flatten", "config": {"name": "flat", "data_format": "channels_last"}},
    ]
    network = read_network(written(tmp_path, {"class_name": "Sequential", "config": form(layers)}))
    assert list(network.layers) == ["input", "conv", "flat"]
    assert network["input"]["shape"] == (8, 8, 3)


def test_the_hard_sigmoid_of_keras_2_is_another_function(tmp_path):
    description = keras_2([PICTURES, conv("c", "pictures", activation="hard_sigmoid")], output="c")
    with pytest.raises(ModelError, match="hard_sigmoid is Keras 2's"):
        read_network(written(tmp_path, description))


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
def test_models_inside_models(keras, suffix, tmp_path, recwarn):
    layers = keras.layers
    inner_first = keras.Input((8, 8, 4), name="inner_pictures")
    inside = layers.Conv2D(4, 3, padding="same", name="conv")(inner_first)
    block = keras.Model(inner_first, layers.Add(name="sum")([inside, inner_first]), name="block")
    chain = keras.Sequential(
        [keras.Input((8, 8, 4)), layers.ReLU(name="relu"), layers.Flatten(name="flat")], name="tail"
    )
    first = keras.Input((8, 8, 3), name="pictures")
    x = layers.Conv2D(4, 3, padding="same", name="conv")(first)
    path = saved(keras.Model(first, chain(block(x))), tmp_path, suffix)
    recwarn.clear()
    read = read_model(path)
    network = read.network
    assert list(network.layers) == ["pictures", "conv", "block_conv", "sum", "relu", "flat"]
    assert network.inputs_of("sum") == ("block_conv", "conv")
    assert network.inputs_of("relu") == ("sum",)
    assert read.places["block_conv"] == ("block", "conv")
    assert not read.notes


def test_a_sequential_model_around_another(keras, tmp_path):
    layers = keras.layers
    first = keras.Input((8, 8, 3))
    inner = keras.Model(first, layers.Conv2D(4, 3, name="conv")(first), name="backbone")
    model = keras.Sequential([inner, layers.GlobalAveragePooling2D(name="pool")])
    network = read_network(saved(model, tmp_path))
    assert [network[name].type for name in network.order] == [
        "Input", "Conv2D", "GlobalAveragePooling2D",
    ]  # fmt: skip


def test_a_shared_layer_has_a_name_for_each_use(keras, tmp_path):
    layers = keras.layers
    first, second = keras.Input((4, 4, 1), name="a"), keras.Input((4, 4, 1), name="b")
    conv = layers.Conv2D(2, 3, name="conv")
    model = keras.Model([first, second], layers.Add(name="sum")([conv(first), conv(second)]))
    read = read_model(saved(model, tmp_path))
    assert read.network.inputs_of("sum") == ("conv", "conv_use_2")
    assert read.network.inputs_of("conv_use_2") == ("b",)
    assert read.places["conv_use_2"] == ("conv",)
    assert read.network["conv_use_2"].shares == "conv"
    assert not read.notes


def test_operations_of_keras_3(keras, tmp_path):
    first = keras.Input((4, 4, 3), name="pictures")
    x = keras.ops.relu(first * 2.0 + 1 - 0.5)
    x = keras.ops.mean(x + first, axis=[1, 2])
    network = read_network(saved(keras.Model(first, keras.ops.softmax(x)), tmp_path))
    assert [network[name].type for name in network.order] == [
        "Input", "Rescaling", "Rescaling", "Rescaling", "Activation", "Add",
        "GlobalAveragePooling2D", "Activation",
    ]  # fmt: skip


def test_an_output_that_is_used_inside_too(keras, tmp_path):
    first = keras.Input((4, 4, 3), name="pictures")
    hidden = keras.layers.Flatten(name="flat")(first)
    last = keras.layers.Dense(2, name="dense")(hidden)
    read = read_model(saved(keras.Model(first, [last, hidden]), tmp_path))
    assert read.network.sinks == ("dense", "flat_output")
    assert Link("flat", "flat_output") in read.network.links
    assert any("flat_output stands for flat" in note for note in read.notes)


def test_pictures_of_any_size_and_frozen_layers_are_told(keras, tmp_path):
    first = keras.Input((None, None, 3), name="pictures")
    path = saved(keras.Model(first, keras.layers.GlobalAveragePooling2D()(first)), tmp_path)
    read = read_model(path)
    assert read.network["pictures"]["shape"] == (224, 224, 3)
    assert "any size" in read.notes[0]


def test_names_that_keras_takes_are_kept(keras, tmp_path):
    first = keras.Input((4, 4, 3), name="1st-input")
    x = keras.layers.ReLU(name="2.relu")(first)
    x = keras.layers.ReLU(name="größe 1")(x)
    read = read_model(saved(keras.Model(first, x), tmp_path))
    assert list(read.network.layers) == ["1st-input", "2.relu", "gr__e_1"]
    assert "'größe 1' is called gr__e_1" in read.notes[0]


def test_code_is_refused_by_name(tmp_path):
    code = {"name": "halve", "function": ["4wEAAAA", None, None]}
    halve = ("Lambda", code, [[["pictures", 0, 0, {}]]])
    description = keras_2([PICTURES, halve], output="halve")
    with pytest.raises(ModelError, match=r"contains a Lambda layer \(halve\)"):
        read_network(written(tmp_path, description))


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.pop("layers"),
        lambda config: config.pop("output_layers"),
        lambda config: config.update(layers=[3]),
        lambda config: config.update(layers=[]),
        lambda config: config.update(output_layers=[["ghost", 0, 0]]),
        lambda config: config["layers"][1].update(inbound_nodes=[[["ghost", 0, 0, {}]]]),
        lambda config: config["layers"][1].update(inbound_nodes=[[["conv", 0, 0, {}]]]),
        lambda config: config["layers"][1].update(inbound_nodes=[[["pictures", 0, 1, {}]]]),
        lambda config: config["layers"][1].update(config=None),
        lambda config: config["layers"][0]["config"].update(batch_input_shape=[None, 3]),
    ],
)
def test_damaged_descriptions(change, tmp_path):
    description = keras_2([PICTURES, conv("conv", "pictures")], output="conv")
    change(description["config"])
    with pytest.raises(ModelError, match=r"model\.json"):
        read_network(written(tmp_path, description))
