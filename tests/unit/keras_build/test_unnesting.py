"""Models inside models: every layer has an output in one graph, and the answers stay."""

import numpy as np
import pytest

from cnnstudio.keras_build.reading import read_network
from cnnstudio.keras_build.unnesting import unnested
from cnnstudio.keras_build.uses import outputs_of


def twins(keras):
    """Two models with layers of the same names, one used twice, a Sequential with another in it."""
    layers = keras.layers
    eye = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(3, 3, padding="same", activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
        ],
        name="eye",
    )
    inner = keras.Input((8, 8, 3))
    skip = layers.Conv2D(3, 3, padding="same", name="conv")(inner)
    trunk = keras.Model(inner, layers.Add(name="sum")([skip, inner]) * 2.0, name="trunk")
    outer = keras.Sequential([keras.Input((8, 8, 3)), trunk, layers.ReLU(name="relu")], name="box")
    given = keras.Input((8, 8, 3), name="picture")
    x = layers.Rescaling(1 / 255, name="scale")(given)
    x = layers.Concatenate(name="both")([eye(eye(x)), outer(x)])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    head = keras.Sequential([keras.Input((6,)), layers.Dense(3, activation="softmax", name="out")])
    return keras.Model(given, head(x), name="twins")


def pixels(count=4, side=8):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3)).astype(np.float32)


def test_answers_stay_and_weights_are_shared(keras):
    keras.utils.set_random_seed(1)
    model = twins(keras)
    wanted = np.asarray(model(pixels(), training=False))
    flat = unnested(model)
    np.testing.assert_allclose(np.asarray(flat(pixels(), training=False)), wanted, atol=1e-6)
    assert {id(weight) for weight in flat.weights} == {id(weight) for weight in model.weights}
    assert not any(hasattr(layer, "layers") for layer in flat.layers)


def test_layers_are_called_as_an_import_calls_them(keras, tmp_path):
    keras.utils.set_random_seed(1)
    model = twins(keras)
    model.save(tmp_path / "twins.keras")
    imported = {
        layer.name
        for layer in read_network(tmp_path / "twins.keras").layers.values()
        if layer.type in ("Conv2D", "BatchNormalization", "Dense", "ReLU")
    }
    found = outputs_of(unnested(model))
    assert {"eye_conv", "eye_conv_use_2", "box_trunk_conv", "norm", "relu", "out"} <= set(found)
    assert imported <= set(found)


def test_what_is_inside_answers_as_it_does_there(keras):
    keras.utils.set_random_seed(2)
    model = twins(keras)
    eye, scale = model.get_layer("eye"), model.get_layer("scale")
    once = eye(scale(pixels()), training=False)
    flat = unnested(model)
    found = outputs_of(flat)
    part = keras.Model(flat.inputs[0], [found["norm"], found["norm_use_2"]])
    first, second = part(pixels(), training=False)
    np.testing.assert_allclose(np.asarray(first), np.asarray(once), atol=1e-6)
    np.testing.assert_allclose(np.asarray(second), np.asarray(eye(once, training=False)), atol=1e-6)


def test_a_model_inside_that_takes_other_numbers_gets_them(keras):
    layers = keras.layers
    half = keras.Input((8, 8, 3), dtype="float16")
    inside = keras.Model(half, layers.Conv2D(2, 3, dtype="float16")(half), name="half")
    given = keras.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(inside(layers.Rescaling(1 / 255)(given)))
    model = keras.Model(given, layers.Dense(2, activation="softmax")(x))
    wanted = np.asarray(model(pixels(), training=False))
    found = np.asarray(unnested(model)(pixels(), training=False))
    np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_a_plain_model_is_left_alone(keras):
    plain = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten()])
    assert unnested(plain) is plain


@pytest.mark.parametrize("name", ["MobileNetV2"])
def test_transfer_learning_as_keras_teaches_it(keras, name):
    """A backbone called with training=False, random augmentation before it."""
    layers = keras.layers
    base = getattr(keras.applications, name)(
        input_shape=(32, 32, 3), include_top=False, weights=None, alpha=0.35
    )
    given = keras.Input((32, 32, 3))
    x = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])(given)
    x = base(layers.Rescaling(1 / 127.5, offset=-1)(x), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(given, layers.Dense(3, activation="softmax")(x))
    wanted = np.asarray(model(pixels(2, 32), training=False))
    flat = unnested(model)
    np.testing.assert_allclose(np.asarray(flat(pixels(2, 32), training=False)), wanted, atol=1e-5)
    assert "Conv1" in outputs_of(flat)
