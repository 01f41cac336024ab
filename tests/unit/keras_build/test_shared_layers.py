"""One layer of Keras used several times: read, built, exported, watched and trained."""

import json

import numpy as np
import pytest

from cnnstudio.analysis import analyse
from cnnstudio.evaluation.feature_maps import FeatureMapper, LayerOutputError
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import Project, load_project, save_project
from cnnstudio.graph.sharing import own_weights, share_weights
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.compare import answers, random_pictures
from cnnstudio.keras_build.export import export
from cnnstudio.keras_build.importing import import_file
from cnnstudio.keras_build.reading import read_model, read_network
from cnnstudio.keras_build.source import to_source
from cnnstudio.keras_build.trained import PROJECT_FILE, TrainedModel
from cnnstudio.keras_build.uses import outputs_of
from cnnstudio.keras_build.weights import companion, load_weights_into

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")


@pytest.fixture(scope="module")
def towers(keras):
    """A nested model over a picture at two sizes, in which a convolution comes twice."""
    layers = keras.layers
    inside = keras.Input((None, None, 3), name="any_size")
    conv = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")
    again = layers.Conv2D(4, 3, padding="same", name="again")
    x = again(again(conv(inside)))
    x = layers.BatchNormalization(name="norm")(x)
    tower = keras.Model(inside, layers.GlobalAveragePooling2D(name="pool")(x), name="tower")
    first = keras.Input((12, 12, 3), name="pictures")
    scaled = layers.Rescaling(1 / 255, name="scale")(first)
    small = layers.AveragePooling2D(2, name="half")(scaled)
    x = layers.Concatenate(name="both")([tower(scaled), tower(small)])
    x = layers.Dense(3, activation="softmax", name="scores")(x)
    model = keras.Model(first, x, name="towers")
    draw = np.random.default_rng(7)
    model.set_weights([draw.uniform(0.1, 0.6, weight.shape) for weight in model.get_weights()])
    return model


def saved(model, folder, suffix):
    file = folder / f"towers{suffix}"
    if suffix == ".json":
        file.write_text(model.to_json())
    else:
        model.save(file)
    return file


def owners(network):
    return {name: layer.shares for name, layer in network.layers.items() if layer.shares}


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
def test_sharing_is_kept_in_every_form(towers, suffix, tmp_path):
    read = read_model(saved(towers, tmp_path, suffix))
    assert owners(read.network) == {
        "conv_use_2": "conv",
        "again_use_2": "again",
        "again_use_3": "again",
        "again_use_4": "again",
        "norm_use_2": "norm",
    }
    assert not [note for note in read.notes if "use" in note]
    # What has no weights is just used anew.
    assert read.network["pool_use_2"].shares is None
    analysis = analyse(read.network)
    assert not analysis.errors
    assert analysis.parameters == towers.count_params()
    assert analysis.layers["again_use_3"].parameters == 0


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_the_same_answers_with_one_set_of_weights(towers, suffix, tmp_path):
    found = import_file(saved(towers, tmp_path, suffix))
    path = tmp_path / "mine.cnns"
    save_project(found.save_weights(companion(path)), path)
    assert json.loads(path.read_text())["version"] == 2
    model = build_model(load_project(path).network)
    loaded = load_weights_into(model, companion(path))
    assert set(loaded.taken) == {"conv", "again", "norm", "scores"}
    assert model.count_params() == towers.count_params()
    pictures = random_pictures(towers, batch=3)
    np.testing.assert_allclose(answers(model, pictures), answers(towers, pictures), atol=1e-5)


@pytest.mark.parametrize("suffix", [".py", ".keras", ".json", ".tflite", ".onnx"])
def test_it_is_exported_and_read_back(towers, suffix, tmp_path):
    if suffix == ".onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnx")
    network = read_network(saved(towers, tmp_path, ".json"))
    out = tmp_path / f"out{suffix}"
    export(network, out)
    if suffix in (".keras", ".json"):
        again = read_network(out)
        assert len(owners(again)) == 5
        assert analyse(again).parameters == towers.count_params()


def test_source_calls_one_layer_again(towers, tmp_path):
    text = to_source(read_network(saved(towers, tmp_path, ".json")))
    assert text.count("layers.Conv2D(") == 2
    assert text.count("= shared_again(") == 4
    assert text.count("layers.BatchNormalization(") == 1


