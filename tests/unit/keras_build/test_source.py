"""Source that needs Keras alone, is laid out as a formatter would, and gives the same network."""

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_networks import chain, networks, small_classifier
from PIL import Image

from cnnstudio.data.pictures import load_picture
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import add_layer, connect, rename
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import BuildError, build_model, layer_class
from cnnstudio.keras_build.calls import KERAS_DEFAULTS, POSITIONAL
from cnnstudio.keras_build.optimizers import OPTIMIZERS
from cnnstudio.keras_build.source import to_source

RUFF = shutil.which("ruff") or shutil.which("ruff", path=str(Path(sys.executable).parent))


def run(source):
    namespace = {"__name__": "exported"}
    exec(compile(source, "exported.py", "exec"), namespace)
    return namespace


def residual():
    """A skip, two branches joined, and long names."""
    network = chain(("Input", {"shape": (8, 8, 3)}), "Rescaling", "Conv2D", "Conv2D")
    network, add = add_layer(network, "Add")
    network = connect(connect(network, "conv2d_1", add), "conv2d_2", add)
    network, left = add_layer(network, "Conv2D", name="left.branch-1x1")
    network, right = add_layer(network, "MaxPooling2D", settings={"strides": 1, "padding": "same"})
    network = connect(connect(network, add, left), add, right)
    network, joined = add_layer(network, "Concatenate")
    network = connect(connect(network, left, joined), right, joined)
    network, pooled = add_layer(network, "GlobalAveragePooling2D")
    network = connect(network, joined, pooled)
    network, last = add_layer(network, "Dense", settings={"units": 3})
    return connect(network, pooled, last)


def test_the_whole_text():
    source = to_source(
        small_classifier(),
        name="small",
        classes=["cat", 'the "dog"'],
        training={"optimizer": {"name": "SGD", "learning_rate": 0.05, "momentum": 0.9}},
    )
    assert (
        source
        == '''"""small: a Keras network for pictures of 8 × 8 × 3 pixels, 0 to 255.

build_model() returns it untrained; the weights of a trained run load into it with
build_model().load_weights("model.keras"). read_picture() prepares a picture file as the
training does; classify() says what it shows.
"""

import sys

import keras
import numpy as np
from keras import layers

CLASSES = ["cat", 'the "dog"']


def build_model():
    """Return the network, compiled."""
    inputs = keras.Input(shape=(8, 8, 3), name="input")
    x = layers.Rescaling(1 / 255, name="rescaling_1")(inputs)
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv2d_1")(x)
    x = layers.BatchNormalization(name="batch_normalization_1")(x)
    x = layers.MaxPooling2D(2, name="max_pooling_1")(x)
    x = layers.Flatten(name="flatten_1")(x)
    x = layers.Dropout(0.25, name="dropout_1")(x)
    outputs = layers.Dense(3, activation="softmax", name="dense_1")(x)
    model = keras.Model(inputs, outputs, name="small")
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.05, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def eight_bits(numbers, mode):
    """Return grey values of 16 or 32 bits scaled to 0-255, where Pillow would cut them off."""
    numbers = np.nan_to_num(numbers, posinf=0, neginf=0)
    low, high = numbers.min(), numbers.max()
    for top in {"F": (1, 255), "I": (255, 65535)}.get(mode, (65535,)):
        if low >= 0 and high <= top:
            low, high = 0, top
            break
    return np.rint((numbers - low) * (255 / (high - low or 1))).astype("uint8")


def read_picture(path):
    """Return a picture file as pixels from 0 to 255, prepared as for the training."""
    from PIL import Image, ImageOps

    with open(path, "rb") as file:
        image = Image.open(file)
        image.draft(None, (8, 8))  # of a large JPEG no more than needed
        image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Image.fromarray(eight_bits(np.asarray(image, "float64"), image.mode))
    elif image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, "#ffffff")
        image.paste(clear, mask=clear)
    image = image.convert("RGB")
    image = image.resize((8, 8), Image.Resampling.BILINEAR)
    return np.asarray(image, "float32").reshape(8, 8, 3)


def classify(model, path):
    """Return the classes of a picture file with their scores, the best first."""
    scores = model.predict(read_picture(path)[None], verbose=0)[0]
    ranked = sorted(zip(CLASSES, scores), key=lambda pair: -pair[1])
    return [(name, float(score)) for name, score in ranked]


if __name__ == "__main__":
    model = build_model()
    if len(sys.argv) == 3:  # the weights and a picture: model.keras picture.jpg
        model.load_weights(sys.argv[1])
        for name, score in classify(model, sys.argv[2]):
            print(f"{score:.5f}  {name}")
    else:
        model.summary()
'''
    )


