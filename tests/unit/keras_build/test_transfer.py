"""Starting from a trained network: what is cut off, what is kept, what the head becomes."""

import numpy as np
import pytest

from cnnstudio.analysis import analyse
from cnnstudio.errors import StudioError
from cnnstudio.graph.edits import EditError, add_layer, connect
from cnnstudio.graph.freezing import freezable, frozen_layers
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, load_project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.importing import Import
from cnnstudio.keras_build.trained import ModelError
from cnnstudio.keras_build.transfer import (
    TransferError,
    classes_of,
    into,
    old_head,
    trained_network,
    transferred,
)
from cnnstudio.keras_build.weights import build_project, weights_of


def chain(*layers, shape=(8, 8, 3)):
    network, last = add_layer(Network(), "Input", settings={"shape": shape})
    for layer in layers:
        type_, settings = layer if isinstance(layer, tuple) else (layer, {})
        network, name = add_layer(network, type_, settings=settings)
        network, last = connect(network, last, name), name
    return network


SOFTMAX = ("Dense", {"units": 5, "activation": "softmax"})


@pytest.mark.parametrize(
    ("layers", "last", "head"),
    [
        # What makes the row stays; a hidden Dense layer of the classifier goes.
        (
            ["Conv2D", "Flatten", ("Dense", {"units": 8}), "Dropout", SOFTMAX],
            "flatten_1",
            ("dense_1", "dropout_1", "dense_2"),
        ),
        (["Conv2D", "GlobalAveragePooling2D", SOFTMAX], "global_average_pooling_1", ("dense_1",)),
        # A long row would have as many weights as pictures have pixels.
        (
            [("Conv2D", {"filters": 128}), "Flatten", SOFTMAX],
            "conv2d_1",
            ("flatten_1", "dense_1"),
        ),
        # Nothing was learned before the row.
        (
            ["Flatten", ("Dense", {"units": 8}), "Dropout", SOFTMAX],
            "dense_1",
            ("dropout_1", "dense_2"),
        ),
        # Scores by a convolution.
        (
            ["Conv2D", ("Conv2D", {"filters": 5}), "GlobalAveragePooling2D", "Softmax"],
            "conv2d_1",
            ("conv2d_2", "global_average_pooling_1", "softmax_1"),
        ),
        # No head at all.
        (["Conv2D", "MaxPooling2D"], "max_pooling_1", ()),
        (["Conv2D", "GlobalAveragePooling2D"], "global_average_pooling_1", ()),
        # Scores of their own activation.
        (
            ["Conv2D", "GlobalMaxPooling2D", ("Dense", {"units": 5}), "Softmax"],
            "global_max_pooling_1",
            ("dense_1", "softmax_1"),
        ),
    ],
)
def test_the_old_head_is_what_turns_features_into_scores(layers, last, head):
    network = chain(*layers)
    assert old_head(network) == (last, head)
    made = transferred(Import(Project(network)), 3).found.project.network
    analysis = analyse(made, classes=3)
    assert not analysis.errors
    assert analysis.layers[made.sinks[0]].output_shape == (3,)
    assert classes_of(made) == 3


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"mlp"}))
def test_every_preset_gets_a_new_head_on_frozen_features(preset):
    shape = (96, 96, 3)
    network = PRESETS[preset].build(shape, 7)
    made = transferred(Import(Project(network)), 4)
    after = made.found.project.network
    assert not analyse(after, classes=4).errors
    trained = {name for name in after.layers if freezable(after[name])} - set(frozen_layers(after))
    assert trained == {name for name in made.head if after[name].type == "Dense"}
    assert set(after.layers) - set(made.head) == set(network.layers) - set(made.gone)
    assert set(made.gone)
    # Its side heads aside, the convolutions are all there.
    assert all(network[name].type not in ("Conv2D", "DepthwiseConv2D") for name in made.gone)


def test_two_outputs_or_nothing_learned_are_refused():
    network = chain("Conv2D", "Flatten", SOFTMAX)
    two, name = add_layer(network, "ReLU")
    two = connect(two, "conv2d_1", name)
    with pytest.raises(TransferError, match="1 and 2"):
        old_head(two)
    with pytest.raises(TransferError, match="no layers with weights"):
        old_head(chain("Flatten", SOFTMAX))


@pytest.fixture(scope="module")
def model(keras):
    keras.utils.set_random_seed(4)
    return build_model(
        chain("Rescaling", "Conv2D", "BatchNormalization", "Flatten", SOFTMAX), seed=4
    )