def test_each_use_has_feature_maps_under_its_name(keras, towers, tmp_path):
    network = read_network(saved(towers, tmp_path, ".json"))
    network = edits.rename(network, "conv_use_2", "small_conv")
    model = build_model(network, seed=2)
    picture = np.random.default_rng(1).integers(0, 256, (12, 12, 3), np.uint8)
    mapper = FeatureMapper(model)
    assert mapper.maps("conv", picture).shape == (12, 12, 4)
    assert mapper.maps("small_conv", picture).shape == (6, 6, 4)
    assert not np.allclose(mapper.maps("again", picture), mapper.maps("again_use_2", picture))
    with pytest.raises(LayerOutputError, match="no layer conv_use_2"):
        mapper.maps("conv_use_2", picture)

    # A run knows the names by its project; a model alone has those of an import.
    model.save(tmp_path / "model.keras")
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    alone = TrainedModel.load(tmp_path / "model.keras").model
    assert {"conv", "conv_use_2"} < set(outputs_of(alone))
    save_project(Project(network), tmp_path / PROJECT_FILE)
    of_run = TrainedModel.load(tmp_path).model
    assert {"conv", "small_conv"} < set(outputs_of(of_run))
    np.testing.assert_allclose(
        FeatureMapper(of_run).maps("small_conv", picture), mapper.maps("small_conv", picture),
        atol=1e-5,
    )  # fmt: skip


def test_a_step_of_training_changes_all_uses_alike(towers, tmp_path):
    network = read_network(saved(towers, tmp_path, ".json"))
    model = build_model(network, seed=3)
    assert len(model.trainable_weights) == len(towers.trainable_weights)
    model.compile("sgd", "sparse_categorical_crossentropy")
    pictures = random_pictures(model, batch=4)
    before = model.get_layer("again").get_weights()[0]
    assert np.isfinite(model.train_on_batch(pictures[0], np.array([0, 1, 2, 0])))
    assert not np.array_equal(before, model.get_layer("again").get_weights()[0])


def test_the_owner_may_come_behind_its_uses(keras):
    """The names and the first weights do not depend on which use runs first."""
    network = edits.add_layer(Network(), "Input", name="pictures")[0]
    before = "pictures"
    for name in ("one", "two"):
        network, _ = edits.add_layer(network, "Conv2D", name=name, settings={"filters": 3})
        network = edits.connect(network, before, name)
        before = name
    shared = share_weights(network, "one", "two")
    model = build_model(shared, seed=4)
    assert [layer.name for layer in model.layers] == ["pictures", "two"]
    assert model.count_params() == analyse(shared).parameters == 84
    apart = build_model(own_weights(shared, "one"), seed=4)
    np.testing.assert_array_equal(
        model.get_layer("two").get_weights()[0], apart.get_layer("two").get_weights()[0]
    )


def test_frozen_attention_that_is_shared(keras, tmp_path):
    layers = keras.layers
    first = keras.Input((4, 4, 3), name="pictures")
    attend = layers.MultiHeadAttention(2, 3, name="attend")
    x = attend(first, first)
    model = keras.Model(first, layers.Flatten(name="flat")(attend(x, x)))
    attend.trainable = False
    network = read_network(saved(model, tmp_path, ".keras"))
    assert owners(network) == {"attend_use_2": "attend"}
    assert analyse(network).trainable_parameters == 0
    for built in (build_model(network), from_source(network)):
        assert not built.trainable_weights
        assert len(built.weights) == len(model.weights)


def from_source(network):
    namespace = {"__name__": "exported"}
    exec(to_source(network), namespace)
    return namespace["build_model"]()


def test_files_of_keras_2_count_the_calls_of_a_shared_model_from_1(tmp_path):
    def layer(type_, name, *nodes, **config):
        inputs = [[[source, number, 0, {}] for source, number in node] for node in nodes]
        config = {"name": name, "trainable": True, **config}
        return {"class_name": type_, "name": name, "config": config, "inbound_nodes": inputs}

    def model(name, layers, first, last):
        return {
            "class_name": "Functional", "name": name,
            "config": {"name": name, "layers": layers, "input_layers": [[first, 0, 0]],
                       "output_layers": [[last, 0, 0]]},
        }  # fmt: skip

    shape = {"batch_input_shape": [None, 8, 8, 3]}
    conv = layer("Conv2D", "conv", [("inside", 0)], filters=2, kernel_size=[3, 3])
    tower = model("tower", [layer("InputLayer", "inside", **shape), conv], "inside", "conv")
    tower["inbound_nodes"] = [[["pictures", 0, 0, {}]], [["relu", 0, 0, {}]]]
    whole = model(
        "whole",
        [
            layer("InputLayer", "pictures", **shape),
            layer("ReLU", "relu", [("pictures", 0)]),
            tower,
            layer("Subtract", "minus", [("tower", 2), ("tower", 1)]),
        ],
        "pictures",
        "minus",
    )
    path = tmp_path / "old.json"
    path.write_text(json.dumps({**whole, "keras_version": "2.15.0"}))
    network = read_network(path)
    assert network.inputs_of("minus") == ("conv_use_2", "conv")
    assert network.inputs_of("conv_use_2") == ("relu",)
    assert network["conv_use_2"].shares == "conv"