def test_branches_are_named_after_their_layers_and_chains_are_x():
    body = to_source(residual()).split("def build_model")[1]
    assert 'add_1 = layers.Add(name="add_1")([conv2d_1, x])' in body
    assert "left_branch_1x1 = layers.Conv2D(\n" in body
    assert 'x = layers.Concatenate(name="concatenate_1")([left_branch_1x1, max_pooling_1])' in body


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_the_same_network_comes_back(network):
    built, written = build_model(network), run(to_source(network))["build_model"]()
    one, other = built.get_config(), written.get_config()
    assert [layer["config"] for layer in one["layers"]] == [
        layer["config"] for layer in other["layers"]
    ]
    assert one["output_layers"] == other["output_layers"]
    written.set_weights(built.get_weights())
    pictures = np.random.default_rng(0).random((2, *built.input_shape[1:]), np.float32)
    for first, second in zip(outputs(built, pictures), outputs(written, pictures), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


def outputs(model, pictures):
    answer = model(pictures)
    return answer if isinstance(answer, list) else [answer]


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    networks(),
    st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P"])), max_size=30),
    st.text("abcdefghij", min_size=20, max_size=70),
)
def test_it_is_laid_out_as_ruff_lays_out(network, classes, name):
    for number, layer in enumerate(network.layers):
        if number % 2:
            network = rename(network, layer, f"{name[: 12 * number]}.{number}")
    if len(network.sinks) > 1:
        network = chain("Input", "Flatten", ("Dense", {"activation": "softmax"}))
    assert_formatted(to_source(network, classes=classes, name=name))


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_are_laid_out_as_ruff_lays_out(preset):
    assert_formatted(to_source(PRESETS[preset].build(), name=preset, classes=["a"] * 40))
    assert_formatted(to_source(residual()))


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
def test_readers_are_laid_out_as_ruff_lays_out(resize, channels):
    data = {"resize": resize, "interpolation": "bilinear", "background": "#0a0b0c"}
    network = chain(("Input", {"shape": (4096, 4096, channels)}), "Flatten", "Dense")
    assert_formatted(to_source(network, data=data))
    assert_formatted(to_source(network, data=data, classes=["a"] * 64))


