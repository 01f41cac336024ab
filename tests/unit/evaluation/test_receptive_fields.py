"""Receptive fields are exactly the pixels that the gradient of a place reaches."""

import numpy as np
import pytest

from cnnstudio.evaluation.receptive_fields import Field, on_picture, receptive_fields
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.uses import outputs_of

SIDES = (15, 18)


def chain(keras, *layers):
    given = keras.Input((*SIDES, 3))
    found = given
    for layer in layers:
        found = layer(found)
    return keras.Model(given, found)


def positive(model):
    """Kernels above 0, so that no two ways cancel each other out, and no value grows large."""
    for weight in model.weights:
        if len(weight.shape) > 1:
            values = np.abs(np.asarray(weight)) + 0.05
            weight.assign(values / values[..., 0].size)
    return model


def reached(keras, model, layer, row, column):
    """First and last row and column of the gradient that is not 0; None if it is 0 everywhere."""
    import tensorflow as tf

    part = keras.Model(model.inputs[0], outputs_of(model)[layer])
    picture = tf.random.stateless_uniform((1, *model.inputs[0].shape[1:]), (0, 1), 200.0, 250.0)
    with tf.GradientTape() as tape:
        tape.watch(picture)
        answer = part(picture, training=False)
        place = answer[0, row, column] if answer.shape.rank == 4 else answer[0]
        total = tf.reduce_sum(place)
    gradient = tape.gradient(total, picture)
    found = np.abs(np.asarray(gradient)[0]).max(axis=-1) > 0
    if not found.any():
        return None
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1])


