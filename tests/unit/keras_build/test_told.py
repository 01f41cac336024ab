"""Models from elsewhere: what they leave open is found, and what is told counts."""

import json

import numpy as np
import pytest
from PIL import Image

from cnnstudio.cli import main
from cnnstudio.evaluation.predict import Classifier
from cnnstudio.keras_build.told import SCALINGS, Told, scales_itself, scaling_layers
from cnnstudio.keras_build.trained import TrainedModel
from cnnstudio.keras_build.unnesting import unnested


def as_keras(scaling, pixels):
    """What the makers of `keras.applications` do to pixels, and the two plain ranges."""
    from keras.applications import imagenet_utils

    if scaling == "0-255":
        return pixels
    if scaling == "0-1":
        return pixels / 255
    mode = {"plus-minus-1": "tf"}.get(scaling, scaling)
    return imagenet_utils.preprocess_input(pixels.copy(), mode=mode)


def sequential(keras, layers, side=6):
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def branched(keras, layers, side=6):
    given = keras.Input((side, side, 3), name="picture")
    inside = keras.Sequential([layers.Conv2D(3, 3, padding="same"), layers.BatchNormalization()])
    found = layers.Concatenate()([given, inside(given)])
    found = layers.GlobalAveragePooling2D()(found)
    return keras.Model(given, layers.Dense(3, activation="softmax")(found))


@pytest.mark.parametrize("make", [sequential, branched])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_scaled_models_answer_as_the_model_to_scaled_pixels(keras, make, scaling):
    keras.utils.set_random_seed(1)
    model = make(keras, keras.layers)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 3)).astype(np.float32)
    wanted = np.asarray(model(as_keras(scaling, pixels), training=False))
    scaled = unnested(model, scaling_layers(scaling, 3))
    np.testing.assert_allclose(np.asarray(scaled(pixels, training=False)), wanted, atol=1e-5)


@pytest.mark.parametrize("scaling", ["torch", "caffe"])
def test_grey_pictures_take_the_mean_of_the_figures_of_three_colours(keras, scaling):
    given = keras.Input((4, 4, 1))
    scaled = keras.Model(given, scaling_layers(scaling, 1)(given))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 1)).astype(np.float32)
    found = np.asarray(scaled(pixels))
    wanted = as_keras(scaling, np.repeat(pixels, 3, axis=-1)).mean(axis=-1, keepdims=True)
    # A mean of quotients is near the quotient of means.
    np.testing.assert_allclose(found, wanted, atol=0.02)


def test_answers_are_kept_as_json():
    told = Told((10, 12), "caffe", ("ant", "bee"))
    assert Told.from_json(json.loads(json.dumps(told.to_json()))) == told
    assert Told.from_json(json.loads(json.dumps(Told().to_json()))) == Told()
    for broken in (None, [], {}, {"scaling": "x"}, {**told.to_json(), "image_size": [0, 1]}):
        assert Told.from_json(broken) is None


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_what_is_left_open_can_be_told(keras, tmp_path, suffix):
    keras.utils.set_random_seed(2)
    model = sequential(keras, keras.layers, None)
    file = tmp_path / f"foreign{suffix}"
    model.save(file)
    plain = TrainedModel.load(file)
    assert plain.left_open == ("size", "scaling", "classes")
    assert plain.image_size == (224, 224)
    told = Told((10, 12), "0-1", ("ant", "bee", "cat"))
    trained = TrainedModel.load(file, told)
    assert trained.image_size == (10, 12)
    assert trained.classes == ["ant", "bee", "cat"]
    assert trained.named
    pixels = np.random.default_rng(0).integers(0, 256, (2, 10, 12, 3), np.uint8)
    wanted = np.asarray(model(pixels.astype(np.float32) / 255, training=False))
    np.testing.assert_allclose(Classifier(trained).probabilities(pixels), wanted, atol=1e-5)
    # Names for another number of classes are of something else.
    assert not TrainedModel.load(file, Told(classes=("ant",))).named
    (tmp_path / "classes.txt").write_text("x\ny\nz\n")
    assert TrainedModel.load(file, told).classes == ["x", "y", "z"]


def test_models_that_scale_are_left_alone(keras, tmp_path):
    layers = keras.layers
    own = keras.Sequential(
        [keras.Input((6, 6, 3)), layers.Rescaling(1 / 255), sequential(keras, layers)]
    )
    assert scales_itself(own)
    assert not scales_itself(sequential(keras, layers))
    own.save(tmp_path / "own.keras")
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    trained = TrainedModel.load(tmp_path / "own.keras", Told(scaling="0-1"))
    assert trained.left_open == ()
    pixels = np.full((1, 6, 6, 3), 200, np.float32)
    np.testing.assert_allclose(np.asarray(trained(pixels)), np.asarray(own(pixels)), atol=1e-6)


def test_command_line_takes_the_scaling(keras, tmp_path, capsys):
    keras.utils.set_random_seed(3)
    model = sequential(keras, keras.layers)
    model.save(tmp_path / "foreign.keras")
    (tmp_path / "classes.txt").write_text("ant\nbee\ncat\n")
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "one.png")
    given = [str(tmp_path / "foreign.keras"), str(tmp_path / "one.png")]
    assert main(["classify", *given, "--scaling", "plus-minus-1"]) == 0
    answer = np.asarray(model(pixels[None] / np.float32(127.5) - 1))[0]
    out = capsys.readouterr()
    best = int(answer.argmax())
    assert f"{('ant', 'bee', 'cat')[best]} {answer[best]:.1%}" in out.out
    assert "--scaling" not in out.err
    assert main(["classify", *given]) == 0
    assert "does not say how it wants its pictures" in capsys.readouterr().err


def test_command_line_takes_size_and_names(keras, tmp_path, capsys):
    keras.utils.set_random_seed(4)
    sequential(keras, keras.layers, None).save(tmp_path / "foreign.keras")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "one.png")
    (tmp_path / "names").write_text("ant\nbee\n\ncat\n")
    (tmp_path / "two").write_text("ant\nbee\n")
    given = ["classify", str(tmp_path / "foreign.keras"), str(tmp_path / "one.png")]
    names, size = ["--classes", str(tmp_path / "names")], ["--image-size", "10x12"]
    assert main([*given, *names, *size, "--scaling", "0-1", "--top", "1"]) == 0
    out = capsys.readouterr()
    assert any(name in out.out for name in ("ant", "bee", "cat"))
    assert not out.err
    assert main([*given, "--classes", str(tmp_path / "two")]) == 1
    assert "names 2 classes, but" in capsys.readouterr().err
    assert main([*given, "--classes", str(tmp_path / "none")]) == 1
    assert "There is no file" in capsys.readouterr().err
    (tmp_path / "classes.txt").write_text("x\ny\nz\n")
    assert main([*given, *names]) == 2
    assert "itself says what its classes are called: leave out --classes" in capsys.readouterr().err
