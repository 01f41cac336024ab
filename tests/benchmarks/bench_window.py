"""The window: how soon it is there, how alive it stays while training, what it costs the training.

Run as a script: `python tests/benchmarks/bench_window.py [--repeats N] [--epochs N]`.

(a) Time to window: a fresh Python until the first event loop turn after `show`, against an empty
    `QMainWindow` program with matplotlib imported, in turns; both without TensorFlow.
(b) Gaps of the event loop while small-cnn trains with the Train page in front: the time between two
    ticks of a timer of 2 ms, from the start of the training (TensorFlow loaded, as after the
    window's warm-up) to its end.
(c) Pictures a second of the training in the window, by its own measure, against bare `model.fit` on
    the same pictures in memory, in turns, from the second epoch on.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from bench_training import CASES, SHARED, with_fit

from cnnstudio.views.train.tabs import RunTabs

TICK_MS = 2
GOALS = {"time": 3.0, "gap": 16.0, "training": 0.97}

EMPTY = """
import sys
import matplotlib.pyplot
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.show()
application.processEvents()
"""
OURS = """
import sys
from cnnstudio.views.start import make_application
application = make_application()
from cnnstudio.views.main_window import MainWindow
window = MainWindow()
window.show()
application.processEvents()
"""
# The window is there: say so, and end without the time it takes to tidy up.
END = """
assert window.isVisible() and "tensorflow" not in sys.modules
sys.stdout.write("shown")
sys.stdout.flush()
import os
os._exit(0)
"""


def time_to_window(program: str, home: str) -> float:
    """Seconds from starting Python until the window is there."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", program + END],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "CNNSTUDIO_HOME": home},
    )
    assert process.stdout is not None
    said = process.stdout.read(5)
    taken = time.perf_counter() - start
    _, errors = process.communicate()
    if said != b"shown":
        raise SystemExit(errors.decode())
    return taken


def start_times(repeats: int, home: str) -> bool:
    """Print (a)."""
    times: dict[str, list[float]] = {EMPTY: [], OURS: []}
    for number in range(repeats + 1):
        for program, found in times.items():
            taken = time_to_window(program, home)
            # The first fills the disk's cache and Python's.
            if number:
                found.append(taken)
    empty, ours = (statistics.median(found) for found in times.values())
    print(f"{'time to window':<34}{'s':>10}")
    print(f"{'empty QMainWindow and matplotlib':<34}{empty:>10.2f}")
    print(f"{'CNN Studio':<34}{ours:>10.2f}{ours / empty:>10.2f} ×   goal ≤ {GOALS['time']:g}")
    return ours <= GOALS["time"] * empty


class Window:
    """The program with a window, and trainings in it."""

    def __init__(self) -> None:
        from cnnstudio.views.main_window import MainWindow
        from cnnstudio.views.start import make_application

        self.application = make_application()
        self.window = MainWindow()
        self.window.resize(1440, 900)
        self.window.show()
        self.window.trainer.warm_up()
        self.wait(lambda: self.window.trainer.device)

    def wait(self, condition) -> None:
        from PySide6.QtCore import QEventLoop, QTimer

        loop, timer = QEventLoop(), QTimer(interval=20)
        timer.timeout.connect(lambda: loop.quit() if condition() else None)
        timer.start()
        loop.exec()

    def prepare(self, name: str, epochs: int) -> None:
        """Open a folder of pictures on the Data page and fit the network to it."""
        shape, classes = CASES[name]
        self.open(SHARED / name, shape, classes, epochs)

    def open(
        self,
        folder: Path,
        shape: tuple[int, int, int],
        classes: int,
        epochs: int,
        preset: str = "small-cnn",
    ) -> None:
        """The same for any folder, whose pictures become `shape` (height, width, channels)."""
        from cnnstudio.graph.presets import PRESETS

        window, document = self.window, self.window.document
        document.new(PRESETS[preset].build(shape, classes))
        window.context.open_folder(folder)
        self.wait(lambda: document.report is not None)
        mode = "rgb" if shape[2] == 3 else "grayscale"
        data = {"image_size": shape[:2], "color_mode": mode}
        document.set_data(document.data.model_copy(update=data))
        document.match_data()
        document.set_training(document.training.model_copy(update={"epochs": epochs}))
        document.undo_stack.setClean()

    def look_at(self, *, maps: bool, weights: bool) -> None:
        """Bring the Train page to the front, with feature maps and the Weights tab open or not."""
        page = self.window.pages["train"]
        self.window.show_page("train")
        page.live_maps.setVisible(maps)
        tabs = page.findChild(RunTabs)
        tabs.setCurrentWidget(tabs.weights if weights else page.runs)

    def train(self) -> list:
        """Train to the end with the Train page in front; the events."""
        from PySide6.QtCore import QEventLoop

        window, events = self.window, []
        window.trainer.events.connect(events.extend)
        window.context.train()
        if not window.trainer.state.active:
            raise SystemExit(f"not started: {window.notifications.texts}")
        # Told, not asked: a timer would take its share of the time.
        loop = QEventLoop()
        ended = window.trainer.state_changed.connect(
            lambda state: None if state.active else loop.quit()
        )
        loop.exec()
        window.trainer.state_changed.disconnect(ended)
        window.trainer.events.disconnect(events.extend)
        if window.trainer.state.name != "FINISHED":
            raise SystemExit(f"failed: {window.notifications.texts}")
        return events

    def gaps(self) -> tuple[np.ndarray, np.ndarray]:
        """Milliseconds between the turns of the event loop in a training, and when they ended."""
        from PySide6.QtCore import Qt, QTimer

        ticks: list[float] = []
        timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        timer.start()
        self.train()
        timer.stop()
        times = np.array(ticks)
        return np.diff(times) * 1000, times[1:] - times[0]

    def close(self) -> None:
        self.window.document.undo_stack.setClean()
        self.window.close()


