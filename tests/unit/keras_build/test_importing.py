"""Weights come along: a model file, the project made of it, and the model built again agree."""

import json
from dataclasses import replace

import h5py
import numpy as np
import pytest
from keras_networks import small_classifier

from cnnstudio.graph import edits
from cnnstudio.graph.project import load_project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.compare import answers, random_pictures
from cnnstudio.keras_build.export import export_file
from cnnstudio.keras_build.importing import import_file
from cnnstudio.keras_build.trained import ModelError, TrainedModel
from cnnstudio.keras_build.weights import (
    WeightsError,
    build_project,
    companion,
    load_weights_into,
    read_weights,
    save_weights,
    start_from_weights,
)

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")


@pytest.fixture(scope="module")
def trained(keras):
    """Nested, with a shared layer, an operation, and weights unlike those it started with."""
    layers = keras.layers
    inside = keras.Input((8, 8, 4), name="inside")
    x = layers.Conv2D(4, 3, padding="same", name="conv")(inside)
    block = keras.Model(inside, layers.BatchNormalization(name="norm")(x), name="block")
    first = keras.Input((8, 8, 3), name="pictures")
    x = layers.Conv2D(4, 3, padding="same", name="conv")(first / 255.0)
    x = block(x) + block(x * 0.5)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(first, layers.Dense(3, activation="softmax", name="scores")(x), name="m")
    draw = np.random.default_rng(3)
    model.set_weights([draw.uniform(0.1, 1, weight.shape) for weight in model.get_weights()])
    return model


def project_of(found, folder):
    path = folder / "mine.cnns"
    save_project(found.save_weights(companion(path)), path)
    return path


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_same_answers_before_and_after(trained, suffix, tmp_path):
    file = tmp_path / f"model{suffix}"
    trained.save(file)
    path = project_of(import_file(file), tmp_path)
    assert json.loads(path.read_text())["weights"] == "mine_weights.h5"
    built = build_project(load_project(path))
    pictures = random_pictures(trained, batch=3)
    expected = answers(trained, pictures)
    np.testing.assert_allclose(answers(built, pictures), expected, atol=1e-5)
    export_file(path, tmp_path / "out.keras")
    again = TrainedModel.load(tmp_path / "out.keras")
    np.testing.assert_allclose(np.asarray(again(pictures[0])), expected[0], atol=1e-5)
    # The project itself classifies, from another folder too.
    (tmp_path / "moved").mkdir()
    for file in (path, companion(path)):
        file.rename(tmp_path / "moved" / file.name)
    moved = TrainedModel.load(tmp_path / "moved" / path.name)
    np.testing.assert_allclose(np.asarray(moved(pictures[0])), expected[0], atol=1e-5)


def test_the_weights_file_is_one_of_keras(keras, trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    path = project_of(import_file(tmp_path / "model.keras"), tmp_path)
    network = load_project(path).network
    model = build_model(network)
    model.load_weights(companion(path), by_name=True)
    pictures = random_pictures(trained)
    np.testing.assert_allclose(answers(model, pictures), answers(trained, pictures), atol=1e-5)


def test_a_description_has_no_weights(trained, tmp_path):
    (tmp_path / "model.json").write_text(trained.to_json())
    found = import_file(tmp_path / "model.json")
    assert not found.weights
    assert "weights" not in found.project.extra
    assert found.project.data["image_size"] == [8, 8]
    assert found.save_weights(tmp_path / "none.h5") == found.project
    assert not (tmp_path / "none.h5").exists()


def test_weights_of_functions_that_keras_does_not_load(keras, tmp_path):
    """A file of Keras 2 with a `TFOpLambda`, which Keras 3 refuses."""
    network = small_classifier()
    model = build_model(network, seed=1)
    file = tmp_path / "old.h5"
    model.save(file)
    with h5py.File(file, "r+") as store:
        config = json.loads(store.attrs["model_config"])
        for entry in config["config"]["layers"]:
            if entry["class_name"] == "Rescaling":
                entry["class_name"] = "TFOpLambda"
                entry["config"] = {"name": entry["name"], "function": "math.truediv"}
                entry["inbound_nodes"] = [[["input", 0, 0, {"y": 255.0, "name": None}]]]
        store.attrs["model_config"] = json.dumps(config)
    with pytest.raises(ModelError):
        TrainedModel.load(file)
    found = import_file(file)
    path = project_of(found, tmp_path)
    pictures = random_pictures(model)
    built = build_project(load_project(path))
    np.testing.assert_allclose(answers(built, pictures), answers(model, pictures), atol=1e-5)
    export_file(file, tmp_path / "new.keras")
    new = TrainedModel.load(tmp_path / "new.keras").model
    np.testing.assert_allclose(answers(new, pictures), answers(model, pictures), atol=1e-5)


def test_training_starts_from_the_weights_of_layers_that_are_as_before(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    path = project_of(import_file(tmp_path / "model.keras"), tmp_path)
    project = load_project(path)
    network = edits.set_setting(project.network, "scores", "units", 7)
    network = edits.rename(network, "norm", "renamed")
    model = build_model(network)
    before = model.get_layer("scores").get_weights()[0]
    loaded = load_weights_into(model, companion(path))
    assert loaded.changed == ("scores",)
    assert loaded.new == ("renamed",)
    np.testing.assert_array_equal(model.get_layer("scores").get_weights()[0], before)
    text = start_from_weights(model, replace(project, network=network))
    assert "mine_weights.h5" in text
    assert "scores" in text
    assert start_from_weights(model, replace(project, extra={})) == ""


def test_missing_and_damaged_weights(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    path = project_of(import_file(tmp_path / "model.keras"), tmp_path)
    companion(path).write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"mine_weights\.h5 is damaged"):
        build_project(load_project(path))
    companion(path).unlink()
    with pytest.raises(WeightsError, match=r"mine_weights\.h5 are missing"):
        TrainedModel.load(path)
    project = load_project(path)
    save_project(replace(project, extra={}), path)
    with pytest.raises(ModelError, match="without trained weights"):
        TrainedModel.load(path)


def test_many_long_names(tmp_path):
    """More than an HDF5 attribute holds."""
    weights = {f"{'long' * 20}_{number}": [np.full(2, number)] for number in range(1500)}
    save_weights(weights, tmp_path / "w.h5")
    read = read_weights(tmp_path / "w.h5")
    assert list(read) == list(weights)
    assert all(np.array_equal(read[name][0], weights[name][0]) for name in weights)
