"""The training engine against bare `model.fit` on the same pictures already in memory.

Run as a script: `python tests/benchmarks/bench_training.py [--repeats N] [--epochs N]`. Both sides
train the preset small-cnn from the same weights, in turns in one process; the engine does all it
does for a person: events, batch curves, metrics, the run folder, best model, checkpoints.

Two figures of the fastest epoch after the first (others on the machine only make epochs slower),
median over the repeats: pictures a second while training, between an epoch's first and last batch,
as the window shows; and over the whole epoch, which adds validation and, in the engine, writing
the run; the latter also for each second of processor time, which does not depend on what else runs.
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

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
# Height, width, channels and classes.
CASES = {
    "fashion-mnist-small": ((28, 28, 1), 10),
    "grocery-small": ((64, 64, 3), 8),
}
GOAL = 0.97


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--only", choices=sorted(CASES))
    options = parser.parse_args()
    load_keras()
    print(f"{'pictures':<22}{'measured':<14}{'engine/s':>10}{'fit/s':>10}{'ratio':>8}")
    worst = 1.0
    for name in CASES if options.only is None else [options.only]:
        if not (SHARED / name).is_dir():
            print(f"{name:<22}absent beside the repository")
            continue
        for what, ours, bare in compare(name, options.repeats, options.epochs):
            print(
                f"{name:<22}{what:<14}{ours:>10,.0f}{bare:>10,.0f}{ours / bare:>8.3f}", flush=True
            )
            if what == "training":
                worst = min(worst, ours / bare)
    print(f"goal for training: {GOAL}: {'reached' if worst >= GOAL else 'missed'}")
    return 0 if worst >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
