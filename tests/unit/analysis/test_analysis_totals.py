"""The summary as JSON, and the memory of a training step."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from strategies import networks

from cnnstudio.analysis import analyse, memory, summary_json, training_bytes
from cnnstudio.analysis.totals import depth, held_at_once, receptive_field
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS


def test_the_summary_has_the_agreed_keys():
    network = edits.set_setting(PRESETS["lenet5"].build(), "dense_3", "activation", "linear")
    summary = json.loads(json.dumps(summary_json(analyse(network))))
    assert list(summary) == [
        "layers",
        "parameters",
        "trainable_parameters",
        "multiply_adds",
        "activation_bytes",
        "problems",
    ]
    assert [layer["name"] for layer in summary["layers"]] == list(network.order)
    assert summary["layers"][2] == {
        "name": "conv2d_1",
        "type": "Conv2D",
        "inputs": ["rescaling_1"],
        "output_shape": [28, 28, 6],
        "parameters": 156,
        "trainable_parameters": 156,
        "multiply_adds": 28 * 28 * 6 * 25,
        "activation_bytes": 4 * 28 * 28 * 6,
        "receptive_field": [5, 5],
    }
    assert summary["parameters"] == 61_706
    (problem,) = summary["problems"]
    assert list(problem) == ["layer", "severity", "message", "remedy"]
    assert problem["layer"] == "dense_3"
    assert problem["remedy"] == "Set activation to softmax"


def test_unknown_figures_are_null():
    network, _ = edits.add_layer(Network(), "Conv2D")
    (layer,) = summary_json(analyse(network))["layers"]
    assert layer["output_shape"] is None
    assert layer["receptive_field"] is None
    assert layer["parameters"] == 0


def test_the_summary_may_have_the_memory():
    analysis = analyse(PRESETS["lenet5"].build())
    needed = memory(analysis, 8, 1, "SGD")
    assert summary_json(analysis, needed)["memory"] == {
        "weights_bytes": 4 * 61_706,
        "inference_bytes": needed.inference,
        "training_bytes": needed.training,
        "batch_size": 8,
        "optimizer": "SGD",
    }


def test_training_memory_grows_with_batch_and_optimizer():
    analysis = analyse(PRESETS["lenet5"].build())
    outputs, weights = analysis.activation_bytes, 4 * analysis.parameters
    held = held_at_once(analysis).size
    assert training_bytes(analysis, 1, 0) == outputs + held + 2 * weights
    assert training_bytes(analysis, 32, 2) == 32 * (outputs + held) + 4 * weights


def test_weights_that_are_not_trained_have_no_gradient():
    network, _ = edits.insert_after(PRESETS["lenet5"].build(), "conv2d_1", "BatchNormalization")
    analysis = analyse(network)
    needed = memory(analysis, 1, 2, "Adam")
    assert needed.weights - needed.gradients == 4 * 2 * 6
    assert needed.slots == 2 * needed.gradients


def test_a_chain_holds_the_output_of_a_layer_and_the_one_before():
    network, last = edits.add_layer(Network(), "Input", settings={"shape": (8, 8, 1)})
    for filters in (4, 16, 8, 2):
        network, name = edits.add_layer(
            network, "Conv2D", settings={"filters": filters, "padding": "same"}
        )
        network, last = edits.connect(network, last, name), name
    held = held_at_once(analyse(network))
    assert (held.size, held.at) == (4 * 64 * (16 + 8), "conv2d_3")
    assert held.layers == ("conv2d_2", "conv2d_3")


def test_a_skip_holds_what_it_skips_over():
    network, last = edits.add_layer(Network(), "Input", settings={"shape": (8, 8, 4)})
    for _ in range(3):
        network, name = edits.add_layer(
            network, "Conv2D", settings={"filters": 4, "padding": "same"}
        )
        network, last = edits.connect(network, last, name), name
    network, add = edits.add_layer(network, "Add")
    network = edits.connect(edits.connect(network, last, add), "input", add)
    held = held_at_once(analyse(network))
    assert held.size == 3 * 4 * 64 * 4
    assert held.layers == ("input", "conv2d_1", "conv2d_2")


@given(networks())
def test_what_is_held_is_between_the_largest_and_all(network):
    analysis = analyse(network)
    sizes = [info.activation_bytes for info in analysis.layers.values()]
    held = held_at_once(analysis)
    assert max(sizes) <= held.size <= sum(sizes)
    assert held.size == sum(analysis.layers[name].activation_bytes for name in held.layers)


def test_memory_explains_itself_with_its_numbers():
    needed = memory(analyse(PRESETS["vgg16"].build()), 16, 2, "Adam")
    classify, train = needed.explained()
    assert classify.numbers == "553,430,176 + 25,690,112 = 579,120,288 bytes"
    assert "block1_conv2 runs: its output and that of block1_conv1" in classify.note
    assert train.numbers.endswith(f"16 · (61,652,896 + 25,690,112) = {needed.training:,} bytes")
    assert "2 for each from Adam" in train.note
    assert "SGD keeps none" in memory(analyse(Network()), 1, 0, "SGD").explained()[1].note


@pytest.mark.parametrize(
    ("name", "layers"),
    [("lenet5", 5), ("alexnet", 8), ("vgg16", 16), ("vgg19", 19), ("googlenet", 22),
     ("resnet18", 18), ("resnet34", 34), ("resnet50", 50), ("densenet121", 121)],
)  # fmt: skip
def test_depth_is_that_of_the_name(name, layers):
    assert depth(analyse(PRESETS[name].build())) == layers


def test_an_empty_network_has_no_depth():
    assert depth(analyse(Network())) == 0


def test_the_receptive_field_is_that_of_the_last_maps():
    assert receptive_field(analyse(PRESETS["vgg16"].build())) == (212, 212)
    assert receptive_field(analyse(Network())) is None


def test_the_analysis_needs_nothing_but_the_standard_library():
    program = (
        "import sys; from cnnstudio.graph.presets import PRESETS; "
        "from cnnstudio.analysis import analyse; "
        "analyse(PRESETS['vgg16'].build()); "
        "heavy = {'numpy', 'keras', 'tensorflow', 'PySide6', 'pydantic'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