def check(keras, model, layer):
    """Compare corners, middle and a place beside it."""
    sides = tuple(model.inputs[0].shape[1:3])
    fields = receptive_fields(model, layer, sides)
    assert fields is not None, layer
    height, width = len(fields.rows), len(fields.columns)
    shape = outputs_of(model)[layer].shape
    assert (height, width) == (tuple(shape[1:3]) if len(shape) == 4 else (1, 1))
    for row in {0, height // 2, height - 1}:
        for column in {0, width // 2, width - 1}:
            field = fields.at(row, column)
            wanted = reached(keras, model, layer, row, column)
            if wanted is None:
                assert field.empty
                assert 0 in field.size
            else:
                assert (field.top, field.left, field.bottom, field.right) == wanted, layer


def test_every_kind_of_window(keras):
    layers = keras.layers
    for number, built in enumerate(
        (
            [layers.Conv2D(2, 3), layers.AveragePooling2D((2, 3), strides=(2, 1))],
            [layers.Conv2D(2, (4, 3), strides=2, padding="same"), layers.AveragePooling2D(2)],
            [layers.Conv2D(2, 2, dilation_rate=3, padding="same"), layers.DepthwiseConv2D(4)],
            [layers.SeparableConv2D(2, 5, padding="same", strides=3), layers.BatchNormalization()],
            [layers.ZeroPadding2D(((0, 2), (1, 3))), layers.Conv2D(1, 2, strides=2)],
            [layers.Cropping2D(((1, 2), (3, 0))), layers.AveragePooling2D(3, padding="same")],
            [layers.Conv2D(2, 3, strides=3), layers.Conv2DTranspose(2, 3, strides=2)],
            [layers.AveragePooling2D(3), layers.Conv2DTranspose(2, 4, strides=3, padding="same")],
            [layers.AveragePooling2D(4), layers.Conv2DTranspose(1, 2, strides=3)],
            [layers.AveragePooling2D(3), layers.UpSampling2D((2, 3))],
            [layers.AveragePooling2D(3), layers.UpSampling2D(2, interpolation="bilinear")],
            [layers.AveragePooling2D(2), layers.Resizing(11, 5)],
            [layers.AveragePooling2D(2), layers.Resizing(5, 11, "nearest"), layers.Conv2D(1, 2)],
            [layers.ZeroPadding2D(4), layers.AveragePooling2D(2)],
            [layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)],
            [layers.Cropping2D(2), layers.GlobalAveragePooling2D(keepdims=True)],
        )
    ):
        keras.utils.set_random_seed(number)
        model = positive(chain(keras, *built))
        for layer in built:
            check(keras, model, layer.name)


def test_branches_of_different_reach_and_models_inside(keras):
    layers = keras.layers
    inner_in = keras.Input((None, None, 2))
    inner = keras.Model(inner_in, layers.Conv2D(2, (1, 5), padding="same")(inner_in), name="inner")
    given = keras.Input((*SIDES, 3))
    first = layers.Conv2D(2, 3, strides=2, padding="same")(given)
    wide = layers.Conv2D(2, (5, 1), padding="same")(first)
    gate = layers.GlobalAveragePooling2D(keepdims=True, name="gate")(first)
    joined = layers.Concatenate(name="joined")([first, wide, inner(first)])
    narrow = layers.Add(name="sum")([wide, inner(wide)])
    gated = layers.Multiply(name="gated")([first, gate])
    under = layers.Concatenate(axis=1, name="under")([first, wide])
    model = positive(keras.Model(given, [joined, narrow, gated, under]))
    for layer in ("joined", "sum", "gated"):
        check(keras, model, layer)
    assert receptive_fields(model, "gated", SIDES).whole
    assert not receptive_fields(model, "joined", SIDES).whole
    below = receptive_fields(model, "under", SIDES)
    assert len(below.rows) == 16
    assert below.rows[8].tolist() == receptive_fields(model, "joined", SIDES).rows[0].tolist()


@pytest.mark.parametrize("preset", ["small-cnn", "resnet-small", "densenet-small"])
def test_presets(keras, preset):
    model = build_model(PRESETS[preset].build((32, 32, 3), 3), seed=1)
    model = keras.models.clone_model(
        model,
        # The gradient of a maximum reaches one pixel only.
        clone_function=lambda layer: (
            keras.layers.AveragePooling2D.from_config(layer.get_config())
            if isinstance(layer, keras.layers.MaxPooling2D)
            else type(layer).from_config(layer.get_config())
        ),
    )
    positive(model)
    spatial = [name for name, tensor in outputs_of(model).items() if len(tensor.shape) == 4]
    for layer in (spatial[1], spatial[len(spatial) // 3], spatial[len(spatial) // 2]):
        check(keras, model, layer)


def test_fields_of_pictures_of_any_size_and_what_cannot_be_told(keras):
    given = keras.Input((None, None, 3))
    found = keras.layers.Conv2D(2, 3, padding="same", name="near")(given)
    found = keras.layers.MaxPooling2D(2, name="pool")(found)
    strange = keras.layers.TimeDistributed(keras.layers.Dense(2), name="strange")(found)
    model = keras.Model(given, keras.layers.GlobalMaxPooling2D(name="all")(strange))
    fields = receptive_fields(model, "pool", (6, 9))
    assert fields.rows.tolist() == [[0, 2], [1, 4], [3, 5]]
    assert len(fields.columns) == 4
    assert receptive_fields(model, "strange", (6, 9)) is None
    assert receptive_fields(model, "all", (6, 9)) is None
    assert receptive_fields(model, "nowhere", (6, 9)) is None
    whole = receptive_fields(model, "near", (2, 2))
    assert whole.whole
    assert whole.at(9, 9).whole


def test_fields_on_the_picture_file():
    field = Field(0, 2, 3, 3, False)
    for resize, wanted in (
        ("stretch", (0.5, 0, 1, 1)),
        # Of 40 × 80 the middle 40 × 40 is seen; or it lies in the middle of 80 × 80.
        ("crop", (0.5, 0, 0.75, 1)),
        ("pad", (0.5, 0, 1, 1)),
    ):
        prepared = Preparation((4, 4), resize=resize)
        assert on_picture(field, prepared, (40, 80)) == pytest.approx(wanted)
    padded = Preparation((4, 4), resize="pad")
    assert on_picture(Field(1, 0, 1, 3, False), padded, (40, 80)) == pytest.approx((0, 0, 1, 0.5))
