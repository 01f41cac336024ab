"""Explore and Classify in the window against the network's own work.

Run as a script: `python tests/benchmarks/bench_explore.py [--repeats N] [--pictures N] [--part P]`.

drop    From a picture dropped on the Classify page, its network loaded, until the answer is in the
        table, less what the network itself takes for that picture; in turns with that.
folder  Pictures a second of a folder classified in the window, until the last row is there, against
        `model.predict` on arrays in memory plus decoding the same files with as many threads; in
        turns. The pictures are made by this script.
maps    From 64 feature maps asked for until they are painted, less what the network itself takes.
scroll  5,000 results: milliseconds of each paint while the table is scrolled through, and memory
        that the results take beyond the network.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

SIDE, BATCH = 64, 32
RESULTS = 5000
GOALS = {"drop": 60.0, "folder": 0.9, "maps": 50.0, "paint": 16.0, "smooth": 0.95, "memory": 150.0}
PARTS = ("drop", "folder", "maps", "scroll")


def memory() -> float:
    """Megabytes this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def make_pictures(folder: Path, count: int) -> list[Path]:
    """JPEGs of 160 × 120 pixels, all different."""
    from PIL import Image

    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    coarse = draw.integers(0, 256, (count, 6, 8, 3), np.uint8)
    files = [folder / f"{number:05}.jpg" for number in range(count)]
    for file, pixels in zip(files, coarse, strict=True):
        big = Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC)
        big.save(file, quality=85)
    return files


def make_model(folder: Path) -> Path:
    """A small-cnn of six classes as a file, its first convolution with 64 filters."""
    from cnnstudio.graph.edits import set_setting
    from cnnstudio.graph.presets import PRESETS
    from cnnstudio.keras_build.build import build_model

    network = PRESETS["small-cnn"].build((SIDE, SIDE, 3), 6)
    model = build_model(set_setting(network, "conv2d_1", "filters", 64), seed=1)
    model.save(folder / "network.keras")
    (folder / "classes.txt").write_text("".join(f"class {n}\n" for n in "abcdef"))
    return folder / "network.keras"


class Window:
    """The program with its window, and a network chosen on both pages."""

    def __init__(self, model: Path) -> None:
        from cnnstudio.views.main_window import MainWindow
        from cnnstudio.views.start import make_application

        self.application = make_application()
        self.window = MainWindow()
        self.window.resize(1440, 900)
        self.window.show()
        self.window.show_page("classify")
        self.classify = self.window.pages["classify"]
        self.explore = self.window.pages["explore"]
        self.wait(lambda: self.classify.chooser.listed)
        self.classify.chooser.open_file(model)
        self.classifier = self.window.context.models.get(model)

    def wait(self, condition: Callable[[], Any]) -> None:
        """Until something is so, asked after every turn of the event loop that did something."""
        from PySide6.QtCore import QEventLoop, QTimer

        timer = QTimer(interval=50)  # or the loop might wait for nothing
        timer.start()
        while not condition():
            self.application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def classified(self, paths: list[Path], count: int) -> float:
        """Seconds from a drop until `count` rows are there and nothing is left to do."""
        start = time.perf_counter()
        self.classify.classify(paths)
        rows = self.classify.results
        self.wait(lambda: len(rows.results) >= count and not self.classify.session.busy)
        return time.perf_counter() - start

    def clear(self) -> None:
        self.classify.clear()
        gc.collect()

    def close(self) -> None:
        self.window.document.undo_stack.setClean()
        self.window.close()


def line(what: str, value: float, unit: str, goal: str = "") -> None:
    print(f"{what:<52}{value:>10,.2f} {unit}   {goal}".rstrip(), flush=True)


def drop(window: Window, files: list[Path], repeats: int) -> bool:
    """Print and judge the answer to one picture."""
    from cnnstudio.data.pictures import load_picture

    window.classified(files[:1], 1)
    whole, own, beyond = [], [], []
    for file in files[1 : 1 + max(20, repeats)]:
        window.clear()
        pixels = load_picture(file, window.classifier.trained.preparation)[None]
        start = time.perf_counter()
        window.classifier.probabilities(pixels)
        own.append(1000 * (time.perf_counter() - start))
        whole.append(1000 * window.classified([file], 1))
        beyond.append(whole[-1] - own[-1])
    window.clear()
    print("\none picture dropped, the network loaded")
    line("from the drop to the row in the table", statistics.median(whole), "ms")
    line("the network itself", statistics.median(own), "ms")
    median = statistics.median(beyond)
    line("beyond the network", median, "ms", f"goal < {GOALS['drop']:g}")
    return median < GOALS["drop"]


