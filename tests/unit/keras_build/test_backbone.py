"""Backbones of keras.applications: their layers, weights, pixels and what is frozen of them."""

import importlib

import numpy as np
import pytest

from cnnstudio.analysis import analyse
from cnnstudio.graph.edits import rename
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import load_project, save_project
from cnnstudio.keras_build.applications import BACKBONES, BackboneError
from cnnstudio.keras_build.backbone import backbone_network
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.heads import backbone_project, head_of, put_backbone
from cnnstudio.keras_build.weights import build_project, put_weights

SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def mobile(keras, tmp_path_factory):
    """Keras's MobileNetV2 with weights of its own, and the file of them."""
    model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=SHAPE)
    return model, _saved(model, tmp_path_factory.mktemp("weights") / "mobile.weights.h5")


def _saved(model, path):
    draw = np.random.default_rng(3)
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
    model.save_weights(path)
    return path


def _features(model, name, pictures):
    """What Keras makes of raw pixels."""
    module = importlib.import_module(f"keras.applications.{name}")
    return np.asarray(model(module.preprocess_input(pictures.copy()), training=False))


def test_pixels_for_densenet(keras):
    network = backbone_network("DenseNet121", SHAPE, "none").network
    layer = build_model(network).get_layer("normalization_1")
    wanted = keras.applications.densenet.preprocess_input(_pictures())
    np.testing.assert_allclose(layer(_pictures()), wanted, rtol=1e-4, atol=1e-5)


def _pictures():
    return np.random.default_rng(1).uniform(0, 255, (2, *SHAPE)).astype(np.float32)


def test_the_table_is_keras_s(keras):
    functions = {
        name
        for name, value in vars(keras.applications).items()
        if name[0].isupper() and callable(value)
    }
    assert set(BACKBONES) == functions


@pytest.mark.slow
@pytest.mark.parametrize("name", BACKBONES)
def test_all(keras, name):
    application = BACKBONES[name]
    shape = (application.smallest, application.smallest + 1, 3)
    network = backbone_network(name, shape, "none").network
    model = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=shape)
    found = analyse(network)
    (end,) = network.sinks
    assert found.layers[end].output_shape == model.output.shape[1:]
    assert found.trainable_parameters == 0
    scaled = 0 if application.pixels in ("inside", "tf") else 7
    assert found.parameters in (model.count_params(), model.count_params() + scaled)


@pytest.mark.parametrize(("name", "module"), [("MobileNetV2", "mobilenet_v2"), ("VGG16", "vgg16")])
def test_weights_of_a_file_give_keras_s_features_of_raw_pixels(keras, tmp_path, name, module):
    make = getattr(keras.applications, name)
    original = make(include_top=False, weights=None, input_shape=SHAPE)
    backbone = backbone_network(name, SHAPE, _saved(original, tmp_path / "w.weights.h5"))
    mine = build_model(backbone.network)
    loaded = put_weights(mine, backbone.weights)
    assert not loaded.changed
    assert all(mine.get_layer(each).__class__.__name__ == "Normalization" for each in loaded.new)
    wanted = _features(original, module, _pictures())
    found = np.asarray(mine(_pictures(), training=False))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    assert ("turned" in " ".join(backbone.notes)) == (name == "VGG16")


def test_other_forms_of_weights_files(mobile, tmp_path):
    model, _ = mobile
    for file in (tmp_path / "whole.keras", tmp_path / "whole.h5"):
        model.save(file)
        found = backbone_network("MobileNetV2", SHAPE, file).weights
        assert sum(len(arrays) for arrays in found.values()) == len(model.weights)


def test_frozen_as_keras_freezes(mobile):
    model, _ = mobile
    layers = [layer.name for layer in model.layers]
    for freeze in ("all", "none", "block_3_expand"):
        last = {"all": len(layers), "none": 0}.get(freeze)
        last = layers.index(freeze) + 1 if last is None else last
        for number, layer in enumerate(model.layers):
            layer.trainable = number >= last
        network = backbone_network("MobileNetV2", SHAPE, "none", freeze).network
        found, mine = analyse(network), build_model(network)
        for count in (found.trainable_parameters, _count(mine)):
            assert count == _count(model)
        assert found.parameters == model.count_params()