def assert_formatted(source):
    for command in (["format", "--diff", "--line-length", "88"], ["check", "--ignore", "E501"]):
        done = subprocess.run(
            [RUFF, *command, "--isolated", "--quiet", "--no-cache", "-"],
            input=source,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_python_with_keras_alone_runs_it(tmp_path):
    network = small_classifier()
    (tmp_path / "net.py").write_text(to_source(network, classes=["a", "b", "c"]), encoding="utf-8")
    Image.new("RGB", (20, 10), (250, 10, 90)).save(tmp_path / "picture.png")
    model = build_model(network, seed=1)
    model.save(tmp_path / "model.keras")
    # -I keeps the repository off the path, as it is on a computer without this program.
    (tmp_path / "use.py").write_text(
        "import sys\n"
        "sys.path.insert(0, '.')\n"
        "import net\n"
        "model = net.build_model()\n"
        "model.load_weights('model.keras')\n"
        "print(net.classify(model, 'picture.png'))\n"
        "import runpy\n"
        "runpy.run_path('net.py', run_name='__main__')\n"
        "assert not [name for name in sys.modules if name.startswith('cnnstudio')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "use.py"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Total params" in done.stdout
    said = dict(ast.literal_eval(done.stdout.splitlines()[0]))
    pixels = load_picture(tmp_path / "picture.png", Preparation((8, 8)))
    wanted = np.asarray(model(pixels[None].astype(np.float32)))[0]
    np.testing.assert_allclose([said["a"], said["b"], said["c"]], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("units", "activation", "setting", "loss"),
    [
        (3, "linear", "auto", "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"),
        (1, "sigmoid", "auto", '"binary_crossentropy"'),
        (1, "linear", "auto", "keras.losses.BinaryCrossentropy(from_logits=True)"),
        (3, "sigmoid", "auto", '"binary_crossentropy"'),
        (3, "softmax", "categorical_crossentropy", '"categorical_crossentropy"'),
        (3, "relu", "mean_squared_error", '"mean_squared_error"'),
    ],
)
def test_the_loss_fits_the_last_layer(units, activation, setting, loss):
    network = small_classifier(units=units, activation=activation)
    source = to_source(
        network, classes=["a", "b", "c"][: max(2, units)], training={"loss": setting}
    )
    assert f"loss={loss}" in source
    namespace = run(source)
    pictures = np.zeros((2, 8, 8, 3), np.float32)
    labels = np.zeros((2, units)) if "parse" not in loss else np.zeros(2)
    assert np.isfinite(namespace["build_model"]().evaluate(pictures, labels, verbose=0)[0])


def test_classify_of_one_sigmoid_unit_and_grey_scores(tmp_path):
    Image.new("L", (5, 5), 200).save(tmp_path / "grey.png")
    for last in ({"activation": "sigmoid"}, {"activation": "linear"}):
        network = small_classifier(shape=(8, 8, 1), units=1, **last)
        namespace = run(to_source(network, classes=["no", "yes"]))
        ranked = namespace["classify"](namespace["build_model"](), tmp_path / "grey.png")
        assert {name for name, _ in ranked} == {"no", "yes"}
        assert sum(score for _, score in ranked) == pytest.approx(1)
        assert ranked[0][1] >= ranked[1][1]


def test_several_outputs_are_returned_uncompiled():
    network = chain(("Input", {"shape": (4, 4, 1)}), "Flatten", ("Dense", {"units": 2}))
    network, name = add_layer(network, "Dense", settings={"units": 5})
    source = to_source(connect(network, "flatten_1", name))
    assert 'return keras.Model(inputs, [dense_1, dense_2], name="network")' in source
    assert len(run(source)["build_model"]().outputs) == 2


def test_awkward_names_become_variables():
    network = residual()
    for old, new in (("conv2d_1", "class"), ("left.branch-1x1", "x"), ("max_pooling_1", "inputs")):
        network = rename(network, old, new)
    run(to_source(network))["build_model"]()


def test_frozen_layers_stay_frozen():
    network = chain(
        ("Input", {"shape": (4, 4, 3)}),
        ("Conv2D", {"filters": 4, "trainable": False}),
        ("MultiHeadAttention", {"num_heads": 1, "key_dim": 2, "trainable": False}),
        "Flatten",
        ("Dense", {"units": 2}),
    )
    for model in (build_model(network), run(to_source(network))["build_model"]()):
        assert [weight.path for weight in model.trainable_weights] == [
            "dense_1/kernel",
            "dense_1/bias",
        ]


def test_layers_of_keras_own_networks_are_imported_from_where_they_are():
    network = chain(
        ("Input", {"shape": (4, 4, 3)}),
        ("LayerScale", {"projection_dim": 3}),
        "StochasticDepth",
        ("Conv2D", {"kernel_initializer": {"name": "variance_scaling", "mode": "fan_out"}}),
    )
    source = to_source(network)
    assert "from keras.src.applications.convnext import LayerScale, StochasticDepth\n" in source
    assert 'keras.initializers.VarianceScaling(mode="fan_out")' in source
    assert run(source)["build_model"]().count_params() == 3 + 3 * 9 * 32 + 32


def test_a_circle_is_refused():
    network = chain("Input", "Add", "ReLU")
    with pytest.raises(BuildError, match="add_1 and relu_1"):
        to_source(connect(network, "relu_1", "add_1"))


def test_what_is_left_out_is_keras_default(keras):
    for spec in CATALOGUE.values():
        if spec.type == "Input":
            continue
        parameters = inspect.signature(layer_class(spec)).parameters
        required = POSITIONAL.get(spec.type, ())
        assert list(parameters)[: len(required)] == list(required)
        for field in spec.fields:
            if field.name in required or field.name == "trainable":
                continue
            assumed = KERAS_DEFAULTS.get((spec.type, field.name), field.default)
            default = parameters[field.name].default
            assert default is not inspect.Parameter.empty, (spec.type, field.name)
            default = "linear" if field.name == "activation" and default is None else default
            if default is not None:
                # Keras writes some short: one number for two, Zeros for zeros.
                default = field.check(default.lower() if default == "Zeros" else default)
            assert default == assumed, (spec.type, field.name)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_written_with_what_differs(keras, name):
    own = next(iter(OPTIMIZERS[name].arguments), "clipnorm")
    value = OPTIMIZERS[name].arguments.get(own)
    other = not value if isinstance(value, bool) else -0.25 if name == "Ftrl" else 0.5
    given = {own: other, "clipvalue": 2.0, "use_ema": None}
    training = {"optimizer": {"name": name, **given}}
    model = run(to_source(small_classifier(), training=training))["build_model"]()
    config = model.optimizer.get_config()
    wanted = getattr(keras.optimizers, name)(
        learning_rate=0.001, **{key: part for key, part in given.items() if part is not None}
    ).get_config()
    own_in_both = {"name": "", "learning_rate": 0}
    assert {**config, **own_in_both} == {**wanted, **own_in_both}
    assert config["learning_rate"] == pytest.approx(0.001)


def test_sgd_without_a_learning_rate_of_its_own_learns_as_here():
    source = to_source(small_classifier(), training={"optimizer": {"name": "SGD"}})
    assert "keras.optimizers.SGD(learning_rate=0.001)" in source
    assert 'optimizer="adamw"' in to_source(
        small_classifier(), training={"optimizer": {"name": "AdamW", "weight_decay": None}}
    )


@pytest.mark.parametrize(
    ("training", "written"),
    [
        ({"label_smoothing": 0.1}, "CategoricalCrossentropy(label_smoothing=0.1)"),
        ({"loss": "categorical_focal_crossentropy", "focal_gamma": 3.0, "focal_alpha": 0.25},
         "CategoricalFocalCrossentropy(gamma=3.0)"),
        ({"loss": "categorical_focal_crossentropy"}, '"categorical_focal_crossentropy"'),
        ({"loss": "mean_squared_error", "label_smoothing": 0.1}, '"mean_squared_error"'),
    ],
)  # fmt: skip
def test_the_loss_is_written_with_what_differs(keras, training, written):
    source = to_source(small_classifier(), training=training)
    assert written in source
    assert run(source)["build_model"]().loss is not None
