"""Our analysis of EfficientNetV2-L, from nothing and after an edit, against Keras building it.

Run as a script: `python tests/benchmarks/bench_analysis.py [--residual N]`; with `--residual` a
network of about so many layers takes the place of EfficientNetV2-L, and Keras is not asked. Each
figure is the median of fresh edits, with the time to make the edit left out and the time to sort
the changed graph counted in; Keras builds once, after the import. The ratio is goal to figure: a
goal is met from 1 on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from networks import LARGEST, efficientnet, residual

from cnnstudio.analysis import Analysis, analyse
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network

WHOLE_MS, NEAR_INPUT_MS, NEAR_OUTPUT_MS, TIMES_FASTER = 50.0, 15.0, 2.0, 50.0
_ROUNDS = 30


Edit = Callable[[int], Network]


def near_input(network: Network) -> dict[str, Edit]:
    """Edits that much follows; each takes a number that makes it a fresh one."""
    order, layers = network.order, network.layers
    source, middle = network.sources[0], order[len(order) // 2]
    first = next(name for name in order if layers[name].type == "Conv2D")
    norm = next(name for name in order if layers[name].type == "BatchNormalization")
    high, wide, deep = layers[source]["shape"]

    def setting(name: str, key: str, value: Callable[[int], object]) -> Edit:
        return lambda number: edits.set_setting(network, name, key, value(number))

    def insert(_: int) -> Network:
        return edits.insert_after(network, first, "ReLU")[0]

    return {
        "size of the Input: every shape changes": setting(
            source, "shape", lambda number: (high + 32 * (number + 1), wide, deep)
        ),
        "filters of the first Conv2D: an error follows": setting(
            first, "filters", lambda number: 33 + 2 * number
        ),
        "momentum near the input: no shape changes": setting(
            norm, "momentum", lambda number: 0.5 + number / 1000
        ),
        "insert near the input": insert,
        "delete near the input": lambda _: edits.remove_layers(network, [norm]),
        "remove the link behind the Input": lambda _: edits.disconnect(network, *network.links[0]),
        "rename a layer": lambda number: edits.rename(network, middle, f"name_{number}"),
        "move a layer": lambda number: edits.move(network, {middle: (number, number)}),
    }


def near_output(network: Network) -> dict[str, Edit]:
    """Edits that hardly anything follows."""
    order, layers = network.order, network.layers
    last = next(n for n in reversed(order) if {"units", "filters"} & layers[n].settings.keys())
    key = "units" if "units" in layers[last].settings else "filters"
    return {
        f"{key} of {last}": lambda number: edits.set_setting(network, last, key, 11 + number),
        "insert near the output": lambda _: edits.insert_before(network, order[-1], "Dropout")[0],
    }


def analysis_ms(edit: Edit, before: Analysis | None) -> float:
    """Milliseconds of one analysis after an edit: the median of many."""
    times = []
    for number in range(_ROUNDS):
        changed = edit(number)
        start = time.perf_counter()
        analyse(changed, before, classes=10)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residual", type=int, metavar="N")
    arguments = parser.parse_args()
    keras: float | None = None
    if arguments.residual:
        title, network = "Residual network", residual(arguments.residual)
    else:
        title = LARGEST
        network, keras = efficientnet()
    before = analyse(network, classes=10)
    missed = 0

    def row(what: str, figure: float, goal: float) -> None:
        nonlocal missed
        missed += figure >= goal
        verdict = "  MISSED" if figure >= goal else ""
        print(f"{what:52} {figure:8.2f} {goal:8.0f} {goal / figure:8.1f}{verdict}")

    print(f"{f'{title}, {len(network):,} layers':52}       ms     goal    ratio")
    # A network without a topology yet, as one that was just read.
    whole = analysis_ms(lambda _: Network(network.layers, network.links), None)
    row("from nothing", whole, WHOLE_MS)
    for edits_there, goal in ((near_input, NEAR_INPUT_MS), (near_output, NEAR_OUTPUT_MS)):
        for what, edit in edits_there(network).items():
            row(what, analysis_ms(edit, before), goal)
    if keras is not None:
        row("from nothing, where Keras takes 50 times as long", whole, keras / TIMES_FASTER)
        print(f"Keras builds it in {keras:,.0f} ms: {keras / whole:,.0f} times as long.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
