"""TensorFlow Lite and ONNX files: read back by their interpreters before they are in place."""

import importlib.util

import pytest
from keras_networks import chain, small_classifier

from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.keras_build import exchange
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.compare import DiffersError
from cnnstudio.keras_build.export import ExportError, export

onnx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("tf2onnx", "onnx")),
    reason="the extra cnnstudio[onnx] is not installed",
)
SUFFIXES = [".tflite", pytest.param(".onnx", marks=onnx)]


def two_in_two_out():
    network = chain(("Input", {"shape": (4, 4, 1)}), "Add", "Flatten")
    network, other = add_layer(network, "Input", settings={"shape": (4, 4, 1)})
    network, relu = add_layer(network, "ReLU")
    return connect(connect(network, other, "add_1"), "add_1", relu)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("make", [small_classifier, two_in_two_out])
def test_written_and_read_back(make, suffix, tmp_path, capfd):
    out = tmp_path / f"net{suffix}"
    export(make(), out)
    assert out.stat().st_size > 500
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_answers_otherwise_is_found_out(suffix, tmp_path):
    one, other = (build_model(small_classifier(), seed=seed) for seed in (1, 2))
    path = tmp_path / f"net{suffix}"
    read = exchange._run_onnx
    if suffix == ".tflite":
        exchange.write_tflite(one, path)

        def read(file, pictures):
            return exchange._run_tflite(file, other, pictures)
    else:
        exchange.write_onnx(one, path, "net")
    with pytest.raises(DiffersError), exchange._quiet():
        exchange.same_answers(lambda pictures: read(path, pictures), other)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"pip install 'cnnstudio\[onnx\]'"):
        export(small_classifier(), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
