"""The training engine: its speed against bare `model.fit`, and what saving costs.

Run as a script: `python tests/benchmarks/bench_training.py [--part engine|saving] [--repeats N]
[--epochs N] [--seconds N]`.

(a) Against `model.fit` on the same pictures already in memory. Both sides train the preset
small-cnn from the same weights, in turns in one process; the engine does all it does for a person:
events, batch curves, metrics, the run folder, best model, checkpoints.

Two figures of the fastest epoch after the first (others on the machine only make epochs slower),
median over the repeats: pictures a second while training, between an epoch's first and last batch,
as the window shows; and over the whole epoch, which adds validation and, in the engine, writing
the run; the latter also for each second of processor time, which does not depend on what else runs.

(b) The share of a run of some minutes that saving takes (checkpoints, best weights, `model.keras`,
the last ones when it is stopped included), of a small network and of a large one with Adam; and of
the small one the speed against the same training that saves nothing, in turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cnnstudio.data.pictures import load_picture
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.build import build_model
from cnnstudio.training.control import Control
from cnnstudio.training.prepare import Plan, prepare
from cnnstudio.training.run import train
from cnnstudio.training.saving import Saver

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
# Height, width, channels and classes.
CASES = {
    "fashion-mnist-small": ((28, 28, 1), 10),
    "grocery-small": ((64, 64, 3), 8),
}
GOAL = 0.97
# What saving may take of a run, and networks on which data it is tried.
SAVING = 0.03
SAVED = (("small-cnn", "fashion-mnist-small"), ("resnet18", "grocery-small"))


class Times:
    """Pictures a second of one training: of the batches alone, and of whole epochs."""

    def __init__(self, pictures: int) -> None:
        self._pictures = pictures
        self._training: list[float] = []
        self._epochs: list[float] = []
        self._processor: list[float] = []

    def begin(self) -> None:
        """The first epoch begins."""
        self._last = time.perf_counter(), time.process_time()

    def add(self, training: float) -> None:
        """An epoch ended that took `training` seconds before its validation."""
        now = time.perf_counter(), time.process_time()
        self._training.append(training)
        self._epochs.append(now[0] - self._last[0])
        self._processor.append(now[1] - self._last[1])
        self._last = now

    @property
    def training(self) -> float:
        return self._pictures / min(self._training[1:])

    @property
    def whole(self) -> float:
        return self._pictures / min(self._epochs[1:])

    @property
    def processor(self) -> float:
        return self._pictures / min(self._processor[1:])


def with_engine(project: Project, runs: Path, pictures: int) -> Times:
    """Train with the engine."""
    times = Times(pictures)

    def on_event(event):
        if event.kind == "epoch":
            times.add(pictures / event.images_per_second)
        elif event.kind == "started":
            times.begin()

    train(project, runs_folder=runs, on_event=on_event, control=Control())
    return times


def with_fit(plan: Plan, arrays: tuple) -> Times:
    """Train with Keras alone."""
    import keras

    (x, y), validation = arrays
    times = Times(len(x))

    class Clock(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            times.begin()

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_test_begin(self, logs=None):
            self.trained = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.add(self.trained - self.start)

    model = build_model(plan.project.network, seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        x,
        y,
        batch_size=plan.training.batch_size,
        epochs=plan.training.epochs,
        validation_data=validation,
        verbose=0,
        callbacks=[Clock()],
    )
    return times


def compare(name: str, repeats: int, epochs: int) -> list[tuple[str, float, float]]:
    """Rows of what is measured, the engine's pictures a second and bare Keras's."""
    shape, classes = CASES[name]
    project = Project(
        PRESETS["small-cnn"].build(shape, classes),
        {"folder": str(SHARED / name)},
        {"epochs": epochs},
    )
    plan = prepare(project)
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
    with tempfile.TemporaryDirectory() as runs:
        for repeat in range(repeats):
            # In turns, and each first as often as the other.
            for engine in (True, False) if repeat % 2 else (False, True):
                if engine:
                    ours.append(with_engine(project, Path(runs), len(plan.dataset.train)))
                else:
                    bare.append(with_fit(plan, arrays))
    return [
        (
            what,
            statistics.median(getattr(times, part) for times in ours),
            statistics.median(getattr(times, part) for times in bare),
        )
        for what, part in (
            ("training", "training"),
            ("whole epoch", "whole"),
            ("processor", "processor"),
        )
    ]


def engine(repeats: int, epochs: int, only: str | None) -> bool:
    """Print (a)."""
    print(f"{'pictures':<22}{'measured':<14}{'engine/s':>10}{'fit/s':>10}{'ratio':>8}")
    worst = 1.0
    for name in CASES if only is None else [only]:
        if not (SHARED / name).is_dir():
            print(f"{name:<22}absent beside the repository")
            continue
        for what, ours, bare in compare(name, repeats, epochs):
            print(
                f"{name:<22}{what:<14}{ours:>10,.0f}{bare:>10,.0f}{ours / bare:>8.3f}", flush=True
            )
            if what == "training":
                worst = min(worst, ours / bare)
    print(f"goal for training: {GOAL}: {'reached' if worst >= GOAL else 'missed'}")
    return worst >= GOAL


class Saves:
    """The seconds that a training spends in saving; with `off` it saves nothing before its end."""

    def __init__(self, *, off: bool = False) -> None:
        self._off = off
        self.seconds = 0.0
        self.times = 0

    def __enter__(self) -> Saves:
        self._before = {name: getattr(Saver, name) for name in ("save", "keep_best", "keep_now")}
        for name, method in self._before.items():
            setattr(Saver, name, self._timed(method, counts=name == "save"))
        return self

    def __exit__(self, *_: object) -> None:
        for name, method in self._before.items():
            setattr(Saver, name, method)

    def _timed(self, method, *, counts: bool):
        def timed(*arguments, **named):
            if self._off:
                return None
            start = time.perf_counter()
            found = method(*arguments, **named)
            self.seconds += time.perf_counter() - start
            self.times += counts
            return found

        return timed


def trained_for(project: Project, runs: Path, seconds: float) -> tuple[float, float]:
    """Train until so many seconds have passed; how many it took, and steps a second."""
    control, steps, begun = Control(), 0, 0.0

    def on_event(event):
        nonlocal steps, begun
        if event.kind == "batch":
            # The first steps also build the graph.
            begun = begun or time.perf_counter()
            steps = (event.epoch - 1) * event.steps + event.step
            if time.perf_counter() - begun >= seconds:
                control.stop()

    train(project, runs_folder=runs, on_event=on_event, control=control)
    taken = time.perf_counter() - begun
    return taken, steps / taken


def saving(seconds: float, repeats: int) -> bool:
    """Print (b)."""
    print(f"\n{'network':<22}{'run, s':>10}{'saves':>10}{'saving, s':>10}{'share':>10}")
    reached = True
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        for preset, name in SAVED:
            if not (SHARED / name).is_dir():
                continue
            project = lasting(preset, name)
            with Saves() as saves:
                taken, _ = trained_for(project, runs, seconds)
            share = saves.seconds / taken
            print(
                f"{preset:<22}{taken:>10,.0f}{saves.times:>10}{saves.seconds:>10.2f}{share:>10.2%}"
                f"   goal < {SAVING:.0%}",
                flush=True,
            )
            reached = reached and share < SAVING
        preset, name = SAVED[0]
        if (SHARED / name).is_dir():
            reached = against_none(lasting(preset, name), runs, seconds / 4, repeats) and reached
    return reached


def lasting(preset: str, name: str) -> Project:
    """A project that would train for ever."""
    shape, classes = CASES[name]
    network = PRESETS[preset].build(shape, classes)
    return Project(network, {"folder": str(SHARED / name)}, {"epochs": 100_000})


def against_none(project: Project, runs: Path, seconds: float, repeats: int) -> bool:
    """The speed of a training by that of one that saves nothing; print the median of the ratios."""
    ratios = []
    for repeat in range(repeats):
        speeds = {}
        for off in (True, False) if repeat % 2 else (False, True):
            with Saves(off=off):
                speeds[off] = trained_for(project, runs, seconds)[1]
        ratios.append(speeds[False] / speeds[True])
    ratio = statistics.median(ratios)
    print(f"{'speed by one that saves nothing':<52}{ratio:>10.3f}   goal ≥ {1 - SAVING:g}")
    return ratio >= 1 - SAVING


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["engine", "saving"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=120, help="length of the runs of (b)")
    parser.add_argument("--only", choices=sorted(CASES))
    options = parser.parse_args()
    load_keras()
    reached = []
    if options.part in (None, "engine"):
        reached.append(engine(options.repeats, options.epochs, options.only))
    if options.part in (None, "saving"):
        reached.append(saving(options.seconds, options.repeats))
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
