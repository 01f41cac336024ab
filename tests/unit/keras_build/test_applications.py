"""Keras's own networks: imported, analysed as Keras counts, and rebuilt with equal answers."""

import inspect

import numpy as np
import pytest

from cnnstudio.analysis import analyse
from cnnstudio.graph.project import load_project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.compare import answers, random_pictures
from cnnstudio.keras_build.importing import import_file
from cnnstudio.keras_build.source import to_source
from cnnstudio.keras_build.weights import companion, load_weights_into

# A half dozen with all that the forty have between them, at sizes that are quick.
QUICK = {
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "ResNet50": 32,
    "EfficientNetB0": 32,
    "Xception": 71,
    "ConvNeXtTiny": 32,
}
ALL = (
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge",
    "DenseNet121", "DenseNet169", "DenseNet201", "EfficientNetB0", "EfficientNetB1",
    "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6",
    "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2",
    "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S",
    "InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large",
    "MobileNetV3Small", "NASNetLarge", "NASNetMobile", "ResNet101", "ResNet101V2", "ResNet152",
    "ResNet152V2", "ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception",
)  # fmt: skip


@pytest.mark.parametrize("name", QUICK)
def test_a_half_dozen(keras, name, tmp_path):
    size = QUICK[name]
    make = getattr(keras.applications, name)
    round_trip(keras, tmp_path, make(weights=None, input_shape=(size, size, 3), **plain(make)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_all(keras, name, tmp_path):
    make = getattr(keras.applications, name)
    round_trip(keras, tmp_path, make(weights=None, **plain(make)))


@pytest.mark.slow
def test_all_are_tested(keras):
    found = {name for name, make in vars(keras.applications).items() if inspect.isfunction(make)}
    assert found == set(ALL)


def plain(make):
    """Scores as they are: behind a softmax over 1,000 classes all are alike to 1e-3."""
    assert "classifier_activation" in inspect.signature(make).parameters
    return {"classifier_activation": None}


def as_if_trained(model):
    """Untrained, the scores of deep networks all but vanish: nothing could be told by them."""
    draw = np.random.default_rng(5)
    for weight in model.weights:
        if weight.name in ("gamma", "variance", "moving_variance"):
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
        elif len(weight.shape) == 1 and weight.name != "count":
            weight.assign(draw.normal(0, 0.1, weight.shape))
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def round_trip(keras, folder, model):
    file, path = folder / "model.keras", folder / "mine.cnns"
    as_if_trained(model)
    model.save(file)
    found = import_file(file)
    save_project(found.save_weights(companion(path)), path)
    file.unlink()
    del found
    network = load_project(path).network
    figures_agree(keras, network, model)

    rebuilt = build_model(network)
    pictures = random_pictures(rebuilt)
    (expected,) = answers(model, pictures)
    del model
    # Started anew it answers otherwise by far more than is allowed below.
    largest = np.abs(expected).max()
    assert largest > 1e-2
    assert np.abs(answers(rebuilt, pictures)[0] - expected).max() > 0.01 * largest
    for built in (rebuilt, from_source(network)):
        loaded = load_weights_into(built, companion(path))
        assert not loaded.changed
        assert not loaded.new
        (answered,) = answers(built, pictures)
        np.testing.assert_allclose(answered, expected, rtol=0, atol=1e-5 * max(1, largest))
    companion(path).unlink()  # forty of them are gigabytes
    keras.backend.clear_session()


def from_source(network):
    namespace = {"__name__": "exported"}
    exec(to_source(network, name="mine"), namespace)
    return namespace["build_model"]()


def figures_agree(keras, network, model):
    analysis = analyse(network)
    assert not analysis.errors
    assert analysis.parameters == model.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert analysis.trainable_parameters == trainable
    inputs = {layer.name for layer in every_layer(keras, model) if is_input(keras, layer)}
    for layer in every_layer(keras, model):
        if layer.name in inputs and layer.name not in network:
            continue  # the entrance of a model inside
        info = analysis.layers[layer.name]
        assert info.parameters == layer.count_params(), layer.name
        shape = tuple(layer.output.shape[1:])
        # A network for pictures of any size has sizes here.
        if None not in shape:
            assert info.output_shape == shape, layer.name


def every_layer(keras, model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from every_layer(keras, layer)
        else:
            yield layer


def is_input(keras, layer):
    return isinstance(layer, keras.layers.InputLayer)
