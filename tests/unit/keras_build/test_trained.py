"""Loading trained networks: runs, model files, and everything that is neither."""

import json
import zipfile

import numpy as np
import pytest
from keras_networks import chain, small_classifier

from cnnstudio.graph.project import Project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import ModelError, TrainedModel


@pytest.fixture(scope="module")
def model(keras):
    made = build_model(small_classifier(), seed=1)
    made.compile("adam", keras.losses.SparseCategoricalCrossentropy())
    return made


@pytest.fixture
def run(model, tmp_path):
    folder = tmp_path / "2026-11-21_10-00-00_small"
    folder.mkdir()
    save_project(Project(small_classifier()), folder / "project.cnns")
    (folder / "classes.txt").write_text("Apfel\nBär\n猫\n", encoding="utf-8")
    model.save(folder / "model.keras")
    return folder


def test_a_run(run, model):
    trained = TrainedModel.load(run)
    assert trained.classes == ["Apfel", "Bär", "猫"]
    assert trained.named
    assert trained.image_size == (8, 8)
    assert (trained.channels, trained.preparation.color_mode) == (3, "rgb")
    assert trained.title == run.name
    assert trained.loss["class_name"] == "SparseCategoricalCrossentropy"
    assert trained.model is not model
    picture = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(trained.model(picture), model(picture), atol=1e-6)
    assert TrainedModel.load(run / "model.keras").classes == trained.classes


@pytest.mark.filterwarnings("ignore::UserWarning")  # Keras's advice to leave HDF5
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_model_file_alone(model, suffix, tmp_path):
    path = tmp_path / f"mine{suffix}"
    model.save(path)
    trained = TrainedModel.load(str(path))
    assert trained.classes == ["class 0", "class 1", "class 2"]
    assert not trained.named
    assert trained.title == "mine"


def test_one_sigmoid_unit_is_two_classes(tmp_path):
    path = tmp_path / "two.keras"
    build_model(small_classifier(units=1, activation="sigmoid", shape=(8, 8, 1))).save(path)
    trained = TrainedModel.load(path)
    assert trained.classes == ["class 0", "class 1"]
    assert trained.preparation.color_mode == "grayscale"


def test_a_network_for_pictures_of_any_size(keras, tmp_path):
    inputs = keras.Input((None, None, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(inputs))
    path = tmp_path / "model.keras"
    keras.Model(inputs, keras.layers.Softmax()(x)).save(path)
    assert TrainedModel.load(path).image_size == (224, 224)
    save_project(
        Project(small_classifier(), data={"image_size": [40, 60]}), tmp_path / "project.cnns"
    )
    assert TrainedModel.load(path).image_size == (40, 60)


def test_a_list_of_classes_that_belongs_to_something_else(run, model, tmp_path):
    (run / "classes.txt").write_text("a\nb\n")
    with pytest.raises(ModelError, match=r"classes\.txt names 2 classes, but the model has 3"):
        TrainedModel.load(run)
    path = tmp_path / "mine.keras"
    model.save(path)
    (tmp_path / "classes.txt").write_text("a\nb\n")
    assert TrainedModel.load(path).classes == ["class 0", "class 1", "class 2"]


def test_a_run_without_a_model_yet(run):
    (run / "model.keras").unlink()
    with pytest.raises(ModelError, match=r"has no trained model yet"):
        TrainedModel.load(run)


def test_what_is_no_model(tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    (tmp_path / "cut.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50))
    (tmp_path / "notes.txt").write_text("")
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("readme.txt", "")
    with zipfile.ZipFile(tmp_path / "list.keras", "w") as archive:
        archive.writestr("config.json", "[1]")
    for name, says in (
        ("text.keras", "damaged"),
        ("cut.h5", "damaged"),
        ("other.keras", "damaged"),
        ("list.keras", "damaged"),
        ("notes.txt", "choose a run folder"),
        ("missing.keras", "no run or model"),
        (".", "is not a run"),
    ):
        with pytest.raises(ModelError, match=says) as caught:
            TrainedModel.load(tmp_path / name)
        assert str(tmp_path) in caught.value.message


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("keep", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_file_cut_short(model, suffix, keep, tmp_path):
    path = tmp_path / f"cut{suffix}"
    model.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(ModelError, match=f"cut{suffix}"):
        TrainedModel.load(path)


def test_a_file_with_weights_of_another_network(model, tmp_path):
    path = tmp_path / "mixed.keras"
    build_model(small_classifier(classes=5)).save(path)
    other = tmp_path / "other.keras"
    model.save(other)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(other) as archive:
        weights, metadata = archive.read("model.weights.h5"), archive.read("metadata.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", metadata)
        archive.writestr("model.weights.h5", weights)
    with pytest.raises(ModelError, match=r"mixed\.keras"):
        TrainedModel.load(path)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_a_file_is_refused(keras, suffix, tmp_path):
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Lambda(lambda pixels: pixels / 255, name="halve")(inputs)
    x = keras.layers.Dense(2)(keras.layers.Flatten()(x))
    path = tmp_path / f"lambda{suffix}"
    keras.Model(inputs, x).save(path)
    with pytest.raises(ModelError, match=r"contains a Lambda layer \(halve\): "):
        TrainedModel.load(path)


def test_classes_from_elsewhere_are_refused_before_they_are_imported(model, tmp_path):
    path = tmp_path / "strange.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"][1].update(
        {"module": "subprocess", "class_name": "Popen", "registered_name": "Popen"}
    )
    parts["config.json"] = json.dumps(config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match=r"needs Popen .*, a layer of its maker's own"):
        TrainedModel.load(path)


def test_a_loss_of_its_makers_own_does_no_harm(keras, tmp_path):
    @keras.saving.register_keras_serializable("mine")
    def strange(truth, answer):
        return keras.ops.mean(truth - answer)

    path = tmp_path / "own.keras"
    model = build_model(small_classifier())
    model.compile("sgd", strange)
    model.save(path)
    assert TrainedModel.load(path).classes == ["class 0", "class 1", "class 2"]


def test_networks_that_do_not_classify_pictures(keras, tmp_path):
    pictures = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(pictures)
    dense = keras.layers.Dense(2)(flat)
    second = keras.Input((8, 8, 3))
    added = keras.layers.Dense(2)(keras.layers.Flatten()(keras.layers.Add()([pictures, second])))
    vector = keras.Input((8,))
    five = keras.Input((8, 8, 5))
    path = tmp_path / "model.keras"
    for inputs, outputs, says in (
        ([pictures, second], added, "takes 2 inputs"),
        (pictures, [dense, flat], "has 2 outputs"),
        (vector, keras.layers.Dense(2)(vector), "its input is 8,"),
        (five, keras.layers.Flatten()(five), "its input is 8 × 8 × 5"),
        (pictures, keras.layers.Conv2D(1, 3)(pictures), "its output is 6 × 6 × 1"),
    ):
        keras.Model(inputs, outputs).save(path)
        with pytest.raises(ModelError, match=says):
            TrainedModel.load(path)


def test_weights_without_a_network(model, tmp_path):
    path = tmp_path / "only.weights.h5"
    model.save_weights(path)
    with pytest.raises(ModelError, match="holds weights only"):
        TrainedModel.load(path)


def test_flatten_as_the_last_layer_of_a_chain(tmp_path):
    path = tmp_path / "flat.keras"
    build_model(chain(("Input", {"shape": (2, 2, 1)}), "Flatten")).save(path)
    assert len(TrainedModel.load(path).classes) == 4
