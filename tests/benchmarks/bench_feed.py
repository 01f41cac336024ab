"""Training from folders against Keras's tutorial and against arrays in memory, side by side.

Run as a script: `python tests/benchmarks/bench_feed.py [--repeats N] [--only CASE]`. Every side
trains the same network from the same weights, in turns in one process; ratios are medians over the
repeats, each of two neighbours in time.

feed      `cnnstudio.data.feed.Feed`, as the program trains.
arrays    `model.fit` on NumPy arrays.
tutorial  `keras.utils.image_dataset_from_directory(…).prefetch(AUTOTUNE)`, Keras's own tutorial
          "Image classification from scratch".
cached    the same with `.cache().shuffle(1000)` before it, as TensorFlow's tutorial does.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cnnstudio.data.dataset import make_dataset
from cnnstudio.data.feed import Feed
from cnnstudio.data.pictures import load_picture
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.store import PictureStore
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.preparation import Preparation
from cnnstudio.graph.presets import PRESETS

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
BATCH = 32
LATER_GOAL = 0.97  # images a second of the feed, of those from arrays, from the second epoch on
THIRD = 1 / 3  # time of three epochs with 12-megapixel JPEGs, of the tutorial's


class Case(NamedTuple):
    """Pictures, and the network that they train."""

    name: str
    settings: DataSettings
    network: Callable[[tuple[int, int, int], int], Network]


def light(shape: tuple[int, int, int], classes: int) -> Network:
    """A network as light beside the reading of large pictures as any is on a GPU.

    Without one even LeNet-5 takes a tenth of the tutorial's time here, whoever feeds it.
    """
    network, last = edits.add_layer(Network(), "Input", settings={"shape": shape})
    for type_, settings in (
        ("Rescaling", {"scale": 1 / 255}),
        ("Conv2D", {"filters": 16, "kernel_size": (8, 8), "strides": (8, 8), "activation": "relu"}),
        ("Conv2D", {"filters": 32, "strides": (2, 2), "activation": "relu"}),
        ("GlobalAveragePooling2D", {}),
        ("Dense", {"units": classes, "activation": "softmax"}),
    ):
        network, name = edits.add_layer(network, type_, settings=settings)
        network = edits.connect(network, last, name)
        last = name
    return network


CASES = (
    Case(
        "fashion-mnist-small",
        DataSettings(image_size=(28, 28), color_mode="grayscale", validation_split=0),
        PRESETS["small-cnn"].build,
    ),
    Case(
        "grocery-small",
        DataSettings(image_size=(96, 96), validation_split=0),
        PRESETS["small-cnn"].build,
    ),
)
LARGE = Case("12-megapixel", DataSettings(image_size=(224, 224), validation_split=0), light)


class Clock:
    """Seconds of each epoch of a `fit`."""

    def __init__(self, enough: Callable[[list[float]], bool] = lambda _: False) -> None:
        self.times: list[float] = []
        self._enough = enough

    def callback(self) -> Any:
        import keras

        clock = self

        class Epochs(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                clock.start = time.perf_counter()

            def on_epoch_end(self, epoch, logs=None):
                clock.times.append(time.perf_counter() - clock.start)
                if clock._enough(clock.times):
                    self.model.stop_training = True

        return Epochs()


class Bench:
    """One case: its network, its pictures in memory, and a `fit` of each side."""

    def __init__(self, case: Case, folder: Path) -> None:
        import keras

        from cnnstudio.keras_build.build import build_model

        self.case, self.folder = case, folder
        self.train = folder / "train" if (folder / "train").is_dir() else folder
        self.dataset = make_dataset(scan_folder(self.train), case.settings)
        shape = (*case.settings.image_size, case.settings.channels)
        self.model = build_model(case.network(shape, len(self.dataset.classes)), seed=1)
        self.model.compile(
            optimizer=keras.optimizers.Adam(),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        self.model.optimizer.build(self.model.trainable_variables)
        self._weights = self.model.get_weights()
        # Traced before anything is measured, for whole and for smaller batches.
        x, y = np.zeros((BATCH, *shape), np.float32), np.zeros(BATCH, np.int32)
        with self.feed() as (fit, _):
            self.model.fit(verbose=0, **{**fit, "steps_per_epoch": 1})
        with self.tutorial() as (fit, _):
            self.model.fit(verbose=0, **{**fit, "x": fit["x"].take(1)})
        self.model.fit(x, y, verbose=0, batch_size=BATCH)

    @contextlib.contextmanager
    def feed(self) -> Iterator[tuple[dict[str, Any], float]]:
        """Arguments of `fit`, and the seconds it took to find the pictures."""
        start = time.perf_counter()
        dataset = make_dataset(scan_folder(self.train), self.case.settings)
        with Feed(
            dataset.train,
            self.case.settings,
            batch_size=BATCH,
            classes=len(dataset.classes),
            shuffle=True,
        ) as feed:
            fit = {"x": feed.dataset(), "steps_per_epoch": feed.steps_per_epoch, "shuffle": False}
            yield fit, time.perf_counter() - start

    @contextlib.contextmanager
    def tutorial(self, *, cached: bool = False) -> Iterator[tuple[dict[str, Any], float]]:
        import keras
        import tensorflow as tf

        start = time.perf_counter()
        settings = self.case.settings
        with contextlib.redirect_stdout(io.StringIO()):
            dataset = keras.utils.image_dataset_from_directory(
                self.train,
                image_size=settings.image_size,
                color_mode=settings.color_mode,
                batch_size=BATCH,
                seed=1,
            )
        if cached:
            dataset = dataset.cache().shuffle(1000)
        yield (
            {"x": dataset.prefetch(tf.data.AUTOTUNE), "shuffle": False},
            time.perf_counter() - start,
        )

    @contextlib.contextmanager
    def arrays(self) -> Iterator[tuple[dict[str, Any], float]]:
        samples, preparation = self.dataset.train, self.case.settings.preparation
        x = np.stack([load_picture(sample.path, preparation) for sample in samples])
        y = np.array([sample.label_index for sample in samples], np.int32)
        yield {"x": x.astype(np.float32), "y": y, "batch_size": BATCH, "shuffle": True}, 0.0

    def fit(self, fit: dict[str, Any], clock: Clock, epochs: int) -> None:
        self.model.set_weights(self._weights)
        gc.collect()
        self.model.fit(epochs=epochs, verbose=0, callbacks=[clock.callback()], **fit)

    def later(self, repeats: int, seconds: float) -> dict[str, float]:
        """Images a second from the second epoch on, of feed and arrays in turns."""
        found: dict[str, list[float]] = {"arrays": [], "feed": []}
        with self.feed() as (feed, _), self.arrays() as (arrays, _):
            self.fit(feed, Clock(), 1)  # decodes
            sides = {"arrays": arrays, "feed": feed}
            for number in range(repeats):
                for side in sorted(sides, reverse=bool(number % 2)):
                    # Short turns: what else the machine does then meets both sides.
                    clock = Clock(lambda t: len(t) > 3 and sum(t[1:]) > seconds)
                    self.fit(sides[side], clock, 1000)
                    speed = len(self.dataset.train) / statistics.median(clock.times[1:])
                    found[side].append(speed)
        ratios = [f / a for f, a in zip(found["feed"], found["arrays"], strict=True)]
        return {
            "arrays": statistics.median(found["arrays"]),
            "feed": statistics.median(found["feed"]),
            "ratio": statistics.median(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
        }

    def whole(self, repeats: int, epochs: int) -> dict[str, list[list[float]]]:
        """For feed, tutorial and cached: seconds to find the pictures and of each epoch."""
        sides: dict[str, Callable[[], Any]] = {
            "feed": self.feed,
            "tutorial": self.tutorial,
            "cached": lambda: self.tutorial(cached=True),
        }
        found: dict[str, list[list[float]]] = {side: [] for side in sides}
        for number in range(repeats):
            for side in sorted(sides, reverse=bool(number % 2)):
                clock = Clock()
                with sides[side]() as (fit, finding):
                    self.fit(fit, clock, epochs)
                found[side].append([finding, *clock.times])
        return found


def large_pictures(folder: Path, number: int) -> Path:
    """JPEGs of 4000×3000 pixels in three classes, noisy enough for the 4 MB a telephone writes."""
    from PIL import Image

    photos = sorted((SHARED / "fruit-photos").rglob("*.jpg"))
    random = np.random.default_rng(0)
    noise = random.normal(0, 10, (3000, 4000, 3)).astype(np.float32)
    for index in range(number):
        place = folder / f"class{index % 3}" / f"{index:03}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        if photos:
            photo = Image.open(photos[index % len(photos)]).convert("RGB")
        else:
            photo = Image.fromarray(random.integers(0, 256, (60, 80, 3)).astype(np.uint8))
        pixels = np.asarray(photo.resize((4000, 3000), Image.Resampling.BICUBIC), np.float32)
        pixels = pixels + np.roll(noise, int(random.integers(3000)), axis=0)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(place, quality=88)
    return folder


def resident() -> float:
    """MB of memory of this process that is its own."""
    with open("/proc/self/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) / 1024


def memory(pictures: int, budget: int) -> tuple[float, str, float]:
    """Growth in MB after all pictures were asked for twice; where they are kept; MB of pixels."""
    from PIL import Image

    side = 128
    preparation = Preparation((side, side))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "noise.png")
        Image.fromarray(
            np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype(np.uint8)
        ).save(path, compress_level=1)
        load_picture(path, preparation)
        gc.collect()
        before = resident()
        with PictureStore(
            [path] * pictures, preparation, budget=budget, cache_folder=Path(folder)
        ) as store:
            peak = 0.0
            for _ in range(2):
                for start in range(0, pictures, 64):
                    store.gather(np.arange(start, min(start + 64, pictures)))
                    peak = max(peak, resident())
            return peak - before, store.kept, store.nbytes / 2**20


def compare(bench: Bench, repeats: int, epochs: int) -> tuple[float, float]:
    """Print a table; the feed's first epoch and all epochs, in times of the tutorial's."""
    found = bench.whole(repeats, epochs)
    pictures = len(bench.dataset.train)
    print(f"{bench.case.name}: {pictures:,} pictures, seconds")
    later = "later" if epochs > 2 else "second"
    print(f"  {'':10}{'finding':>9}{'first epoch':>13}{later:>9}{'in all':>9}   of the tutorial's")

    def ratio(side: str, figure: Callable[[list[float]], float]) -> float:
        pairs = zip(found[side], found["tutorial"], strict=True)
        return statistics.median(figure(one) / figure(other) for one, other in pairs)

    for side, runs in found.items():
        finding, first, *rest = (statistics.median(times) for times in zip(*runs, strict=True))
        print(
            f"  {side:10}{finding:9.2f}{first:13.2f}{statistics.median(rest):9.2f}"
            f"{statistics.median(map(sum, runs)):9.2f}   "
            f"first {ratio(side, lambda run: run[1]):.2f}, with finding "
            f"{ratio(side, lambda run: run[0] + run[1]):.2f}, all {ratio(side, sum):.2f}"
        )
    return ratio("feed", lambda run: run[1]), ratio("feed", sum)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each side of a repeat")
    parser.add_argument("--large", type=int, default=96, help="pictures of 12 megapixels")
    parser.add_argument("--only", help="one case by name, or memory")
    options = parser.parse_args()
    good = True

    for case in CASES:
        if options.only not in (None, case.name):
            continue
        if not (SHARED / case.name).is_dir():
            print(f"{case.name}: the pictures are absent")
            continue
        bench = Bench(case, SHARED / case.name)
        first, _ = compare(bench, options.repeats, 3)
        found = bench.later(options.repeats, options.seconds)
        print(
            f"  images a second from the second epoch on: feed {found['feed']:.0f}, arrays "
            f"{found['arrays']:.0f}, ratio {found['ratio']:.3f} "
            f"({found['lowest']:.3f}–{found['highest']:.3f}), wanted ≥ {LATER_GOAL}\n"
        )
        good = good and first <= 1 and found["ratio"] >= LATER_GOAL
    if options.only in (None, LARGE.name):
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(LARGE, large_pictures(Path(folder), options.large))
            first, whole = compare(bench, max(1, options.repeats // 3), 3)
        print(f"  three epochs: {whole:.3f} of the tutorial's time, wanted ≤ {THIRD:.3f}\n")
        good = good and first <= 1 and whole <= THIRD
    if options.only in (None, "memory"):
        print("memory with a budget of 64 MB, pictures 128×128 RGB")
        print(f"{'pictures':>9}{'pixels':>11}{'kept':>9}{'growth':>11}")
        for pictures in (500, 1000, 2000, 4000, 8000):
            growth, kept, pixels = memory(pictures, 64 * 2**20)
            print(f"{pictures:9,}{pixels:8.0f} MB{kept:>9}{growth:8.1f} MB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
