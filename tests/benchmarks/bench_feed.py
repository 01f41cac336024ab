"""Training from folders against `model.fit` on arrays in memory, and what the feed keeps in memory.

Run as a script: `python tests/benchmarks/bench_feed.py [--repeats N]`. Both sides train the same
network from the same weights, in turns in one process; every number is a median of the repeats.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cnnstudio.data.dataset import make_dataset
from cnnstudio.data.feed import Feed
from cnnstudio.data.pictures import load_picture
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.store import PictureStore
from cnnstudio.graph.preparation import Preparation

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
CASES = {
    "fashion-mnist-small": DataSettings(image_size=(28, 28), color_mode="grayscale"),
    "grocery-small": DataSettings(image_size=(96, 96)),
}
GOAL = 0.97


def build(settings: DataSettings, classes: int):
    """A network like the preset small-cnn."""
    import keras

    from cnnstudio.graph.presets import PRESETS
    from cnnstudio.keras_build.build import build_model

    shape = (*settings.image_size, settings.channels)
    model = build_model(PRESETS["small-cnn"].build(shape, classes), seed=1)
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def epochs(model, seconds: float, **fit) -> float:
    """Seconds of an epoch: the median of as many as fit into `seconds`, at least 3."""
    import keras

    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.append(time.perf_counter() - self.start)
            # The first epoch opens the pipeline; what counts is the second and later.
            if len(times) > 3 and sum(times[1:]) > seconds:
                self.model.stop_training = True

    model.fit(epochs=1000, verbose=0, callbacks=[Clock()], **fit)
    return statistics.median(times[1:])


def speed(name: str, repeats: int, seconds: float) -> dict[str, float]:
    settings = CASES[name]
    dataset = make_dataset(scan_folder(SHARED / name), settings)
    model = build(settings, len(dataset.classes))
    x = np.stack(
        [load_picture(sample.path, settings.preparation) for sample in dataset.train]
    ).astype(np.float32)
    y = np.array([sample.label_index for sample in dataset.train], np.int32)
    arrays = {"x": x, "y": y, "batch_size": 32, "shuffle": True}
    found: dict[str, list[float]] = {"memory": [], "feed": [], "ratio": []}
    with Feed(
        dataset.train, settings, batch_size=32, classes=len(dataset.classes), shuffle=True
    ) as feed:
        stream = {"x": feed.dataset(), "steps_per_epoch": feed.steps_per_epoch, "shuffle": False}
        model.fit(epochs=1, verbose=0, **stream)  # decodes
        epochs(model, 0, **arrays)
        for number in range(repeats):
            turns = [("memory", arrays), ("feed", stream)]
            pair = {}
            for side, fit in turns if number % 2 else reversed(turns):
                pair[side] = len(dataset.train) / epochs(model, seconds, **fit)
                found[side].append(pair[side])
            found["ratio"].append(pair["feed"] / pair["memory"])
    result = {key: statistics.median(values) for key, values in found.items()}
    result["lowest"], result["highest"] = min(found["ratio"]), max(found["ratio"])
    return result


def resident() -> float:
    """MB of memory of this process that is its own."""
    with open("/proc/self/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) / 1024


def memory(pictures: int, budget: int) -> tuple[float, str, float]:
    """Growth in MB after all pictures were asked for twice; where they are kept; MB of pixels."""
    from PIL import Image

    side = 128
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "noise.png")
        Image.fromarray(
            np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
        ).save(path, compress_level=1)
        load_picture(path, Preparation((side, side)))
        gc.collect()
        before = resident()
        with PictureStore(
            [path] * pictures,
            (side, side),
            "rgb",
            memory_budget=budget,
            cache_folder=Path(folder),
        ) as store:
            peak = 0.0
            for _ in range(2):
                for start in range(0, pictures, 64):
                    store.gather(np.arange(start, min(start + 64, pictures)))
                    peak = max(peak, resident())
            return peak - before, store.kept, store.nbytes / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each side of a repeat")
    options = parser.parse_args()

    print("images a second, small-cnn, batches of 32, from the second epoch on")
    print(f"{'pictures':22}{'in memory':>11}{'feed':>9}{'ratio':>8}{'  lowest–highest':>17}  goal")
    worst = 9.0
    for name in CASES:
        if not (SHARED / name).is_dir():
            print(f"{name:22} the pictures are absent")
            continue
        found = speed(name, options.repeats, options.seconds)
        worst = min(worst, found["ratio"])
        print(
            f"{name:22}{found['memory']:11.0f}{found['feed']:9.0f}{found['ratio']:8.3f}"
            f"{found['lowest']:10.3f}–{found['highest']:.3f}  ≥ {GOAL}"
        )
    print()
    budget = 64 * 2**20
    print("memory with a budget of 64 MB, pictures 128×128 RGB")
    print(f"{'pictures':>9}{'pixels':>11}{'kept':>9}{'growth':>11}")
    for pictures in (500, 1000, 2000, 4000, 8000):
        growth, kept, pixels = memory(pictures, budget)
        print(f"{pictures:9,}{pixels:8.0f} MB{kept:>9}{growth:8.1f} MB")
    return 0 if worst >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
