"""The canvas with EfficientNetV2-L on it: opening, panning, zooming, edits and their undo.

Run as a script: `python tests/benchmarks/bench_canvas.py [--residual N …]`; with `--residual`
networks of about so many layers take the place of EfficientNetV2-L, and Keras is not needed.
Everything is drawn by Qt's software renderer into a window of 1440 × 900.

Opening is a new document until the page is painted. A paint is one turn of the event loop after the
view was panned by 40 pixels, or zoomed by a step; the 95th percentile is held against 16 ms (60
pictures a second). Edits count from the change to the end of the paint, undo likewise; the goal is
for undo. The ratio is goal to figure: a goal is met from 1 on.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from networks import LARGEST, efficientnet, residual
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.views.main_window import MainWindow
from cnnstudio.views.start import make_application

OPEN_MS, PAINT_MS, UNDO_MS = 1000.0, 16.0, 30.0
_ROUNDS = 8


class Row(NamedTuple):
    """Times of something in milliseconds; the 95th percentile shall stay below the goal, if any."""

    what: str
    times: list[float]
    goal: float | None = None

    @property
    def figure(self) -> float:
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * 0.95))]

    @property
    def met(self) -> bool:
        return self.goal is None or self.figure < self.goal

    def __str__(self) -> str:
        line = f"{self.what:52} {statistics.median(self.times):8.1f} {self.figure:8.1f}"
        if self.goal is None:
            return line
        verdict = "" if self.met else "  MISSED"
        return f"{line} {self.goal:8.0f} {self.goal / self.figure:8.1f}{verdict}"


def timed(action: Callable[[], object]) -> float:
    """Milliseconds of an action and of the paints that follow from it."""
    begun = time.perf_counter()
    action()
    QApplication.processEvents()
    return (time.perf_counter() - begun) * 1000


def measure(network: Network) -> list[Row]:
    """Rows of the table for a network."""
    window = MainWindow()
    window.resize(1440, 900)
    window.show_page("design")
    window.show()
    QApplication.processEvents()
    rows = [Row("open", [timed(lambda: window.document.new(network))], OPEN_MS)]
    rows += _paints(window)
    rows += _edits(window)
    window.document.undo_stack.setClean()
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    return rows


def _paints(window: MainWindow) -> list[Row]:
    page = window.pages["design"]
    canvas, rows = page.canvas, []
    middle = QPoint(canvas.viewport().width() // 2, canvas.viewport().height() // 2)

    def many(what: str, action: Callable[[], object], rounds: int = 150) -> None:
        rows.append(Row(what, [timed(action) for _ in range(rounds)], PAINT_MS))

    for scale, how in ((1.0, "100 %"), (0.5, "50 %"), (0.2, "20 %"), (0.04, "4 %")):
        for way in ("", "multiply_adds"):
            canvas._zoom_to(scale, middle)
            page.shade_by(way)
            QApplication.processEvents()
            shaded = ", shaded" if way else ""
            steps = iter([40] * 75 + [-40] * 75)
            many(f"pan at {how}{shaded}", lambda steps=steps: canvas.pan(0, next(steps)))
            many(f"repaint at {how}{shaded}", canvas.viewport().repaint, 60)
    page.shade_by("")
    canvas.zoom_fit()
    QApplication.processEvents()
    many("repaint of all of it", canvas.viewport().repaint, 60)
    factors = iter([1.1] * 60 + [1 / 1.1] * 60)
    canvas._zoom_to(0.02, middle)
    many(
        "zoom from 2 % to 600 % and back",
        lambda: canvas._zoom_to(canvas.scale_factor * next(factors), middle),
        120,
    )
    return rows


def _edits(window: MainWindow) -> list[Row]:
    page, document = window.pages["design"], window.document
    network, scene, editing = document.network, page.scene, page.editing
    names = list(network.order)
    convolutions = [name for name in names if network[name].type == "Conv2D"]
    early, middle = convolutions[0], names[len(names) // 2]
    stage = names[20:32]

    def select(*chosen: str) -> None:
        scene.select(chosen)
        page.canvas.bring_into_view(chosen)

    def delete(name: str) -> None:
        scene.select([name])
        page.delete()

    def moved(name: str) -> None:
        x, y = network[name].position
        editing.move({name: (x + 40, y)})

    numbers = iter(range(40, 10_000))
    pads = {"same": "valid", "valid": "same"}[network[early]["padding"]]
    last = next(n for n in reversed(names) if {"units", "filters"} & network[n].settings.keys())
    key = "units" if "units" in network[last].settings else "filters"
    cases: Mapping[str, tuple[str, Callable[[], object]]] = {
        "insert near the input": (early, lambda: editing.insert_after("ReLU", early)),
        "delete near the input": (early, lambda: delete(network.outputs_of(early)[0])),
        "setting near the input, all shapes change": (
            early, lambda: document.edit("", edits.set_setting, early, "padding", pads),
        ),
        "setting near the input, an error": (
            early,
            lambda: document.edit("", edits.set_setting, early, "filters", next(numbers)),
        ),
        "setting near the output": (
            last, lambda: document.edit("", edits.set_setting, last, key, next(numbers)),
        ),
        "insert near the output": (last, lambda: editing.insert_on(
            "Dropout", next(link for link in network.links if link.target == last))),
        "move a layer": (middle, lambda: moved(middle)),
        "rename a layer": (
            middle, lambda: document.edit("", edits.rename, middle, f"new_{next(numbers)}"),
        ),
        "make a block": (stage[0], lambda: (scene.select(stage), editing.make_block("stage"))),
    }  # fmt: skip

    rows = []

    def case(what: str, at: tuple[str, ...], action: Callable[[], object]) -> None:
        changes, undone = [], []
        for _ in range(_ROUNDS):
            select(*at)
            QApplication.processEvents()
            changes.append(timed(action))
            undone.append(timed(document.undo_stack.undo))
        rows.append(Row(what, changes))
        rows.append(Row("  undo of it", undone, UNDO_MS))

    page.canvas._zoom_to(1.0, QPoint(400, 300))
    for what, (name, action) in cases.items():
        case(what, (name,), action)
    page.canvas.zoom_fit()
    case("insert near the input, seen from far away", (early,), cases["insert near the input"][1])
    page.canvas._zoom_to(1.0, QPoint(400, 300))
    scene.select(stage)
    editing.make_block("stage")
    case("fold a block", stage[:1], lambda: editing.fold("stage"))
    editing.fold("stage")
    case("unfold a block", stage[:1], lambda: editing.fold("stage", folded=False))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residual", type=int, nargs="+", metavar="N")
    arguments = parser.parse_args()
    application = make_application()
    if arguments.residual:
        networks = {
            f"residual network of {layers} layers": residual(layers)
            for layers in arguments.residual
        }
    else:
        networks = {LARGEST: efficientnet()[0]}
    missed = 0
    for title, network in networks.items():
        rows = measure(network)
        print(f"{f'{title}, {len(network):,} layers':52}   median     95 %     goal    ratio")
        print(*rows, sep="\n")
        missed += sum(not row.met for row in rows)
    application.quit()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
