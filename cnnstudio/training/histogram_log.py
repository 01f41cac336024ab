"""The histograms of a run in its folder: a line of JSON for each measurement, few enough for good.

Measurements are numbered from 0. Of a long run those stay whose number is a multiple of a power of
two, evenly over the whole time, and never more than `MOST`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.keras_build.spread import Histogram
from cnnstudio.keras_build.trained import HISTOGRAMS_FILE
from cnnstudio.training.checkpoint import write_whole
from cnnstudio.training.errors import TrainingError, first_line
from cnnstudio.training.events import HistogramsReady
from cnnstudio.training.gauging import Measured

# Measurements kept of a run at most: a few MB for a network of hundreds of layers.
MOST = 200


def stride_of(measurements: int, most: int = MOST) -> int:
    """The number of which all that is kept are multiples, after so many measurements."""
    return 1 << max(0, (math.ceil(measurements / most) - 1).bit_length())


class HistogramLog:
    """Writes `histograms.jsonl` of a run's folder. Raises `OSError`."""

    def __init__(self, run: Path) -> None:
        self._path = run / HISTOGRAMS_FILE
        self._next: int | None = None

    def add(self, event: HistogramsReady) -> None:
        """Append a measurement, if its number is one that is kept."""
        number = self._number()
        self._next = number + 1
        stride = stride_of(number + 1)
        if stride != stride_of(number):
            lines = [line for line in _lines(self._path) if line["number"] % stride == 0]
            write_whole(self._path, "".join(map(_text, lines)))
        if number % stride == 0:
            # A line that a crash cut short must not swallow this one.
            cut = self._path.exists() and self._path.read_bytes()[-1:] not in {b"", b"\n"}
            with self._path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(("\n" if cut else "") + _text({"number": number, **_to_json(event)}))

    def _number(self) -> int:
        if self._next is None:
            self._next = max((line["number"] for line in _lines(self._path)), default=-1) + 1
        return self._next


def read_histograms(run: Path) -> tuple[HistogramsReady, ...]:
    """The measurements of a run in order of training; of what was trained again, the last ones.

    None where it has none. Raises `TrainingError` if the file cannot be read.
    """
    path = run / HISTOGRAMS_FILE
    found: list[HistogramsReady] = []
    try:
        for line in _lines(path):
            event = _from_json(line, run)
            while found and found[-1].place >= event.place:
                found.pop()
            found.append(event)
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {first_line(error)}.") from None
    return tuple(found)


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines that are whole; those that a crash cut short are left out."""
    if not path.exists():
        return []
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
            _from_json(line, path.parent)
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        found.append(line)
    return found


def _text(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _to_json(event: HistogramsReady) -> dict[str, Any]:
    return {
        "epoch": event.epoch,
        "step": event.step,
        "steps": event.steps,
        "weights": [
            {
                "layer": one.layer,
                "weight": one.weight,
                "values": _histogram_to_json(one.values),
                "gradient": None if one.gradient is None else _histogram_to_json(one.gradient),
            }
            for one in event.weights
        ],
    }


def _from_json(line: dict[str, Any], run: Path) -> HistogramsReady:
    int(line["number"])
    return HistogramsReady(
        run=run,
        epoch=int(line["epoch"]),
        step=int(line["step"]),
        steps=int(line["steps"]),
        weights=tuple(
            Measured(
                str(one["layer"]),
                str(one["weight"]),
                _histogram(one["values"]),
                None if one["gradient"] is None else _histogram(one["gradient"]),
            )
            for one in line["weights"]
        ),
    )


_FIGURES = ("low", "high", "mean", "deviation", "zeros", "norm")


def _histogram_to_json(found: Histogram) -> dict[str, Any]:
    figures = {name: float(f"{getattr(found, name):.6g}") for name in _FIGURES}
    return {**figures, "count": found.count, "counts": found.counts.tolist()}


def _histogram(line: dict[str, Any]) -> Histogram:
    counts: Sequence[int] = line["counts"]
    figures = {name: float(line[name]) for name in _FIGURES}
    return Histogram(counts=np.array(counts, np.int64), count=int(line["count"]), **figures)
