"""Large networks for the benchmarks: EfficientNetV2-L as Keras builds it, residual networks by us.

Run as a script, `python tests/benchmarks/networks.py FILE`, it is the part that needs Keras: in a
process of its own, so that TensorFlow is in nobody's way while milliseconds are measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cnnstudio.graph import edits
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Network
from cnnstudio.keras_build.reading import read_network

LARGEST = "EfficientNetV2-L"


def efficientnet() -> tuple[Network, float]:
    """EfficientNetV2-L (1,031 layers), imported from Keras's own description of it.

    Also tells in how many milliseconds Keras built it, its import not counted.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "efficientnetv2l.json"
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        answer = subprocess.run(
            [sys.executable, __file__, str(file)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        network = read_network(file)
    assert len(network) == 1031, f"EfficientNetV2-L has {len(network)} layers"
    return network, float(answer.stdout)


def residual(layers: int) -> Network:
    """A residual network of about so many layers, with a projection in every third block."""
    network, last = edits.add_layer(Network(), "Input", settings={"shape": (64, 64, 32)})
    block = 0
    while len(network) < layers:
        block += 1
        start = last
        for type_ in ("Conv2D", "BatchNormalization", "ReLU", "Conv2D", "BatchNormalization"):
            network, name = edits.add_layer(network, type_)
            network = edits.connect(network, last, name)
            last = name
        if block % 3 == 0:
            network, side = edits.add_layer(network, "Conv2D", settings={"kernel_size": (1, 1)})
            network = edits.connect(network, start, side)
            start = side
        network, name = edits.add_layer(network, "Add")
        network = edits.connect(network, last, name)
        network = edits.connect(network, start, name)
        last = name
    return arrange(network)


def _build(file: Path) -> None:
    """Let Keras build EfficientNetV2-L, write its description, print the milliseconds it took."""
    from cnnstudio.keras_build.backend import load_keras

    keras = load_keras()
    # The first layer ever made costs extra.
    keras.layers.Conv2D(1, 1)(keras.Input((2, 2, 1)))
    begun = time.perf_counter()
    model = keras.applications.EfficientNetV2L(weights=None)
    spent = time.perf_counter() - begun
    file.write_text(model.to_json(), encoding="utf-8")
    print(1000 * spent)


if __name__ == "__main__":
    _build(Path(sys.argv[1]))
