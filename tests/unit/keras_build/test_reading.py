"""Keras model files read back as networks, without TensorFlow."""

import json
import subprocess
import sys

import pytest

from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.reading import read_network
from cnnstudio.keras_build.trained import ModelError


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".json"])
@pytest.mark.parametrize("preset", ["small-cnn", "lenet5"])
def test_a_saved_network_is_read_back(preset, suffix, tmp_path, recwarn):
    network = PRESETS[preset].build()
    model = build_model(network)
    path = tmp_path / f"model{suffix}"
    if suffix == ".json":
        path.write_text(model.to_json())
    else:
        model.save(path)
    recwarn.clear()
    read = read_network(path)
    assert set(read.layers) == set(network.layers)
    assert sorted(read.links) == sorted(network.links)
    for name, layer in network.layers.items():
        assert read[name].type == layer.type
        for key, value in layer.settings.items():
            assert (
                read[name][key] == pytest.approx(value)
                if key == "scale"
                else (read[name][key] == value)
            ), (name, key)


def test_branches_and_sequential_models(keras, tmp_path):
    first = keras.Input((8, 8, 3), name="pictures")
    left = keras.layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2", name="left")(first)
    right = keras.layers.ZeroPadding2D(((0, 1), (2, 3)), name="right")(first)
    small = keras.layers.Conv2D(4, (2, 6), name="small")(right)
    joined = keras.layers.Concatenate(name="joined")([small, left])
    path = tmp_path / "branches.keras"
    keras.Model(first, joined).save(path)
    network = read_network(path)
    assert network.inputs_of("joined") == ("small", "left")
    assert network["right"]["padding"] == ((0, 1), (2, 3))
    assert network["left"]["kernel_regularizer"].l2 == pytest.approx(0.01)

    chain = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    chain.save(tmp_path / "chain.keras")
    network = read_network(tmp_path / "chain.keras")
    assert [network[name].type for name in network.order] == ["Input", "Flatten", "Dense"]


def test_what_cannot_be_represented_is_named(keras, tmp_path):
    first = keras.Input((8, 8, 3))
    rows = keras.layers.TimeDistributed(keras.layers.Flatten(), name="rows")(first)
    hidden = keras.layers.LSTM(3, name="memory")(rows)
    path = tmp_path / "other.keras"
    keras.Model(first, hidden).save(path)
    with pytest.raises(
        ModelError, match=r"other\.keras has layers .*rows \(TimeDistributed\).*memory \(LSTM\)"
    ):
        read_network(path)


@pytest.mark.parametrize("content", ["", "{", '{"class_name": "Ghost"}', "[1]", "null"])
def test_files_that_are_no_model(content, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"model\.json"):
        read_network(path)


def test_summary_of_a_model_file_needs_no_tensorflow(tmp_path):
    network = PRESETS["small-cnn"].build()
    path = tmp_path / "model.keras"
    model = build_model(network)
    model.save(path)
    code = (
        "import sys\nfrom cnnstudio.cli import main\n"
        f"assert main(['summary', {str(path)!r}, '--json']) == 0\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parameters"] == model.count_params()