def test_from_a_model_file_the_kept_layers_answer_as_before(keras, model, tmp_path):
    file = tmp_path / "theirs.keras"
    model.save(file)
    made = transferred(trained_network(file), 5)
    # As many classes as before, under the name the old head had: a new head all the same.
    assert made.head == ("dropout_1", "dense_1")
    assert "dense_1" not in made.found.weights
    project = made.found.save_weights(tmp_path / "weights.h5")
    built = build_project(project, seed=9)
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype("float32")
    outputs = [
        keras.Model(each.input, each.get_layer("flatten_1").output)(pixels, training=False)
        for each in (model, built)
    ]
    np.testing.assert_array_equal(*outputs)
    assert not np.array_equal(
        built.get_layer("dense_1").get_weights()[0], model.get_layer("dense_1").get_weights()[0]
    )
    assert [layer.name for layer in built.layers if layer.trainable_weights] == ["dense_1"]
    assert "kept with their weights and frozen" in made.words
    assert "the old head is gone (dense_1)" in made.words
    assert project.data["image_size"] == [8, 8]


def test_from_a_run_the_best_weights_and_the_preparation_come_along(keras, model, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    network = chain("Rescaling", "Conv2D", "BatchNormalization", "Flatten", SOFTMAX)
    data = {"resize": "pad", "background": "#102030", "folder": "/old/pictures"}
    save_project(Project(network, data, {"epochs": 99}), run / "project.cnns")
    with pytest.raises(ModelError, match="no trained model yet"):
        trained_network(run)
    model.save(run / "model.keras")
    for path in (run, run / "model.keras"):
        source = trained_network(path)
        made = transferred(source, 3, "none").found
        np.testing.assert_array_equal(
            made.weights["conv2d_1"][0], model.get_layer("conv2d_1").get_weights()[0]
        )
        assert made.project.data["background"] == "#102030"
        assert "folder" not in made.project.data
        assert not made.project.training
        assert frozen_layers(made.project.network) == ()
    made = transferred(source, 3, "conv2d_1").found
    assert frozen_layers(made.project.network) == ("conv2d_1",)
    with pytest.raises(EditError, match="no layer called nobody"):
        transferred(source, 3, "nobody")


def test_from_a_project_with_weights_and_into_another(keras, model, tmp_path):
    network = chain("Rescaling", "Conv2D", "BatchNormalization", "Flatten", SOFTMAX)
    file = tmp_path / "mine.cnns"
    save_project(Project(network), file)
    with pytest.raises(TransferError, match="no trained weights"):
        trained_network(file)
    found = Import(Project(network), weights_of(model))
    save_project(found.save_weights(tmp_path / "mine_weights.h5"), file)
    made = transferred(trained_network(file), 3).found.save_weights(tmp_path / "other.h5")
    before = Project(
        chain("Flatten"), {"folder": "/pictures", "color_mode": "grayscale"}, {"epochs": 4},
        {"weights": "old.h5", "notes": "mine"},
    )  # fmt: skip
    after = into(before, made)
    assert (after.data["folder"], after.data["color_mode"]) == ("/pictures", "rgb")
    assert after.training == {"epochs": 4}
    assert after.extra["notes"] == "mine"
    assert after.extra["weights"].endswith("other.h5")


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    for path in (tmp_path / "nothing.keras", tmp_path / "note.txt", tmp_path):
        with pytest.raises(StudioError):
            trained_network(path)


def test_the_command_line_says_what_it_did(keras, model, tmp_path, capsys):
    from cnnstudio.cli import main

    model.save(tmp_path / "theirs.keras")
    words = ["new", str(tmp_path / "mine.cnns"), "--from", str(tmp_path / "theirs.keras")]
    assert main([*words, "--classes", "4"]) == 0
    said = capsys.readouterr().out
    assert "kept with their weights and frozen" in said
    project = load_project(tmp_path / "mine.cnns")
    assert classes_of(project.network) == 4
    assert (tmp_path / "mine_weights.h5").is_file()
    assert main([*words, "--classes", "4"]) == 1
    assert "exists already" in capsys.readouterr().err
    pictures = tmp_path / "pictures"
    assert main(["sample", "shapes", str(pictures)]) == 0
    assert main([*words, "--force", "--data", str(pictures)]) == 0
    project = load_project(tmp_path / "mine.cnns")
    assert project.data["folder"] == str(pictures)
    assert classes_of(project.network) == len(list((pictures / "train").iterdir()))
    capsys.readouterr()
    assert main([*words, "--force", "--weights", "none"]) == 2
    assert "has its own" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "b.cnns"), "--from", "efficientnetb99"]) == 2
    assert "did you mean EfficientNetB" in capsys.readouterr().err
    backbone = ["new", str(tmp_path / "b.cnns"), "--from", "mobilenetv2", "--weights", "none"]
    assert main([*backbone, "--input", "32x32x3", "--classes", "3"]) == 0
    assert classes_of(load_project(tmp_path / "b.cnns").network) == 3
