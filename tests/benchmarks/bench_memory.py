"""Memory after many short trainings in one window: does any of it stay behind?

Run as a script: `python tests/benchmarks/bench_memory.py [--runs N] [--preset NAME]`.

One window trains again and again on a handful of pictures with the Train page in front: curves,
feature maps and histograms on, a run folder, checkpoints and `model.keras` each time. The first
trainings fill what is kept on purpose (TensorFlow's kernels and arenas, caches of fixed size);
afterwards the resident memory of the process may grow by less than the goal. The figure compared is
the median of several trainings in a row, as memory wavers by some MB.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from bench_window import Window
from PIL import Image

from cnnstudio.training.load import process_memory

MEGABYTE = 1024 * 1024
GOAL_MB = 100.0
WARM_UP, IN_A_ROW = 20, 10


def write_pictures(folder: Path, side: int) -> Path:
    """Two classes of twelve noisy pictures."""
    generator = np.random.default_rng(0)
    for label, low in (("dark", 0), ("light", 150)):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(low, low + 100, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:02}.png")
    return folder


def megabytes() -> float:
    """The resident memory of this process."""
    gc.collect()
    return (process_memory() or 0) / MEGABYTE


def many_runs(window: Window, runs: int) -> list[float]:
    """Megabytes after each training."""
    found = []
    for number in range(1, runs + 1):
        window.train()
        # What a person does between two trainings: the tables and curves settle.
        window.application.processEvents()
        window.window.tasks.wait()
        window.application.processEvents()
        found.append(megabytes())
        if number == 1 or number % 20 == 0:
            print(f"{f'after {number:,} trainings':<34}{found[-1]:>10,.0f} MB", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--preset", default="small-cnn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["CNNSTUDIO_HOME"] = home
        side = 12
        folder = write_pictures(Path(home) / "pictures", side)
        window = Window()
        window.open(folder, (side, side, 3), 2, epochs=2, preset=options.preset)
        window.look_at(maps=True, weights=True)
        found = many_runs(window, options.runs)
        window.close()
    warm = min(WARM_UP, max(len(found) // 2, 1))
    row = min(IN_A_ROW, max(len(found) // 4, 1))
    before = statistics.median(found[warm - 1 : warm - 1 + row])
    after = statistics.median(found[-row:])
    print(
        f"{f'growth after the first {warm}':<34}{after - before:>10,.0f} MB   goal < {GOAL_MB:g} MB"
    )
    return 0 if after - before < GOAL_MB else 1


if __name__ == "__main__":
    sys.exit(main())
