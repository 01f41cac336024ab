"""What it costs a training to be watched: through the window against the command line.

Run as a script: `python tests/benchmarks/bench_watching.py [--part window|maps] [--pictures NAME]
[--repeats N] [--epochs N]`. Needs POSIX signals.

(a) The same project trained by `cnnstudio train`, and in the window with the Train page in front:
    curves, feature maps, weights and gradients measured.
(b) In the window with feature maps of the watched picture against without.

Each side is a process of its own. Both are alive at once and take turns of some seconds, one
stopped while the other trains, so that a machine that is faster one minute than the next is so for
both. The speed is that of whole epochs from the third on, by the times in the run's `events.jsonl`
less those the process was stopped; the figure is the median over pairs of new processes, which
differ from each other by some per cent.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from bench_training import CASES, SHARED
from bench_window import Window

from cnnstudio.graph.project import save_project

GOALS = {"window": 0.98, "maps": 0.97}
TURN = 5.0  # seconds
PROJECT = "project.cnns"
# What is watched in the window of each side; None is the command line.
SIDES = {"window": ("maps weights", None), "maps": ("maps", "")}


def train_in_window(name: str, epochs: int, watched: str) -> None:
    """Train in a window until it ends; `watched` names `maps`, `weights`."""
    window = Window()
    window.prepare(name, epochs)
    window.look_at(maps="maps" in watched, weights="weights" in watched)
    window.train()
    window.close()


class Side:
    """A training in a process of its own, which trains only while it is let."""

    def __init__(self, home: Path, name: str, epochs: int, watched: str | None) -> None:
        self._runs = home / "runs"
        self._spans: list[tuple[float, float]] = []
        if watched is None:
            project = home.parents[1] / PROJECT
            command = ["-m", "cnnstudio", "train", str(project), "--runs", str(self._runs)]
        else:
            command = [__file__, "--inside", name, "--epochs", str(epochs), "--watched", watched]
        self._process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, "CNNSTUDIO_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.signal(signal.SIGSTOP)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def signal(self, number: int) -> None:
        if self.ended:
            assert self._process.stderr is not None
            raise SystemExit(self._process.stderr.read().decode())
        self._process.send_signal(number)

    def begin(self) -> None:
        """Go on until two epochs are done, which also build what the others use."""
        self.signal(signal.SIGCONT)
        while len(self.epochs()) < 2:
            time.sleep(0.05)
            self.signal(0)
        self.signal(signal.SIGSTOP)

    def turn(self) -> None:
        """Train for a while."""
        start = time.time()
        self._process.send_signal(signal.SIGCONT)
        time.sleep(TURN)
        self._process.send_signal(signal.SIGSTOP)
        self._spans.append((start, time.time()))

    def epochs(self) -> list[float]:
        """When each epoch ended."""
        return [
            json.loads(line)["time"]
            for file in self._runs.glob("*/events.jsonl")
            for line in file.read_text(encoding="utf-8").splitlines()
            if line.startswith('{"event": "epoch"') and line.endswith("}")
        ]

    def speed(self) -> float:
        """Epochs a second in its turns."""
        times = [at for at in self.epochs() if at > self._spans[0][0]]
        return (len(times) - 1) / (self._trained(times[-1]) - self._trained(times[0]))

    def _trained(self, until: float) -> float:
        return sum(min(end, until) - start for start, end in self._spans if start < until)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def pair(part: str, name: str, epochs: int, home: Path) -> float:
    """The speed of the side that is watched by the other's, in turns."""
    sides = ours, other = tuple(
        Side(home / side, name, epochs, watched)
        for side, watched in zip(("ours", "other"), SIDES[part], strict=True)
    )
    try:
        for side in sides:
            side.begin()
        # Both stay alive to the end: the last epoch is not like the others.
        while all(len(side.epochs()) < epochs - 1 and not side.ended for side in sides):
            for side in sides:
                side.turn()
        ratio = ours.speed() / other.speed()
        print(f"{part:<10}{name:<24}{ratio:>8.3f}", file=sys.stderr, flush=True)
        return ratio
    finally:
        for side in sides:
            side.close()


def compare(part: str, name: str, repeats: int, epochs: int, home: Path) -> bool:
    """Print the median of the ratios of pairs."""
    ratios = [pair(part, name, epochs, home / f"{part}{number}") for number in range(repeats)]
    ratio, goal = statistics.median(ratios), GOALS[part]
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    print(f"{part:<10}{name:<24}{ratio:>8.3f}   {spread:<18}goal ≥ {goal:g}", flush=True)
    return ratio >= goal


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=sorted(GOALS))
    parser.add_argument("--pictures", choices=sorted(CASES))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--watched", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        train_in_window(options.inside, options.epochs, options.watched)
        return 0
    wanted = [options.pictures] if options.pictures else CASES
    cases = [name for name in wanted if (SHARED / name).is_dir()]
    if not cases:
        print("the pictures shared/data beside the repository are absent")
        return 0
    parts = [options.part] if options.part else ["window", "maps"]
    reached = []
    print(f"{'':<10}{'pictures':<24}{'ratio':>8}   {'from … to':<18}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CNNSTUDIO_HOME"] = folder
        for name in cases:
            home = Path(folder) / name
            window = Window()
            window.prepare(name, options.epochs)
            home.mkdir()
            save_project(window.window.document.project, home / PROJECT)
            window.close()
            reached += [
                compare(part, name, options.repeats, options.epochs, home) for part in parts
            ]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