def _count(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_training_leaves_what_is_frozen_as_it_is(keras, mobile, tmp_path):
    _, file = mobile
    found = backbone_project(backbone_network("MobileNetV2", SHAPE, file), 3)
    path = tmp_path / "net.cnns"
    save_project(found.save_weights(tmp_path / "net_weights.h5"), path)
    project = load_project(path)
    assert [block.folded for block in project.network.blocks.values()] == [True]
    assert project.data == {"image_size": [32, 32], "color_mode": "rgb"}
    assert not analyse(project.network).problems
    model = build_project(project, seed=1)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    part = keras.Model(model.inputs[0], model.get_layer("bn_Conv1").output)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(_pictures(), np.array([0, 2]), epochs=1, verbose=0)
    for layer in model.layers:
        same = all(map(np.array_equal, before[layer.name], layer.get_weights()))
        assert same == (layer.name != "dense_1"), layer.name
    # Frozen batch normalisation uses its stored averages in training too.
    one, other = (part(_pictures(), training=training) for training in (True, False))
    np.testing.assert_array_equal(one, other)


def test_numbers_in_names_do_not_tell_what_was_built_before():
    one, other = (backbone_network("ResNet50V2", SHAPE, "none").network for _ in range(2))
    assert list(one.layers) == list(other.layers)


def test_efficientnet_from_keras_s_file_divides_as_keras_does(keras, tmp_path):
    model = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=SHAPE)
    file = _saved(model, tmp_path / "mine.weights.h5")
    own = backbone_network("EfficientNetB0", SHAPE, file)
    official = tmp_path / "efficientnetb0_notop.h5"
    model.save(official)
    published = backbone_network("EfficientNetB0", SHAPE, official)
    (extra,) = set(published.network.layers) - set(own.network.layers)
    assert published.network.inputs_of(extra) == ("normalization_1",)
    assert published.network[extra]["scale"][0] == pytest.approx(0.229**-0.5)
    assert extra in published.layers


def test_into_a_network_that_keeps_its_head(mobile):
    _, file = mobile
    network = PRESETS["lenet5"].build((28, 28, 1), 7)
    head = head_of(network)
    assert network[head[0]].type == "Flatten"
    backbone = backbone_network("MobileNetV2", SHAPE, file)
    made, there = put_backbone(network, backbone, 4)
    assert [layer for layer in made.layers if layer in head] == list(head)
    assert made[made.sinks[0]]["units"] == 7
    assert set(there.weights) <= set(made.layers)
    assert not put_weights(build_model(made), there.weights).changed
    # Once more: the first one is what is replaced now.
    again, _ = put_backbone(made, backbone_network("MobileNetV2", SHAPE, "none"), 4)
    assert len(again) == len(made)
    assert list(again.blocks) == ["MobileNetV2"]


def test_into_a_network_without_a_head():
    network = backbone_network("MobileNetV2", SHAPE, "none").network
    assert head_of(network) == ()
    made, _ = put_backbone(network, backbone_network("MobileNetV2", SHAPE, "none"), 4)
    assert made[made.sinks[0]]["units"] == 4
    assert not analyse(made).errors


def test_names_that_the_head_has_are_not_taken_twice():
    network = PRESETS["lenet5"].build()
    network = rename(network, network.sinks[0], "Conv1")
    made, there = put_backbone(network, backbone_network("MobileNetV2", SHAPE, "none"), 2)
    assert made["Conv1"].type == "Dense"
    assert "Conv1" not in there.layers
    assert made["Conv1_2"].type == "Conv2D"


def test_offline_the_file_is_named(monkeypatch, tmp_path, capsys):
    name = "NASNetMobile"
    # Nobody answers here, also on a machine with a network.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(BackboneError) as caught:
        backbone_network(name, (64, 64, 3), "imagenet")
    said = str(caught.value)
    assert f"ImageNet weights of {name} could not be downloaded" in said
    assert "offline" in said
    assert ".h5 as a local file" in said
    assert not capsys.readouterr().out


def test_what_does_not_fit_is_told(mobile, tmp_path):
    wrong = tmp_path / "wrong.h5"
    wrong.write_bytes(b"no weights")
    _, other = mobile
    for arguments, words in (
        (("MobileNetV2", (32, 32, 1), "none"), "3 channels, not 1"),
        (("Xception", (70, 80, 3), "none"), "71 × 71"),
        (("MobilNetV2", SHAPE, "none"), "did you mean MobileNetV2"),
        (("MobileNetV2", SHAPE, "none", "Conv2"), "no layer called 'Conv2'"),
        (("MobileNetV2", SHAPE, tmp_path / "none.h5"), "none.h5"),
        (("MobileNetV2", SHAPE, wrong), "wrong.h5"),
        (("VGG16", SHAPE, other), "VGG16 without its head"),
        (("VGG16", SHAPE, __file__), "choose an .h5 or .keras file"),
    ):
        with pytest.raises(BackboneError, match=words):
            backbone_network(*arguments)
