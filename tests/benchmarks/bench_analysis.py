"""One edit in a large network: our analysis against building the same network in Keras.

Run as a script: `python tests/benchmarks/bench_analysis.py [--layers 500] [--no-keras]`. Each
analysis is a median of fresh edits, with the time to make the edit left out and the time to sort
the changed graph counted in; the Keras model is built once, after the import.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from cnnstudio.analysis import Analysis, analyse
from cnnstudio.graph import edits
from cnnstudio.graph.network import Layer, Link, Network

GOAL_MS = 5.0
GOAL_RATIO = 200.0


def residual_network(layers: int, side: int = 64, filters: int = 16) -> Network:
    """Residual blocks of Conv2D, BatchNormalization, ReLU and Add, `layers` layers in all."""
    made: dict[str, Layer] = {}
    links: list[Link] = []

    def put(type_: str, *sources: str, **settings: object) -> str:
        one, name = edits.add_layer(
            Network(), type_, (0.0, len(made) * edits.ROW), name=f"l{len(made)}", settings=settings
        )
        made[name] = one[name]
        links.extend(Link(source, name) for source in sources)
        return name

    end = put("Rescaling", put("Input", shape=(side, side, 3)))
    end = put("Conv2D", end, filters=filters, use_bias=False)
    while len(made) + 4 + 2 <= layers:
        inner = put("Conv2D", end, filters=filters, use_bias=False)
        inner = put("ReLU", put("BatchNormalization", inner))
        end = put("Add", end, inner)
    while len(made) + 2 < layers:
        end = put("ReLU", end)
    put("Dense", put("GlobalAveragePooling2D", end), units=10, activation="softmax")
    return Network(made, tuple(links))


def cases(network: Network) -> dict[str, Callable[[int], Network]]:
    """Edits by name; each takes a number that makes it a fresh one."""
    names = list(network.layers)
    early = next(name for name in names if network[name].type == "BatchNormalization")
    middle = next(name for name in names[len(names) // 2 :] if network[name].type == "Conv2D")
    last = names[-1]

    def insert(at: int) -> Callable[[int], Network]:
        return lambda _: edits.insert_on_link(network, network.links[at], "Dropout", (0, 0))[0]

    return {
        "setting of the Input, every shape changes": lambda number: edits.set_setting(
            network, "l0", "shape", (64 + number, 64, 3)
        ),
        "setting near the input, no shape changes": lambda number: edits.set_setting(
            network, early, "momentum", 0.5 + number / 1000
        ),
        "filters in the middle, an error below": lambda number: edits.set_setting(
            network, middle, "filters", 17 + number
        ),
        "units of the last layer": lambda number: edits.set_setting(
            network, last, "units", 11 + number
        ),
        "layer inserted near the input": insert(1),
        "layer inserted near the output": insert(len(network.links) - 1),
        "layer renamed": lambda number: edits.rename(network, middle, f"name{number}"),
        "layer moved": lambda number: edits.move(network, {middle: (number, number)}),
        "link removed near the input": lambda _: edits.disconnect(network, *network.links[0]),
    }


def edit_ms(edit: Callable[[int], Network], before: Analysis | None, rounds: int = 30) -> float:
    """Milliseconds of one analysis after an edit: the median of `rounds`."""
    times = []
    for number in range(rounds):
        changed = edit(number)
        start = time.perf_counter()
        analyse(changed, before, classes=10)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def keras_ms(network: Network) -> float:
    """Milliseconds to build the network in Keras, import not counted."""
    import keras

    from cnnstudio.keras_build.build import build_model

    # The first layer ever made costs extra.
    keras.layers.Conv2D(1, 1)(keras.Input((2, 2, 1)))
    start = time.perf_counter()
    build_model(network)
    return 1000 * (time.perf_counter() - start)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=500)
    parser.add_argument("--no-keras", action="store_true")
    arguments = parser.parse_args()
    network = residual_network(arguments.layers)
    before = analyse(network, classes=10)
    assert len(before.layers) == arguments.layers
    assert before.trainable
    rows = {name: edit_ms(edit, before) for name, edit in cases(network).items()}
    rows["everything from nothing"] = edit_ms(
        lambda _: Network(network.layers, network.links), None
    )
    keras = None if arguments.no_keras else keras_ms(network)
    if keras is not None:
        print(f"Keras builds the network of {len(network)} layers in {keras:,.0f} ms.\n")
    print(f"| analysis of {len(network)} layers | ms | times faster than Keras |")
    print("| --- | ---: | ---: |")
    for name, spent in rows.items():
        ratio = "" if keras is None else f"{keras / spent:,.0f}"
        print(f"| {name} | {spent:.2f} | {ratio} |")
    worst = max(spent for name, spent in rows.items() if name != "everything from nothing")
    verdict = [f"one edit {worst:.2f} ms at most (goal < {GOAL_MS:g} ms)"]
    if keras is not None:
        verdict.append(f"{keras / worst:,.0f} times faster (goal ≥ {GOAL_RATIO:g})")
    print(f"\n{'; '.join(verdict)}")
    return 0 if worst < GOAL_MS and (keras is None or keras / worst >= GOAL_RATIO) else 1


if __name__ == "__main__":
    sys.exit(main())
