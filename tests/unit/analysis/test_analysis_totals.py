"""The summary as JSON, and the memory of a training step."""

from __future__ import annotations

import json
import subprocess
import sys

from cnnstudio.analysis import analyse, summary_json, training_bytes
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


def test_training_memory_grows_with_batch_and_optimizer():
    analysis = analyse(PRESETS["lenet5"].build())
    outputs, weights = analysis.activation_bytes, 4 * analysis.parameters
    assert training_bytes(analysis, 1, 0) == 2 * outputs + 2 * weights
    assert training_bytes(analysis, 32, 2) == 64 * outputs + 4 * weights


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