def pictures_a_second(events: list) -> float:
    rates = [event.images_per_second for event in events if event.kind == "epoch"]
    return statistics.median(rates[1:])


def event_loop(window: Window, epochs: int) -> bool:
    """Print (b)."""
    window.prepare("fashion-mnist-small", epochs)
    gaps, when = window.gaps()
    p99 = float(np.percentile(gaps, 99))
    print(f"\n{'event loop while training':<34}{'ms':>10}")
    print(f"{f'median of {len(gaps):,} gaps':<34}{np.median(gaps):>10.1f}")
    print(f"{'99 % are under':<34}{p99:>10.1f}   goal < {GOALS['gap']:g}")
    print(f"{'longest':<34}{gaps.max():>10.1f}   {when[gaps.argmax()]:.1f} s after the start")
    print(f"{'of the time in gaps over 16 ms':<34}{gaps[gaps > 16].sum() / gaps.sum():>10.1%}")
    return p99 < GOALS["gap"]


def throughput(window: Window, name: str, repeats: int, epochs: int) -> bool:
    """Print (c)."""
    from cnnstudio.data.pictures import load_picture
    from cnnstudio.training.prepare import prepare

    window.prepare(name, epochs)
    plan = prepare(window.window.document.project)
    arrays = tuple(
        (
            np.stack([load_picture(s.path, plan.data.preparation) for s in samples]).astype(
                np.float32
            ),
            np.array([s.label_index for s in samples], np.int32),
        )
        for samples in (plan.dataset.train, plan.dataset.val)
    )
    ours, bare = [], []
    for repeat in range(repeats):
        for ours_turn in (True, False) if repeat % 2 else (False, True):
            if ours_turn:
                ours.append(pictures_a_second(window.train()))
            else:
                bare.append(with_fit(plan, arrays).training)
    through, fit = statistics.median(ours), statistics.median(bare)
    print(
        f"{name:<34}{through:>10,.0f}{fit:>10,.0f}{through / fit:>10.3f}   "
        f"goal ≥ {GOALS['training']:g}",
        flush=True,
    )
    return through >= GOALS["training"] * fit


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--part", choices=["start", "gaps", "pictures"])
    options = parser.parse_args()
    parts = [options.part] if options.part else ["start", "gaps", "pictures"]
    reached = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["CNNSTUDIO_HOME"] = home
        if "start" in parts:
            reached.append(start_times(max(5, options.repeats), home))
        cases = [name for name in CASES if (SHARED / name).is_dir()]
        if parts == ["start"] or not cases:
            return 0 if all(reached) else 1
        window = Window()
        if "gaps" in parts:
            reached.append(event_loop(window, options.epochs))
        if "pictures" in parts:
            print(f"\n{'pictures a second':<34}{'window':>10}{'fit':>10}{'ratio':>10}")
            reached += [throughput(window, name, options.repeats, options.epochs) for name in cases]
        window.close()
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
