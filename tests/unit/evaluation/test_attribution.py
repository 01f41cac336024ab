"""What mattered for a class: equal to plain TensorFlow, for networks of every form."""

from pathlib import Path

import numpy as np
import pytest

from cnnstudio.data.settings import Preparation
from cnnstudio.errors import Cancelled
from cnnstudio.evaluation.attribution import AttributionError, Attributor
from cnnstudio.evaluation.path_integral import MOST_PLACES
from cnnstudio.evaluation.predict import Classifier
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import TrainedModel

SIZE = 32
GREY = Preparation((8, 8), "grayscale")
FORMS = (
    "sequential",
    "residual",
    "dense-block",
    "inception",
    "nested",
    "one-unit",
    "frozen",
    "stack",
)


def _model(form):
    import keras

    layers = keras.layers
    keras.utils.set_random_seed(3)
    if form in ("sequential", "frozen"):
        model = build_model(PRESETS["small-cnn"].build((SIZE, SIZE, 3), 4), seed=1)
        model.trainable = form != "frozen"
        return model
    if form == "stack":
        return keras.Sequential(
            [
                keras.Input((SIZE, SIZE, 3)),
                layers.Conv2D(6, 3, strides=2, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(4, activation="softmax"),
            ]
        )
    given = keras.Input((SIZE, SIZE, 3), name="image")
    x = layers.Rescaling(1 / 255)(given)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    if form == "residual":
        side = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(8, 3, padding="same")(side)])
    elif form == "dense-block":
        for _ in range(2):
            new = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
            x = layers.Concatenate()([x, new])
    elif form == "inception":
        parts = [layers.Conv2D(4, size, padding="same")(x) for size in (1, 3, 5)]
        x = layers.Concatenate()([*parts, layers.MaxPooling2D(3, 1, padding="same")(x)])
    elif form == "nested":
        inner = keras.Input((SIZE, SIZE, 8))
        y = layers.Conv2D(6, 3, strides=2, activation="relu")(inner)
        x = keras.Model(inner, layers.BatchNormalization()(y), name="trunk")(x)
    x = layers.Conv2D(5, 3, strides=2, activation="relu", name="last_convolution")(x)
    x = layers.GlobalAveragePooling2D()(x)
    if form == "one-unit":
        return keras.Model(given, layers.Dense(1, activation="sigmoid")(x))
    x = layers.Dense(4)(x)
    return keras.Model(given, layers.Softmax()(x))


@pytest.fixture(scope="module", params=FORMS)
def attributor(keras, request):
    model = _model(request.param)
    outputs = model.outputs[0].shape[-1]
    trained = TrainedModel(
        model,
        [f"class {number}" for number in range(max(2, outputs))],
        Preparation((SIZE, SIZE)),
        Path("network"),
        "network",
    )
    return Attributor(Classifier(trained))


@pytest.fixture(scope="module")
def picture():
    draw = np.random.default_rng(5)
    pixels = draw.integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    pixels[8:20, 8:20] //= 3
    return pixels


def _reference(attributor, layer=None):
    """The scores before softmax, by changing the last layer's activation; with a layer's maps."""
    import keras

    model = attributor._model
    last = model.layers[-1]
    if type(last).__name__ == "Softmax" or last.name.startswith("softmax"):
        scores = last.input
    else:
        config = {**last.get_config(), "activation": "linear", "name": "plain_scores"}
        plain = type(last).from_config(config)
        scores = plain(last.input)
        plain.set_weights(last.get_weights())
    if layer is None:
        return keras.Model(model.inputs[0], scores)
    return keras.Model(model.inputs[0], [model.get_layer(layer).output, scores])


def _chosen(scores, index):
    if scores.shape[-1] == 1:
        return scores[:, 0] if index == 1 else -scores[:, 0]
    return scores[:, index]