def folder(window: Window, files: list[Path], repeats: int) -> bool:
    """Print and judge a folder classified."""
    from cnnstudio.data.pictures import load_picture

    trained = window.classifier.trained
    workers = min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(workers) as pool:
        pixels = np.stack(list(pool.map(lambda f: load_picture(f, trained.preparation), files)))
    arrays = pixels.astype(np.float32)
    del pixels
    trained.model.predict(arrays[:BATCH], batch_size=BATCH, verbose=0)
    ours, theirs, decoding = [], [], []
    for _ in range(repeats):
        start = time.perf_counter()
        trained.model.predict(arrays, batch_size=BATCH, verbose=0)
        theirs.append(time.perf_counter() - start)
        start = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            for _ in pool.map(lambda f: load_picture(f, trained.preparation), files):
                pass
        decoding.append(time.perf_counter() - start)
        window.clear()
        ours.append(window.classified([files[0].parent], len(files)))
    window.clear()
    rate = [len(files) / statistics.median(each) for each in (theirs, decoding, ours)]
    pairs = zip(theirs, decoding, ours, strict=True)
    ratio = statistics.median((their + decode) / our for their, decode, our in pairs)
    print(f"\na folder of {len(files):,} pictures")
    line("model.predict on arrays in memory", rate[0], "pictures a second")
    line(f"decoding with {workers} threads", rate[1], "pictures a second")
    line("the window, from the drop to the last row", rate[2], "pictures a second")
    line("predict and decoding, by the window", ratio, "×", f"goal ≥ {GOALS['folder']:g}")
    return ratio >= GOALS["folder"]


def maps(window: Window, files: list[Path], repeats: int) -> bool:
    """Print and judge 64 maps shown anew."""
    from cnnstudio.data.pictures import load_picture
    from cnnstudio.evaluation.feature_maps import FeatureMapper

    page, classifier = window.explore, window.classifier
    window.window.show_page("explore")
    page.chooser.open_file(classifier.trained.path)
    tab = page.maps_tab
    tab.picture_box.set_path(files[0])
    # The first convolution is the layer that is chosen at first.
    window.wait(lambda: tab.title.text() == "conv2d_1" and not window.window.inference.busy)
    mapper, own, beyond, whole = FeatureMapper(classifier.trained.model), [], [], []
    painted = _painted(tab.maps)
    for file in files[1 : 1 + max(20, repeats)]:
        pixels = load_picture(file, classifier.trained.preparation)
        start = time.perf_counter()
        mapper.maps("conv2d_1", pixels)
        classifier.probabilities(pixels[None])
        own.append(1000 * (time.perf_counter() - start))
        before = tab.maps.levels
        start = time.perf_counter()
        tab.picture_box.set_path(file)
        window.wait(lambda before=before: before is not tab.maps.levels is painted[0])
        whole.append(1000 * (time.perf_counter() - start))
        beyond.append(whole[-1] - own[-1])
        window.wait(lambda: not (window.window.inference.busy or window.window.tasks.busy))
    count, height, width = tab.maps.levels.values.shape
    print(f"\n{count} feature maps of {height} × {width} for another picture")
    line("from the choice to the maps on the screen", statistics.median(whole), "ms")
    line("the network itself", statistics.median(own), "ms")
    median = statistics.median(beyond)
    line("beyond the network", median, "ms", f"goal < {GOALS['maps']:g}")
    window.window.show_page("classify")
    return median < GOALS["maps"] and count == 64


def _painted(view: Any) -> list[Any]:
    """A list whose one entry is what a view showed when it was last painted."""
    from PySide6.QtCore import QEvent, QObject

    last: list[Any] = [None]

    class Filter(QObject):
        def eventFilter(self, _watched, event):
            if event.type() == QEvent.Type.Paint:
                last[0] = view.levels
            return False

    view.viewport().installEventFilter(Filter(view))
    return last


def scroll(window: Window, files: list[Path]) -> bool:
    """Print and judge the table of many results."""
    window.clear()
    window.classified(files[:BATCH], BATCH)
    window.clear()
    before = memory()
    window.classified(files[:RESULTS], min(RESULTS, len(files)))
    table = window.classify.table
    bar, page = table.verticalScrollBar(), table.viewport().height()
    paints = []
    # Each turn of the wheel is three rows; then in pages, as with the bar dragged.
    steps = [bar.minimum() + 3 * 76 * n for n in range(400)]
    steps += list(range(steps[-1], bar.maximum(), 2 * page))
    for value in steps:
        bar.setValue(min(value, bar.maximum()))
        start = time.perf_counter()
        table.viewport().repaint()
        paints.append(1000 * (time.perf_counter() - start))
        # Thumbnails arrive in between.
        until = time.perf_counter() + 0.008
        while time.perf_counter() < until:
            window.application.processEvents()
    taken = memory() - before
    times = np.array(paints)
    smooth = float((times < GOALS["paint"]).mean())
    print(f"\n{table.model().rowCount():,} results scrolled through, {len(times):,} paints")
    line("median paint", float(np.median(times)), "ms")
    line("99 % are under", float(np.percentile(times, 99)), "ms")
    goal = f"goal ≥ {GOALS['smooth']:.0%}"
    line(f"paints under {GOALS['paint']:g} ms", 100 * smooth, "%", goal)
    line("memory beyond the network", taken, "MB", f"goal ≤ {GOALS['memory']:g}")
    window.clear()
    return smooth >= GOALS["smooth"] and taken <= GOALS["memory"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--part", choices=PARTS)
    options = parser.parse_args()
    wanted = [options.part] if options.part else PARTS
    with tempfile.TemporaryDirectory() as home:
        os.environ["CNNSTUDIO_HOME"] = home
        files = make_pictures(Path(home) / "pictures", options.pictures)
        window = Window(make_model(Path(home)))
        reached = []
        if "drop" in wanted:
            reached.append(drop(window, files, options.repeats))
        if "folder" in wanted:
            reached.append(folder(window, files, options.repeats))
        if "maps" in wanted:
            reached.append(maps(window, files, options.repeats))
        if "scroll" in wanted:
            reached.append(scroll(window, files))
        window.close()
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
