"""What it costs a training to be watched: through the window against the command line.

Run as a script: `python tests/benchmarks/bench_watching.py [--part window|maps] [--repeats N]
[--epochs N]`.

(a) The same project trained by `cnnstudio train` in a process of its own, and in the window with
    the Train page in front: curves, feature maps, weights and gradients measured each epoch.
(b) In the window with feature maps of the watched picture against without.

Both in turns, each first as often as the other. The speed is that of whole epochs, from the end of
the first to the end of the last, by the times in the run's `events.jsonl`; the figure is the median
of the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from bench_training import CASES, SHARED
from bench_window import Window

from cnnstudio.graph.project import save_project

GOALS = {"window": 0.98, "maps": 0.97}


def speed_of(run: Path) -> float:
    """Epochs a second, of the second on."""
    lines = map(json.loads, (run / "events.jsonl").read_text(encoding="utf-8").splitlines())
    times = [line["time"] for line in lines if line["event"] == "epoch"]
    return (len(times) - 1) / (times[-1] - times[0])


def by_command_line(project: Path, runs: Path) -> float:
    """Train in a process of its own; its speed."""
    before = set(runs.iterdir()) if runs.exists() else set()
    command = [sys.executable, "-m", "cnnstudio", "train", str(project), "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    (run,) = set(runs.iterdir()) - before
    return speed_of(run)


def in_window(window: Window, *, maps: bool, weights: bool) -> float:
    """Train in the window; its speed."""
    window.look_at(maps=maps, weights=weights)
    window.train()
    return speed_of(window.window.trainer.run)


def compare(
    what: str, name: str, ours: Callable[[], float], other: Callable[[], float], repeats: int
) -> bool:
    """Print the median of the ratios of two speeds taken in turns."""
    ratios = []
    for repeat in range(repeats):
        speeds = {}
        for side in (ours, other) if repeat % 2 else (other, ours):
            speeds[side] = side()
        ratios.append(speeds[ours] / speeds[other])
    ratio, goal = statistics.median(ratios), GOALS[what]
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    print(f"{what:<10}{name:<24}{ratio:>8.3f}   {spread:<18}goal ≥ {goal:g}", flush=True)
    return ratio >= goal


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=sorted(GOALS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=15)
    options = parser.parse_args()
    cases = [name for name in CASES if (SHARED / name).is_dir()]
    if not cases:
        print("the pictures shared/data beside the repository are absent")
        return 0
    reached = []
    print(f"{'':<10}{'pictures':<24}{'ratio':>8}   {'from … to':<18}")
    with tempfile.TemporaryDirectory() as home:
        os.environ["CNNSTUDIO_HOME"] = home
        window, file = Window(), Path(home) / "project.cnns"
        for name in cases:
            window.prepare(name, options.epochs)
            save_project(window.window.document.project, file)

            def watched() -> float:
                return in_window(window, maps=True, weights=True)

            def by_itself() -> float:
                return by_command_line(file, Path(home) / "by-command")

            def with_maps() -> float:
                return in_window(window, maps=True, weights=False)

            def without() -> float:
                return in_window(window, maps=False, weights=False)

            if options.part in (None, "window"):
                reached.append(compare("window", name, watched, by_itself, options.repeats))
            if options.part in (None, "maps"):
                reached.append(compare("maps", name, with_maps, without, options.repeats))
        window.close()
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