@pytest.mark.parametrize("index", [0, 1])
def test_grad_cam_is_that_of_plain_tensorflow(attributor, picture, index):
    import tensorflow as tf

    for layer in dict.fromkeys((attributor.usual_layer, attributor.cam_layers[0])):
        found = attributor.grad_cam(picture, index, layer)
        reference = _reference(attributor, layer)
        pixels = tf.constant(picture[None], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            maps, scores = reference(pixels, training=False)
            score = _chosen(scores, index)
        weights = tf.reduce_mean(tape.gradient(score, maps), axis=(0, 1, 2))
        cam = tf.maximum(tf.reduce_sum(maps[0] * weights, axis=-1), 0)
        wanted = tf.image.resize(cam[..., None], (SIZE, SIZE))[..., 0].numpy()
        assert found.layer == layer
        np.testing.assert_allclose(found.heat, wanted, atol=1e-5 * max(1.0, wanted.max()))
        assert found.score == pytest.approx(float(score[0]), rel=1e-4, abs=1e-5)


def test_saliency_is_the_gradient(attributor, picture):
    import tensorflow as tf

    found = attributor.saliency(picture, 1)
    pixels = tf.constant(picture[None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        score = _chosen(_reference(attributor)(pixels, training=False), 1)
    wanted = np.abs(tape.gradient(score, pixels)[0].numpy()).max(axis=-1)
    np.testing.assert_allclose(found.heat, wanted, rtol=1e-3, atol=1e-8)


def test_noisy_copies_are_the_same_with_the_same_seed(attributor, picture):
    one, two, other = (
        attributor.saliency(picture, 0, copies=5, seed=seed).heat for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("baseline", ["black", "mean"])
def test_integrated_gradients_add_up_to_the_difference_of_scores(attributor, picture, baseline):
    reference = _reference(attributor)
    start = np.zeros(picture.shape) if baseline == "black" else picture.mean(axis=(0, 1))
    ends = np.stack([np.broadcast_to(start, picture.shape), picture]).astype(np.float32)
    low, high = _chosen(reference(ends, training=False).numpy(), 1)
    found = attributor.integrated_gradients(picture, 1, baseline=baseline)
    assert not found.note
    assert abs(found.heat.sum() - (high - low)) <= 0.01 * abs(high - low)


def test_integrated_gradients_are_those_of_plain_tensorflow(attributor, picture):
    import tensorflow as tf

    reference, steps = _reference(attributor), 512
    places = (np.arange(steps) + 0.5) / steps
    pixels = tf.constant(places[:, None, None, None] * picture[None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        scores = _chosen(reference(pixels, training=False), 0)
    mean = tape.gradient(scores, pixels).numpy().mean(axis=0)
    wanted = (mean * picture).sum(axis=-1)
    found = attributor.integrated_gradients(picture, 0)
    assert np.abs(found.heat - wanted).max() <= 0.05 * np.abs(wanted).max()


def test_occlusion_is_what_covering_does(attributor, picture):
    seen = []
    found = attributor.occlusion(
        picture, 1, patch=16, stride=16, progress=lambda done, of: seen.append((done, of))
    )
    classifier = attributor._classifier
    whole = classifier.probabilities(picture[None])[0, 1]
    for y in (0, 16):
        for x in (0, 16):
            covered = picture.astype(np.float32)
            covered[y : y + 16, x : x + 16] = picture.mean(axis=(0, 1))
            fall = whole - classifier.probabilities(covered[None])[0, 1]
            np.testing.assert_allclose(found.heat[y : y + 16, x : x + 16], fall, atol=1e-6)
    assert seen[-1] == (4, 4)


def test_long_work_can_be_stopped(attributor, picture):
    with pytest.raises(Cancelled):
        attributor.occlusion(picture, 0, patch=2, cancelled=lambda: True)
    with pytest.raises(Cancelled):
        attributor.integrated_gradients(picture, 0, cancelled=lambda: True)


def test_layers_without_maps_are_refused_in_words(keras, attributor, picture):
    with pytest.raises(AttributionError, match="no maps"):
        attributor.grad_cam(picture, 0, attributor._model.layers[-1].name)
    with pytest.raises(AttributionError, match="takes pictures of 32"):
        attributor.saliency(picture[:5], 0)


def test_a_network_of_dense_layers_has_no_grad_cam(keras, picture):
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3)])
    trained = TrainedModel(model, ["a", "b", "c"], GREY, Path("dense"), "dense")
    only = Attributor(Classifier(trained))
    with pytest.raises(AttributionError, match="Saliency, integrated gradients and occlusion"):
        only.grad_cam(picture[:8, :8, :1], 0)
    kernel = model.layers[-1].get_weights()[0][:, 2].reshape(8, 8)
    np.testing.assert_allclose(
        only.saliency(picture[:8, :8, :1], 2).heat, np.abs(kernel), rtol=1e-5
    )


def test_parts_that_do_not_add_up_say_why(keras):
    """A layer without a gradient: no number of steps makes the parts add up."""
    layers = keras.layers
    given = keras.Input((8, 8, 1))
    steps = layers.Lambda(keras.ops.floor, output_shape=(8, 8, 1))(given)
    model = keras.Model(given, layers.Dense(2)(layers.Flatten()(steps)))
    trained = TrainedModel(model, ["a", "b"], GREY, Path("steps"), "steps")
    picture = np.full((8, 8, 1), 90, np.uint8)
    told = []
    found = Attributor(Classifier(trained)).integrated_gradients(
        picture, 0, progress=lambda places, missing: told.append((places, missing))
    )
    assert 1000 < len(found.places) <= MOST_PLACES
    assert told[0] == (32, pytest.approx(1))
    assert found.note.startswith(f"After {len(found.places):,} steps the parts add up")
    assert found.note.endswith("but for 100.0%.")
