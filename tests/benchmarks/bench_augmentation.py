"""What the augmentation costs: each operation for a batch of 32, beside a step of training.

Run as a script: `python tests/benchmarks/bench_augmentation.py [--repeats N] [--sides 64 224]`.
Times are medians in one process; the step is one of the preset small-cnn on the same pictures.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from cnnstudio.data.augmentation import PRESETS, AugmentationSettings, augmenter

BATCH, CLASSES = 32, 8
# A batch is augmented while the one before is trained: as long as it takes less, nothing waits.
GOAL = 0.5


def median(function, repeats: int) -> float:
    """Milliseconds of a call, the first one not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def step(side: int, repeats: int) -> float:
    """Milliseconds of a training step of small-cnn."""
    from cnnstudio.graph.presets import PRESETS as NETWORKS
    from cnnstudio.keras_build.build import build_model

    model = build_model(NETWORKS["small-cnn"].build((side, side, 3), CLASSES), seed=1)
    model.compile("adam", "categorical_crossentropy")
    x, y = batch(side)
    return median(lambda: model.train_on_batch(x, y), repeats)


def batch(side: int):
    x = np.random.default_rng(0).uniform(0, 255, (BATCH, side, side, 3)).astype("float32")
    return x, np.eye(CLASSES, dtype="float32")[np.arange(BATCH) % CLASSES]


def augmented(settings: AugmentationSettings, side: int, repeats: int) -> float:
    """Milliseconds of the augmentation of a batch, traced as tf.data does."""
    import tensorflow as tf

    x, y = map(tf.constant, batch(side))
    augment = augmenter(settings, seed=1, channels=3)
    traced = tf.function(lambda number: augment(number, x, y))
    numbers = iter(range(10**6))
    return median(lambda: traced(tf.constant(next(numbers), tf.int64))[0].numpy(), repeats)


def main() -> int:
    """Print a table for each size; 1 if the preset "strong" costs more than half a step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--sides", type=int, nargs="+", default=[64, 224])
    options = parser.parse_args()
    nothing = AugmentationSettings()
    cases = {
        name: nothing.model_copy(update={name: type(found)(enabled=True)})
        for name, found in nothing.operations()
    }
    cases |= {name: PRESETS[name] for name in ("light", "strong")}
    missed = False
    for side in options.sides:
        trained = step(side, options.repeats)
        print(f"{BATCH} pictures of {side} × {side}: a step of small-cnn takes {trained:.1f} ms")
        for name, settings in cases.items():
            cost = augmented(settings, side, options.repeats)
            print(f"  {name:18} {cost:7.1f} ms   {cost / trained:5.2f} of a step")
            missed |= name == "strong" and cost / trained > GOAL
    print(f"goal, strong: at most {GOAL} of a step: {'missed' if missed else 'reached'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
