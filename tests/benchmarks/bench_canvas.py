"""The canvas: how soon a large network is on it, how long its paints and edits take.

Run as a script: `python tests/benchmarks/bench_canvas.py [--layers 300 1000]`. Everything is drawn
by Qt's software renderer into a window of 1440 × 900.

Opening is a new document until the page is painted. A paint is one turn of the event loop after the
view was panned by 40 pixels, or zoomed by a step; the 95th percentile is held against 16 ms (60
pictures a second). Edits count from the change to the end of the paint, undo likewise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from cnnstudio.graph import edits
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Network

GOALS = {"open": 1000.0, "paint": 16.0, "undo": 30.0}


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


def timed(action) -> float:
    """Milliseconds of an action and of the paints that follow from it."""
    begun = time.perf_counter()
    action()
    QApplication.processEvents()
    return (time.perf_counter() - begun) * 1000


def measure(layers: int) -> list[tuple[str, str, str]]:
    """Rows of the table for a network of so many layers."""
    from cnnstudio.views.main_window import MainWindow

    window = MainWindow()
    window.resize(1440, 900)
    window.show_page("design")
    window.show()
    QApplication.processEvents()
    page, document = window.pages["design"], window.document
    canvas = page.canvas
    network = residual(layers)
    rows = []

    def row(what: str, times: list[float], goal: str) -> None:
        times = sorted(times)
        p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
        limit = GOALS[goal]
        rows.append(
            (
                f"{what}, {len(network):,} layers",
                f"{statistics.median(times):.1f} / {p95:.1f} ms",
                f"{'ok' if p95 < limit else 'MISSED'} (< {limit:.0f})",
            )
        )

    row("open", [timed(lambda: document.new(network))], "open")
    middle = QPoint(canvas.viewport().width() // 2, canvas.viewport().height() // 2)
    for scale, how in ((1.0, "100 %"), (0.5, "50 %"), (0.2, "20 %")):
        canvas._zoom_to(scale, middle)
        QApplication.processEvents()
        row(f"pan at {how}", [timed(lambda: canvas.pan(0, 40)) for _ in range(150)], "paint")
        row(
            f"full repaint at {how}",
            [timed(lambda: canvas.viewport().repaint()) for _ in range(60)],
            "paint",
        )
        page.shade_by("multiply_adds")
        QApplication.processEvents()
        row(
            f"pan at {how}, shaded",
            [timed(lambda: canvas.pan(0, -40)) for _ in range(150)],
            "paint",
        )
        page.shade_by("")
        QApplication.processEvents()
    canvas.zoom_fit()
    row(
        "full repaint fitted",
        [timed(lambda: canvas.viewport().repaint()) for _ in range(60)],
        "paint",
    )
    canvas._zoom_to(0.1, middle)
    zooms = []
    for step in range(60):
        factor = 1.1 if step % 60 < 30 else 1 / 1.1
        zooms.append(timed(lambda f=factor: canvas._zoom_to(canvas.scale_factor * f, middle)))
    row("zoom from 10 % to 170 % and back", zooms, "paint")

    canvas._zoom_to(1.0, middle)
    names = list(network.layers)
    name = next(n for n in names if network[n].type == "Conv2D")
    changes, undone = [], []
    for filters in range(40, 50):
        changes.append(
            timed(lambda f=filters: document.edit("", edits.set_setting, name, "filters", f))
        )
        undone.append(timed(document.undo_stack.undo))
    row("change near the input", changes, "undo")
    row("undo of it", undone, "undo")
    changes, undone = [], []
    for _ in range(5):
        changes.append(timed(lambda: page.editing.insert_after("ReLU", name)))
        undone.append(timed(document.undo_stack.undo))
    row("insert near the input", changes, "undo")
    row("undo of it", undone, "undo")
    changes, undone = [], []
    for _ in range(3):
        page.scene.select([names[len(names) // 2]])
        changes.append(timed(page.delete))
        undone.append(timed(document.undo_stack.undo))
    row("delete in the middle", changes, "undo")
    row("undo of it", undone, "undo")
    document.undo_stack.setClean()
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[300, 1000])
    arguments = parser.parse_args()
    from cnnstudio.views.start import make_application

    application = make_application()
    rows = [row for layers in arguments.layers for row in measure(layers)]
    width = max(len(row[0]) for row in rows)
    print(f"{'':{width}}  median / 95 %        goal")
    for what, value, goal in rows:
        print(f"{what:{width}}  {value:20} {goal}")
    application.quit()


if __name__ == "__main__":
    main()
